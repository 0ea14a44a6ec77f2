"""Scenes in words."""

from random import Random

from seedlab.sketch.scene import Scene, sample_scene
from seedlab.sketch.vocabulary import unknown_words
from seedlab.sketch.wording import caption


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
    wordings = {caption(Scene("cat", "Monet"), rng) for _ in range(400)}
    assert {"Cat in the style of Monet", "a cat by Monet", "cat, Monet"} <= wordings


def test_manners_are_worded_as_people_do() -> None:
    rng = Random(0)
    wordings = {caption(Scene("cat", "watercolor"), rng) for _ in range(400)}
    assert {"a watercolor of a cat", "cat, watercolor", "a cat in watercolor"} <= wordings


def test_a_modifier_also_stands_before_the_subject() -> None:
    rng = Random(0)
    assert any(caption(Scene("cat", None, ("misty",)), rng).lower() == "a misty cat" for _ in range(400))
