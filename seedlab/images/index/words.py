"""The words of prompts, as they are stored and searched: in any case, and in scripts that write no spaces too."""

import re

MAX_WORDS = 20
MAX_CHARACTERS = 1_000
"""What is read of a search. More words than that find nothing else."""

UNSPACED = re.compile(r"([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\u0e00-\u0e7f])")
"""Characters of Japanese, Chinese, Korean and Thai, each of which is a word here."""

WORD = re.compile(r"\w+")


def fold(text: str) -> str:
    """Return a text as it is stored for searching."""
    return UNSPACED.sub(r" \1 ", text.casefold())


def write_match(search: str) -> str:
    """Return the FTS5 expression that finds the texts with all words of a search, which may be the start of theirs.

    Everything but letters and digits only separates words, so that no search is an expression of its own. "" where
    there is no word.
    """
    return " AND ".join(f'"{" ".join(parts)}"*' for parts in _split(search))


def write_patterns(search: str) -> tuple[str, ...]:
    """Return patterns for LIKE, with the escape character "!", for SQLite without FTS5."""
    # An underscore is a part of words, and any character in patterns.
    return tuple(f"%{'%'.join(parts).replace('_', '!_')}%" for parts in _split(search))


def has_words(search: str) -> bool:
    """Whether there is anything to search for."""
    return bool(_split(search))


def _split(search: str) -> list[list[str]]:
    """Return the words, each as its parts: several for a word of a script that writes no spaces."""
    plain = search[:MAX_CHARACTERS].encode("utf-8", "ignore").decode()
    words = (WORD.findall(fold(word)) for word in WORD.findall(plain))
    return [parts for parts in words if parts][:MAX_WORDS]
