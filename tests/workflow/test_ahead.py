"""Pictures that are made ahead, above a fake pipeline manager."""

from contextlib import closing
from dataclasses import replace
from functools import partial
from threading import Event

import pytest
from PIL import Image

from seedlab.core.errors import SeedLabError
from seedlab.core.priority import Priority
from seedlab.core.reports import Failed, Finished, Progress
from seedlab.images.png import encode_png
from seedlab.workflow.ahead import MAX_RECIPES, Ahead
from tests.examples import ENVIRONMENT, RECIPE
from tests.pipelines.ray.fakes import wait_until
from tests.rounds import seed_round

RECIPES = seed_round(replace(RECIPE, height=8, width=8), range(12))
BYTES = 8 * 8 * 3 + len(encode_png(Image.new("RGB", (8, 8), (1, 0, 0))))


class Manager:
    """Paints squares. Idle pictures wait for `go`; those whose model is not loaded are left unmade."""

    def __init__(self):
        self.idle, self.asked, self.stopped, self.go = [], [], [], Event()
        self.error = self.failure = None
        self.is_loaded, self.environment = True, ENVIRONMENT

    def observe(self, _recipe):
        if self.environment is None:
            raise SeedLabError("The model is gone.")
        return self.environment

    def generate(self, recipes, stop, visitor=None, *, draft_steps=None, resume=True, priority=Priority.REQUEST):
        idle = priority is Priority.IDLE
        (self.idle if idle else self.asked).extend(recipe.seed for recipe in recipes)
        for index, recipe in enumerate(recipes):
            if idle and not self.is_loaded:
                return
            if self.error is not None:
                raise self.error
            if self.failure is not None:
                yield Failed(index, self.failure)
                continue
            yield Progress(index, 1, 2, None)
            if idle and not self._wait(stop):
                self.stopped.append(recipe.seed)
                return
            yield Finished(
                index, Image.new("RGB", (8, 8), (recipe.seed, 0, 0)), self.environment, "", draft_steps=draft_steps
            )

    def _wait(self, stop):
        while not self.go.wait(0.005):
            if stop.is_set():
                return False
        return not stop.is_set()


@pytest.fixture
def manager():
    return Manager()


@pytest.fixture
def ahead(manager):
    with closing(Ahead(manager.generate, manager.observe)) as ahead:
        yield ahead


def ask(ahead, manager, recipes, **options):
    reports = ahead.serve("a", partial(manager.generate, visitor="a"))(recipes, Event(), **options)
    return {each.index: each.image.getpixel((0, 0))[0] for each in reports if isinstance(each, Finished)}


def test_what_was_made_ahead_is_served_at_once_and_the_rest_is_made(ahead, manager):
    manager.go.set()
    ahead.suggest("a", RECIPES[1:3])
    wait_until(lambda: len(ahead._made) == 2)
    assert ask(ahead, manager, RECIPES[:4]) == {0: 0, 1: 1, 2: 2, 3: 3}
    assert manager.idle == [1, 2]
    assert manager.asked == [0, 3]


def test_a_picture_is_served_once_because_it_is_in_the_store_then(ahead, manager):
    manager.go.set()
    ahead.suggest("a", RECIPES[:1])
    wait_until(lambda: len(ahead._made) == 1)
    assert ask(ahead, manager, RECIPES[:1]) == ask(ahead, manager, RECIPES[:1]) == {0: 0}
    assert manager.asked == [0]


def test_what_is_taken_is_encoded_and_the_rest_is_left(ahead, manager):
    manager.go.set()
    ahead.suggest("a", RECIPES[1:3])
    wait_until(lambda: len(ahead._made) == 2)
    taken = ahead.take([RECIPES[0], RECIPES[2]])
    assert {index: report.index for index, report in taken.items()} == {1: 1}
    assert taken[1].png == encode_png(taken[1].image)
    assert not ahead.take([RECIPES[2]])
    assert ask(ahead, manager, RECIPES[1:2]) == {0: 1}


def test_drafts_are_not_made_of_finished_pictures(ahead, manager):
    manager.go.set()
    ahead.suggest("a", RECIPES[:1])
    wait_until(lambda: len(ahead._made) == 1)
    ask(ahead, manager, RECIPES[:1], draft_steps=1)
    assert manager.asked == [0]


def test_a_request_ends_what_was_suggested(ahead, manager):
    ahead.suggest("a", RECIPES[:3])
    wait_until(lambda: manager.idle == [0])
    assert ask(ahead, manager, RECIPES[5:6]) == {0: 5}
    wait_until(lambda: manager.stopped == [0])
    manager.go.set()
    ahead.suggest("a", RECIPES[6:7])
    wait_until(lambda: len(ahead._made) == 1)
    assert manager.idle == [0, 6]


