"""Other seeds than a picture's own: given as numbers, or chosen by the picture itself, the same ones each time."""

import hashlib
import re
from itertools import count

from seedlab.core.errors import RecipeError, blame
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.recipes.seeds import MAX_SEEDS, has_random_seeds, parse_seeds
from seedlab.core.texts.file_names import hide_folders
from seedlab.core.texts.numbers import tidy_digits
from seedlab.rules.rule import Value

OTHERS = re.compile(r"([0-9]{1,4}) others?", re.IGNORECASE)
OTHER = "other"
CHOSEN_BELOW = 10_000
"""The seeds that a picture chooses are smaller, so that captions are short."""

Strong = tuple[int, float] | tuple[str, int, float]
"""(seed, strength); or ("other", index, strength) for one of the seeds that the parent chooses."""


def read_goals(field: str, text: str, strengths: tuple[float, ...]) -> tuple[Strong, ...]:
    """Read seeds as people write them, or "4 others"; returns each with each strength.

    Args:
        field: the parameter that an error is about.

    Raises:
        RecipeError: these are not seeds, or there are too many.
    """
    others = OTHERS.fullmatch(" ".join(tidy_digits(text).split()))
    goals = [(OTHER, index) for index in range(int(others[1]))] if others else _read_seeds(field, text)
    made = len(goals) * len(strengths)
    if not 0 < made <= MAX_SEEDS:
        raise RecipeError(field, f"A round has 1 to {MAX_SEEDS} pictures, not {made:,}: change the seeds.")
    return tuple((*goal, strength) for goal in goals for strength in strengths)


def read_value(field: str, parent: Recipe, value: Value, sentence: str) -> tuple[int, float]:
    """Return the seed and the strength of a value, which may come from a stranger; `Recipe` checks the seed.

    Args:
        field: the parameter that an error is about.
        sentence: for a value that is neither form of `Strong`.

    Raises:
        RecipeError: it is not such a value.
    """
    match value:
        case (str() as kind, int() as index, int() | float() as strength) if kind == OTHER and 0 <= index < MAX_SEEDS:
            seed = choose_others(parent, index + 1)[index]
        case (int() as seed, int() | float() as strength):
            pass
        case _:
            raise RecipeError(field, sentence)
    if not 0 <= strength <= 1:
        raise RecipeError(field, f"The strength must be from 0 to 1, not {strength:g}.")
    return seed, strength


def choose_others(parent: Recipe, number: int) -> tuple[int, ...]:
    """Return so many seeds, other than the parent's own and its nudges', which are the same for the same recipe."""
    taken = {parent.seed, *(nudge.seed for nudge in parent.nudges)}
    chosen: list[int] = []
    fingerprint = hide_folders(parent).fingerprint  # the same wherever local files are
    for attempt in count():
        if len(chosen) == number:
            break
        digest = hashlib.sha256(f"{fingerprint} {attempt}".encode()).digest()
        seed = int.from_bytes(digest[:8], "big") % CHOSEN_BELOW
        if seed not in taken:
            taken.add(seed)
            chosen.append(seed)
    return tuple(chosen)


def _read_seeds(field: str, text: str) -> list[tuple[int]]:
    if has_random_seeds(text):
        raise RecipeError(field, "Write seeds such as 7, 42, or 4 others, which stay the same for a picture.")
    with blame(field):
        return [(seed,) for seed in parse_seeds(text)]
