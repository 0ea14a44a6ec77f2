"""All rules, by name. To add one, write its module and import it here."""

from collections.abc import Mapping
from typing import Any

from seedlab.core.errors import RecipeError
from seedlab.core.text import quote
from seedlab.rules.change import Change
from seedlab.rules.rule import Parameter, Rule

# isort: off
from seedlab.rules import seeds, suffixes, steps  # noqa: F401  the page lists them in this order

# isort: on

RULES: Mapping[str, type[Rule]] = {rule.name: rule for rule in Rule.__subclasses__()}
VARIATIONS = tuple(rule for rule in RULES.values() if rule.from_tile)
"""The rules that are offered for a locked tile."""


def find_rule(name: object) -> type[Rule]:
    """Return the rule of this name.

    Raises:
        RecipeError: there is none.
    """
    if not isinstance(name, str) or name not in RULES:
        raise RecipeError("rule", f"This SeedLab has no rule {quote(str(name))}: update SeedLab, or choose another.")
    return RULES[name]


def read_rule(data: Mapping[str, Any]) -> Rule:
    """Make a rule from untrusted JSON data.

    Raises:
        RecipeError: it is not a rule, or this version does not know it.
    """
    return find_rule(data.get("name")).from_dict(data)


def list_parameters() -> tuple[Parameter, ...]:
    """Return the parameters of the rules that are offered for a locked tile."""
    return tuple(parameter for rule in VARIATIONS for parameter in rule.parameters)


def format_change(change: Change) -> str:
    """Return the caption of the tile that a change led to."""
    rule = RULES.get(change.rule)
    return rule.caption(change.value) if rule else str(change.value)
