"""Wildcards: the locked seed under prompts whose words are chosen, by a word seed apart from the picture's seed."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

from seedlab.core.errors import RecipeError, blame
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.recipes.seeds import parse_seeds
from seedlab.rules.expansion import choose, fill_in, split_choices
from seedlab.rules.kinds.wordings.suffixes import GLUE, extend_prompt
from seedlab.rules.parameter import Parameter
from seedlab.rules.prompts import read_marks
from seedlab.rules.rule import Rule, Value

JOINING = (",", ";", ".", "，", "；", "。")
"""A template that begins with one of these is added to the locked prompt."""


@dataclass(frozen=True)
class Wildcards(Rule):
    """One tile for each word seed. A value is (template, word seed), and what was chosen once the tile is made."""

    name = "wildcards"
    label = "Wildcards"
    help = "The same seed with words chosen from {one|other} or __file__, by seeds of their own."
    parameters = (
        Parameter(
            name="template",
            label="Prompt with choices; after a comma, it is added to the locked prompt",
            flag="--template",
            help="a prompt with {oil|ink} or __medium__; one that begins with a comma is added to the prompt",
            default=", {oil|ink|watercolor|pastel}",
            lines=2,
        ),
        Parameter(
            name="word_seeds",
            label="Word seeds",
            flag="--word-seeds",
            help='they choose the words, and the picture keeps its own seed; as "0-3"',
            default="0-3",
        ),
    )
    needs_prompt = True
    precedence = 0

    @classmethod
    def parse(cls, texts: Mapping[str, str]) -> Self:
        """Read a template, empty for the locked prompt itself, and word seeds as seeds are written."""
        template = texts["template"].strip()
        split_choices(template)
        with blame("word_seeds"):
            return cls(tuple((template, seed) for seed in parse_seeds(texts["word_seeds"])))

    @classmethod
    def settle(cls, parent: Recipe, value: Value) -> Value:
        """Choose the words, which the tile keeps. Word seeds that choose the same are one tile."""
        return _read(parent, value)

    @classmethod
    def apply(cls, parent: Recipe, value: Value) -> Recipe:
        """Write the chosen words into the template.

        Raises:
            RecipeError: as for `Rule`, or there is nothing to choose.
        """
        template, _, chosen = _read(parent, value)
        if not chosen:
            raise RecipeError("template", "There is nothing to choose: write choices as {oil|ink}, or __medium__.")
        with blame("template"):
            return _fill_in(parent, template, chosen)

    @classmethod
    def caption(cls, parent: Recipe, value: Value) -> str:
        """Return the chosen words: "ink, at night"."""
        _, _, chosen = _read(parent, value)
        return ", ".join(filter(None, (each.strip(GLUE) for each in chosen)))


def _read(parent: Recipe, value: Value) -> tuple[str, int, tuple[str, ...]]:
    """Return a value's parts, which may come from untrusted JSON. Words that are not chosen yet are chosen."""
    broken = RecipeError("template", "A template with a word seed is missing: make the round again.")
    if not isinstance(value, tuple) or not 2 <= len(value) <= 3:
        raise broken
    template, seed, *given = value
    if not isinstance(template, str) or not isinstance(seed, int) or isinstance(seed, bool):
        raise broken
    chosen = _read_chosen(given[0], broken) if given else choose(_list_choices(parent, template), seed)
    return template, seed, chosen


def _read_chosen(value: Value, broken: RecipeError) -> tuple[str, ...]:
    words = tuple(word for word in value if isinstance(word, str)) if isinstance(value, tuple) else ()
    if words != value:
        raise broken
    return words


def _is_added(template: str) -> bool:
    return not template or template.startswith(JOINING)


def _list_choices(parent: Recipe, template: str) -> tuple[str, ...]:
    """Return all choices: those of the template, and before them those of the prompt that it is added to."""
    own = split_choices(parent.prompt)[1::2] if _is_added(template) else ()
    return (*own, *split_choices(template)[1::2])


def _fill_in(parent: Recipe, template: str, chosen: tuple[str, ...]) -> Recipe:
    if not _is_added(template):
        if parent.late_prompt:
            raise RecipeError("template", "This picture has late words: begin the template with a comma to add to it.")
        base, syntax = read_marks(parent, prompt := fill_in(template, chosen))
        return replace(base, prompt=prompt, prompt_syntax=syntax)
    own = len(split_choices(parent.prompt)) // 2
    suffix = fill_in(template, chosen[own:])
    base, syntax = read_marks(parent, suffix)
    prompt = fill_in(base.prompt, chosen[:own])
    late_prompt = base.late_prompt and extend_prompt(base.late_prompt, suffix) if suffix else base.late_prompt
    prompt = extend_prompt(prompt, suffix) if suffix else prompt
    return replace(base, prompt=prompt, late_prompt=late_prompt, prompt_syntax=syntax)
