"""Inserts a phrase of the vocabulary into a prompt at its natural position."""

from __future__ import annotations

import re
from collections.abc import Iterable

from seedlab.sketch.vocabulary import COLOURS, MODIFIERS, PAINTERS, PLACES, SUBJECTS, TECHNIQUES

STYLE_PREFIX = r"(?:,?\s+(?:(?:painted\s+)?by|in\s+the\s+style\s+of|as|in)\s+|,\s*)"


def add_phrase(prompt: str, phrase: str) -> str:
    """Add a known phrase to the prompt. It replaces a phrase of the same kind.

    Suffixes are the exception: a prompt can have several, and adding one again removes it. Unknown phrases leave the
    prompt unchanged.
    """
    for kind, add in (
        (SUBJECTS, _add_subject),
        (COLOURS, _add_colour),
        (PLACES, _add_place),
        ((*PAINTERS, *TECHNIQUES), _add_style),
        (MODIFIERS, _toggle_modifier),
    ):
        if phrase in kind:
            # Collapsing spaces first avoids quadratic regex backtracking on long runs of spaces.
            return _normalize_spaces(add(_normalize_spaces(prompt), phrase))
    return prompt


def _find(prompt: str, phrases: Iterable[str], before: str = "") -> re.Match[str] | None:
    """Find the first of the phrases, preceded by the pattern `before`. Longer phrases take precedence."""
    listed = "|".join(re.escape(phrase) for phrase in sorted(phrases, key=len, reverse=True))
    return re.search(rf"{before}(?<!\w)(?P<phrase>{listed})(?!\w)", prompt, re.IGNORECASE)


def _replace(prompt: str, match: re.Match[str], text: str) -> str:
    return prompt[: match.start()] + text + prompt[match.end() :]


def _add_subject(prompt: str, subject: str) -> str:
    match = _find(prompt, SUBJECTS)
    if match is not None:
        cased = subject.capitalize() if match["phrase"][0].isupper() else subject
        return _replace(prompt, match, cased)
    return f"{subject}, {prompt}" if prompt else subject


def _add_colour(prompt: str, colour: str) -> str:
    masked = re.sub(r"black and white", lambda match: "_" * len(match[0]), prompt, flags=re.IGNORECASE)
    match = _find(masked, COLOURS)
    if match is not None:
        return _replace(prompt, match, colour)
    subject = _find(prompt, SUBJECTS)
    if subject is None:
        return f"{colour} {prompt}"
    return _replace(prompt, subject, f"{colour} {subject['phrase'].lower()}")


def _add_place(prompt: str, place: str) -> str:
    match = _find(prompt, PLACES)
    if match is not None:
        return _replace(prompt, match, place)
    subject = _find(prompt, SUBJECTS)
    return _replace(prompt, subject, f"{subject['phrase']} {place}") if subject else f"{prompt} {place}"


def _add_style(prompt: str, style: str) -> str:
    ending = f", {style}" if style in TECHNIQUES else f" in the style of {style}"
    match = _find(prompt, (*PAINTERS, *TECHNIQUES), STYLE_PREFIX) or _find(prompt, TECHNIQUES, r"(?:\ba\s+)?")
    if match is not None:
        rest = re.sub(r"^\s*of\s+", "", prompt[match.end() :]) if match.start() == 0 else None
        return _replace(prompt, match, ending) if rest is None else rest + ending
    head, comma, tail = prompt.partition(",")
    return head + ending + comma + tail


def _toggle_modifier(prompt: str, modifier: str) -> str:
    match = _find(prompt, [modifier], r",?\s*")
    return f"{prompt}, {modifier}" if match is None else _replace(prompt, match, "")


def _normalize_spaces(prompt: str) -> str:
    return re.sub(r"\s{2,}", " ", prompt).strip(" ,")
