"""Prompt weights as AUTOMATIC1111 writes them."""

import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedlab.core.errors import RecipeError
from seedlab.core.recipes.prompt_weights import choose_syntax, escape, has_marks, parse_weights, strip_typed_weights
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.recipes.recipe_checks import MAX_PROMPT_CHARACTERS
from tests.examples import MODEL, RECIPE


def test_the_example_of_their_parser():
    """From the docstring of `parse_prompt_attention`, without its pieces of nothing but spaces."""
    assert parse_weights(r"a (((house:1.3)) [on] a (hill:0.5), sun, (((sky))).") == (
        ("a ", 1.0),
        ("house", 1.5730000000000004),
        ("on", 1.0),
        (" a ", 1.1),
        ("hill", 0.55),
        (", sun, ", 1.1),
        ("sky", 1.4641000000000006),
        (".", 1.1),
    )


@pytest.mark.parametrize(
    ("prompt", "parts"),
    [
        ("a boat", (("a boat", 1.0),)),
        ("", (("", 1.0),)),
        ("a (red) boat", (("a ", 1.0), ("red", 1.1), (" boat", 1.0))),
        ("a (red: 1.3 ) boat", (("a ", 1.0), ("red", 1.3), (" boat", 1.0))),
        ("[old] boat", (("old", 1 / 1.1), (" boat", 1.0))),
        ("(a (red:2) boat)", (("a ", 1.1), ("red", 2.2), (" boat", 1.1))),
        ("((a)) [[b]]", (("a", 1.1 * 1.1), ("b", 1 / 1.1 * (1 / 1.1)))),
        ("(a) (b)", (("a", 1.1), ("b", 1.1))),
        ("a (red", (("a ", 1.0), ("red", 1.1))),
        ("a boat :)", (("a boat :)", 1.0),)),
        (r"a \(red\) \[old\] boat", (("a (red) [old] boat", 1.0),)),
        (r"(a \(red\):1.2)", (("a (red)", 1.2),)),
        ("(red:1.0) boat", (("red boat", 1.0),)),
        ("(red:1.2.3)", (("red:1.2.3", 1.1),)),
        ("(red:)", (("red:", 1.1),)),
        ("3:2 boat", (("3:2 boat", 1.0),)),
        ("(red:0)", (("red", 0.0),)),
    ],
)
def test_prompts(prompt, parts):
    assert parse_weights(prompt) == parts


@given(st.text(alphabet="()[]\\:.1a ", max_size=30))
def test_escaped_texts_mean_their_characters(text):
    assert parse_weights(escape(text)) == ((text, 1.0),)


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("a (red) boat", True),
        (r"\(red\)", True),
        ("[old]", True),
        ("(a:99)", True),
        ("a:1.3", False),
        ("a boat :)", False),
        (r"a\b", False),
        ("", False),
        ("]", False),
    ],
)
def test_marks(prompt, expected):
    assert has_marks(prompt) == expected
    assert choose_syntax("a boat", prompt) == ("weights" if expected else "")


@pytest.mark.parametrize("prompt", ["(red:10.1)", "(red:-0.5)", "(" * 30 + "red", "(a)" * 201, "(" * 10_000])
def test_what_is_out_of_range_is_refused_in_a_sentence_by_the_field(prompt):
    with pytest.raises(RecipeError, match=r"use 0 to 10\.|use 200 or fewer") as caught:
        replace(RECIPE, negative_prompt=prompt, prompt_syntax="weights")
    assert caught.value.field == "negative_prompt"
    assert strip_typed_weights(prompt) == prompt


def test_hostile_prompts_take_no_time():
    start = time.monotonic()
    for unit in ("(a", "[", "\\(", ":1", "(a:1", "\\"):
        has_marks((unit * MAX_PROMPT_CHARACTERS)[:MAX_PROMPT_CHARACTERS])
    assert time.monotonic() - start < 1


def test_pieces_between_two_brackets_cost_as_much_as_one():
    """A small file may have hundreds of such prompts."""
    start = time.process_time()
    for number in range(30):
        text = "a:" * 4_800 + str(number)
        assert parse_weights("(" * 100 + "[" * 100 + text) == ((text, 1.0000000000000047),)
    assert time.process_time() - start < 0.5


def test_old_recipes_keep_their_fingerprints_and_new_ones_say_how_they_are_read():
    literal = replace(RECIPE, prompt="a (red) boat")
    assert "prompt_syntax" not in literal.to_dict()
    recipe = MODEL.make_recipe(prompt="a (red) boat", seed=0, dtype="float32")
    assert recipe.prompt_syntax == "weights"
    assert recipe.fingerprint != replace(recipe, prompt_syntax="").fingerprint
    assert MODEL.make_recipe(prompt="a red boat :)", seed=0, dtype="float32").prompt_syntax == ""
    assert MODEL.make_recipe(prompt="a", negative_prompt="[fog]", seed=0, dtype="float32").prompt_syntax == "weights"


def test_the_syntax_of_a_prompt_without_marks_is_the_plain_one():
    assert replace(RECIPE, prompt_syntax="weights") == RECIPE
    with pytest.raises(RecipeError):
        replace(RECIPE, prompt_syntax="compel")


@pytest.mark.parametrize("syntax", ["", "weights"])
def test_a_prompt_is_typed_so_that_it_means_the_same_again(syntax):
    recipe = replace(RECIPE, prompt="a (red) boat", negative_prompt=r"c:\fog", prompt_syntax=syntax)
    typed = {name: recipe.write_prompt(name) for name in ("prompt", "negative_prompt")}
    again = replace(RECIPE, **typed, prompt_syntax="weights")
    assert [parse_weights(each) for each in again.prompts] == [
        parse_weights(each) if syntax else ((each, 1.0),) for each in recipe.prompts
    ]


def test_models_that_read_no_weights_refuse_them_but_not_escaped_brackets():
    model = replace(MODEL, name="Flux", weighted_encoders=())
    with pytest.raises(RecipeError, match=r"Flux reads no weights such as \(word:1.3\)") as caught:
        model.make_recipe(prompt="a", negative_prompt="(fog)", guidance_scale=3, seed=0, dtype="float32")
    assert caught.value.field == "negative_prompt"
    recipe = model.make_recipe(prompt=r"a \(red\) boat", seed=0, dtype="float32")
    assert isinstance(recipe, Recipe)
