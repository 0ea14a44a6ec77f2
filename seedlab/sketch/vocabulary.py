"""The words that Sketch knows. Importing this module loads nothing else."""

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
TECHNIQUES = ("pencil sketch", "watercolor", "pixel art", "stained glass")
PLACES = (
    "on a beach", "in the snow", "at night", "at sunset", "in a forest", "in the city", "in the mountains", "in space",
)  # fmt: skip
COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "black", "white")
MODIFIERS = (
    "highly realistic", "artsy", "trending", "colorful", "black and white", "pastel", "vintage", "dreamy", "dramatic",
    "misty", "golden hour", "comic",
)  # fmt: skip
FUNCTION_WORDS = ("a", "an", "the", "of", "in", "style", "by", "as", "painted", "painting", "picture")

KINDS = {
    "animals": ANIMALS,
    "buildings": BUILDINGS,
    "vehicles": VEHICLES,
    "plants": PLANTS,
    "things": THINGS,
    "painters": PAINTERS,
    "manners": TECHNIQUES,
    "places": PLACES,
    "colours": COLOURS,
    "suffixes": MODIFIERS,
}
"""Phrases by kind, as the page lists them."""

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
    """Return the words of the prompt that Sketch was not trained on: in order, as typed, and without duplicates.

    Ignores case and punctuation.
    """
    known = known_words()
    spellings: dict[str, str] = {}
    for word in _WORD.findall(prompt):
        spellings.setdefault(word.lower(), word)
    return tuple(spelling for word, spelling in spellings.items() if word not in known)


def known_words() -> frozenset[str]:
    """Return all words that captions use, in lower case."""
    phrases = (*FUNCTION_WORDS, *(phrase for kind in KINDS.values() for phrase in kind))
    return frozenset(word.lower() for phrase in phrases for word in phrase.split())
