"""What every rule has: parameters, recipes, captions, JSON, and its options in the page and on the command line."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from seedlab.core.errors import RecipeError
from seedlab.core.models.model import Model
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.recipes.recipe_checks import MAX_PROMPT_CHARACTERS
from seedlab.core.texts.text import is_whole
from seedlab.rules.parameter import Choice, Parameter

Value = str | int | float | tuple["Value", ...]
"""What a rule sets for one tile. JSON arrays become tuples."""

MAX_NUMBER = 2**64
MAX_DEPTH = 5
MAX_VALUES = 256
"""The most tiles of a round."""


@dataclass(frozen=True)
class Table:
    """The headings of a round with two axes. Its tiles fill the rows one after the other.

    Attributes:
        columns: from left to right.
        rows: from top to bottom.
    """

    columns: tuple[str, ...]
    rows: tuple[str, ...]


@dataclass(frozen=True)
class Rule(ABC):
    """Makes a round: one tile for each value. A subclass is registered by being imported in `seedlab.rules.registry`.

    Attributes:
        values: what changes from tile to tile, in order.
        name: identifies the rule in JSON and on the command line.
        label: its name in the page.
        help: a sentence for the page that says what it does.
        parameters: the fields from which `parse` makes it.
        from_tile: whether the page offers it for a locked tile.
        needs_prompt: whether it makes no sense for models without a prompt.
        precedence: in a matrix, the axis with the smaller number is applied first: a rule that replaces the prompt has
            0, one that extends it 2.
    """

    values: tuple[Value, ...]

    name: ClassVar[str]
    label: ClassVar[str]
    help: ClassVar[str] = ""
    parameters: ClassVar[tuple[Parameter, ...]] = ()
    from_tile: ClassVar[bool] = True
    needs_prompt: ClassVar[bool] = False
    precedence: ClassVar[int] = 1

    @classmethod
    def parse(cls, texts: Mapping[str, str]) -> Self:
        """Make the rule from the texts of its parameters, by their names.

        Raises:
            RecipeError: a text is wrong, and `field` is the name of its parameter; or the rule has no parameters,
                because it is only read from old pictures.
        """
        raise RecipeError("rule", f"Rounds of {cls.label.lower()} are not made any more: choose another variation.")

    @classmethod
    def parse_all(cls, texts: Mapping[str, str]) -> tuple[Self, ...]:
        """Make the rules of the command line's texts: one, unless a text says that there are several.

        Raises:
            RecipeError: as `parse`.
        """
        return (cls.parse(texts),)

    @classmethod
    def refuse(cls, model: Model) -> str:
        """Return why a model's pictures cannot be varied so, as a sentence without its subject; "" if they can."""
        return "has no prompt to vary: choose another variation" if cls.needs_prompt and model.unconditional else ""

    @classmethod
    @abstractmethod
    def apply(cls, parent: Recipe, value: Value) -> Recipe:
        """Return the recipe of the tile with this value.

        Raises:
            RecipeError: the value does not fit the parent, or is of the wrong type.
        """

    @classmethod
    def apply_as_before(cls, parent: Recipe, value: Value) -> Recipe:
        """Return the recipe as earlier versions made it. Most rules make the same one still.

        Raises:
            RecipeError: as `apply`.
        """
        return cls.apply(parent, value)

    @classmethod
    @abstractmethod
    def caption(cls, parent: Recipe, value: Value) -> str:
        """Return the caption of a tile, "" where its seed is all there is to say.

        Args:
            parent: the recipe that the value was applied to.
        """

    @classmethod
    def heading(cls, parent: Recipe, value: Value) -> str:
        """Return the heading of a row or column in a matrix."""
        return cls.caption(parent, value)

    @classmethod
    def settle(cls, parent: Recipe, value: Value) -> Value:
        """Return the value that a tile keeps, where what was asked for depends on the parent.

        Raises:
            RecipeError: it is not a value of this rule.
        """
        return value

    @classmethod
    def leads(cls, parent: Recipe, value: Value, child: Recipe) -> bool:
        """Whether this value leads, or once led, from the parent's recipe to the child's. It checks lineages."""
        try:
            return child == cls.apply(parent, value) or child == cls.apply_as_before(parent, value)
        except (RecipeError, OverflowError, ValueError):  # a stranger's numbers may be too large to reckon with
            return False

    @classmethod
    def list_axes(cls) -> tuple[Choice, ...]:
        """List the kinds of axes that this rule can be in a matrix, each with the text that it starts with.

        By default the text is that of the first parameter. () for none.
        """
        if not cls.parameters:
            return ()
        first = cls.parameters[0]
        return (Choice(cls.name, cls.label, first.default or first.example, first.lines),)

    @classmethod
    def read_axis(cls, name: str, text: str) -> Self:
        """Make the rule from the text of an axis; the other parameters have their defaults.

        Args:
            name: of one of the `list_axes`.

        Raises:
            RecipeError: the text is wrong.
        """
        texts = {each.name: each.default for each in cls.parameters}
        return cls.parse({**texts, cls.parameters[0].name: text})

    def for_rounds(self, rounds: Iterable[Sequence[Recipe]]) -> Self:
        """Return the rule for a tile in these rounds. Most rules do not depend on them.

        Args:
            rounds: the recipes of the rounds that led to the tile, its own first.

        Raises:
            RecipeError: the rule does not fit these rounds.
        """
        return self

    def fit_memory(self, parent: Recipe, is_short: Callable[[Recipe], bool]) -> Self:
        """Return the rule with what saves memory where a picture needs it. Most rules have nothing such.

        Args:
            is_short: returns whether there is too little memory to decode the picture of a recipe as a whole.

        Raises:
            RecipeError: a value does not fit the parent.
        """
        return self

    def drop_present(self, parent: Recipe) -> tuple[Self, tuple[str, ...]]:
        """Return the rule without what the parent has already, and what was dropped, as captions.

        Raises:
            RecipeError: nothing is left.
        """
        return self, ()

    def make(self, parent: Recipe) -> dict[Recipe, Value]:
        """Return the recipes of the round with their values, in order. Values that give the same recipe are one tile.

        Raises:
            RecipeError: a value does not fit the parent.
        """
        made: dict[Recipe, Value] = {}
        for value in self.values:
            settled = self.settle(parent, value)
            made.setdefault(self.apply(parent, settled), settled)
        return made

    @property
    def subject(self) -> str:
        """What varies, for titles: "suffixes"."""
        return self.label.lower()

    def title(self, recipes: Sequence[Recipe]) -> str:
        """Return the title of the round of these recipes: "Seed 2 · suffixes"."""
        return f"Seed {recipes[0].seed} · {self.subject}"

    def tabulate(self, parent: Recipe) -> Table | None:
        """Return the headings of a round with two axes; None for other rounds."""
        return None

    def to_dict(self) -> dict[str, Any]:
        """Return the rule as JSON data."""
        return {"name": self.name, "values": list(self.values)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Make the rule from untrusted JSON data.

        Raises:
            RecipeError: the values are not values.
        """
        values = data.get("values")
        if not isinstance(values, list) or not 0 < len(values) <= MAX_VALUES:
            raise RecipeError("rule", "This round has no values.")
        return cls(tuple(read_value(value) for value in values))


def read_value(data: object, depth: int = MAX_DEPTH) -> Value:
    """Return untrusted JSON data as a value.

    Raises:
        RecipeError: it is not one.
    """
    if isinstance(data, list | tuple) and 0 < len(data) <= MAX_VALUES and depth > 0:
        return tuple(read_value(each, depth - 1) for each in data)
    if isinstance(data, str) and len(data) <= MAX_PROMPT_CHARACTERS and is_whole(data) and "\0" not in data:
        return data
    if isinstance(data, int | float) and not isinstance(data, bool) and -MAX_NUMBER <= data <= MAX_NUMBER:
        return data
    raise RecipeError("rule", "This round has a value of an unknown kind.")


def split_lines(text: str) -> tuple[str, ...]:
    """Return the lines of a text, stripped, without blank lines and duplicates."""
    return unique(line.strip() for line in text.splitlines() if line.strip())


def read_lines(field: str, text: str, things: str, missing: str) -> tuple[str, ...]:
    """Return the lines of a parameter as `split_lines` does, one for each tile.

    Args:
        things: as for `check_count`.
        missing: the sentence for a text without lines.

    Raises:
        RecipeError: there is no line, or there are more than 256.
    """
    lines = split_lines(text)
    if not lines:
        raise RecipeError(field, missing)
    check_count(field, len(lines), things)
    return lines


def unique(values: Iterable[Any]) -> tuple[Any, ...]:
    """Return values without duplicates, in order."""
    return tuple(dict.fromkeys(values))


def check_count(field: str, count: int, things: str) -> None:
    """Check how many tiles a round would have.

    Args:
        things: what there are too many of, in the plural.

    Raises:
        RecipeError: there are more than 256.
    """
    if count > MAX_VALUES:
        raise RecipeError(field, f"{count:,} {things} are too many for one round: use {MAX_VALUES} or fewer.")
