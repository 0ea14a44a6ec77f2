"""Rounds of drafts: look at many seeds, finish some of them, and make nothing twice."""

import json
from pathlib import Path

import pytest

from seedlab.core.errors import SeedLabError
from seedlab.core.reports import Finished
from seedlab.rules.kinds.seeds import Seeds
from seedlab.rules.kinds.wordings.suffixes import GUIDE_SUFFIXES, Suffixes
from seedlab.workflow.sessions.session import Session
from seedlab.workflow.trails.trail import State, Trail
from seedlab.workflow.trails.trail_json import write_trail
from tests.examples import read_trail
from tests.workflow.painter import RECIPE, Painter, develop, states

DRAFT, DONE, WAITING, STOPPED = State.DRAFT, State.DONE, State.WAITING, State.STOPPED


def draft(painter: Painter, seeds: tuple[int, ...] = (0, 1, 2, 3), steps: int = 1) -> Session:
    """Return a session whose first round is one of drafts."""
    session = painter.session()
    session.explore(RECIPE, Seeds(seeds), steps)
    develop(session)
    return session


def test_drafts_are_made_of_all_seeds_and_the_chosen_ones_are_finished():
    painter = Painter()
    session = draft(painter)
    assert states(session, 1) == [DRAFT] * 4
    assert (session.trail.tile(1, 0).fraction, session.trail.tile(1, 0).draft_steps) == (1 / 3, 1)
    session.finish(1, (0, 2))
    develop(session)
    assert states(session, 1) == [DONE, DRAFT, DONE, DRAFT]
    assert [recipe.seed for recipe in painter.painted] == [0, 2]
    assert painter.steps == 4 * 1 + 2 * 2, "finishing goes on where the draft was paused"
    session.finish(1)
    develop(session)
    assert states(session, 1) == [DONE] * 4
    assert len(painter.drafted) == 4


def test_a_lock_finishes_a_draft_and_the_next_one_varies_it():
    painter = Painter()
    session = draft(painter)
    assert len(session.lock(1, 2, Suffixes(GUIDE_SUFFIXES)).rounds) == 1
    develop(session)
    assert states(session, 1) == [DRAFT, DRAFT, DONE, DRAFT]
    session.lock(1, 2, Suffixes(GUIDE_SUFFIXES))
    develop(session)
    assert states(session, 2) == [DONE] * 4
    assert states(session, 1) == [DRAFT, DRAFT, DONE, DRAFT]


def test_the_same_seeds_as_whole_pictures_finish_the_drafts():
    painter = Painter()
    session = draft(painter)
    assert session.explore(RECIPE, Seeds((0, 1, 2, 3))).newest.id == 1
    develop(session)
    assert states(session, 1) == [DONE] * 4
    assert painter.steps == 4 * 3
    session.explore(RECIPE, Seeds((0, 1, 2, 3)), 1)
    develop(session)
    assert (states(session, 1), session.trail.newest.draft_steps) == ([DONE] * 4, None)
    assert len(painter.drafted) == 4


def test_drafts_of_more_steps_replace_those_of_fewer_but_not_the_other_way_round():
    painter = Painter()
    session = draft(painter, (0, 1), steps=2)
    session.explore(RECIPE, Seeds((0, 1)), 1)
    develop(session)
    assert [tile.draft_steps for tile in session.trail.newest.tiles] == [2, 2]
    other = draft(Painter(), (0, 1), steps=1)
    other.finish(1, (0,))
    develop(other)
    other.explore(RECIPE, Seeds((0, 1)), 2)
    develop(other)
    assert [tile.draft_steps for tile in other.trail.newest.tiles] == [None, 2]


def test_what_is_to_be_finished_goes_before_the_other_drafts():
    painter = Painter()
    session = painter.session()
    session.explore(RECIPE, Seeds((0, 1, 2, 3)), 1)
    made = []
    for trail in session.develop():
        now = [(index, tile.state) for index, tile in enumerate(trail.newest.tiles) if tile.state in (DRAFT, DONE)]
        if now and now[-1] not in made:
            made.append(now[-1])
        if trail.tile(1, 1).state is DRAFT and not trail.tile(1, 0).finishing and trail.tile(1, 0).state is DRAFT:
            session.finish(1, (0, 3))
    assert [recipe.seed for recipe in painter.painted] == [0, 3]
    assert [recipe.seed for recipe in painter.drafted] == [0, 1, 2], "3 needs no draft"
    assert states(session, 1) == [DONE, DRAFT, DRAFT, DONE]


@pytest.mark.parametrize(("first", "then"), [(None, 1), (1, None), (1, 2)])
def test_what_was_asked_for_last_is_made_from_the_next_batch_on(first, then):
    painter = Painter()
    session = painter.session()
    session.explore(RECIPE, Seeds((0, 1, 2, 3)), first)
    for trail in session.develop():
        if trail.newest.draft_steps == first and trail.tile(1, 0).state is State.RUNNING:
            session.explore(RECIPE, Seeds((0, 1, 2, 3)), then)
    if first is None:
        assert states(session, 1) == [DONE, DRAFT, DRAFT, DRAFT]
        assert len(painter.painted) == 1
    elif then is None:
        assert states(session, 1) == [DONE] * 4
        assert len(painter.drafted) == 1
    else:
        assert [tile.draft_steps for tile in session.trail.newest.tiles] == [2, 2, 2, 2]


def test_a_draft_that_is_being_made_is_finished_if_that_is_asked_for():
    painter = Painter()
    session = painter.session()
    session.explore(RECIPE, Seeds((0, 1)), 2)
    for trail in session.develop():
        if trail.tile(1, 0).state is State.RUNNING and not trail.tile(1, 0).finishing:
            session.finish(1, (0,))
    assert states(session, 1) == [DONE, DRAFT]


