"""The metrics of the model card, on known positions and words."""

import numpy as np
import pytest

from seedlab.sketch.classifier import Predictions
from seedlab.sketch.evaluate import (
    GUIDE_SUFFIXES,
    assign_compositions,
    build_prompt,
    compute_accuracy,
    list_held_out,
    measure_lock,
    measure_spread,
)
from seedlab.sketch.scene import Scene, is_held_out
from seedlab.sketch.vocabulary import unknown_words

POSITIONS = np.random.default_rng(0).random((16, 3))


def test_accuracy_counts_correct_words():
    scenes = [Scene("fox", "Klimt", ("artsy",)), Scene("cat", None, ("misty",)), Scene("boat", "Monet", ("pastel",))]
    predictions = Predictions(
        ("fox", "cat", "car"), ("Klimt", "Klimt", "Monet"), ("artsy", "comic", "comic"), POSITIONS[:3]
    )
    accuracy = compute_accuracy(predictions, scenes)
    assert (accuracy.subject, accuracy.style, accuracy.modifier) == (2 / 3, 2 / 3, 1 / 3)


def test_lock_is_the_correlation_of_positions():
    def locate(scene: Scene) -> np.ndarray:
        moved = POSITIONS[::-1] if scene.modifiers == ("trending",) else POSITIONS * 2
        return moved if scene.modifiers else POSITIONS

    table = measure_lock(locate)
    assert tuple(table) == GUIDE_SUFFIXES
    assert table["artsy"] == pytest.approx([1, 1, 1])
    assert abs(table["trending"]).max() < 0.9


def test_spread_is_the_standard_deviation_of_positions():
    assert measure_spread(lambda _: POSITIONS) == pytest.approx(POSITIONS.std(0))


def test_held_out_prompts_use_only_known_words():
    scenes = list(list_held_out())
    assert len(scenes) > 100
    assert all(is_held_out(scene) and not unknown_words(build_prompt(scene)) for scene in scenes)


def test_all_scenes_get_the_same_distinct_compositions():
    first, second = assign_compositions([Scene("fox")] * 2)
    other, _ = assign_compositions([Scene("cat")] * 2)
    assert first.composition == other.composition != second.composition
