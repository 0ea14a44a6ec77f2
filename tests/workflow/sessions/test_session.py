"""The workflow, with fakes for what lies below it."""

from dataclasses import replace
from threading import Event

import pytest
from PIL import Image

from seedlab.core.errors import SeedLabError
from seedlab.core.picture import Picture
from seedlab.core.reports import Finished, Progress
from seedlab.rules.kinds.develop import LARGER, Develop
from seedlab.rules.kinds.seeds import Seeds
from seedlab.rules.kinds.sweep import Sweep
from seedlab.rules.kinds.wordings.suffixes import GUIDE_SUFFIXES, Suffixes
from seedlab.workflow.sessions.session import Session
from seedlab.workflow.trails.trail import State
from seedlab.workflow.trails.trail_json import write_trail
from tests.examples import ENVIRONMENT, make_lineage, read_trail
from tests.workflow.painter import RECIPE, Painter, develop, states


def test_the_main_job_seeds_then_a_lock_then_suffixes_then_a_round_further():
    painter = Painter()
    session = painter.session()
    first = session.explore(RECIPE, Seeds((0, 1, 2, 3))).newest
    develop(session)
    second = session.lock(first.id, 2, Suffixes(GUIDE_SUFFIXES)).newest
    develop(session)
    third = session.lock(second.id, 1, Suffixes((", at night",))).newest
    develop(session)
    assert [recipe.seed for recipe in painter.painted] == [0, 1, 2, 3, 2, 2, 2, 2, 2]
    assert painter.painted[-1].prompt == "Labrador in the style of Vermeer, artsy, at night"
    assert [change.value for change in painter.lineages[painter.painted[-1]]] == [", artsy", ", at night"]
    assert session.trail.path == (first.id, second.id, third.id)
    assert session.trail.locked(first.id) == 2


def test_seed_0_can_be_locked():
    session = Painter().session()
    first = session.explore(RECIPE, Seeds((0, 1))).newest
    develop(session)
    assert {tile.recipe.seed for tile in session.lock(first.id, 0, Suffixes(GUIDE_SUFFIXES)).newest.tiles} == {0}
    assert session.trail.locked(first.id) == 0


def test_a_lock_shows_what_was_made_ahead_at_once_and_the_rest_is_made():
    painter = Painter()
    made = {}

    def take_ready(recipes):
        return {place: made[recipe] for place, recipe in enumerate(recipes) if recipe in made}

    session = Session(painter.generate, painter.find, painter.keep, take_ready=take_ready)
    first = session.explore(RECIPE, Seeds((0, 1))).newest
    develop(session)
    planned = session.trail.lock(first.id, 1, Suffixes(GUIDE_SUFFIXES)).newest
    for index in (0, 2):
        made[planned.tiles[index].recipe] = Finished(index, Image.new("RGB", (8, 8)), ENVIRONMENT, "")
    locked = session.lock(first.id, 1, Suffixes(GUIDE_SUFFIXES)).newest
    assert locked.states == (State.DONE, State.WAITING, State.DONE, State.WAITING)
    assert painter.lineages[locked.tiles[2].recipe] == session.trail.lineage_of(locked.id, 2)
    develop(session)
    assert [recipe.prompt for recipe in painter.painted[2:]] == [locked.tiles[index].recipe.prompt for index in (1, 3)]


def test_a_lock_makes_the_recipes_once_and_changes_nothing_where_the_check_fails(monkeypatch):
    session, made, make = Painter().session(), [], Suffixes.make
    first = session.explore(RECIPE, Seeds((0, 1))).newest
    develop(session)
    monkeypatch.setattr(Suffixes, "make", lambda rule, recipe: made.append(rule) or make(rule, recipe))

    def refuse(round_):
        raise SeedLabError(f"no {round_.title}")

    with pytest.raises(SeedLabError, match="no Seed 0"):
        session.lock(first.id, 0, Suffixes((", artsy",)), refuse)
    assert session.trail.rounds == (session.trail.round(first.id),)
    session.lock(first.id, 0, Suffixes((", artsy",)), lambda _: None)
    assert len(made) == 2


