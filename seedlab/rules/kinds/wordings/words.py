"""The locked seed under other prompts."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

from seedlab.core.errors import RecipeError, blame
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.texts.text_changes import name_change
from seedlab.rules.parameter import Parameter
from seedlab.rules.prompts import read_marks
from seedlab.rules.rule import Rule, Value, read_lines


@dataclass(frozen=True)
class Words(Rule):
    """One tile for each prompt."""

    name = "words"
    label = "Words"
    help = "The same seed with an edited prompt. Each line is a picture."
    parameters = (
        Parameter(
            name="words",
            label="Prompts for the locked seed",
            flag="--words",
            help="a prompt in place of the picture's own",
            default="",
            example="Labrador in the style of Van Gogh\nCat in the style of Vermeer",
            lines=4,
            starts_with_prompt=True,
        ),
    )
    needs_prompt = True
    precedence = 0

    @classmethod
    def parse(cls, texts: Mapping[str, str]) -> Self:
        """Read one prompt a line."""
        return cls(read_lines("words", texts["words"], "prompts", "No prompt given. Write one a line."))

    @classmethod
    def apply(cls, parent: Recipe, value: Value) -> Recipe:
        """Replace the prompt."""
        return replace_prompt("words", parent, value)

    def make(self, parent: Recipe) -> dict[Recipe, Value]:
        """Return the recipes of the round; raises RecipeError if no prompt was edited."""
        if set(self.values) == {parent.write_prompt("prompt")}:
            raise RecipeError("words", "This is the prompt of the locked picture: edit it first.")
        return super().make(parent)

    @classmethod
    def caption(cls, parent: Recipe, value: Value) -> str:
        """Return the words that came, or those that went."""
        return name_change(parent.write_prompt("prompt"), str(value))


def replace_prompt(field: str, parent: Recipe, prompt: Value) -> Recipe:
    """Return a recipe with another prompt, whose weights are read. Words that join late join the new prompt.

    Args:
        field: the field that an error is about.

    Raises:
        RecipeError: it is no prompt, or the parent's late words replace its prompt instead of joining it.
    """
    if not isinstance(prompt, str):
        raise RecipeError(field, "A prompt must be text.")
    if not parent.late_prompt.startswith(parent.prompt if parent.late_prompt else ""):
        sentence = (
            f"The prompt of this picture is another one after step {parent.late_step}: lock one without late words."
        )
        raise RecipeError(field, sentence)
    with blame(field):
        base, syntax = read_marks(parent, prompt)
        late_prompt = base.late_prompt and prompt + base.late_prompt.removeprefix(base.prompt)
        return replace(base, prompt=prompt, late_prompt=late_prompt, prompt_syntax=syntax)
