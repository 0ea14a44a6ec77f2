"""Two kinds of rounds at once."""

from dataclasses import replace
from pathlib import Path

import pytest

from seedlab.core.errors import RecipeError
from seedlab.rules.kinds.matrix import Matrix, list_kinds
from seedlab.rules.kinds.nudge import Nudges
from seedlab.rules.kinds.same_seeds import SameSeeds
from seedlab.rules.kinds.seeds import Seeds
from seedlab.rules.kinds.sweep import Sweep
from seedlab.rules.kinds.wordings.suffixes import Suffixes
from seedlab.rules.kinds.wordings.words import Words
from seedlab.rules.other_seeds import choose_others
from seedlab.rules.registry import read_rule
from seedlab.rules.rule import Table
from seedlab.workflow.trails.trail import Trail
from tests.examples import RECIPE

ARTSY = Suffixes((", artsy", ", red"))
DEFAULTS = {each.name: each.default for each in Matrix.parameters}


def parse(**texts):
    return Matrix.parse(DEFAULTS | {f"matrix_{name}": text for name, text in texts.items()})


def test_the_first_click_makes_seeds_by_suffixes():
    matrix = Matrix.parse(DEFAULTS)
    assert len(matrix.make(RECIPE)) == 16
    assert matrix.title([RECIPE]) == "Seeds × suffixes"


def test_a_matrix_is_made_row_by_row_with_headings_on_both_axes():
    matrix = Matrix.of(Seeds((0, 7)), ARTSY)
    prompts = [f"{RECIPE.prompt}{suffix}" for suffix in (", artsy", ", red")]
    expected = [replace(RECIPE, prompt=prompt, seed=seed) for prompt in prompts for seed in (0, 7)]
    assert list(matrix.make(RECIPE)) == expected
    assert matrix.tabulate(RECIPE) == Table(columns=("Seed 0", "Seed 7"), rows=("artsy", "red"))
    assert [matrix.caption(RECIPE, value) for value in matrix.values] == ["artsy", "artsy", "red", "red"]


@pytest.mark.parametrize("flipped", [False, True])
def test_the_other_seeds_of_nudges_are_the_same_in_the_whole_matrix(flipped):
    axes = {"rows": "nudge", "row_values": "subtle", "columns": "seeds", "column_values": "3, 4"}
    if flipped:
        axes = {"columns": "nudge", "column_values": "subtle", "rows": "seeds", "row_values": "3, 4"}
    trail = Trail().explore(RECIPE, Seeds((0, 1))).lock(1, 0, parse(**axes))
    table = trail.newest.table
    assert len(set(table.columns)) == len(table.columns)
    assert len(set(table.rows)) == len(table.rows)
    assert len({tile.recipe.nudges for tile in trail.newest.tiles}) == 4
    assert {tile.recipe.seed for tile in trail.newest.tiles} == {3, 4}


@pytest.mark.parametrize("flipped", [False, True])
def test_a_suffix_extends_the_prompt_of_its_row_or_column(flipped):
    axes = (Words(("a cat", "a boat")), ARTSY)
    recipes = Matrix.of(*(reversed(axes) if flipped else axes)).make(RECIPE)
    assert {recipe.prompt for recipe in recipes} == {"a cat, artsy", "a cat, red", "a boat, artsy", "a boat, red"}


@pytest.mark.parametrize("flipped", [False, True])
def test_each_picture_of_a_matrix_comes_back_alone_also_with_the_prompt_of_its_parent(flipped):
    axes = (Seeds((5, 6)), Words((RECIPE.prompt, "a cat")))
    trail = Trail().explore(RECIPE, Seeds((0,)))
    trail = trail.lock(1, 0, Matrix.of(*(reversed(axes) if flipped else axes)))
    assert len(trail.newest.tiles) == 4
    for index, tile in enumerate(trail.newest.tiles):
        restored = Trail().restore(tile.recipe, trail.lineage_of(2, index), Path("a.png"))
        assert restored.newest.tiles[0].recipe == tile.recipe
        assert restored.newest.caption(0) == trail.newest.caption(index)
    with pytest.raises(RecipeError, match="edit it first"):
        trail.lock(1, 0, Matrix.of(Seeds((5, 6)), Words((RECIPE.prompt,))))


def test_a_matrix_of_one_picture_names_the_seed_that_its_parent_chooses():
    matrix = Matrix.of(Nudges((("other", 0, 0.1),)), Seeds((3,)))
    assert list(matrix.make(RECIPE).values()) == [(("nudge", (choose_others(RECIPE, 1)[0], 0.1)), ("seeds", 3))]


def test_every_kind_can_be_an_axis_with_its_text():
    for choice in list_kinds():
        if choice.name not in ("lora", "strength"):  # which not every picture has
            other = "steps" if choice.name == "seeds" else "seeds"
            text = "1, 2"
            matrix = parse(columns=choice.name, column_values=choice.text, rows=other, row_values=text)
            made = len(matrix.make(RECIPE))
            # Word seeds that choose the same words are one line.
            assert made == len(matrix.values) or (choice.name == "wildcards" and made % 2 == 0)
            assert made > 2
    assert (
        parse(columns="guidance", rows="steps", column_values="1, 2", row_values="3, 4").title([]) == "Guidance × steps"
    )


@pytest.mark.parametrize(
    ("texts", "field", "sentence"),
    [
        ({"columns": "banana"}, "matrix_columns", "is not one of the choices: Seeds, Suffixes"),
        ({"column_values": "many"}, "matrix_column_values", "“many” is not a seed"),
        ({"row_values": " "}, "matrix_row_values", "No suffix given"),
        ({"column_values": "0-64"}, "matrix_column_values", "260 pictures (65×4) are too many for one round: use 256"),
        ({"rows": "guidance", "row_values": "1, 101"}, "matrix_row_values", "from 0 to 100"),
        ({"rows": "seeds", "row_values": "4-5"}, "matrix_column_values", "Two places of this matrix have the same"),
    ],
)
def test_an_error_is_shown_at_its_axis_before_any_work(texts, field, sentence):
    with pytest.raises(RecipeError) as caught:
        parse(**texts).make(RECIPE)
    assert sentence in str(caught.value)
    assert caught.value.field == field


def test_a_matrix_has_no_axis_that_depends_on_a_round():
    with pytest.raises(RecipeError, match="cannot be the columns or rows"):
        Matrix.of(SameSeeds(("a cat",)), ARTSY)


@pytest.mark.parametrize(
    "value",
    [
        "x",
        ("seeds", 3),
        (("seeds", 3),),
        (("seeds", 3), ("nudges", 1)),
        (("matrix", 3), ("seeds", 1)),
        (("seeds", 3), ("steps", 1)),
        (("seeds", 3), ("sweep", "guidance")),
    ],
    ids=str,
)
def test_forged_values_are_refused(value):
    with pytest.raises(RecipeError):
        Matrix.apply(RECIPE, value)
    assert not Matrix.leads(RECIPE, value, RECIPE)


def test_a_part_of_a_matrix_has_no_headings():
    whole = Matrix.of(Seeds((0, 7)), Sweep((("steps", 3), ("steps", 4))))
    assert read_rule(whole.to_dict()) == whole
    assert Matrix(whole.values[:3]).tabulate(RECIPE) is None
    assert Matrix(whole.values[:1]).tabulate(RECIPE) == Table(columns=("Seed 0",), rows=("3 steps",))
