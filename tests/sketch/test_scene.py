"""Scenes and their captions."""

from random import Random

import pytest

from seedlab.sketch.scene import Composition, Scene, caption, sample_composition, sample_scene
from seedlab.sketch.vocabulary import SUBJECTS, unknown_words


def test_a_seed_decides_the_scene() -> None:
    assert sample_scene(Random(0)) == sample_scene(Random(0)) != sample_scene(Random(1))


def test_the_composition_is_drawn_before_any_word() -> None:
    assert sample_scene(Random(5)).composition == sample_composition(Random(5))


def test_captions_hold_only_known_words_and_name_the_subject() -> None:
    rng = Random(0)
    for _ in range(500):
        scene = sample_scene(rng)
        text = caption(scene, rng)
        assert unknown_words(text) == ()
        assert scene.subject in text.lower()


def test_modifiers_follow_the_caption_in_order() -> None:
    scene = Scene("labrador", "Vermeer", ("artsy", "colorful"))
    assert caption(scene, Random(0)).endswith(", artsy, colorful")


def test_captions_vary_in_wording() -> None:
    rng = Random(0)
    wordings = {caption(Scene("cat", "Monet"), rng) for _ in range(200)}
    assert {"Cat in the style of Monet", "a cat by Monet", "cat, Monet"} <= wordings


def test_every_subject_is_sampled() -> None:
    rng = Random(0)
    assert {sample_scene(rng).subject for _ in range(200)} == set(SUBJECTS)


@pytest.mark.parametrize("wrong", [{"turn": 0.0}, {"size": 0.0}, {"light": 0.5}])
def test_impossible_compositions_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="composition"):
        Composition(**wrong)
