"""Lists of numbers with ranges, as people write them: "1.5, 2, 3", "2-8 (+2)", "2-8:2" or "1-4 [7]"."""

import math
import re
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal

from seedlab.core.errors import RecipeError
from seedlab.core.texts.numbers import MAX_CHARACTERS, read_number, read_whole, split_numbers, tidy_digits
from seedlab.core.texts.text import quote
from seedlab.core.validation import check_text

NUMBER = r"(?:[0-9]{1,9}(?:\.[0-9]{0,6})?|\.[0-9]{1,6})"
RANGE = re.compile(
    rf"(?P<first>[+-]?{NUMBER})[-~](?P<last>[+-]?{NUMBER})"
    rf"(?:\(\+?(?P<step>{NUMBER})\)|:(?P<colon>{NUMBER})|\[(?P<count>[0-9]{{1,4}})\])?"
)
TIGHT = re.compile(r"(?<=[0-9]) *([-~]) *(?=[+-]?[0-9])|(?<=[0-9]) *([(\[:]) *([+]?) *([0-9.]+) *([)\]]?)")
"""The parts of a range, with the spaces that may be around them."""

TWO_WAYS = re.compile(r"(?<![0-9,.])[0-9]+,[0-9]+(?!,?[0-9])")
"""A decimal comma, or two numbers."""


def read_numbers(field: str, text: str, limit: int) -> tuple[float, ...]:
    """Read a list of numbers and ranges. Order is kept, duplicates are dropped.

    The ranges are those of AUTOMATIC1111's X/Y/Z plot (scripts/xyz_grid.py): "2-8 (+2)" counts in steps of two, as
    "2-8:2" does, and "1-4 [7]" gives seven numbers at equal distances.

    Args:
        field: the field that an error is about.
        limit: the most numbers.

    Raises:
        RecipeError: there is no number, or more than `limit`; a part is neither a number nor a range; a range runs
            backwards; or the text has more than 6,000 characters.
    """
    check_text(field, text, "The list of numbers", MAX_CHARACTERS)
    for match in TWO_WAYS.finditer(tidy_digits(text)):
        listed, point = match[0].replace(",", ", "), match[0].replace(",", ".")
        raise RecipeError(field, f"{quote(match[0])} can be read in two ways: write {point}, or with a space {listed}.")
    return tuple(map(float, _read(field, text, limit, read_number)))


def read_whole_numbers(field: str, text: str, limit: int) -> tuple[int, ...]:
    """Read a list of whole numbers and ranges, as `read_numbers`. Numbers at equal distances are rounded down.

    Raises:
        RecipeError: as `read_numbers`, or one is not whole.
    """
    return tuple(map(int, _read(field, text, limit, read_whole)))


def _read(field: str, text: str, limit: int, read: Callable[[str, str], float]) -> Iterable[float]:
    check_text(field, text, "The list of numbers", MAX_CHARACTERS)
    numbers: dict[float, None] = {}
    for part in split_numbers(field, TIGHT.sub(_tighten, tidy_digits(text))):
        for number in _read_part(field, part, limit, read):
            numbers[number] = None
            if len(numbers) > limit:
                raise RecipeError(field, f"These are too many numbers for one round: use {limit} or fewer.")
    if not numbers:
        raise RecipeError(field, "No number given. Write some, such as 2, 3, 4.")
    return numbers


def _tighten(match: re.Match[str]) -> str:
    return "-" if match[1] else "".join(filter(None, match.groups()[1:]))


def _read_part(field: str, part: str, limit: int, read: Callable[[str, str], float]) -> Iterator[float]:
    match = RANGE.fullmatch(part)
    if match is None:
        yield read(field, part)
        return
    first, last = Decimal(match["first"]), Decimal(match["last"])
    if last < first:
        raise RecipeError(field, f"The numbers {first} to {last} run backwards: write {last}-{first}.")
    if match["count"]:
        yield from _space_evenly(field, first, last, int(match["count"]), limit, read)
    else:
        yield from _count(field, first, last, Decimal(match["step"] or match["colon"] or 1), read)


def _space_evenly(
    field: str, first: Decimal, last: Decimal, count: int, limit: int, read: Callable[[str, str], float]
) -> Iterator[float]:
    if not 0 < count <= limit:
        raise RecipeError(field, f"A range can have 1 to {limit} numbers, not {count}: write 1-4 [4].")
    for index in range(count):
        number = float(first + (last - first) * index / max(1, count - 1))
        yield math.floor(number) if read is read_whole else number


def _count(
    field: str, first: Decimal, last: Decimal, step: Decimal, read: Callable[[str, str], float]
) -> Iterator[float]:
    if step == 0:
        raise RecipeError(field, "A range cannot count in steps of 0: write 2-8 (+2).")
    number = first
    while number <= last:
        yield read(field, f"{number:f}")
        number += step