def test_progress_is_that_of_the_draft_and_then_of_the_rest():
    session = Painter().session()
    session.explore(RECIPE, Seeds((0,)), 2)
    drafting = [trail.tile(1, 0).fraction for trail in session.develop() if trail.tile(1, 0).state is State.RUNNING]
    session.finish(1)
    assert session.trail.tile(1, 0).fraction == pytest.approx(2 / 3), "a finish begins where the draft ended"
    finishing = [trail.tile(1, 0).fraction for trail in session.develop() if trail.tile(1, 0).state is State.RUNNING]
    assert (drafting, finishing) == ([0.5, 1.0], [1.0])


def test_stop_leaves_drafts_as_they_are_and_the_rest_is_resumed_by_a_click():
    painter = Painter()
    session = painter.session()
    session.explore(RECIPE, Seeds((0, 1, 2)), 1)
    for trail in session.develop():
        if trail.tile(1, 0).state is DRAFT and not trail.tile(1, 0).finishing:
            session.finish(1, (0, 2))
            session.stop()
    assert states(session, 1) == [DRAFT, STOPPED, STOPPED]
    session.resume(1)
    develop(session)
    assert states(session, 1) == [DRAFT, DRAFT, DONE], "2 was to be finished"


def test_a_draft_that_cannot_be_finished_says_why_and_a_click_tries_again():
    painter = Painter()
    session = draft(painter, (0, 1))
    painter.failing_seed = 0
    session.finish(1)
    develop(session)
    assert states(session, 1) == [State.FAILED, DONE]
    assert session.trail.tile(1, 0).sentence.startswith("Out of memory")
    painter.failing_seed = None
    session.resume(1)
    develop(session)
    assert states(session, 1) == [DONE, DONE]


def test_a_manager_that_ends_early_leaves_what_is_to_be_finished_a_draft():
    painter = Painter()
    session = draft(painter, (0, 1))
    # A server that is closing takes no more work.
    closing = Session(lambda *_, **__: (report for report in ()), painter.find, painter.keep, session.trail)
    closing.finish(1)
    develop(closing)
    assert states(closing, 1) == [DRAFT, DRAFT]


def test_after_a_restart_drafts_are_found_and_what_was_being_finished_goes_on_if_asked():
    painter = Painter()
    before = draft(painter)
    before.finish(1, (0,))
    develop(before)
    before.finish(1, (1,))
    text = write_trail(before.trail)
    reopened = painter.session(trail=read_trail(text))
    develop(reopened)
    assert states(reopened, 1) == [DONE, DRAFT, DRAFT, DRAFT]
    reloaded = painter.session(trail=read_trail(text))
    reloaded.resume(1)  # as the page does for what was unfinished when it was reloaded
    reloaded.finish(1, (1,))
    develop(reloaded)
    assert states(reloaded, 1) == [DONE, DONE, DRAFT, DRAFT]
    assert len(painter.drafted) == 4


def test_a_reload_amid_a_sheet_of_drafts_loses_nothing():
    painter = Painter()
    session = painter.session()
    session.explore(RECIPE, Seeds(tuple(range(64))), 1)
    work = session.develop()
    while len(painter.drafted) < 20:
        next(work)
    work.close()
    after = painter.session(trail=read_trail(write_trail(session.trail)))
    after.resume(1)
    develop(after)
    assert states(after, 1) == [DRAFT] * 64
    assert len(painter.drafted) == 64


def test_a_saved_trail_without_drafts_is_written_as_before():
    data = json.loads(write_trail(Trail().explore(RECIPE, Seeds((0, 1)))))
    assert set(data["rounds"][0]) == {"id", "parent", "rule", "base", "tiles"}
    assert set(data["rounds"][0]["tiles"][0]) == {"value", "recipe"}


@pytest.mark.parametrize("steps", [0, -1, 3, 10**400, True, "3", 1.5, [], {}])
def test_a_forged_number_of_steps_of_a_draft_is_refused(steps):
    data = json.loads(write_trail(Trail().explore(RECIPE, Seeds((0, 1)), 2)))
    data["rounds"][0]["draft_steps"] = steps
    with pytest.raises(SeedLabError):
        read_trail(json.dumps(data))


def test_a_draft_from_a_file_is_shown_as_one_and_can_be_finished():
    painter = Painter()
    session = painter.session()
    session.restore(RECIPE, (), Path(__file__), "Opened from a file.", draft_steps=2)
    develop(session)
    assert (states(session, 1), session.trail.tile(1, 0).sentence) == ([DRAFT], "Opened from a file.")
    session.finish(1)
    develop(session)
    assert states(session, 1) == [DONE]
    session.restore(RECIPE, (), Path(__file__), "Opened from a file.", draft_steps=2)
    assert states(session, 1) == [DONE], "the whole picture stays"


def test_a_recipe_without_more_steps_than_its_draft_is_finished():
    painter = Painter()

    def generate(recipes, stop, *, draft_steps=None):
        for report in painter.generate(recipes, stop):
            assert not isinstance(report, Finished) or report.draft_steps is None
            yield report

    session = Session(generate, painter.find, painter.keep)
    session.explore(RECIPE, Seeds((0,)), 3)
    develop(session)
    assert states(session, 1) == [DONE]


@pytest.mark.parametrize(("round_id", "index"), [(9, 0), (1, 9), (1, -1)])
def test_what_is_not_there_cannot_be_finished(round_id, index):
    session = draft(Painter(), (0, 1))
    with pytest.raises(SeedLabError, match="no longer exists"):
        session.finish(round_id, (index,))
