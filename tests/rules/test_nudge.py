"""Nudges: small variations of the chosen noise."""

import json
from dataclasses import replace

import pytest

from seedlab.core.errors import RecipeError
from seedlab.core.recipes.additions import Nudge
from seedlab.core.recipes.recipe_checks import MAX_NUDGES
from seedlab.rules.kinds.matrix import Matrix
from seedlab.rules.kinds.nudge import Nudges
from seedlab.rules.kinds.seeds import Seeds
from seedlab.rules.kinds.wordings.suffixes import Suffixes
from seedlab.rules.other_seeds import choose_others
from seedlab.rules.registry import read_rule
from seedlab.workflow.trails.trail import Trail
from seedlab.workflow.trails.trail_json import write_trail
from tests.examples import RECIPE, read_trail

SEVEN = Nudge(seed=7, weight=0.1)


def parse(strength: str = "subtle", seeds: str = "7") -> Nudges:
    return Nudges.parse({"nudge_strength": strength, "nudge_seeds": seeds})


def test_a_round_of_nudges_changes_the_noise_and_nothing_else():
    made = Nudges(((7, 0.1), (2**64 - 1, 0.3))).make(RECIPE)
    assert tuple(made) == (
        replace(RECIPE, nudges=(SEVEN,)),
        replace(RECIPE, nudges=(Nudge(seed=2**64 - 1, weight=0.3),)),
    )


def test_a_nudged_picture_can_be_nudged_again():
    (first,) = Nudges(((7, 0.1),)).make(RECIPE)
    (second,) = Nudges(((9, 0.3),)).make(first)
    assert second.nudges == (SEVEN, Nudge(seed=9, weight=0.3))


def test_strength_0_is_the_picture_and_strength_1_the_other_seed():
    nudged = replace(RECIPE, nudges=(SEVEN,))
    assert tuple(Nudges(((9, 0), (9, 0.5), (9, 1))).make(nudged)) == (
        nudged,
        replace(nudged, nudges=(SEVEN, Nudge(seed=9, weight=0.5))),
        replace(RECIPE, seed=9),
    )


def test_towards_its_own_noise_there_is_nothing_to_turn():
    assert tuple(Nudges(((RECIPE.seed, 0.5),)).make(RECIPE)) == (RECIPE,)


def test_the_seeds_that_a_picture_chooses_are_its_own_and_stay_the_same():
    made = parse(seeds="4 others").make(RECIPE)
    assert made == parse(seeds=" ４ OTHERS ").make(RECIPE)
    assert list(made.values()) == [(seed, 0.1) for seed in choose_others(RECIPE, 4)]
    assert len(made) == 4
    assert made.keys().isdisjoint(parse(seeds="4 others").make(replace(RECIPE, seed=1)))
    nudged = next(iter(made))
    assert not {nudge.seed for nudge in nudged.nudges} & set(choose_others(nudged, 100))


def test_a_picture_chooses_the_same_seeds_wherever_its_model_is():
    here, there = (replace(RECIPE, model_id=f"/{folder}/model.safetensors") for folder in ("home/a", "mnt/b"))
    assert choose_others(here, 4) == choose_others(there, 4)


def test_strengths_and_seeds_are_read_as_people_write_them():
    assert parse("subtle, Strong", "7, 9-10").values == tuple((seed, w) for seed in (7, 9, 10) for w in (0.1, 0.3))
    for text in ("0.05 0.2", "0,05; 0,2", ".05,.2", "０.05\n0.20", "0.05, 0.2, 0.05"):
        assert parse(text).values == ((7, 0.05), (7, 0.2)), text


@pytest.mark.parametrize(
    ("strength", "seeds", "field", "sentence"),
    [
        ("", "7", "nudge_strength", "No strength given. Write subtle, strong, or a number such as 0.3."),
        ("weak", "7", "nudge_strength", "“weak” is not a number"),
        ("1.5", "7", "nudge_strength", "from 0 to 1, not 1.5"),
        ("-0.1", "7", "nudge_strength", "from 0 to 1, not -0.1"),
        ("nan", "7", "nudge_strength", "“nan” is not a number"),
        ("0.1, " * 2000, "7", "nudge_strength", "10,000 characters"),
        ("0.1", "", "nudge_seeds", "No seed given"),
        ("0.1", "random 4", "nudge_seeds", "4 others, which stay the same"),
        ("0.1", "0 others", "nudge_seeds", "1 to 256 pictures, not 0"),
        ("0.1, 0.2", "200 others", "nudge_seeds", "1 to 256 pictures, not 400"),
        ("0.1", "18446744073709551616", "nudge_seeds", "must be from 0 to 18446744073709551615"),
    ],
)
def test_what_is_no_nudge_is_refused_in_a_sentence(strength, seeds, field, sentence):
    with pytest.raises(RecipeError, match=sentence) as caught:
        parse(strength, seeds)
    assert caught.value.field == field


