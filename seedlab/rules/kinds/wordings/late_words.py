"""Late words: the locked picture's own first steps, and then its prompt plus a suffix. Its composition stays.

The idea is prompt editing in AUTOMATIC1111's stable-diffusion-webui, `[from:to:when]`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import ceil
from typing import Self

from seedlab.core.errors import RecipeError, blame
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.texts.numbers import read_whole
from seedlab.core.texts.text import quote
from seedlab.rules.kinds.wordings.suffixes import (
    GLUE,
    GUIDE_SUFFIXES,
    check_left,
    extend_prompt,
    has_suffix,
    parse_suffixes,
)
from seedlab.rules.parameter import Parameter
from seedlab.rules.prompts import read_marks
from seedlab.rules.rule import Rule, Value

DEFAULT = "40%"
"""Sketch keeps 97 % of the composition then, and follows the words as well as at once: see its model card."""


@dataclass(frozen=True)
class LateWords(Rule):
    """One tile for each suffix. A value is (suffix, step): a number of steps, or a text such as "25%"."""

    name = "late_words"
    label = "Late words"
    help = "More words that join after some steps, so that the composition stays. Each line is a picture."
    parameters = (
        Parameter(
            name="late_prompt",
            label="Suffixes that join late",
            flag="--late-suffix",
            help="text to add to the prompt after some steps, so that the composition stays",
            default="\n".join(GUIDE_SUFFIXES),
            lines=4,
        ),
        Parameter(
            name="late_step",
            label="Words – composition (join after % of steps)",
            flag="--late-step",
            help="after how many steps they join, or after which share, such as 40%%; the later, the more stays",
            default=DEFAULT,
            percentages=(5, 95),
        ),
    )
    needs_prompt = True
    precedence = 2

    @classmethod
    def parse(cls, texts: Mapping[str, str]) -> Self:
        """Read one suffix a line, and a number or a percentage of steps."""
        step = read_step(texts["late_step"])
        return cls(tuple((suffix, step) for suffix in parse_suffixes(texts["late_prompt"], "late_prompt")))

    @classmethod
    def apply(cls, parent: Recipe, value: Value) -> Recipe:
        """Let the prompt end with the suffix after some steps, which are those of the parent's picture.

        Raises:
            RecipeError: as for `Rule`, or the parent's own late words join before.
        """
        suffix, text = value if isinstance(value, tuple) and len(value) == 2 else ("", "")
        if not isinstance(suffix, str) or not suffix.strip():
            raise RecipeError("late_prompt", "A suffix must be text.")
        step = count_steps(text, parent.num_inference_steps)
        if parent.late_step and step > parent.late_step:
            raise RecipeError(
                "late_step",
                f"The words of this picture change after step {parent.late_step}, and more can join only until then: "
                f"choose {parent.late_step} or less.",
            )
        with blame("late_prompt"):
            base, syntax = read_marks(parent, suffix)
            late_prompt = extend_prompt(base.late_prompt or base.prompt, suffix)
            return replace(base, late_prompt=late_prompt, late_step=step, prompt_syntax=syntax)

    def drop_present(self, parent: Recipe) -> tuple[Self, tuple[str, ...]]:
        """Drop the suffixes that the prompt has already."""
        prompt = parent.late_prompt or parent.prompt
        pairs = [value for value in self.values if isinstance(value, tuple)]
        left = tuple(value for value in pairs if not has_suffix(prompt, str(value[0])))
        check_left("late_prompt", left)
        return replace(self, values=left), tuple(str(v[0]).strip(GLUE) for v in pairs if v not in left)

    @classmethod
    def caption(cls, parent: Recipe, value: Value) -> str:
        """Return "artsy after 25%", or "artsy after step 3"."""
        suffix, step = value if isinstance(value, tuple) and len(value) == 2 else ("", "")
        return f"{str(suffix).strip(GLUE)} after {step if isinstance(step, str) else f'step {step}'}"


def read_step(text: str) -> int | str:
    """Read a number of steps, or a percentage of them as "25%"; empty means the default.

    Raises:
        RecipeError: it is neither.
    """
    plain = text.strip() or DEFAULT
    if plain.endswith(("%", "％")):
        share = read_whole("late_step", plain[:-1].strip())
        if 0 < share < 100:
            return f"{share}%"
        raise RecipeError("late_step", f"{quote(plain, 40)} is not a share of the steps: use 1% to 99%.")
    return read_whole("late_step", plain)


def count_steps(step: object, steps: int) -> int:
    """Return after how many of a picture's steps its late words join, at least 1 and before the last.

    Args:
        step: what `read_step` returned; it may come from untrusted JSON.
        steps: all of the picture's.

    Raises:
        RecipeError: there is no such step.
    """
    if isinstance(step, str) and re.fullmatch("[1-9][0-9]?%", step) and steps > 1:
        return min(ceil(steps * int(step[:-1]) / 100), steps - 1)
    if isinstance(step, int) and not isinstance(step, bool) and 0 < step < steps:
        return step
    if steps == 1:
        raise RecipeError("late_step", "Late words need a picture of 2 steps or more: this one has 1.")
    raise RecipeError("late_step", f"Late words join after step 1 to {steps - 1} of this picture: choose one of them.")
