"""Rounds of drafts on the page, without a browser."""

import pytest

from seedlab.images.metadata import Metadata, write_picture
from seedlab.rules.kinds.seeds import Seeds
from seedlab.ui.views.browser_state import read_working
from seedlab.ui.views.captions import format_progress
from seedlab.workflow.trails.trail import State, Trail
from tests.examples import RECIPE, read_trail
from tests.ui.fakes import ENVIRONMENT, paint
from tests.ui.page import Page, show


@pytest.fixture
def sheet(page):
    """A page with drafts of four seeds."""
    page.explore(drafts=True)
    page.develop()
    return page


def reload(page, working):
    """Return the page after a reload."""
    reloaded = Page(page.handlers, saved=page.saved, tab="reloaded", working=working)
    reloaded.open()
    return reloaded


def tile(page, index=0):
    return page.view["rounds"][0]["tiles"][index]


def test_a_round_of_drafts_says_what_it_is(sheet, painter):
    assert sheet.states() == ["draft"] * 4
    assert (len(painter.drafted), painter.painted) == (4, [])
    assert sheet.view["rounds"][0]["drafts"] == "3 of 12 steps"
    assert sheet.view["status"] == "4 pictures: 4 drafts"
    assert tile(sheet)["name"] == "Seed 0, draft, 3 of 12 steps, finish it"
    assert (tile(sheet)["draft"], tile(sheet)["fraction"]) == ("3 of 12 steps", 0.25)
    assert tile(sheet)["url"] is not None


def test_a_click_finishes_a_draft_and_the_next_one_varies_it(sheet, painter):
    sheet.click(1, 2)
    assert (tile(sheet, 2)["finishing"], tile(sheet, 2)["state"]) == (True, "waiting")
    assert tile(sheet, 2)["url"] is not None, "the draft stays until the picture is finished"
    assert sheet.view["status"] == "4 pictures: 3 drafts, 1 being finished"
    views = [view["rounds"][0]["tiles"][2] for view in sheet.stream()]
    assert all(view["preview"] is None for view in views)
    assert sheet.states() == ["draft", "draft", "done", "draft"]
    assert sheet.view["hint"] == "Click a finished picture to lock its seed."
    assert tile(sheet, 2)["draft"] is None
    sheet.click(1, 2)
    sheet.develop()
    assert sheet.states(1) == ["done"] * 4
    assert sheet.states() == ["draft", "draft", "done", "draft"]


def test_a_selection_and_all_that_is_left_are_finished(sheet, painter):
    sheet.finish(round=1, indices=[0, 3])
    sheet.develop()
    assert sheet.states() == ["done", "draft", "draft", "done"]
    sheet.finish(round=1)
    sheet.develop()
    assert sheet.states() == ["done"] * 4


def test_the_drafts_that_differ_most_are_picked_and_finished_like_any_selection(page, painter):
    page.explore(drafts=True, seeds="0-7")
    page.develop()
    page.pick_different(1)
    choice = page.view["choice"]
    assert (choice["round"], len(set(choice["indices"]))) == (1, 4)
    assert choice["words"].startswith("These 4 represent all 8: ")
    page.pick_different(1)
    assert page.view["choice"]["indices"] == choice["indices"]
    page.finish(round=1, indices=choice["indices"])
    page.develop()
    assert [index for index, state in enumerate(page.states()) if state == "done"] == choice["indices"]


def test_too_few_drafts_to_choose_from_are_told(sheet):
    sheet.pick_different(1)
    assert sheet.errors["page"] == "There are no more than 4 drafts to choose from: make more seeds."
    sheet.pick_different(9)
    assert "no longer exists" in sheet.errors["page"]


@pytest.mark.parametrize("indices", [[9], [-1], ["0"], [True], "0", 3, [[0]], list(range(300))])
def test_a_forged_selection_is_refused(sheet, painter, indices):
    sheet.finish(round=1, indices=indices)
    assert "no longer exist" in sheet.errors["page"]
    sheet.develop()
    assert painter.painted == []