def test_going_back_to_another_tile_branches_and_nothing_is_lost_or_made_twice():
    painter = Painter()
    session = painter.session()
    first = session.explore(RECIPE, Seeds((0, 1))).newest
    develop(session)
    second = session.lock(first.id, 0, Suffixes(GUIDE_SUFFIXES)).newest
    develop(session)
    other = session.lock(first.id, 1, Suffixes(GUIDE_SUFFIXES)).newest
    develop(session)
    made = len(painter.painted)
    assert session.lock(first.id, 0, Suffixes(GUIDE_SUFFIXES)).path == (first.id, second.id)
    develop(session)
    assert len(painter.painted) == made == 10
    assert session.trail.round(other.id).tiles[3].state is State.DONE


def test_a_recipe_in_the_store_is_shown_not_made():
    painter = Painter()
    first = painter.session()
    first.explore(RECIPE, Seeds((0, 1)))
    develop(first)
    second = painter.session()
    second.explore(RECIPE, Seeds((1, 2)))
    develop(second)
    assert [recipe.seed for recipe in painter.painted] == [0, 1, 2]


def test_stop_ends_the_work_and_a_click_resumes_it():
    painter = Painter()
    session = painter.session()
    first = session.explore(RECIPE, Seeds((0, 1))).newest
    for trail in session.develop():
        if trail.tile(first.id, 0).state is State.RUNNING:
            session.stop()
    assert states(session, first.id) == [State.STOPPED, State.STOPPED]
    session.resume(first.id)
    develop(session)
    assert states(session, first.id) == [State.DONE, State.DONE]


def test_generate_again_resumes_what_was_stopped():
    session = Painter().session()
    first = session.explore(RECIPE, Seeds((0, 1))).newest
    session.stop()
    assert session.explore(RECIPE, Seeds((0, 1))).newest.id == first.id
    develop(session)
    assert states(session, first.id) == [State.DONE, State.DONE]


def test_a_lock_made_while_a_grid_develops_goes_first_and_the_grid_is_finished_after_it():
    painter = Painter()
    session = painter.session()
    first = session.explore(RECIPE, Seeds((0, 1, 2))).newest
    locked = False
    for trail in session.develop():
        if not locked and trail.tile(first.id, 0).state is State.DONE:
            session.lock(first.id, 0, Suffixes((", artsy",)))
            assert list(session.develop()) == [], "the one at work takes it up"
            locked = True
    assert [(recipe.seed, recipe.prompt[-5:]) for recipe in painter.painted] == [
        (0, "rmeer"),
        (0, "artsy"),
        (1, "rmeer"),
        (2, "rmeer"),
    ]


def test_a_round_that_left_the_screen_pauses_and_goes_on_when_it_comes_back():
    painter = Painter()
    session = painter.session()
    first = session.explore(RECIPE, Seeds((0, 1))).newest
    left = False
    for trail in session.develop():
        if not left and trail.tile(first.id, 1).state is State.RUNNING:
            left = True
            session.explore(RECIPE, Seeds((7,)))
    assert [recipe.seed for recipe in painter.painted] == [0, 7]
    assert states(session, first.id) == [State.DONE, State.WAITING]
    session.revisit(first.id)
    develop(session)
    assert states(session, first.id) == [State.DONE, State.DONE]


def test_a_tile_that_fails_says_why_and_the_others_go_on():
    session = Painter(failing_seed=1).session()
    first = session.explore(RECIPE, Seeds((0, 1, 2))).newest
    develop(session)
    assert states(session, first.id) == [State.DONE, State.FAILED, State.DONE]
    assert "smaller size" in session.trail.tile(first.id, 1).sentence


