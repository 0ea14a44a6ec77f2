"""Rules from the options of the command line, of the Python interface and of programs."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from seedlab.core.errors import RecipeError
from seedlab.rules.kinds.matrix import Matrix
from seedlab.rules.kinds.seeds import Seeds
from seedlab.rules.registry import VARIATIONS, find_by_parameter, list_parameters
from seedlab.rules.rule import Rule

Varied = str | float | Sequence[str | float]
"""Values of a rule's parameter: one, or several."""


def parse_rule(varied: Iterable[tuple[str, str]], *, matrix: bool = False) -> Rule:
    """Make the rule of options; the first one, with its defaults, where there are none.

    Args:
        varied: names of parameters of rules with their texts, in the order of a matrix: columns come first. A name
            that is repeated adds a line.
        matrix: whether there are two rules, to be combined.

    Raises:
        RecipeError: a text is wrong, or these are not as many rules.
    """
    rules = _parse_rules(varied) or (VARIATIONS[0].parse(_list_defaults(VARIATIONS[0])),)
    if matrix:
        if len(rules) != 2:
            raise RecipeError(
                "rule", 'A matrix varies two things: add two options, as in --seeds 0-3 --suffix ", artsy".'
            )
        return Matrix.of(*rules)
    if len(rules) > 1:
        flags = " and ".join(dict.fromkeys(_find_flag(type(rule)) for rule in rules))
        sentence = f"One command makes one kind of round: use {flags} one after the other, or add --matrix to use both."
        raise RecipeError("rule", sentence)
    return rules[0]


def _parse_rules(varied: Iterable[tuple[str, str]]) -> tuple[Rule, ...]:
    texts: dict[str, str] = {}
    for name, text in varied:
        texts[name] = f"{texts[name]}\n{text}" if name in texts else text
    rules = {find_by_parameter(name): None for name in texts}
    return tuple(each for rule in rules for each in rule.parse_all(_list_defaults(rule) | texts))


def _list_defaults(rule: type[Rule]) -> dict[str, str]:
    return {each.name: each.default for each in rule.parameters}


def _find_flag(rule: type[Rule]) -> str:
    return next(each.flag for each in rule.parameters if each.flag)


def read_variations(varied: Mapping[str, Varied]) -> Iterator[tuple[str, str]]:
    """Return names of parameters of rules with their texts.

    Args:
        varied: one or several values by the names of the options of `seedlab refine`: {"suffix": [", artsy"]}.

    Raises:
        RecipeError: there is no such option.
    """
    parameters = [each for each in (*Seeds.parameters, *list_parameters()) if each.flag]
    names = {each.flag[2:].replace("-", "_"): each.name for each in parameters}
    for name, value in varied.items():
        if name not in names:
            raise RecipeError("rule", f"There is no variation “{name}”: use {', '.join(names)}.")
        for line in (value,) if isinstance(value, str | int | float) else value:
            yield names[name], str(line)