def test_the_same_seeds_without_drafts_finish_them_and_the_page_saves_that(sheet):
    assert read_trail(sheet.saved).newest.draft_steps == 3
    sheet.explore()
    assert sheet.view["rounds"][0]["drafts"] is None
    assert read_trail(sheet.saved).newest.draft_steps is None
    sheet.develop()
    assert sheet.states() == ["done"] * 4


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"draft_steps": "12"}, "These pictures have 12 steps: stop their drafts after 1 to 11 of them, not 12."),
        ({"draft_steps": "some"}, "“some” is not a whole number"),
        ({"num_inference_steps": "1"}, "A picture of 1 step has no draft"),
    ],
)
def test_a_wrong_number_of_steps_is_explained_under_its_field(page, fields, sentence):
    page.explore(drafts=True, **fields)
    assert sentence in page.errors["draft_steps"]
    page.explore(drafts=False, **fields | {"num_inference_steps": ""})
    assert page.errors == {}, "the field is hidden"


def test_the_default_number_of_steps_follows_model_and_steps(page):
    describe = page.handlers.describe_drafts
    assert describe("sketch", "")["placeholder"] == "3 of 12 steps"
    assert describe("sketch", "50")["placeholder"] == "13 of 50 steps"
    assert describe("sketch", "1")["placeholder"] == ""
    for model_id, steps in (("none", ""), ("sketch", "many"), (None, None)):
        assert "placeholder" not in describe(model_id, steps)


def test_after_a_reload_drafts_are_there_and_what_was_being_finished_goes_on(sheet, painter):
    sheet.finish(round=1, indices=[1])
    reloaded = reload(sheet, "1:1")
    reloaded.develop()
    assert reloaded.states() == ["draft", "done", "draft", "draft"]
    assert len(painter.drafted) == 4
    restored = reloaded.handlers.restore_advanced(reloaded.state)
    assert restored[:2] == (True, ""), "Generate would finish them all otherwise"


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("3", {3: ()}),
        ("3,7:0.12", {3: (), 7: (0, 12)}),
        ("", {}),
        ("7:", {}),
        ("7:0.", {}),
        ("x", {}),
        (None, {}),
        ("1," * 20_000 + "1", {}),
        ("٣", {}),
    ],
)
def test_what_was_unfinished_is_read_from_text_that_nobody_trusts(text, read):
    assert read_working(text) == read


def test_tiles_that_are_not_there_are_not_finished_after_a_reload(sheet):
    reloaded = reload(sheet, "1:1.999,5:2")
    reloaded.develop()
    assert reloaded.states() == ["draft", "done", "draft", "draft"]


def test_verify_compares_drafts_and_a_script_makes_the_whole_picture(sheet, painter):
    checks = [view["rounds"][0]["tiles"][0]["check"] for view in sheet.verify(1, 0)]
    assert (checks[-1]["state"], len(painter.drafted), painter.painted) == ("equal", 5, [])
    assert checks[-1]["message"].startswith("Draft: equal")
    script = sheet.copy_script(round=1, index=0)
    assert script["title"] == "Seed 0, the whole picture of 12 steps"
    assert "num_inference_steps=12" in script["text"]


def test_a_draft_that_is_dropped_is_shown_as_one_and_can_be_finished(page, painter, tmp_path):
    metadata = Metadata(recipe=RECIPE, environment=ENVIRONMENT, draft_steps=5)
    write_picture(tmp_path / "dog-draft.png", paint(RECIPE), metadata)
    page.drop(tmp_path / "dog-draft.png")
    page.develop()
    assert (page.states(), tile(page)["draft"]) == (["draft"], "5 of 12 steps")
    page.click(1, 0)
    page.develop()
    assert (page.states(), painter.painted) == (["done"], [RECIPE])


def test_a_failed_finish_keeps_the_draft_in_view(sheet, painter):
    painter.failing_seed = 0
    sheet.click(1, 0)
    sheet.develop()
    assert (tile(sheet)["state"], tile(sheet)["draft"]) == ("failed", "3 of 12 steps")
    assert sheet.view["status"] == "4 pictures: 3 drafts, 1 failed"
    painter.failing_seed = None
    sheet.click(1, 0)
    sheet.develop()
    assert sheet.states()[0] == "done"


def test_progress_counts_what_the_visitor_sees():
    trail = Trail().explore(RECIPE, Seeds(tuple(range(6))), 3)
    states = (State.DONE, State.DRAFT, State.RUNNING, State.WAITING, State.STOPPED, State.FAILED)
    for index, state in enumerate(states):
        trail = trail.with_tile(1, index, state=state, finishing=index == 2)
    words = "6 pictures: 1 finished, 1 draft, 1 being finished, 1 waiting, 1 failed, 1 stopped"
    assert format_progress(trail.rounds) == words
    assert show(trail)["rounds"][0]["drafts"] == "3 of 12 steps"
