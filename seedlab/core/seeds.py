"""Seeds as people write them: "0-3" or "7, 42, 100-103"."""

import re

from seedlab.core.errors import RecipeError
from seedlab.core.recipe import MAX_SEED
from seedlab.core.text import quote
from seedlab.core.validation import check_int


def parse_seeds(text: str, limit: int = 64) -> tuple[int, ...]:
    """Parse seeds as people write them: "0-3" or "7, 42, 100-103". Order is kept, duplicates are dropped.

    Raises:
        RecipeError: there is no seed, or more than `limit`; one is not a whole number in 0...2^32-1; or a range runs
            backwards.
    """
    seeds: dict[int, None] = {}
    # Runs of spaces are collapsed first: `\s*-` alone takes quadratic time.
    for part in re.split(r"[,; ]+", re.sub(r" ?[-–—] ?", "-", " ".join(text.split()))):
        if part:
            seeds.update(dict.fromkeys(_parse_range(part, limit)))
    if not seeds:
        raise RecipeError("seeds", "No seed given. Write whole numbers such as 0-3 or 7, 42, 100-103.")
    if len(seeds) > limit:
        raise RecipeError("seeds", f"{len(seeds)} seeds are too many for one round: use {limit} or fewer.")
    return tuple(seeds)


def _parse_range(part: str, limit: int) -> range:
    match = re.fullmatch(r"([0-9]{1,20})(?:-([0-9]{1,20}))?", part)
    if match is None:
        raise RecipeError("seeds", f"{quote(part)} is not a seed. Write whole numbers such as 0-3 or 7, 42, 100-103.")
    first, last = int(match[1]), int(match[2] or match[1])
    check_int("seeds", first, "A seed", 0, MAX_SEED)
    check_int("seeds", last, "A seed", 0, MAX_SEED)
    if last < first:
        raise RecipeError("seeds", f"The seeds {first}-{last} run backwards: write {last}-{first}.")
    if last - first >= limit:
        count = last - first + 1
        raise RecipeError("seeds", f"{count:,} seeds are too many for one round: use {limit} or fewer.")
    return range(first, last + 1)
