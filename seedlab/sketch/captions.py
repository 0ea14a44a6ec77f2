"""Captions: describe scenes in words, the way people write prompts."""

from __future__ import annotations

from random import Random

from seedlab.sketch.scene import Scene
from seedlab.sketch.vocabulary import TECHNIQUES

ADJECTIVES = ("colorful", "black and white", "pastel", "vintage", "dreamy", "dramatic", "misty")
"""Modifiers that can also come before the subject."""

TECHNIQUE_TEMPLATES = ("{}, {}", "{} as {}", "{} in {}")
PAINTER_TEMPLATES = ("{} in the style of {}", "{} in the style of {}", "{} by {}", "{}, {}", "{} painted by {}")


def caption_scene(scene: Scene, rng: Random) -> str:
    """Caption a scene. `rng` chooses the wording; modifiers keep their order and are separated by commas."""
    modifiers = scene.modifiers
    subject = scene.subject if scene.colour is None else f"{scene.colour} {scene.subject}"
    if modifiers and modifiers[0] in ADJECTIVES and rng.random() < 0.15:
        subject, modifiers = f"{modifiers[0]} {subject}", modifiers[1:]
    text = _add_style(_add_article(subject, rng), scene, rng)
    cased = text[0].upper() + text[1:] if rng.random() < 0.5 else text
    return ", ".join((cased, *modifiers))


def _add_style(subject: str, scene: Scene, rng: Random) -> str:
    style, place = scene.style, "" if scene.place is None else f" {scene.place}"
    if style in TECHNIQUES:
        if rng.random() < 0.5:
            return f"{rng.choice(('', 'a '))}{style} of {subject}{place}"
        return rng.choice(TECHNIQUE_TEMPLATES).format(subject + place, style)
    head = rng.choice(("", "", "painting of ", "a picture of ")) + subject + place
    return head if style is None else rng.choice(PAINTER_TEMPLATES).format(head, style)


def _add_article(words: str, rng: Random) -> str:
    return rng.choice(("", "an " if words[0] in "aeiou" else "a ", "the ")) + words