def test_a_suggestion_replaces_the_one_before_it_unless_it_is_equal(ahead, manager):
    for _ in range(2):
        ahead.suggest("a", RECIPES[:2])
    wait_until(lambda: manager.idle == [0])
    assert not manager.stopped
    ahead.suggest("a", RECIPES[4:5])
    wait_until(lambda: manager.stopped == [0])
    manager.go.set()
    wait_until(lambda: len(ahead._made) == 1)
    assert manager.idle == [0, 4]


def test_a_visitor_who_leaves_is_forgotten_and_the_others_are_not(ahead, manager):
    ahead.suggest("b", RECIPES[:1])
    ahead.suggest("a", RECIPES[2:4])
    wait_until(lambda: len(manager.idle) == 1)
    ahead.forget("a")
    manager.go.set()
    wait_until(lambda: RECIPES[0].fingerprint in ahead._made)
    assert 3 not in manager.idle


def test_what_is_kept_has_a_limit_and_the_first_goes_first(manager):
    manager.go.set()
    with closing(Ahead(manager.generate, manager.observe, max_bytes=2 * BYTES)) as ahead:
        ahead.suggest("a", RECIPES[:3])
        wait_until(lambda: manager.idle == [0, 1, 2] and RECIPES[2].fingerprint in ahead._made)
        assert list(ahead._made) == [RECIPES[1].fingerprint, RECIPES[2].fingerprint]


def test_a_suggestion_has_a_limit(ahead, manager):
    manager.go.set()
    ahead.suggest("a", RECIPES)
    wait_until(lambda: len(ahead._made) == MAX_RECIPES)
    wait_until(lambda: not ahead._working)
    assert len(manager.idle) == MAX_RECIPES


def test_a_failure_ends_a_suggestion_and_is_left_to_whoever_asks(ahead, manager):
    """Each attempt would free memory that others use."""
    manager.go.set()
    manager.failure = "Not enough memory for this picture."
    for _ in range(2):
        ahead.suggest("a", RECIPES[:3])
        wait_until(lambda: not ahead._working)
    assert manager.idle == [0]
    manager.failure = None
    assert ask(ahead, manager, RECIPES[:1]) == {0: 0}
    ahead.suggest("a", RECIPES[:3])
    wait_until(lambda: len(ahead._made) == 3)


def test_an_unexpected_error_ends_a_suggestion_and_is_logged(ahead, manager, caplog):
    manager.go.set()
    manager.error = RuntimeError("broken")
    ahead.suggest("a", RECIPES[:2])
    wait_until(lambda: not ahead._working)
    assert manager.idle == [0]
    assert [record.message for record in caplog.records] == ["A picture could not be made ahead."]
    manager.error = None
    ahead.suggest("a", RECIPES[2:3])
    wait_until(lambda: len(ahead._made) == 1)


def test_what_was_left_because_its_model_was_not_loaded_is_made_when_it_is_suggested_again(ahead, manager):
    manager.go.set()
    manager.is_loaded = False
    ahead.suggest("a", RECIPES[:2])
    wait_until(lambda: not ahead._working)
    assert manager.idle == [0]
    manager.is_loaded = True
    ahead.suggest("a", RECIPES[:2])
    wait_until(lambda: len(ahead._made) == 2)


@pytest.mark.parametrize("error", [None, RuntimeError("broken")])
def test_a_suggestion_that_comes_while_the_one_before_it_ends_is_made(manager, error):
    manager.go.set()

    def generate(recipes, stop, visitor, *, priority):
        if recipes[0] == RECIPES[0]:
            ahead.suggest("a", RECIPES[3:5])
            if error is not None:
                raise error
            return
        yield from manager.generate(recipes, stop, visitor, priority=priority)

    with closing(Ahead(generate, manager.observe)) as ahead:
        ahead.suggest("a", RECIPES[:1])
        wait_until(lambda: len(ahead._made) == 2)
        assert manager.idle == [3, 4]


@pytest.mark.parametrize("now", [replace(ENVIRONMENT, weights="0" * 64), None])
def test_pictures_of_a_checkpoint_that_was_replaced_or_deleted_are_not_taken(ahead, manager, now):
    manager.go.set()
    ahead.suggest("a", RECIPES[:2])
    wait_until(lambda: len(ahead._made) == 2)
    manager.environment = now
    assert ahead.take(RECIPES[:1]) == {}
    manager.environment = ENVIRONMENT
    assert list(ahead.take(RECIPES[:2])) == [1]


def test_nothing_is_made_after_close(manager):
    ahead = Ahead(manager.generate, manager.observe)
    ahead.suggest("a", RECIPES[:2])
    wait_until(lambda: manager.idle == [0])
    ahead.close()
    wait_until(lambda: manager.stopped == [0])
    ahead.suggest("a", RECIPES[4:5])
    assert manager.idle == [0]
