"""Literals and lines of a script."""

from collections.abc import Sequence


def quote(text: str) -> str:
    """Return a text as an ASCII literal on one line: nothing in it can run, or look like something else."""
    return ascii(text)


def shorten(lines: Sequence[str], limit: int) -> list[str]:
    """Return lines of Python, of which neighbours share one where there would be more than `limit`.

    Only statements outside of blocks are joined, the shortest first.
    """
    short = list(lines)
    while len(short) > limit:
        pairs = [index for index in range(len(short) - 1) if all(map(_is_simple, short[index : index + 2]))]
        if not pairs:
            break
        first = min(pairs, key=lambda index: len(short[index]) + len(short[index + 1]))
        short[first : first + 2] = [f"{short[first]}; {short[first + 1]}"]
    return short


def _is_simple(line: str) -> bool:
    """Whether a line is a whole statement outside of a block, with nothing after it."""
    is_outside = bool(line) and line[0].isalpha() and not line.startswith(("def ", "for ", "with "))
    # A comment ends the line, and a bracket at its end is closed in another one.
    return is_outside and "  # " not in line and not line.endswith(("[", "("))
