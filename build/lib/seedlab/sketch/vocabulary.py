"""The words that Sketch knows. Pure data: importing it loads nothing else."""

from __future__ import annotations

import re

ANIMALS = (
    "labrador", "cat", "fox", "rabbit", "horse", "elephant", "turtle", "owl", "penguin", "bird", "fish",
)  # fmt: skip
BUILDINGS = ("house", "castle", "lighthouse", "windmill")
VEHICLES = ("boat", "car", "train", "balloon", "rocket")
PLANTS = ("tree", "flower", "cactus", "mushroom")
THINGS = ("teapot", "guitar", "apple")
SUBJECTS = ANIMALS + BUILDINGS + VEHICLES + PLANTS + THINGS

PAINTERS = ("Vermeer", "Van Gogh", "Monet", "Hokusai", "Mondrian", "Klimt", "Picasso", "Matisse")
MANNERS = ("pencil sketch", "watercolor", "pixel art", "stained glass")
PLACES = (
    "on a beach", "in the snow", "at night", "at sunset", "in a forest", "in the city", "in the mountains", "in space",
)  # fmt: skip
COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "black", "white")
MODIFIERS = (
    "highly realistic", "artsy", "trending", "colorful", "black and white", "pastel", "vintage", "dreamy", "dramatic",
    "misty", "golden hour", "comic",
)  # fmt: skip
GLUE = ("a", "an", "the", "of", "in", "style", "by", "as", "painted", "painting", "picture")

KINDS = {
    "animals": ANIMALS,
    "buildings": BUILDINGS,
    "vehicles": VEHICLES,
    "plants": PLANTS,
    "things": THINGS,
    "painters": PAINTERS,
    "manners": MANNERS,
    "places": PLACES,
    "colours": COLOURS,
    "suffixes": MODIFIERS,
}
"""Phrases by kind, in the order in which a caption has them: what a vocabulary is browsed by."""

EXAMPLES = (
    "Labrador in the style of Vermeer",
    "cat, Van Gogh",
    "a red boat by Hokusai",
    "castle in the snow",
    "fox, stained glass",
    "lighthouse by Monet, dramatic",
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
    phrases = (*GLUE, *(phrase for kind in KINDS.values() for phrase in kind))
    return frozenset(word.lower() for phrase in phrases for word in phrase.split())
