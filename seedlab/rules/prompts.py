"""What rules need to change prompts that somebody wrote before, with weights or without."""

from dataclasses import replace
from typing import Any

from seedlab.core.recipes.prompt_weights import WEIGHTS, escape, has_marks
from seedlab.core.recipes.recipe import PROMPTS, Recipe


def read_marks(parent: Recipe, words: str) -> tuple[Recipe, str]:
    r"""Return the parent and the syntax of its prompts with new words, whose weights are read.

    The parent's prompts keep their meaning: brackets that were characters are escaped, as in `a \(red\) boat`.

    Raises:
        RecipeError: the words have a weight that is out of range, or too many brackets.
    """
    if parent.prompt_syntax or not has_marks(words):
        return parent, parent.prompt_syntax
    escaped: dict[str, Any] = {name: escape(getattr(parent, name)) for name in PROMPTS}
    return replace(parent, **escaped), WEIGHTS
