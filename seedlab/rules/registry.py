"""All rules, by name. To add one, write its module and import it here."""

from collections.abc import Mapping
from typing import Any

from seedlab.core.errors import RecipeError
from seedlab.core.text import quote
from seedlab.rules.rule import Parameter, Rule

# isort: off
from seedlab.rules import seeds, suffixes, steps, nudge, late_words, wildcards  # noqa: F401  in the page's order

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


def find_variation(name: object) -> type[Rule]:
    """Return the rule of this name, if it is offered for a locked tile.

    Raises:
        RecipeError: there is no such rule.
    """
    rule = find_rule(name)
    if rule not in VARIATIONS:
        raise RecipeError("rule", f"The rule {quote(rule.name)} does not vary a picture: choose another.")
    return rule


def read_rule(data: Mapping[str, Any]) -> Rule:
    """Make a rule from untrusted JSON data.

    Raises:
        RecipeError: it is not a rule, or this version does not know it.
    """
    return find_rule(data.get("name")).from_dict(data)


def list_parameters() -> tuple[Parameter, ...]:
    """Return the parameters of the rules that are offered for a locked tile."""
    return tuple(parameter for rule in VARIATIONS for parameter in rule.parameters)
