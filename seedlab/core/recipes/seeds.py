"""Seeds as people write them: "0-3", "7, 42, 100-103", "0-30:10", "random 4"; also AUTOMATIC1111's ranges."""

import re
from collections.abc import Callable, Sequence
from random import SystemRandom

from seedlab.core.errors import RecipeError
from seedlab.core.recipes.additions import MAX_SEED
from seedlab.core.recipes.recipe import CPU_NOISES
from seedlab.core.texts.numbers import MAX_CHARACTERS, split_numbers, tidy_digits
from seedlab.core.texts.text import quote
from seedlab.core.validation import check_int, check_text

EXAMPLE = "whole numbers such as 0-3 or 7, 42, 100-103"
MAX_SEEDS = 256
"""The most seeds of one round."""

RANGE = re.compile(
    r"(?P<first>[0-9]{1,20})(?:-(?P<last>[0-9]{1,20})"
    r"(?:\(\+(?P<plus>[0-9]{1,20})\)|:(?P<step>[0-9]{1,20})|\[(?P<count>[0-9]{1,9})\])?)?"
    r"|(?P<whole>[0-9]{1,20})\.0{1,2}"
)
RANDOM = re.compile(r"random(?P<count>[0-9]{0,9})", re.IGNORECASE)
TIGHT = re.compile(r" ?([-~:]) ?| ?([(\[]) ?([+]?) ?([0-9]+) ?([)\]])|(random) (?=[0-9])", re.IGNORECASE)
"""The parts of a range or of "random 4", with the spaces that may be around them."""

Draw = Callable[[int], int]
"""Returns a random number in 0...n-1."""

draw_randomly: Draw = SystemRandom().randrange


def parse_seeds(text: str, limit: int = MAX_SEEDS, draw: Draw = draw_randomly) -> tuple[int, ...]:
    """Parse seeds as people write them. Order is kept, duplicates are dropped.

    "0-30:10" counts in steps of ten, and "random 4" draws four seeds. AUTOMATIC1111's X/Y/Z plot (scripts/xyz_grid.py)
    has two more ranges: "1-9 (+2)" counts in steps of two, and "0-10 [3]" gives three seeds at equal distances.

    Args:
        draw: chooses the random seeds. They have 32 bits: further bits would not change the noise of a CPU.

    Raises:
        RecipeError: there is no seed, or more than `limit`; one is not a whole number in 0...2^64-1; a range runs
            backwards; or the text has more than 6,000 characters.
    """
    check_text("seeds", text, "The list of seeds", MAX_CHARACTERS)
    seeds: dict[int, None] = {}
    for part in split_numbers("seeds", _tighten(text)):
        match = RANDOM.fullmatch(part)
        found = _draw_seeds(match["count"], limit, draw, seeds) if match else _parse_range(part, limit)
        seeds.update(dict.fromkeys(found))
    if not seeds:
        raise RecipeError("seeds", f"No seed given. Write {EXAMPLE}.")
    _check_count(len(seeds), limit)
    return tuple(seeds)


def has_random_seeds(text: str) -> bool:
    """Whether a list of seeds asks for random ones, so that it means other seeds each time."""
    return "random" in text.lower()


def write_seeds(seeds: Sequence[int]) -> str:
    """Return seeds as `parse_seeds` reads them: "0-3" or "7, 42"."""
    if len(seeds) > 1 and all(seed == seeds[0] + index for index, seed in enumerate(seeds)):
        return f"{seeds[0]}-{seeds[-1]}"
    return ", ".join(str(seed) for seed in seeds)


def _tighten(text: str) -> str:
    """Remove the spaces inside ranges; "~" becomes "-", as in Chinese and Japanese texts."""
    lines = (" ".join(line.split()) for line in tidy_digits(text).splitlines())

    def join(match: re.Match[str]) -> str:
        return "-" if match[1] == "~" else "".join(filter(None, match.groups()))

    return TIGHT.sub(join, "\n".join(lines))


def _draw_seeds(count: str, limit: int, draw: Draw, taken: dict[int, None]) -> Sequence[int]:
    """Return so many seeds, one without a number, that are not taken yet."""
    wanted = int(count or 1)
    if wanted == 0:
        raise RecipeError("seeds", "There cannot be 0 random seeds: write random 4.")
    _check_count(wanted, limit)
    drawn: dict[int, None] = {}
    while len(drawn) < wanted:
        seed = draw(CPU_NOISES)
        if seed not in taken:
            drawn[seed] = None
    return tuple(drawn)


def _parse_range(part: str, limit: int) -> Sequence[int]:
    match = RANGE.fullmatch(part)
    if match is None:
        advice = "random, or random 4, for random ones" if part == "-1" else EXAMPLE
        raise RecipeError("seeds", f"{quote(part)} is not a seed. Write {advice}.")
    first = int(match["first"] or match["whole"])
    last = int(match["last"] or first)
    check_int("seeds", first, "A seed", 0, MAX_SEED)
    check_int("seeds", last, "A seed", 0, MAX_SEED)
    if last < first:
        raise RecipeError("seeds", f"The seeds {first}-{last} run backwards: write {last}-{first}.")
    if match["count"]:
        return _space_evenly(first, last, int(match["count"]), limit)
    step = _read_step(match["step"] or match["plus"])
    _check_count((last - first) // step + 1, limit)
    return range(first, last + 1, step)


def _read_step(step: str | None) -> int:
    if step is not None and int(step) == 0:
        raise RecipeError("seeds", "A range of seeds cannot count in steps of 0: write 0-30:10.")
    return int(step or 1)


def _space_evenly(first: int, last: int, count: int, limit: int) -> Sequence[int]:
    if count == 0:
        raise RecipeError("seeds", "A range of seeds cannot have 0 seeds: write 0-10 [3].")
    _check_count(count, limit)
    return [first + (last - first) * index // max(1, count - 1) for index in range(count)]


def _check_count(count: int, limit: int) -> None:
    if count > limit:
        raise RecipeError("seeds", f"{count:,} seeds are too many for one round: use {limit} or fewer.")
