"""Scenes in words, as people might type them."""

from __future__ import annotations

from random import Random

from seedlab.sketch.scene import Scene
from seedlab.sketch.vocabulary import MANNERS

ADJECTIVES = ("colorful", "black and white", "pastel", "vintage", "dreamy", "dramatic", "misty")
"""Modifiers that people also put before the subject."""

ENDINGS = ("{}, {}", "{} as {}", "{} in {}")
PAINTED = ("{} in the style of {}", "{} in the style of {}", "{} by {}", "{}, {}", "{} painted by {}")


def caption(scene: Scene, rng: Random) -> str:
    """The scene in words; `rng` chooses among wordings. Modifiers keep their order, each after a comma."""
    modifiers = scene.modifiers
    subject = scene.subject if scene.colour is None else f"{scene.colour} {scene.subject}"
    if modifiers and modifiers[0] in ADJECTIVES and rng.random() < 0.15:
        subject, modifiers = f"{modifiers[0]} {subject}", modifiers[1:]
    text = _name_manner(_add_article(subject, rng), scene, rng)
    spoken = text[0].upper() + text[1:] if rng.random() < 0.5 else text
    return ", ".join((spoken, *modifiers))


def _name_manner(subject: str, scene: Scene, rng: Random) -> str:
    manner, place = scene.painter, "" if scene.place is None else f" {scene.place}"
    if manner in MANNERS:
        if rng.random() < 0.5:
            return f"{rng.choice(('', 'a '))}{manner} of {subject}{place}"
        return rng.choice(ENDINGS).format(subject + place, manner)
    head = rng.choice(("", "", "painting of ", "a picture of ")) + subject + place
    return head if manner is None else rng.choice(PAINTED).format(head, manner)


def _add_article(words: str, rng: Random) -> str:
    return rng.choice(("", "an " if words[0] in "aeiou" else "a ", "the ")) + words
