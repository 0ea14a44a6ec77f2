"""Late words: a suffix that joins after some of the locked picture's own steps."""

from dataclasses import replace

import pytest

from seedlab.core.errors import RecipeError
from seedlab.rules.kinds.wordings.late_words import LateWords, count_steps, read_step
from tests.examples import RECIPE


def test_the_prompt_ends_with_the_suffix_after_a_quarter_of_the_steps():
    rule = LateWords.parse({"late_prompt": ", artsy\nat night", "late_step": "25%"})
    assert tuple(rule.make(RECIPE)) == (
        replace(RECIPE, late_prompt="Labrador in the style of Vermeer, artsy", late_step=3),
        replace(RECIPE, late_prompt="Labrador in the style of Vermeer at night", late_step=3),
    )
    assert [LateWords.caption(RECIPE, value) for value in rule.values] == ["artsy after 25%", "at night after 25%"]
    assert rule.title([RECIPE]) == "Seed 0 · late words"


@pytest.mark.parametrize(
    ("text", "steps", "expected"),
    [
        ("", 12, 5),
        ("25%", 13, 4),
        (" 50 % ", 12, 6),
        ("1%", 50, 1),
        ("99%", 4, 3),
        ("25%", 2, 1),
        ("5", 12, 5),
        ("１１", 12, 11),
        ("3.0", 12, 3),
        ("25％", 12, 3),
    ],
)
def test_steps_are_read_as_people_write_them(text, steps, expected):
    assert count_steps(read_step(text), steps) == expected


@pytest.mark.parametrize("text", ["0%", "100%", "1.5", "soon", "%"])
def test_what_is_no_step_is_refused(text):
    with pytest.raises(RecipeError, match=r"1% to 99%|not a whole number") as caught:
        LateWords.parse({"late_prompt": ", artsy", "late_step": text})
    assert caught.value.field == "late_step"


@pytest.mark.parametrize("step", [0, 12, 13, True, "100%", "3", 2.5, None])
def test_a_step_that_the_picture_does_not_have_is_an_error_of_the_field(step):
    with pytest.raises(RecipeError, match=r"join after step 1 to 11 of this picture") as caught:
        LateWords.apply(RECIPE, (", artsy", step))
    assert caught.value.field == "late_step"


def test_a_picture_of_one_step_has_none():
    with pytest.raises(RecipeError, match="2 steps or more"):
        LateWords.apply(replace(RECIPE, num_inference_steps=1), (", artsy", "25%"))


@pytest.mark.parametrize("value", [3, ", artsy", ("", 3), (3, 3), (", artsy",), (", artsy", 3, 3)])
def test_a_value_that_is_no_suffix_and_step_is_refused(value):
    with pytest.raises(RecipeError, match="must be text"):
        LateWords.apply(RECIPE, value)
    assert not LateWords.leads(RECIPE, value, RECIPE)


def test_words_that_join_later_than_those_before_are_refused_and_earlier_ones_add_up():
    parent = replace(RECIPE, prompt="a boat", late_prompt="a boat, artsy", late_step=3)
    with pytest.raises(RecipeError, match="change after step 3, and more can join only until then: choose 3 or less"):
        LateWords.apply(parent, (", at night", 4))
    child = LateWords.apply(parent, (", at night", 2))
    assert (child.prompt, child.late_prompt, child.late_step) == ("a boat", "a boat, artsy, at night", 2)


def test_a_suffix_with_weights_is_read_as_such():
    child = LateWords.apply(replace(RECIPE, prompt="a (red) boat"), (", (artsy:1.3)", 3))
    assert (child.prompt, child.prompt_syntax) == (r"a \(red\) boat", "weights")
    assert child.late_prompt == r"a \(red\) boat, (artsy:1.3)"
    with pytest.raises(RecipeError, match="out of range") as caught:
        LateWords.apply(RECIPE, (", (artsy:99)", 3))
    assert caught.value.field == "late_prompt"


@pytest.mark.parametrize(
    "changes",
    [
        {"late_prompt": "a boat"},
        {"late_step": 3},
        {"late_prompt": "a boat", "late_step": 12},
        {"late_prompt": RECIPE.prompt, "late_step": 3},
        {"late_prompt": "a boat", "late_step": 3, "num_inference_steps": 3},
    ],
    ids=str,
)
def test_recipes_without_a_meaning_are_refused(changes):
    with pytest.raises(RecipeError):
        replace(RECIPE, **changes)
