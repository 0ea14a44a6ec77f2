"""The words that Sketch knows. Pure data: importing it loads nothing else."""

from __future__ import annotations

import re

SUBJECTS = ("labrador", "cat", "house", "boat", "tree", "flower", "fish", "bird")
PAINTERS = ("Vermeer", "Van Gogh", "Mondrian", "Hokusai", "Monet")
MODIFIERS = ("highly realistic", "artsy", "trending", "colorful")
PLACES = ("on a beach", "in the snow", "at night", "at sunset")
COLOURS = ("red", "blue", "yellow", "green", "black", "white")
GLUE = ("a", "an", "the", "of", "in", "style", "by", "painted", "painting", "picture", "portrait", "drawing")

EXAMPLES = (
    "Labrador in the style of Vermeer",
    "cat, Van Gogh",
    "a red boat by Hokusai",
    "house in the snow",
    "fish",
    "tree in the style of Van Gogh",
)

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


def unknown_words(prompt: str) -> tuple[str, ...]:
    """The prompt's words that Sketch never saw, as typed, in order, each once; case and punctuation do not matter."""
    known = known_words()
    first: dict[str, str] = {}
    for word in _WORD.findall(prompt):
        first.setdefault(word.lower(), word)
    return tuple(typed for word, typed in first.items() if word not in known)


def known_words() -> frozenset[str]:
    """Every word that a caption can hold, in lower case."""
    phrases = SUBJECTS + PAINTERS + MODIFIERS + PLACES + COLOURS + GLUE
    return frozenset(word.lower() for phrase in phrases for word in phrase.split())
