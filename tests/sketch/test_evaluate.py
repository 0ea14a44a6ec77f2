"""The numbers of the model card, on places and words that are known."""

import numpy as np
import pytest

from seedlab.sketch.evaluate import (
    GUIDE,
    compose,
    count_hits,
    list_held_out,
    measure_lock,
    measure_spread,
    say,
)
from seedlab.sketch.judge import Judgement
from seedlab.sketch.scene import Scene, is_held_out
from seedlab.sketch.vocabulary import unknown_words

PLACES = np.random.default_rng(0).random((16, 3))


def test_a_hit_is_the_word_that_was_asked_for():
    scenes = [Scene("fox", "Klimt", ("artsy",)), Scene("cat", None, ("misty",)), Scene("boat", "Monet", ("pastel",))]
    seen = Judgement(("fox", "cat", "car"), ("Klimt", "Klimt", "Monet"), ("artsy", "comic", "comic"), PLACES[:3])
    shares = count_hits(seen, scenes)
    assert (shares.subject, shares.style, shares.modifier) == (2 / 3, 2 / 3, 1 / 3)


def test_what_stays_where_it_was_is_locked_and_what_goes_elsewhere_is_not():
    def locate(scene: Scene) -> np.ndarray:
        moved = PLACES[::-1] if scene.modifiers == ("trending",) else PLACES * 2
        return moved if scene.modifiers else PLACES

    table = measure_lock(locate)
    assert tuple(table) == GUIDE
    assert table["artsy"] == pytest.approx([1, 1, 1])
    assert abs(table["trending"]).max() < 0.9


def test_spread_is_how_far_places_lie_apart():
    assert measure_spread(lambda _: PLACES) == pytest.approx(PLACES.std(0))


def test_held_out_scenes_are_said_in_words_that_sketch_knows():
    scenes = list(list_held_out())
    assert len(scenes) > 100
    assert all(is_held_out(scene) and not unknown_words(say(scene)) for scene in scenes)


def test_compositions_are_the_same_for_every_scene_and_not_the_same_twice():
    (one, other), (again, _) = compose([Scene("fox")] * 2), compose([Scene("cat"), Scene("cat")])
    assert one.composition == again.composition != other.composition
