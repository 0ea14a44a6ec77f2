"""What changed between two texts, word by word."""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from enum import StrEnum
from itertools import takewhile

WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|\w+|\s+|[^\w\s]")
"""A word, a space, or a mark. Chinese and Japanese have no spaces between words, so each character counts."""

MAX_WORDS = 600
"""The time of a comparison grows with the square: longer passages count as replaced."""


class Kind(StrEnum):
    """What happened to a part of a text."""

    KEPT = "kept"
    ADDED = "added"
    REMOVED = "removed"


Part = tuple[Kind, str]


def compare_texts(before: str, after: str) -> tuple[Part, ...]:
    """Return the parts of two texts: those that both have, and those that were removed or added.

    The kept and added parts make up the text after the change, the kept and removed ones the text before it.
    """
    old, new = WORD.findall(before), WORD.findall(after)
    start = _count_common(old, new)
    end = _count_common(old[start:][::-1], new[start:][::-1])
    middle = list(_compare(old[start : len(old) - end], new[start : len(new) - end]))
    parts = [(Kind.KEPT, old[:start]), *middle, (Kind.KEPT, old[len(old) - end :])]
    return tuple((kind, "".join(words)) for kind, words in parts if words)


def _count_common(old: Sequence[str], new: Sequence[str]) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))


def _compare(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[Kind, Sequence[str]]]:
    begin_old = begin_new = 0
    blocks = () if len(old) + len(new) > MAX_WORDS else SequenceMatcher(None, old, new, False).get_matching_blocks()
    for a, b, size in (*blocks, (len(old), len(new), 0)):
        # A space between two changed words is no common part.
        if size and "".join(old[a : a + size]).isspace():
            continue
        yield from ((Kind.REMOVED, old[begin_old:a]), (Kind.ADDED, new[begin_new:b]), (Kind.KEPT, old[a : a + size]))
        begin_old, begin_new = a + size, b + size


def name_change(before: str, after: str) -> str:
    """Return a few words for a change: the words that came, or "without" those that went."""
    parts = compare_texts(before, after)
    added = _join(parts, Kind.ADDED)
    if added:
        return added
    removed = _join(parts, Kind.REMOVED)
    return f"without {removed}" if removed else after.strip() if after != before else "unchanged"


def _join(parts: Sequence[Part], kind: Kind) -> str:
    texts = (" ".join(text.split()).strip(" ,;.") for each, text in parts if each is kind)
    return " … ".join(text for text in texts if text)
