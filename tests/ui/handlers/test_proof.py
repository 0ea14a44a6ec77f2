"""Verifications and scripts, asked for on the page."""

from types import SimpleNamespace

import pytest

from seedlab.ui.handlers.page import Handlers
from tests.ui.fakes import make_services
from tests.ui.page import address


def test_verify_generates_a_picture_again_and_shows_the_result(page, painter):
    page.explore(seeds="0-3")
    page.develop()
    views = page.verify(1, 0)
    assert len(painter.painted) == 5
    messages = [view["rounds"][0]["tiles"][0]["check"]["message"] for view in views]
    assert "Generating it again on its own: step 12 of 12" in messages
    assert messages[-1] == "Equal, byte for byte: L∞ = 0."
    assert page.view["rounds"][0]["tiles"][1]["check"] is None
    page.click(1, 0)
    assert page.view["rounds"][0]["tiles"][0]["check"]["state"] == "equal", "it is kept for the session"


def test_a_missing_picture_cannot_be_verified(page, painter):
    page.explore(seeds="7")
    assert page.verify(1, 0)[-1]["rounds"][0]["tiles"][0]["check"] is None
    for place in ({"round": 9, "index": 0}, {"round": 1, "index": -1}, {"round": "1"}, None):
        list(page.handlers.verify(SimpleNamespace(_data=place), page.state))
    assert painter.painted == []


def test_stop_ends_a_verification(page, painter):
    page.explore(seeds="7")
    page.develop()
    event = SimpleNamespace(_data={"round": 1, "index": 0})
    seen = page.handlers.verify(event, page.state)
    page.shown.merge(next(seen))
    page.stop()
    for update in seen:
        page.shown.merge(update)
    assert page.view["rounds"][0]["tiles"][0]["check"] is None
    assert len(painter.painted) == 1


def test_generating_a_missing_picture_again_clears_its_failed_verification(page, painter):
    page.explore(seeds="7")
    page.develop()
    painter.find(painter.painted[0]).file.unlink()
    page.verify(1, 0)
    assert "not in the store any more" in page.view["rounds"][0]["tiles"][0]["check"]["message"]
    page.click(1, 0)
    page.develop()
    assert page.view["rounds"][0]["tiles"][0]["check"] is None


def test_verify_and_scripts_work_after_a_restart_of_the_server(page, painter):
    page.explore(seeds="7")
    page.develop()
    page.reopen(Handlers(make_services(painter), address))
    page.verify(1, 0)
    assert page.view["rounds"][0]["tiles"][0]["check"]["state"] == "equal"
    page.reopen(Handlers(make_services(painter), address))
    assert page.copy_script(round=1, index=0)["title"] == "Seed 7"


def test_a_picture_and_a_round_are_exported_as_scripts(page):
    page.explore(prompt="it's", seeds="0-1")
    script = page.copy_script(round=1, index=1)
    assert script["title"] == "Seed 1"
    compile(script["text"], "script", "exec")
    whole = page.copy_script(round=1)
    assert whole["title"] == "Seeds 0–1"
    assert whole["name"] != script["name"]
    assert len(whole["text"].splitlines()) <= 30


@pytest.mark.parametrize("data", [{}, {"round": 9}, {"round": 1, "index": 9}, {"round": 1, "index": "0"}, None])
def test_exporting_a_missing_picture_shows_an_error(page, data):
    page.explore(seeds="0")
    *_, error = page.handlers.write_script(SimpleNamespace(_data=data), page.state)
    assert "no longer exists" in error
    assert "script" not in page.state.update(since=0)
