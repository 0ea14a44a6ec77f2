"""All rules, by name. To add one, write its module and list it here."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from seedlab.core.errors import RecipeError
from seedlab.core.texts.text import quote
from seedlab.rules.parameter import Parameter
from seedlab.rules.rule import Rule

MODULES = (
    "seeds",
    "wordings.suffixes",
    "wordings.words",
    "wordings.late_words",
    "wordings.wildcards",
    "develop",
    "vary_picture",
    "nudge",
    "shapes",
    "same_seeds",
    "sweep",
    "matrix",
    "edit",
    "steps",
)
"""The modules in `seedlab.rules.kinds`, in the order of the page."""


def _find_rules(module: str) -> dict[str, type[Rule]]:
    found = import_module(f"seedlab.rules.kinds.{module}")
    return {each.name: each for each in Rule.__subclasses__() if each.__module__ == found.__name__}


RULES: Mapping[str, type[Rule]] = {name: rule for module in MODULES for name, rule in _find_rules(module).items()}
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


def find_by_parameter(name: str) -> type[Rule]:
    """Return the rule that has a parameter of this name.

    Raises:
        RecipeError: there is none.
    """
    for rule in RULES.values():
        if any(each.name == name for each in rule.parameters):
            return rule
    raise RecipeError("rule", f"No rule has the parameter {quote(name)}.")


def read_rule(data: Mapping[str, Any]) -> Rule:
    """Make a rule from untrusted JSON data.

    Raises:
        RecipeError: it is not a rule, or this version does not know it.
    """
    return find_rule(data.get("name")).from_dict(data)


def list_parameters() -> tuple[Parameter, ...]:
    """Return the parameters of the rules that are offered for a locked tile."""
    return tuple(parameter for rule in VARIATIONS for parameter in rule.parameters)