def test_a_full_disk_fails_the_tile_in_words():
    painter = Painter()

    def keep(*_, **__):
        raise SeedLabError("The disk is full: free some space.")

    session = Session(painter.generate, painter.find, keep)
    first = session.explore(RECIPE, Seeds((0,))).newest
    develop(session)
    assert session.trail.tile(first.id, 0).sentence == "The disk is full: free some space."


def test_a_picture_that_the_store_has_let_go_is_made_again_by_a_click(tmp_path):
    painter = Painter()
    session = painter.session()
    first = session.explore(RECIPE, Seeds((0,))).newest
    file = tmp_path / "picture.png"
    file.touch()
    session._shared.show(first.tiles[0].recipe, Picture(file))
    file.unlink()
    session.lock(first.id, 0, Suffixes(GUIDE_SUFFIXES))
    assert session.trail.path == (first.id,)
    develop(session)
    assert states(session, first.id) == [State.DONE]
    assert [recipe.seed for recipe in painter.painted] == [0]


def test_a_click_on_a_tile_whose_store_lookup_is_pending_changes_nothing():
    before = Painter().session()
    first = before.explore(RECIPE, Seeds((0, 1))).newest
    after = Painter().session(trail=read_trail(write_trail(before.trail)))
    assert after.lock(first.id, 0, Suffixes(GUIDE_SUFFIXES)) is after.trail
    assert states(after, first.id) == [State.STOPPED, State.STOPPED]


@pytest.mark.parametrize("state", [State.WAITING, State.RUNNING])
def test_locking_an_unfinished_tile_does_not_retry_the_failed_one_next_to_it(state):
    session = Painter().session()
    first = session.explore(RECIPE, Seeds((0, 1))).newest
    session._shared.change(first.id, 0, state=state)
    session._shared.change(first.id, 1, state=State.FAILED)
    session.lock(first.id, 0, Suffixes(GUIDE_SUFFIXES))
    assert states(session, first.id) == [state, State.FAILED]


@pytest.mark.parametrize("state", [State.FAILED, State.STOPPED])
def test_a_round_whose_tiles_failed_or_were_stopped_is_resumed(state):
    session = Painter().session()
    first = session.explore(RECIPE, Seeds((0, 1))).newest
    session.stop()
    for index in (0, 1):
        session._shared.change(first.id, index, state=state)
    session.resume(first.id)
    assert states(session, first.id) == [State.WAITING, State.WAITING]


def test_leaving_during_a_slow_look_into_the_store_does_not_wait_for_it(monkeypatch):
    """It is the page's event loop that closes what a closed tab has left: nobody may wait there."""
    monkeypatch.setattr("seedlab.workflow.sessions.lookups.LOOKUP_SECONDS", 0.01)
    painter, ready, left = Painter(), Event(), Event()

    def find(recipe, draft_steps):
        ready.wait(10)
        assert left.is_set(), "closed while this was still looking"

    session = Session(painter.generate, find, painter.keep)
    session.explore(RECIPE, Seeds((0,)))
    work = session.develop()
    next(work)
    work.close()
    left.set()
    ready.set()


def test_a_store_that_breaks_does_not_keep_pictures_from_being_made():
    painter = Painter()

    def find(recipe, draft_steps):
        raise PermissionError("no")

    session = Session(painter.generate, find, painter.keep)
    first = session.explore(RECIPE, Seeds((0,))).newest
    develop(session)
    assert states(session, first.id) == [State.DONE]


def test_a_closed_tab_ends_the_work_and_the_session_can_go_on():
    session = Painter().session()
    first = session.explore(RECIPE, Seeds((0, 1))).newest
    work = session.develop()
    next(work)
    work.close()
    assert states(session, first.id) == [State.WAITING, State.WAITING]
    develop(session)
    assert states(session, first.id) == [State.DONE, State.DONE]


def test_pipelines_that_end_early_leave_the_rest_stopped():
    """A server that is closing takes no more work: the session must not ask it again and again."""
    painter = Painter()

    def generate(recipes, stop, *, draft_steps=None):
        yield from painter.generate(recipes[:1], stop)

    session = Session(generate, painter.find, painter.keep)
    first = session.explore(RECIPE, Seeds((0, 1, 2))).newest
    develop(session)
    assert states(session, first.id) == [State.DONE, State.STOPPED, State.STOPPED]


