"""The named endpoints, with gradio's own client."""

import json
import time
import urllib.request

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

from seedlab.images.metadata import read_metadata
from tests.pipelines.queues import wait_until_still
from tests.server.programs.conftest import LONG, LONG_STEPS, SMALL, encode_picture


@pytest.fixture(scope="module")
def client(running):
    client = Client(running.url, verbose=False)
    yield client
    client.close()


def call(client, name, *arguments, **options):
    return json.loads(client.predict(*arguments, api_name=f"/{name}", **options))


def test_their_arguments_are_typed_and_described(client):
    endpoints = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    names = ["finish", "grid", "look", "models", "recipe", "refine", "script", "verify"]
    assert sorted(endpoints) == [f"/{name}" for name in names]
    parameters = {each["parameter_name"]: each["python_type"]["type"] for each in endpoints["/grid"]["parameters"]}
    assert parameters["prompt"] == "str"
    assert parameters["guidance"] == "float"
    assert {each["python_type"]["type"] for end in endpoints.values() for each in end["returns"]} == {"str"}


def test_from_a_grid_to_a_script(client, running):
    assert call(client, "models")["models"][0] == {"model": "sketch", "name": "Sketch"}
    grid = call(client, "grid", "a boat", seeds="0-3", **SMALL)
    assert [each["seed"] for each in grid["pictures"]] == ["0", "1", "2", "3"]
    chosen = grid["pictures"][2]["picture"]
    with urllib.request.urlopen(grid["pictures"][2]["url"]) as answer:
        assert answer.read() == (running.store / f"{chosen}.png").read_bytes()
    more = call(client, "refine", chosen, {"suffix": [", artsy", ", colorful"]})["pictures"]
    assert [each["prompt"] for each in more] == ["a boat, artsy", "a boat, colorful"]
    assert call(client, "verify", more[0]["picture"])["equal"] is True
    recipe = call(client, "recipe", more[0]["picture"])["recipe"]
    assert (recipe["seed"], recipe["prompt"]) == (2, "a boat, artsy")
    assert "from diffusers import" in call(client, "script", [each["picture"] for each in more])["script"]
    assert call(client, "look", [each["picture"] for each in more])["image"].startswith("data:image/jpeg;base64,")


def test_the_lineage_of_a_picture_stays_with_its_variations(client, running):
    (first,) = call(client, "grid", "a boat", seeds="5", **SMALL)["pictures"]
    (second,) = call(client, "refine", first["picture"], {"suffix": ", artsy"})["pictures"]
    (third,) = call(client, "refine", second["picture"], {"sweep": "steps 3"})["pictures"]
    lineage = read_metadata(running.store / f"{third['picture']}.png").lineage
    assert [change.parent.prompt for change in lineage] == ["a boat", "a boat, artsy"]


@pytest.mark.parametrize("head", ["", "data:image/webp;base64,"])
def test_pictures_start_from_one_of_the_callers_own(client, running, head):
    start = head + encode_picture(kind="WEBP" if head else "PNG")
    sizes = {name: value for name, value in SMALL.items() if name == "steps"}
    grid = call(client, "grid", "a boat", seeds="7, 8", start=start, strength="strong", **sizes)
    recipe = read_metadata(running.store / f"{grid['pictures'][0]['picture']}.png").recipe
    assert (recipe.start.strength, recipe.start.picture.file) == (0.6, "picture")
    assert (recipe.input_picture.width, recipe.input_picture.height) == (96, 64)
    assert recipe.width > recipe.height
    assert call(client, "verify", grid["pictures"][1]["picture"])["equal"] is True


@pytest.mark.parametrize(
    ("start", "sentence"),
    [
        ("/etc/passwd", "is a file in Base64"),
        ("file:///etc/passwd", "is a file in Base64"),
        ("http://127.0.0.1/picture.png", "is a file in Base64"),
        ("ü", "is a file in Base64"),
        ("data:text/html;base64,AAAA", "is a file in Base64"),
        ("AAAA", "picture"),
    ],
)
def test_what_is_no_picture_to_start_from_is_refused(client, start, sentence):
    with pytest.raises(AppError, match=sentence):
        call(client, "grid", "a boat", seeds="7", start=start, **SMALL)


def test_a_refused_round_keeps_no_picture(client, running):
    kept = lambda: sorted(running.store.parent.rglob("*x77.png"))  # noqa: E731
    with pytest.raises(AppError, match="256 pictures are too many"):
        call(client, "grid", "a boat", seeds="0-255", start=encode_picture((99, 77)), steps=4)
    assert kept() == []
    call(client, "grid", "a boat", seeds="7", start=encode_picture((99, 77)), **SMALL | {"steps": 4})
    assert len(kept()) == 1


def test_a_strength_without_a_picture_is_refused(client):
    with pytest.raises(AppError, match="A strength needs a picture to start from"):
        call(client, "grid", "a boat", seeds="7", strength="0.3", **SMALL)


def test_a_draft_is_finished(client):
    (draft,) = call(client, "grid", "a boat", seeds="6", draft=True, **SMALL | {"steps": 4})["pictures"]
    assert draft["draft_steps"] == 1
    (whole,) = call(client, "finish", draft["picture"])["pictures"]
    assert whole["draft_steps"] is None
    with pytest.raises(AppError, match="nothing to finish"):
        call(client, "finish", whole["picture"])


@pytest.mark.parametrize(
    ("name", "arguments", "sentence"),
    [
        ("grid", ("a boat", "nonsense"), "“nonsense” is not a seed"),
        ("grid", ("a boat", "0-63"), "64 pictures are too many for one call: ask for 16 or fewer"),
        ("grid", ("a boat", "0", "/etc/passwd"), "“passwd” is not a file of a model"),
        ("recipe", ("../../etc/passwd",), "There is no picture"),
        ("refine", ("0" * 64 + "-" + "0" * 16,), "There is no picture"),
        ("look", ([],), "No picture was given"),
    ],
)
def test_bad_input_gets_a_sentence(client, name, arguments, sentence):
    with pytest.raises(AppError, match=sentence):
        call(client, name, *arguments)


def test_cancelling_ends_the_work_within_a_step(client, running):
    call(client, "grid", "a house", seeds="0-3", **SMALL)
    with running.count_steps() as steps:
        job = client.submit("a house", seeds="100-115", **LONG, api_name="/grid")
        while not job.outputs():
            time.sleep(0.01)
        job.cancel()
        assert 0 < wait_until_still(steps, 1) < LONG_STEPS / 2
    assert call(client, "grid", "a boat", seeds="7", **SMALL)["failures"] == []
