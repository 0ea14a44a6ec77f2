"""What holds for every registered rule, and how a new one is added."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seedlab.core.errors import RecipeError
from seedlab.rules.change import read_lineage, write_lineage
from seedlab.rules.kinds.seeds import Seeds
from seedlab.rules.kinds.steps import Steps
from seedlab.rules.kinds.wordings.suffixes import Suffixes
from seedlab.rules.registry import RULES, VARIATIONS, find_rule, list_parameters, read_rule
from seedlab.rules.rule import MAX_VALUES, Rule
from seedlab.workflow.trails.trail import Trail
from seedlab.workflow.trails.trail_json import write_trail
from tests.examples import RECIPE, read_trail

ROUND = [replace(RECIPE, seed=seed) for seed in range(4)]


def make_example(rule):
    """Return a rule with its defaults: a new rule is tested here by being registered."""
    if not rule.parameters:
        return Steps((6, 20))
    return rule.parse({each.name: each.default or each.example for each in rule.parameters}).for_rounds([ROUND])


EXAMPLES = [make_example(rule) for rule in RULES.values()]
every_rule = pytest.mark.parametrize("rule", EXAMPLES, ids=lambda rule: rule.name)


@every_rule
def test_a_rule_survives_json(rule):
    assert read_rule(json.loads(json.dumps(rule.to_dict()))) == rule


@every_rule
def test_a_rule_leads_from_the_parent_to_its_recipes_alone(rule):
    made = rule.make(RECIPE)
    assert 2 <= len(made) <= 16
    for child, value in made.items():
        assert rule.leads(RECIPE, value, child)
        assert not rule.leads(RECIPE, value, child.replace_shared(dtype="bfloat16"))


@every_rule
def test_its_tiles_and_its_round_are_told_apart(rule):
    names = [(recipe.seed, rule.caption(RECIPE, value)) for recipe, value in rule.make(RECIPE).items()]
    assert len(set(names)) == len(names)
    headings = [rule.heading(RECIPE, value) for value in rule.values]
    assert all(headings)
    assert rule.title(ROUND)
    assert rule.label
    assert rule.help or not rule.from_tile


@every_rule
def test_a_picture_of_the_round_restores_it(rule):
    trail = Trail().explore(RECIPE, Seeds((0, 1, 2, 3))).lock(1, 0, rule)
    read = read_trail(write_trail(trail)).rounds[1]
    assert read.rule.values == tuple(tile.value for tile in trail.newest.tiles)
    for index, tile in enumerate(trail.newest.tiles):
        lineage = trail.lineage_of(2, index)
        lineage = read_lineage(json.loads(json.dumps(write_lineage(lineage, tile.recipe))), tile.recipe)
        restored = Trail().restore(tile.recipe, lineage, Path("picture.png"))
        assert restored.newest.tiles[0].recipe == tile.recipe
        assert restored.newest.caption(0) == (trail.newest.caption(index) if lineage else "")


TEXTS = st.text(max_size=30) | st.text(alphabet="0123456789-,.()[]:+ \nabx×", max_size=20)


def find_error(rule, texts):
    """Return the error of these texts, or None."""
    try:
        rule.parse(texts).for_rounds([ROUND]).make(RECIPE)
    except RecipeError as error:
        return error
    return None


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_text_makes_a_round_or_an_error_of_its_field(data):
    rule = data.draw(st.sampled_from(VARIATIONS))
    texts = {each.name: each.default or each.example for each in rule.parameters}
    texts[data.draw(st.sampled_from(sorted(texts)))] = data.draw(TEXTS)
    if (error := find_error(rule, texts)) is not None:
        assert error.field in texts
        assert str(error).encode()
        return
    made = rule.parse(texts).for_rounds([ROUND])
    recipes = made.make(RECIPE)
    assert 0 < len(recipes) <= MAX_VALUES
    assert read_rule(json.loads(json.dumps(made.to_dict()))) == made
    for recipe, value in recipes.items():
        assert made.leads(RECIPE, value, recipe)
        assert made.caption(RECIPE, value) is not None


def test_the_page_offers_suffixes_first():
    assert VARIATIONS[0] is Suffixes
    assert [rule.name for rule in VARIATIONS][-1] == "matrix"
    assert {"seeds", "suffixes", "steps"} <= RULES.keys()


def test_names_of_parameters_and_flags_are_unique():
    parameters = list_parameters()
    flags = [each.flag for each in parameters if each.flag]
    assert len({each.name for each in parameters}) == len(parameters)
    assert len(set(flags)) == len(flags)


@pytest.mark.parametrize("parameter", [each for each in list_parameters() if each.choices], ids=lambda each: each.name)
def test_a_choice_is_read_by_its_name_and_fills_a_field(parameter):
    choices = parameter.choices()
    assert parameter.read_choice(parameter.default) in choices
    assert len({each.name for each in choices}) == len({each.label for each in choices}) == len(choices)
    assert not parameter.fills or all(each.text for each in choices)
    with pytest.raises(RecipeError, match="is not one of the choices"):
        parameter.read_choice("banana")


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
        def caption(cls, parent, value):
            return f"{value[0]} {value[1]}"

    rule = Pairs.parse({})
    assert Pairs.from_dict(json.loads(json.dumps(rule.to_dict()))) == rule
    assert rule.make(RECIPE) == {replace(RECIPE, seed=3): ("seed", 3)}
