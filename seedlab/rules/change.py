"""How a picture came from its parent: one change for each round that led to it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from seedlab.core.errors import RecipeError
from seedlab.core.recipes.recipe import Recipe
from seedlab.rules.rule import Value, read_value

MAX_NAME_CHARACTERS = 40
MAX_PROMPTS_CHARACTERS = 3_000_000
"""Of all different prompts of a lineage. Files have the lengths alone of texts that were extended, so a small one could
take minutes."""


@dataclass(frozen=True)
class Change:
    """One step from a parent's recipe to a child's.

    Attributes:
        parent: the recipe of the tile that was locked.
        rule: the name of the rule. It may be one that this version does not know.
        value: what the rule set for the child.
    """

    parent: Recipe
    rule: str
    value: Value

    def to_dict(self, child: Recipe) -> dict[str, Any]:
        """Return the change as JSON data. Of the parent only the fields are kept that differ from the child's."""
        before = self.parent.list_changes(child)
        # Of a text that was extended its length is enough.
        cut = {name: len(value) for name, value in before.items() if _is_start(value, getattr(child, name))}
        kept = {name: value for name, value in before.items() if name not in cut}
        return {"rule": self.rule, "value": self.value, "before": kept, "cut": cut}

    @classmethod
    def from_dict(cls, data: object, child: Recipe) -> Self:
        """Read a change from untrusted JSON data.

        Raises:
            RecipeError: it is not one.
        """
        broken = RecipeError(
            "lineage", "The history in this picture is missing or invalid: use the file as SeedLab saved it."
        )
        if not isinstance(data, Mapping) or not isinstance(before := data.get("before"), Mapping):
            raise broken
        rule = data.get("rule")
        if not isinstance(rule, str) or not 0 < len(rule) <= MAX_NAME_CHARACTERS:
            raise broken
        fields = child.to_dict() | dict(before) | _read_cut(data.get("cut", {}), child, broken)
        return cls(Recipe.from_dict(fields), rule, read_value(data.get("value")))


def _is_start(value: object, longer: object) -> bool:
    return isinstance(value, str) and isinstance(longer, str) and longer.startswith(value)


def _read_cut(cut: object, child: Recipe, broken: RecipeError) -> dict[str, str]:
    """Return the texts of the parent that were extended to the child's."""
    if not isinstance(cut, Mapping):
        raise broken
    texts: dict[str, str] = {}
    for name, length in cut.items():
        text = getattr(child, name, None) if isinstance(name, str) else None
        if not isinstance(text, str) or not isinstance(length, int) or not 0 <= length <= len(text):
            raise broken
        texts[name] = text[:length]
    return texts


Lineage = tuple[Change, ...]
"""The changes that led to a picture, the oldest first; () for a picture of a first round."""


def pair_children(lineage: Lineage, recipe: Recipe) -> Iterator[tuple[Change, Recipe]]:
    """Yield each change with the recipe of the child that it led to.

    Args:
        recipe: of the picture that the lineage leads to.
    """
    for index, change in enumerate(lineage):
        yield change, lineage[index + 1].parent if index + 1 < len(lineage) else recipe


def write_lineage(lineage: Lineage, recipe: Recipe) -> list[dict[str, Any]]:
    """Return a lineage as JSON data.

    Args:
        recipe: of the picture that it leads to.
    """
    return [change.to_dict(child) for change, child in pair_children(lineage, recipe)]


def read_lineage(data: Sequence[object], recipe: Recipe) -> Lineage:
    """Read a lineage from untrusted JSON data.

    Args:
        recipe: of the picture that it leads to.

    Raises:
        RecipeError: it is not one, or its different prompts have more than 3,000,000 characters.
    """
    lineage: list[Change] = []
    prompts: set[str] = set()
    characters = 0
    for each in reversed(data):
        change = Change.from_dict(each, lineage[0].parent if lineage else recipe)
        new = {text for stage in change.parent.stages for text in stage.prompts} - prompts
        prompts |= new
        characters += sum(map(len, new))
        if characters > MAX_PROMPTS_CHARACTERS:
            sentence = f"The prompts in this picture's history have more than {MAX_PROMPTS_CHARACTERS:,} characters"
            raise RecipeError("lineage", f"{sentence}: open a picture that it was made from.")
        lineage.insert(0, change)
    return tuple(lineage)
