"""Seeds as people write them: "0-3" or "7, 42, 100-103"; also AUTOMATIC1111's "1-9 (+2)" and "0-10 [3]"."""

import re
from collections.abc import Sequence

from seedlab.core.errors import RecipeError
from seedlab.core.numbers import MAX_CHARACTERS, split_numbers, tidy_digits
from seedlab.core.recipe import MAX_SEED
from seedlab.core.text import quote
from seedlab.core.validation import check_int, check_text

RANGE = re.compile(
    r"(?P<first>[0-9]{1,20})(?:-(?P<last>[0-9]{1,20})(?:\(\+(?P<step>[0-9]{1,9})\)|\[(?P<count>[0-9]{1,9})\])?)?"
    r"|(?P<whole>[0-9]{1,20})\.0{1,2}"
)
TIGHT = re.compile(r" ?([-~]) ?| ?([(\[]) ?([+]?) ?([0-9]+) ?([)\]])")
"""The parts of a range, with the spaces that may be around them."""


def parse_seeds(text: str, limit: int = 64) -> tuple[int, ...]:
    """Parse seeds as people write them. Order is kept, duplicates are dropped.

    AUTOMATIC1111's X/Y/Z plot (scripts/xyz_grid.py) has two more ranges: "1-9 (+2)" counts in steps of two, and
    "0-10 [3]" gives three seeds at equal distances.

    Raises:
        RecipeError: there is no seed, or more than `limit`; one is not a whole number in 0...2^32-1; a range runs
            backwards; or the text has more than 1,000 characters.
    """
    check_text("seeds", text, "The list of seeds", MAX_CHARACTERS)
    seeds: dict[int, None] = {}
    for part in split_numbers("seeds", _tighten(text)):
        seeds.update(dict.fromkeys(_parse_range(part, limit)))
    if not seeds:
        raise RecipeError("seeds", "No seed given. Write whole numbers such as 0-3 or 7, 42, 100-103.")
    if len(seeds) > limit:
        raise RecipeError("seeds", f"{len(seeds)} seeds are too many for one round: use {limit} or fewer.")
    return tuple(seeds)


def _tighten(text: str) -> str:
    """Remove the spaces inside ranges; "~" becomes "-", as in Chinese and Japanese texts."""
    lines = (" ".join(line.split()) for line in tidy_digits(text).splitlines())
    return TIGHT.sub(lambda match: "-" if match[1] else "".join(match.groups()[1:]), "\n".join(lines))


def _parse_range(part: str, limit: int) -> Sequence[int]:
    match = RANGE.fullmatch(part)
    if match is None:
        raise RecipeError("seeds", f"{quote(part)} is not a seed. Write whole numbers such as 0-3 or 7, 42, 100-103.")
    first = int(match["first"] or match["whole"])
    last = int(match["last"] or first)
    check_int("seeds", first, "A seed", 0, MAX_SEED)
    check_int("seeds", last, "A seed", 0, MAX_SEED)
    if last < first:
        raise RecipeError("seeds", f"The seeds {first}-{last} run backwards: write {last}-{first}.")
    if match["count"]:
        return _space_evenly(first, last, int(match["count"]), limit)
    seeds = range(first, last + 1, _check_step(match["step"]))
    _check_count(len(seeds), limit)
    return seeds


def _check_step(step: str | None) -> int:
    if step is not None and int(step) == 0:
        raise RecipeError("seeds", "A range of seeds cannot count in steps of 0: write 1-9 (+2).")
    return int(step or 1)


def _space_evenly(first: int, last: int, count: int, limit: int) -> Sequence[int]:
    if count == 0:
        raise RecipeError("seeds", "A range of seeds cannot have 0 seeds: write 0-10 [3].")
    _check_count(count, limit)
    return [first + (last - first) * index // max(1, count - 1) for index in range(count)]


def _check_count(count: int, limit: int) -> None:
    if count > limit:
        raise RecipeError("seeds", f"{count:,} seeds are too many for one round: use {limit} or fewer.")
