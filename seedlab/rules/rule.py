"""What every rule has: parameters, recipes, captions, JSON, and its options in the page and on the command line."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from seedlab.core.errors import RecipeError
from seedlab.core.recipe import MAX_PROMPT_CHARACTERS, Recipe
from seedlab.core.text import is_whole

Value = str | int | float | tuple["Value", ...]
"""What a rule sets for one tile. JSON arrays become tuples."""

MAX_NUMBER = 2**64
MAX_DEPTH = 3
MAX_VALUES = 256
"""Values that untrusted JSON may give to a rule: the most tiles of a round."""


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One text field of a rule.

    Attributes:
        name: unique among the parameters of all rules. Errors about it name it in `RecipeError.field`.
        label: the label of its field in the page.
        flag: the option on the command line. It may be repeated: each use adds a line.
        help: a line of help for the command line.
        default: the text that the field starts with.
        lines: the height of the field in the page.
    """

    name: str
    label: str
    flag: str
    help: str
    default: str
    lines: int = 1


@dataclass(frozen=True)
class Rule(ABC):
    """Makes a round: one tile for each value. A subclass is registered by being imported in `seedlab.rules.registry`.

    Attributes:
        values: what changes from tile to tile, in order.
        name: identifies the rule in JSON and on the command line.
        label: its name in the page.
        parameters: the fields from which `parse` makes it.
        from_tile: whether the page offers it for a locked tile.
        needs_prompt: whether it makes no sense for models without a prompt.
        needs_nudges: whether it is only for models that take nudged noise.
    """

    values: tuple[Value, ...]

    name: ClassVar[str]
    label: ClassVar[str]
    parameters: ClassVar[tuple[Parameter, ...]]
    from_tile: ClassVar[bool] = True
    needs_prompt: ClassVar[bool] = False
    needs_nudges: ClassVar[bool] = False

    @classmethod
    @abstractmethod
    def parse(cls, texts: Mapping[str, str]) -> Self:
        """Make the rule from the texts of its parameters, by their names.

        Raises:
            RecipeError: a text is wrong; `field` is the name of its parameter.
        """

    @classmethod
    @abstractmethod
    def apply(cls, parent: Recipe, value: Value) -> Recipe:
        """Return the recipe of the tile with this value.

        Raises:
            RecipeError: the value does not fit the parent, or is of the wrong type.
        """

    @classmethod
    @abstractmethod
    def caption(cls, value: Value) -> str:
        """Return the caption of a tile, "" where its seed is all there is to say."""

    @classmethod
    def leads(cls, parent: Recipe, value: Value, child: Recipe) -> bool:
        """Whether this value leads from the parent's recipe to the child's. Lineages are checked by it."""
        try:
            return cls.apply(parent, value) == child
        except RecipeError:
            return False

    def make(self, parent: Recipe) -> dict[Recipe, Value]:
        """Return the recipes of the round with their values, in order. Values that give the same recipe are one tile.

        Raises:
            RecipeError: a value does not fit the parent.
        """
        made: dict[Recipe, Value] = {}
        for value in self.values:
            made.setdefault(self.apply(parent, value), value)
        return made

    def title(self, recipes: Sequence[Recipe]) -> str:
        """Return the title of the round of these recipes: "Seed 2 · suffixes"."""
        return f"Seed {recipes[0].seed} · {self.label.lower()}"

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


def unique(values: Iterable[Any]) -> tuple[Any, ...]:
    """Return values without duplicates, in order."""
    return tuple(dict.fromkeys(values))
