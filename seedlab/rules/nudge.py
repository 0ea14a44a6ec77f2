"""Small variations of the chosen picture: its noise, turned a little towards that of other seeds."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, Self

from seedlab.core.errors import RecipeError, blame
from seedlab.core.file_names import hide_folders
from seedlab.core.numbers import MAX_CHARACTERS, read_number, tidy_digits
from seedlab.core.recipe import Nudge, Recipe
from seedlab.core.seeds import MAX_SEEDS, has_random_seeds, parse_seeds
from seedlab.core.validation import check_text
from seedlab.rules.rule import Parameter, Rule, Value, unique

STRENGTHS = {"subtle": 0.1, "strong": 0.3}
OTHERS = re.compile(r"([0-9]{1,4}) others?", re.IGNORECASE)
OTHER = "other"
CHOSEN_BELOW = 10_000
"""The seeds that a picture chooses are smaller, so that captions are short."""


@dataclass(frozen=True)
class Nudges(Rule):
    """One tile for each seed that the noise is turned to, and for each strength.

    A value is (seed, strength); or ("other", index, strength) for one of the seeds that the parent chooses, which
    `settle` replaces by the seed. A strength is 0...1, where 0 is the parent and 1 the other seed.
    """

    name = "nudge"
    label = "Nudges"
    help = "Small variations: the same prompt, and noise turned a little towards that of other seeds."
    needs_nudges = True
    precedence = 2  # after a rule that replaces the seed
    parameters = (
        Parameter(
            name="nudge_strength",
            label="Strength: subtle, strong, or 0 to 1",
            flag="--nudge",
            help='how far to turn the noise towards other seeds: subtle (0.1), strong (0.3), or "0.05, 0.2" of 0 to 1',
            default="subtle",
        ),
        Parameter(
            name="nudge_seeds",
            label="Toward seeds",
            flag="--toward",
            help='the other seeds, as "7, 42"; "4 others" are chosen by the picture, the same ones each time',
            default="4 others",
        ),
    )

    @classmethod
    def parse(cls, texts: Mapping[str, str]) -> Self:
        """Read strengths, and seeds as people write them, or "4 others"."""
        strengths = _read_strengths(texts["nudge_strength"])
        others = OTHERS.fullmatch(" ".join(tidy_digits(texts["nudge_seeds"]).split()))
        goals = [(OTHER, index) for index in range(int(others[1]))] if others else _read_seeds(texts["nudge_seeds"])
        made = len(goals) * len(strengths)
        if not 0 < made <= MAX_SEEDS:
            raise RecipeError("nudge_seeds", f"A round has 1 to {MAX_SEEDS} pictures, not {made:,}: change the seeds.")
        return cls(tuple((*goal, strength) for goal in goals for strength in strengths))

    @classmethod
    def apply(cls, parent: Recipe, value: Value) -> Recipe:
        """Add a nudge to the parent's; return the parent at strength 0, the other seed at strength 1."""
        seed, strength = _read_value(parent, value)
        with blame("nudge_strength"):
            if strength == 0 or (seed == parent.seed and not parent.nudges):
                return parent
            if strength == 1:
                return replace(parent, seed=seed, nudges=())
            return replace(parent, nudges=(*parent.nudges, Nudge(seed=seed, weight=strength)))

    @classmethod
    def caption(cls, parent: Recipe, value: Value) -> str:
        """Return "toward 7 · 0.1"."""
        seed, strength = _read_value(parent, value)
        return f"toward {seed} · {strength:g}"

    @classmethod
    def settle(cls, parent: Recipe, value: Value) -> Value:
        """Replace what stands for a seed that the parent chooses by the seed."""
        return _read_value(parent, value)


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


def _read_value(parent: Recipe, value: Value) -> tuple[Any, Any]:
    """Return the seed and the strength of a value, which may come from a stranger; `Recipe` checks the seed."""
    match value:
        case (str() as kind, int() as index, int() | float() as strength) if kind == OTHER and 0 <= index < MAX_SEEDS:
            seed = choose_others(parent, index + 1)[index]
        case (int() as seed, int() | float() as strength):
            pass
        case _:
            raise RecipeError("nudge_strength", "A nudge must be a seed and a strength.")
    if not 0 <= strength <= 1:
        raise RecipeError("nudge_strength", f"The strength of a nudge must be from 0 to 1, not {strength:g}.")
    return seed, strength


def _read_strengths(text: str) -> tuple[float, ...]:
    """Read words and numbers, separated by spaces, semicolons and commas; "0,1" is one number."""
    check_text("nudge_strength", text, "The list of strengths", MAX_CHARACTERS)
    words: list[str] = []
    for part in re.split(r"[;\s]+|,\s+", tidy_digits(text)):
        words += [part] if re.fullmatch(r"[0-9]*,[0-9]+", part) else part.split(",")
    strengths = unique(_read_strength(word) for word in words if word)
    if not strengths:
        raise RecipeError("nudge_strength", "No strength given. Write subtle, strong, or a number such as 0.1.")
    return strengths


def _read_strength(word: str) -> float:
    if word.lower() in STRENGTHS:
        return STRENGTHS[word.lower()]
    try:
        strength = read_number("nudge_strength", word)
    except RecipeError as error:
        raise RecipeError("nudge_strength", f"{error} Or write subtle or strong.") from error
    if not 0 <= strength <= 1:
        raise RecipeError("nudge_strength", f"The strength of a nudge must be from 0 to 1, not {strength:g}.")
    return strength


def _read_seeds(text: str) -> list[tuple[int]]:
    if has_random_seeds(text):
        raise RecipeError("nudge_seeds", "Write seeds such as 7, 42, or 4 others, which stay the same for a picture.")
    with blame("nudge_seeds"):
        return [(seed,) for seed in parse_seeds(text)]