def test_after_a_restart_what_was_made_is_found_and_the_rest_waits_for_a_click():
    painter = Painter()
    before = painter.session()
    first = before.explore(RECIPE, Seeds((0, 1, 2))).newest
    develop(before)
    del painter.pictures[before.trail.tile(first.id, 1).recipe, None]
    after = painter.session(trail=read_trail(write_trail(before.trail)))
    develop(after)
    assert states(after, first.id) == [State.DONE, State.STOPPED, State.DONE]
    assert len(painter.painted) == 3


def test_after_a_restart_an_earlier_round_is_found_when_it_is_visited():
    painter = Painter()
    before = painter.session()
    first = before.explore(RECIPE, Seeds((0, 1))).newest
    develop(before)
    before.explore(RECIPE, Seeds((7,)))
    develop(before)
    after = painter.session(trail=read_trail(write_trail(before.trail)))
    develop(after)
    assert states(after, first.id) == [State.STOPPED, State.STOPPED], "not on the screen yet"
    after.revisit(first.id)
    develop(after)
    assert states(after, first.id) == [State.DONE, State.DONE]


def test_after_a_restart_a_picture_that_two_rounds_show_is_found_for_both():
    painter = Painter()
    before = painter.session()
    first = before.explore(RECIPE, Seeds((0, 1))).newest
    develop(before)
    before.explore(RECIPE, Seeds((1, 7)))
    develop(before)
    after = painter.session(trail=read_trail(write_trail(before.trail)))
    develop(after)
    after.revisit(first.id)
    develop(after)
    assert states(after, first.id) == [State.DONE, State.DONE]


def test_a_look_into_the_store_that_was_left_is_taken_up_again():
    painter = Painter()
    before = painter.session()
    first = before.explore(RECIPE, Seeds((0, 1))).newest
    develop(before)
    after = painter.session(trail=read_trail(write_trail(before.trail)))
    assert [after.is_known(tile) for tile in after.trail.newest.tiles] == [False, False]
    work = after.develop()
    next(work)
    work.close()
    assert [after.is_known(tile) for tile in after.trail.newest.tiles] == [True, False]
    after.lock(first.id, 1, Suffixes(GUIDE_SUFFIXES))
    assert after.trail.path == (first.id,), "what is looked for cannot be locked, and is not made either"
    develop(after)
    assert states(after, first.id) == [State.DONE, State.DONE]
    assert len(painter.painted) == 2


def test_who_leaves_ends_the_work_and_it_goes_on_from_there():
    painter = Painter()
    session = painter.session()
    first = session.explore(RECIPE, Seeds((0, 1))).newest
    for trail in session.develop():
        if trail.tile(first.id, 1).state is State.RUNNING:
            session.leave()
    assert states(session, first.id) == [State.DONE, State.WAITING]
    develop(session)
    assert states(session, first.id) == [State.DONE, State.DONE]
    assert [recipe.seed for recipe in painter.painted] == [0, 1]


def test_who_comes_back_before_the_work_has_ended_is_not_forgotten():
    session = Painter().session()
    first = session.explore(RECIPE, Seeds((0, 1))).newest
    left = False
    for trail in session.develop():
        if not left and trail.tile(first.id, 0).state is State.RUNNING:
            left = True
            session.leave()
            assert list(session.develop()) == [], "the one at work takes it up"
    assert states(session, first.id) == [State.DONE, State.DONE]


