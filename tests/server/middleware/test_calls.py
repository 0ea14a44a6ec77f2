"""Events that no page sends get a 4xx answer in JSON, without a traceback in the answer or the log."""

import json

import pytest

from seedlab.server.middleware.paths import JOIN, PREDICT


@pytest.fixture(autouse=True)
def quiet(capfd, caplog):
    """Nothing may be logged about what a stranger made up."""
    yield
    seen = capfd.readouterr()
    assert "Traceback" not in seen.out + seen.err + caplog.text


def check_refused(answer, *statuses):
    assert answer.status_code in (statuses or (400, 404, 422))
    assert answer.headers["content-type"].startswith("application/json")
    assert "Traceback" not in answer.text
    assert 'File "' not in answer.text


@pytest.mark.parametrize("number", [9999, -1, 10**40, 1.5, True, None, "0", [], {}])
@pytest.mark.parametrize("path", [PREDICT, JOIN])
def test_a_wrong_number_of_a_function(served, client, path, number):
    check_refused(client.post(path, json=served.call("open", "forged", fn_index=number)))


@pytest.mark.parametrize(
    "content",
    [b"", b"null", b"[]", b'"x"', b"{", b"{}", b"\xff", b"[" * 100_000, b'{"data": ' + b"9" * 5000 + b"}", b"NaN"],
    ids=lambda content: content[:12].decode("latin-1"),
)
@pytest.mark.parametrize("path", [PREDICT, JOIN])
def test_a_body_that_is_no_event(client, path, content):
    check_refused(client.post(path, content=content, headers={"Content-Type": "application/json"}))


@pytest.mark.parametrize(
    "wrong",
    [
        {"data": None},
        {"data": {}},
        {"data": []},
        {"data": [None] * 50},
        {"session_hash": None},
        {"session_hash": "../x"},
        {"session_hash": "x" * 10_000},
        {"session_hash": 7},
        {"batched": True},
        {"simple_format": True},
        {"trigger_id": "x"},
    ],
    ids=json.dumps,
)
def test_an_event_of_another_form(served, client, wrong):
    check_refused(client.post(PREDICT, json=served.call("open", "forged") | wrong))


def test_a_stream_is_not_called_directly_nor_another_function_in_a_stream(served, client):
    check_refused(client.post(PREDICT, json=served.call("develop", "forged")), 400)
    check_refused(client.post(JOIN, json=served.call("open", "forged")), 400)


FILE = {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}
DEEP = json.loads("[" * 200 + "]" * 200)


@pytest.mark.parametrize("value", [7, [7], {"x": 7}, [FILE], FILE, DEEP, "x.png", True, 1e308])
def test_a_value_of_another_type(served, client, value):
    """The third input of `open_picture` is a file that was uploaded."""
    check_refused(client.post(PREDICT, json=served.call("open_picture", "forged", {2: value})), 400)


def test_a_file_in_a_text_field(served, client):
    for place in range(1, 6):
        check_refused(client.post(PREDICT, json=served.call("explore", "forged", {place: FILE})), 400)


def test_a_value_of_another_type_in_a_stream(served, client):
    answer = client.post(JOIN, json=served.call("choose_model", "forged-stream", {0: FILE}))
    assert answer.status_code == 200
    with client.stream("GET", "/gradio_api/queue/data", params={"session_hash": "forged-stream"}) as stream:
        text = "".join(stream.iter_text())
    assert '"success":false' in text
    assert "/etc/passwd" not in text
