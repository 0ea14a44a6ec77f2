"""Literals and lines of a script."""

from collections.abc import Sequence


def quote(text: str) -> str:
    """Return a text as an ASCII literal on one line: nothing in it can run, or look like something else."""
    return ascii(text)


def shorten(lines: Sequence[str], limit: int) -> list[str]:
    """Return lines of Python, of which neighbours share one where there would be more than `limit`.

    Args:
        lines: each a whole statement, the head of a block, a decorator or a comment.
        limit: the most lines, if there are enough that can be joined; the shortest are joined first.
    """
    short = list(lines)
    while len(short) > limit:
        pairs = [index for index in range(len(short) - 1) if _can_join(*short[index : index + 2])]
        if not pairs:
            break
        first = min(pairs, key=lambda index: len(short[index]) + len(short[index + 1]))
        short[first : first + 2] = [f"{short[first]}; {short[first + 1].lstrip()}"]
    return short


def _can_join(line: str, following: str) -> bool:
    """Whether two statements of one block can share a line. A comment would end it."""
    is_same_block = _indent(line) == _indent(following)
    return is_same_block and _is_simple(line) and _is_simple(following) and "  # " not in line


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _is_simple(line: str) -> bool:
    return not line.lstrip().startswith(("#", "@", "def ", "for ", "with ", "if ", "]"))
