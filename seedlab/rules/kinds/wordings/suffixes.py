"""The rule of the diffusers guide's second round: the same seed, and the prompt plus a suffix."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

from seedlab.core.errors import RecipeError, blame
from seedlab.core.recipes.recipe import Recipe
from seedlab.rules.parameter import Parameter
from seedlab.rules.prompts import read_marks
from seedlab.rules.rule import Rule, Value, read_lines

GUIDE_SUFFIXES = (", highly realistic", ", artsy", ", trending", ", colorful")
GLUE = " ,;."
"""Characters that join a suffix to its prompt."""

PUNCTUATION = (*",;.:!?", *"，、；。：！？")
"""Characters that follow a word without a space, in Latin and in Chinese and Japanese texts."""

COMMAS = (",", "，")


@dataclass(frozen=True)
class Suffixes(Rule):
    """One tile for each suffix."""

    name = "suffixes"
    label = "Suffixes"
    help = "The same seed with more words at the end of its prompt. Each line is a picture."
    parameters = (
        Parameter(
            name="suffixes",
            label="Suffixes for the locked seed",
            flag="--suffix",
            help="text to add to the prompt",
            default="\n".join(GUIDE_SUFFIXES),
            lines=4,
        ),
    )
    needs_prompt = True
    precedence = 2

    @classmethod
    def parse(cls, texts: Mapping[str, str]) -> Self:
        """Read one suffix a line."""
        return cls(parse_suffixes(texts["suffixes"]))

    @classmethod
    def apply(cls, parent: Recipe, value: Value) -> Recipe:
        """Extend the prompt; of a picture with late words, both of its prompts."""
        if not isinstance(value, str) or not value.strip():
            raise RecipeError("suffixes", "A suffix must be text.")
        with blame("suffixes"):
            base, syntax = read_marks(parent, value)
            late_prompt = base.late_prompt and extend_prompt(base.late_prompt, value)
            prompt = extend_prompt(base.prompt, value)
            return replace(base, prompt=prompt, late_prompt=late_prompt, prompt_syntax=syntax)

    @classmethod
    def leads(cls, parent: Recipe, value: Value, child: Recipe) -> bool:
        """Whether this suffix leads to the child, joined as it is now or as earlier versions joined it."""
        if super().leads(parent, value, child):
            return True
        # Earlier versions read no weights either.
        return (
            isinstance(value, str)
            and bool(value.strip())
            and replace(child, prompt=parent.prompt) == parent
            and child.prompt in (extend_prompt(parent.prompt, value), _extend_as_before(parent.prompt, value))
        )

    def drop_present(self, parent: Recipe) -> tuple[Self, tuple[str, ...]]:
        """Drop the suffixes that the prompt has already."""
        left = tuple(value for value in self.values if not has_suffix(parent.prompt, str(value)))
        return replace(self, values=check_left("suffixes", left)), list_dropped(self.values, left)

    @classmethod
    def caption(cls, parent: Recipe, value: Value) -> str:
        """Return the suffix without the punctuation that joins it to the prompt."""
        return str(value).strip(GLUE)


def has_suffix(prompt: str, suffix: str) -> bool:
    """Whether a prompt has a suffix already, between its commas or as its last words. Case does not matter."""
    words = " ".join(suffix.strip(GLUE + "，").casefold().split())
    parts = [" ".join(part.casefold().split()) for part in re.split("[,;.，；。、]", prompt)]
    return bool(words) and (words in parts or f" {' '.join(parts).strip()}".endswith(f" {words}"))


def check_left(field: str, left: tuple[Value, ...]) -> tuple[Value, ...]:
    """Return the suffixes that are left.

    Raises:
        RecipeError: there are none.
    """
    if not left:
        raise RecipeError(field, "The prompt of the locked picture has these words already: write others.")
    return left


def list_dropped(values: tuple[Value, ...], left: tuple[Value, ...]) -> tuple[str, ...]:
    """Return the suffixes that were dropped, as captions."""
    return tuple(str(value).strip(GLUE) for value in values if value not in left)


def extend_prompt(prompt: str, suffix: str) -> str:
    """Append a suffix: directly if it begins with punctuation, after a space otherwise, and never two commas."""
    if not prompt:
        return suffix.lstrip(GLUE)
    if suffix.startswith(COMMAS):
        stripped = prompt.rstrip()
        return (stripped[:-1] if stripped.endswith(COMMAS) else prompt) + suffix
    is_joined = suffix.startswith(PUNCTUATION) or suffix[:1].isspace() or prompt[-1].isspace()
    return prompt + suffix if is_joined else f"{prompt} {suffix}"


def _extend_as_before(prompt: str, suffix: str) -> str:
    """Append a suffix as SeedLab 0.1 did: a space came only before letters and digits."""
    if not prompt:
        return suffix.lstrip(GLUE)
    return f"{prompt} {suffix}" if suffix[:1].isalnum() else prompt + suffix


def cut_suffix(prompt: str, suffix: str) -> str:
    """Return the prompt that a suffix extended. Pictures of version 1 record their suffixes alone.

    Raises:
        RecipeError: the prompt does not end with the suffix.
    """
    for shorter in (prompt.removesuffix(f" {suffix}"), prompt.removesuffix(suffix), ""):
        if _extend_as_before(shorter, suffix) == prompt:
            return shorter
    raise RecipeError("suffixes", "This prompt does not end with this suffix: use the prompt as it was.")


def parse_suffixes(text: str, field: str = "suffixes") -> tuple[str, ...]:
    """Read suffixes, one a line. Blank lines and duplicates are dropped.

    Args:
        text: the lines.
        field: the parameter that they come from.

    Raises:
        RecipeError: there is no suffix, or there are more than 256.
    """
    return read_lines(field, text, "suffixes", "No suffix given. Write one a line, such as “, artsy”.")
