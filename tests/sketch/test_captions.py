"""Captions of scenes."""

from random import Random

from seedlab.sketch.captions import caption_scene
from seedlab.sketch.scene import Scene, sample_scene
from seedlab.sketch.vocabulary import unknown_words


def test_captions_use_only_known_words_and_name_the_subject() -> None:
    rng = Random(0)
    for _ in range(500):
        scene = sample_scene(rng)
        text = caption_scene(scene, rng)
        assert unknown_words(text) == ()
        assert scene.subject in text.lower()


def test_modifiers_come_last_in_order() -> None:
    scene = Scene("labrador", "Vermeer", ("artsy", "colorful"))
    assert caption_scene(scene, Random(0)).endswith(", artsy, colorful")


def test_wording_varies() -> None:
    rng = Random(0)
    wordings = {caption_scene(Scene("cat", "Monet"), rng) for _ in range(400)}
    assert {"Cat in the style of Monet", "a cat by Monet", "cat, Monet"} <= wordings


def test_techniques_have_their_own_wording() -> None:
    rng = Random(0)
    wordings = {caption_scene(Scene("cat", "watercolor"), rng) for _ in range(400)}
    assert {"a watercolor of a cat", "cat, watercolor", "a cat in watercolor"} <= wordings


def test_modifiers_can_come_before_the_subject() -> None:
    rng = Random(0)
    assert any(caption_scene(Scene("cat", None, ("misty",)), rng).lower() == "a misty cat" for _ in range(400))
