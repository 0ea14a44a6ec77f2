"""A phrase of the vocabulary, put into a prompt where a person would put it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from seedlab.sketch.vocabulary import COLOURS, MANNERS, MODIFIERS, PAINTERS, PLACES, SUBJECTS

IN_THE_STYLE = r"(?:,?\s+(?:(?:painted\s+)?by|in\s+the\s+style\s+of|as|in)\s+|,\s*)"


def add_phrase(prompt: str, phrase: str) -> str:
    """The prompt with a phrase that Sketch knows; one of its kind that is there already is replaced.

    Suffixes are the exception: several go together, and one that is there already is taken away.
    """
    for kind, add in (
        (SUBJECTS, _add_subject),
        (COLOURS, _add_colour),
        (PLACES, _add_place),
        ((*PAINTERS, *MANNERS), _add_manner),
        (MODIFIERS, _toggle_modifier),
    ):
        if phrase in kind:
            # Tidied first too: in a long run of spaces, each would be tried as the first of all those after it.
            return _tidy(add(_tidy(prompt), phrase))
    return prompt


def _find(prompt: str, phrases: Iterable[str], before: str = "") -> re.Match[str] | None:
    """The first phrase of a kind in the prompt, longer ones first, with what belongs before it."""
    listed = "|".join(re.escape(phrase) for phrase in sorted(phrases, key=len, reverse=True))
    return re.search(rf"{before}(?<!\w)(?P<phrase>{listed})(?!\w)", prompt, re.IGNORECASE)


def _replace(prompt: str, match: re.Match[str], text: str) -> str:
    return prompt[: match.start()] + text + prompt[match.end() :]


def _add_subject(prompt: str, subject: str) -> str:
    match = _find(prompt, SUBJECTS)
    if match is not None:
        spoken = subject.capitalize() if match["phrase"][0].isupper() else subject
        return _replace(prompt, match, spoken)
    return f"{subject}, {prompt}" if prompt else subject


def _add_colour(prompt: str, colour: str) -> str:
    without = re.sub(r"black and white", lambda match: "_" * len(match[0]), prompt, flags=re.IGNORECASE)
    match = _find(without, COLOURS)
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


def _add_manner(prompt: str, manner: str) -> str:
    ending = f", {manner}" if manner in MANNERS else f" in the style of {manner}"
    match = _find(prompt, (*PAINTERS, *MANNERS), IN_THE_STYLE) or _find(prompt, MANNERS, r"(?:\ba\s+)?")
    if match is not None:
        rest = re.sub(r"^\s*of\s+", "", prompt[match.end() :]) if match.start() == 0 else None
        return _replace(prompt, match, ending) if rest is None else rest + ending
    head, comma, tail = prompt.partition(",")
    return head + ending + comma + tail


def _toggle_modifier(prompt: str, modifier: str) -> str:
    match = _find(prompt, [modifier], r",?\s*")
    return f"{prompt}, {modifier}" if match is None else _replace(prompt, match, "")


def _tidy(prompt: str) -> str:
    return re.sub(r"\s{2,}", " ", prompt).strip(" ,")
