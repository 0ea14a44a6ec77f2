"""Scenes and compositions."""

from random import Random

import pytest

from seedlab.sketch.scene import Composition, Scene, is_held_out, sample_composition, sample_scene
from seedlab.sketch.vocabulary import SUBJECTS


def test_seed_determines_the_scene() -> None:
    assert sample_scene(Random(0)) == sample_scene(Random(0)) != sample_scene(Random(1))


def test_composition_is_sampled_before_the_words() -> None:
    assert sample_scene(Random(5)).composition == sample_composition(Random(5))


def test_every_subject_is_sampled() -> None:
    rng = Random(0)
    assert {sample_scene(rng).subject for _ in range(400)} == set(SUBJECTS)


@pytest.mark.parametrize("wrong", [{"turn": 0.0}, {"size": 0.0}, {"light": 0.5}])
def test_invalid_compositions_raise(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="composition"):
        Composition(**wrong)


def test_sampled_scenes_are_never_held_out() -> None:
    rng = Random(0)
    assert not any(is_held_out(sample_scene(rng)) for _ in range(500))
    assert not any(is_held_out(Scene(subject, "Vermeer")) for subject in SUBJECTS)