@pytest.mark.parametrize(
    "value",
    [7, "7", (7,), (7, "0.1"), (7, 1.5), (7, -0.1), (-1, 0.1), (2**64, 0.1), (0.5, 0.1), ("other", -1, 0.1)],
)
def test_a_value_that_is_no_nudge_is_refused(value):
    with pytest.raises(RecipeError):
        Nudges((value,)).make(RECIPE)


def test_more_nudges_than_a_recipe_holds_are_refused():
    full = replace(RECIPE, nudges=(SEVEN,) * MAX_NUDGES)
    with pytest.raises(RecipeError, match="9 nudges are too many: use 8 or fewer") as caught:
        Nudges(((9, 0.1),)).make(full)
    assert caught.value.field == "nudge_strength"
    assert tuple(Nudges(((9, 1),)).make(full)) == (replace(RECIPE, seed=9),)


def test_tiles_and_rounds_say_what_varies():
    assert [Nudges.caption(RECIPE, value) for value in ((7, 0.1), (0, 1))] == ["toward 7 · 0.1", "toward 0 · 1"]
    assert Nudges.caption(RECIPE, ("other", 2, 0.1)) == f"toward {choose_others(RECIPE, 3)[2]} · 0.1"
    assert Nudges(((7, 0.1),)).title([replace(RECIPE, seed=2, nudges=(SEVEN,))]) == "Seed 2 · nudges"


@pytest.mark.parametrize("flipped", [False, True])
def test_in_a_matrix_all_seeds_are_nudged_towards_the_same_ones_and_the_headings_name_them(flipped):
    axes = (Seeds((1, 2)), parse("subtle", "2 others"))
    matrix = Matrix.of(*axes[::-1] if flipped else axes)
    others = choose_others(RECIPE, 2)
    made = matrix.make(RECIPE)
    expected = {(seed, (Nudge(seed=other, weight=0.1),)) for seed in (1, 2) for other in others}
    assert {(recipe.seed, recipe.nudges) for recipe in made} == expected
    headings = matrix.tabulate(RECIPE)
    assert (headings.columns if flipped else headings.rows) == tuple(f"toward {other} · 0.1" for other in others)
    assert all(Matrix.leads(RECIPE, value, recipe) for recipe, value in made.items())
    assert "other" not in json.dumps(list(made.values()))


def test_a_saved_trail_keeps_nudges_of_nudges_exactly(tmp_path):
    """Also where a browser parses it: its integers are floats."""
    trail = Trail().explore(RECIPE, Seeds((2**64 - 1,))).lock(1, 0, parse(seeds=str(2**63 + 1)))
    trail = trail.lock(2, 0, parse("strong, 1", "4 others")).lock(3, 0, Suffixes((", artsy",)))
    through_floats = json.dumps(json.loads(write_trail(trail), parse_int=lambda digits: int(float(digits))))
    read = read_trail(through_floats)
    assert [[tile.recipe for tile in each.tiles] for each in read.rounds] == [
        [tile.recipe for tile in each.tiles] for each in trail.rounds
    ]
    assert read.round(2).caption(0) == f"toward {2**63 + 1} · 0.1"
    assert read_rule(json.loads(json.dumps(trail.round(3).rule.to_dict()))) == trail.round(3).rule
    again = read.revisit(2).lock(2, 0, parse("strong, 1", "4 others"))
    assert len(again.rounds) == len(trail.rounds), "the same click gives the same round"


def test_a_nudged_picture_is_restored_with_its_rounds(tmp_path):
    trail = Trail().explore(RECIPE, Seeds((0,))).lock(1, 0, parse(seeds="4 others")).lock(2, 3, parse("strong", "9"))
    recipe = trail.tile(3, 0).recipe
    restored = Trail().restore(recipe, trail.lineage_of(3, 0), tmp_path / "a.png")
    assert [each.title for each in restored.visible] == ["Seed 0", "Seed 0 · nudges", "Seed 0 · nudges"]
    assert restored.captions_of(3, 0, 3) == trail.captions_of(3, 0, 3)
