"""Prompt weights as AUTOMATIC1111's stable-diffusion-webui and Civitai write them: `(word:1.3)`, `(word)`, `[word]`.

The rules are those of `parse_prompt_attention` (modules/prompt_parser.py of stable-diffusion-webui): round brackets
multiply by 1.1 or by the number before the closing one, square brackets divide by 1.1, nested ones multiply. Brackets
that are not closed reach to the end; a closing one without an opening one is a character. A backslash before a bracket
or another backslash makes a character of it.
"""

import re
from functools import lru_cache

from seedlab.core.errors import RecipeError
from seedlab.core.texts.text import quote

WEIGHTS = "weights"
"""The name of this syntax in recipes; "" is that of prompts without any."""

SYNTAXES = ("", WEIGHTS)

Part = tuple[str, float]
"""A piece of a prompt, and its weight."""

MAX_WEIGHT = 10.0
MAX_PAIRS = 200
"""Pairs of brackets in one prompt: each costs time."""

ROUND, SQUARE = 1.1, 1 / 1.1
NUMBER = r"[+-]?(?:\d{1,9}(?:\.\d{0,9})?|\.\d{1,9})"
TOKEN = re.compile(rf"\\[()\[\]\\]|\\|\(|\[|:\s*({NUMBER})\s*\)|\)|\]|[^\\()\[\]:]+|:")
MARKED = re.compile(r"[()\[\]]")
SPECIAL = re.compile(r"([()\[\]\\])")


def has_marks(text: str) -> bool:
    """Whether a text has weights, or brackets that are escaped."""
    if MARKED.search(text) is None:  # backslashes alone are characters
        return False
    try:
        return parse_weights(text) != ((text, 1.0),)
    except RecipeError:
        return True


def choose_syntax(*prompts: str) -> str:
    """Return the syntax of prompts that somebody writes now: that of weights exactly where one of them has marks."""
    return WEIGHTS if any(map(has_marks, prompts)) else ""


def read_parts(prompt: str, syntax: str) -> tuple[Part, ...]:
    """Return the pieces of a prompt; one with the weight 1 for a prompt without weights."""
    return parse_weights(prompt) if syntax == WEIGHTS else ((prompt, 1.0),)


def is_weighted(parts: tuple[Part, ...]) -> bool:
    """Whether a piece has a weight other than 1."""
    return any(weight != 1 for _, weight in parts)


def join_parts(parts: tuple[Part, ...]) -> str:
    """Return the words of a prompt without its weights."""
    return " ".join(text for text, _ in parts)


def strip_weights(prompt: str, syntax: str) -> str:
    """Return the words that a prompt's text encoder reads."""
    return join_parts(read_parts(prompt, syntax))


def strip_typed_weights(prompt: str) -> str:
    """Return the words of a prompt that somebody types, whose weights may still be out of range."""
    try:
        return strip_weights(prompt, choose_syntax(prompt))
    except RecipeError:
        return prompt


def escape(text: str) -> str:
    r"""Return a text that means these characters where weights are read: `a \(red\) boat`."""
    return SPECIAL.sub(r"\\\1", text)


@lru_cache(maxsize=256)
def parse_weights(prompt: str) -> tuple[Part, ...]:
    """Return the pieces of a prompt with their weights, without pieces of nothing but spaces.

    Neighbours of the same weight are one piece.

    Raises:
        RecipeError: a weight is below 0 or above 10, or there are more than 200 pairs of brackets.
    """
    pieces, ranges = _scan(prompt)
    weights = [1.0] * len(pieces)
    for start, end, factor in ranges:
        weights[start:end] = [weight * factor for weight in weights[start:end]]
    merged: list[Part] = []
    for text, weight in zip(pieces, weights, strict=True):
        if merged and merged[-1][1] == weight:
            merged[-1] = (merged[-1][0] + text, weight)
        else:
            merged.append((text, weight))
    _check_weights(merged)
    if not is_weighted(tuple(merged)):
        return ((merged[0][0] if merged else "", 1.0),)
    return tuple((text, weight) for text, weight in merged if text.strip()) or (("", 1.0),)


def _scan(prompt: str) -> tuple[list[str], list[tuple[int, int, float]]]:
    """Return the pieces between the marks, and the ranges of pieces that each pair of brackets multiplies."""
    pieces: list[str] = []
    ranges: list[tuple[int, int, float]] = []
    open_: dict[float, list[int]] = {ROUND: [], SQUARE: []}
    begins = True
    for token in TOKEN.finditer(prompt):
        text, number = token[0], token[1]
        kind = SQUARE if text in "[]" else ROUND
        if text in "([":
            open_[kind].append(len(pieces))
            begins = True
        elif (text in ")]" or number is not None) and open_[kind]:
            factor = kind if number is None else float(number)
            ranges.append((open_[kind].pop(), len(pieces), factor))
            begins = True
        else:
            pieces += [""] if begins else []  # few pieces, as each costs time for every pair around it
            pieces[-1] += text.removeprefix("\\")
            begins = False
    ranges += ((start, len(pieces), kind) for kind, starts in open_.items() for start in starts)
    if len(ranges) > MAX_PAIRS:
        sentence = (
            f"{len(ranges)} pairs of brackets are too many: use {MAX_PAIRS} or fewer, or write \\( for a bracket."
        )
        raise RecipeError("prompt", sentence)
    return pieces, ranges


def _check_weights(parts: list[Part]) -> None:
    for text, weight in parts:
        if not 0 <= weight <= MAX_WEIGHT:
            sentence = f"The weight {weight:g} of {quote(text.strip(), 40)} is out of range: use 0 to {MAX_WEIGHT:g}."
            raise RecipeError("prompt", sentence)