def test_a_slow_look_into_the_store_is_told_and_can_be_left(monkeypatch):
    """The first look of a process waits for torch to be imported, which takes seconds."""
    monkeypatch.setattr("seedlab.workflow.sessions.lookups.LOOKUP_SECONDS", 0.01)
    painter, ready = Painter(), Event()

    def find(recipe, draft_steps):
        ready.wait(10)
        return painter.find(recipe, draft_steps)

    session = Session(painter.generate, find, painter.keep)
    first = session.explore(RECIPE, Seeds((0,))).newest
    for trail in session.develop():
        if trail.tile(first.id, 0).sentence == "Getting ready…":
            ready.set()
    assert ready.is_set()
    assert states(session, first.id) == [State.DONE]


@pytest.mark.parametrize(("round_id", "index"), [(99, 0), (1, 4), (1, -1)])
def test_a_tile_that_is_not_there_cannot_be_locked(round_id, index):
    session = Painter().session()
    session.explore(RECIPE, Seeds((0, 1)))
    with pytest.raises(SeedLabError, match="no longer exists"):
        session.lock(round_id, index, Suffixes(GUIDE_SUFFIXES))


def test_a_picture_from_a_file_is_shown_and_only_its_parents_are_looked_for(tmp_path):
    painter = Painter()
    session = painter.session()
    (tmp_path / "a.png").write_bytes(b"")
    artsy = replace(RECIPE, prompt=RECIPE.prompt + ", artsy")
    session.restore(artsy, make_lineage(artsy, ", artsy"), tmp_path / "a.png", "Opened from a file.")
    list(session.develop())
    first, second = session.trail.visible
    assert states(session, first.id) == [State.STOPPED]
    assert (second.tiles[0].state, second.tiles[0].file) == (State.DONE, tmp_path / "a.png")
    assert painter.painted == []
    session.resume(first.id)
    list(session.develop())
    assert states(session, first.id) == [State.DONE], "a click makes it"


def test_pictures_of_one_call_are_all_kept_when_the_visitor_has_gone_on():
    """They are finished at the same time, and the first of them must not take the others with it."""
    painter = Painter()

    def generate(recipes, stop, *, draft_steps=None):
        for index in range(len(recipes)):
            yield Progress(index, 1, 1, None)
        painter.painted.extend(recipes)
        for index in range(len(recipes)):
            yield Finished(index, Image.new("RGB", (8, 8)), ENVIRONMENT, "")

    session = Session(generate, painter.find, painter.keep)
    session.explore(RECIPE, Seeds((0,)))
    develop(session)
    first = session.explore(RECIPE, Seeds((0, 1, 2, 3))).newest
    work = session.develop()
    while State.RUNNING not in states(session, first.id):
        next(work)
    session.lock(first.id, 0, Suffixes(GUIDE_SUFFIXES))
    for _ in work:
        pass
    assert sorted(recipe.seed for recipe in painter.painted if recipe.prompt == RECIPE.prompt) == [0, 1, 2, 3]
    assert len(painter.painted) == 8


def test_the_time_of_a_round_of_equal_work_is_noted():
    noted = []
    session = Painter().session(note_time=lambda *each: noted.append(each))
    first = session.explore(RECIPE, Seeds((2, 3))).newest
    develop(session)
    ((recipe, made, seconds),) = noted
    assert (recipe.seed, made.environment) == (2, ENVIRONMENT)
    assert seconds > 0
    session.lock(first.id, 0, Sweep((("steps", 4), ("steps", 8))))
    develop(session)
    assert len(noted) == 1, "its pictures take different times"


def test_larger_pictures_are_decoded_in_tiles_where_memory_is_short():
    painter = Painter()
    session = Session(painter.generate, painter.find, painter.keep, is_short=lambda recipe: recipe.width > 256)
    session.explore(RECIPE, Seeds((0,)))
    develop(session)
    (tile,) = session.lock(1, 0, LARGER).newest.tiles
    assert not tile.recipe.vae_tiling
    four_times = Develop.parse({"develop_size": "4x", "develop_strength": "auto"})
    round_ = session.lock(1, 0, four_times).newest
    assert round_.tiles[0].recipe.vae_tiling
    assert round_.caption(0) == "512×512 · 0.2 · in tiles"
