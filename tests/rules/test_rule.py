"""What holds for every registered rule, and how a new one is added."""

import json
from dataclasses import dataclass, replace

import pytest

from seedlab.core.errors import RecipeError
from seedlab.rules.registry import RULES, VARIATIONS, find_rule, list_parameters, read_rule
from seedlab.rules.rule import Rule
from seedlab.rules.suffixes import Suffixes
from tests.examples import RECIPE

EXAMPLES = [rule.parse({each.name: each.default for each in rule.parameters}) for rule in RULES.values()]
"""Every rule with its defaults: a new rule is tested here by being registered."""


@pytest.mark.parametrize("rule", EXAMPLES, ids=lambda rule: rule.name)
def test_a_rule_survives_json(rule):
    assert read_rule(json.loads(json.dumps(rule.to_dict()))) == rule


@pytest.mark.parametrize("rule", EXAMPLES, ids=lambda rule: rule.name)
def test_a_rule_leads_from_the_parent_to_its_recipes_alone(rule):
    made = rule.make(RECIPE)
    assert 2 <= len(made) <= 16
    for child, value in made.items():
        assert rule.leads(RECIPE, value, child)
        assert not rule.leads(RECIPE, value, replace(child, height=256))


def test_the_page_offers_suffixes_first():
    assert VARIATIONS[0] is Suffixes
    assert {"seeds", "suffixes", "steps"} <= RULES.keys()


def test_names_of_parameters_and_flags_are_unique():
    parameters = list_parameters()
    assert len({each.name for each in parameters}) == len({each.flag for each in parameters}) == len(parameters)


@pytest.mark.parametrize("name", ["of tomorrow", "", None, 3, ["seeds"]])
def test_a_rule_that_is_not_known_is_refused_in_a_sentence(name):
    with pytest.raises(RecipeError, match="has no rule"):
        find_rule(name)


@pytest.mark.parametrize(
    "values", [None, [], {}, "0", [None], [True], [{}], [[None]], [0] * 257], ids=lambda values: str(values)[:20]
)
def test_values_of_an_unknown_kind_are_refused(values):
    with pytest.raises(RecipeError):
        read_rule({"name": "seeds", "values": values})


def test_values_that_are_lists_come_back_as_tuples():
    @dataclass(frozen=True)
    class Pairs(Rule):
        name = "pairs"
        label = "Pairs"
        parameters = ()

        @classmethod
        def parse(cls, texts):
            return cls((("seed", 3),))

        @classmethod
        def apply(cls, parent, value):
            return replace(parent, **dict([value]))

        @classmethod
        def caption(cls, value):
            return f"{value[0]} {value[1]}"

    rule = Pairs.parse({})
    assert Pairs.from_dict(json.loads(json.dumps(rule.to_dict()))) == rule
    assert rule.make(RECIPE) == {replace(RECIPE, seed=3): ("seed", 3)}
