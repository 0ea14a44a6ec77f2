"""Wildcards: words that a word seed chooses, and what hostile templates cannot do."""

import json
import time
from dataclasses import replace

import pytest

from seedlab.core.errors import RecipeError
from seedlab.rules import expansion
from seedlab.rules.expansion import VARIABLE, find_choice, split_choices
from seedlab.rules.kinds.wordings.wildcards import Wildcards
from seedlab.rules.registry import read_rule
from tests.examples import RECIPE

BOAT = replace(RECIPE, prompt="a boat", seed=7)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The operator's folder of wildcards, and a secret beside it."""
    folder = tmp_path / "wildcards"
    (folder / "sea").mkdir(parents=True)
    (folder / "medium.txt").write_text("# comment\noil\nink\n", encoding="utf-8")
    (folder / "sea" / "weather.txt").write_text("storm in __medium__\n", encoding="utf-8")
    (folder / "loop.txt").write_text("__loop__ __loop__\n")
    (folder / "double.txt").write_text(" ".join(["__medium__"] * 90) + " __twice__\n")
    (folder / "twice.txt").write_text("__double2__\n")
    (folder / "double2.txt").write_text(" ".join(["__medium__"] * 90) + "\n")
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    monkeypatch.setenv(VARIABLE, str(folder))
    return folder


def expand(template: str, parent=BOAT, seeds: str = "0-7") -> list[str]:
    return [recipe.prompt for recipe in Wildcards.parse({"template": template, "word_seeds": seeds}).make(parent)]


def test_the_picture_keeps_its_seed_and_word_seeds_choose_the_words():
    rule = Wildcards.parse({"template": ", {oil|ink}, {day|night}", "word_seeds": "0-9"})
    made = rule.make(BOAT)
    assert {recipe.prompt for recipe in made} <= {f"a boat, {a}, {b}" for a in ("oil", "ink") for b in ("day", "night")}
    assert 2 <= len(made) <= 4
    assert {replace(recipe, prompt="") for recipe in made} == {replace(BOAT, prompt="")}
    assert made == rule.make(BOAT), "the same words every time"
    for recipe, value in made.items():
        assert recipe.prompt == f"a boat, {Wildcards.caption(recipe, value)}"


def test_a_template_without_a_comma_is_the_whole_prompt_and_an_empty_one_the_locked_prompt():
    assert set(expand("a {red|blue} ship")) == {"a red ship", "a blue ship"}
    parent = replace(BOAT, prompt="a {red|blue} ship")
    assert set(expand("", parent)) == {"a red ship", "a blue ship"}
    assert set(expand(", {a|b}", parent)) == {f"a {c} ship, {x}" for c in ("red", "blue") for x in "ab"}


def test_a_made_tile_needs_no_files_and_no_library(folder, monkeypatch):
    made = Wildcards.parse({"template": "a boat in __sea/weather__", "word_seeds": "3"}).make(BOAT)
    ((recipe, value),) = made.items()
    assert recipe.prompt in ("a boat in storm in oil", "a boat in storm in ink")
    monkeypatch.delenv(VARIABLE)
    monkeypatch.setattr(expansion, "_choose", None)
    again = read_rule(json.loads(json.dumps(Wildcards((value,)).to_dict())))
    assert again.make(BOAT) == made
    assert Wildcards.leads(BOAT, value, recipe)
    assert not Wildcards.leads(BOAT, value, replace(recipe, prompt="a boat in storm in tar"))


def test_what_stands_outside_of_choices_means_itself():
    text = "100% cotton, #1, $5 {plain} {{very}} \\ “x”\n__ _a_"
    assert expand(f"{text} {{a|a}}") == [f"{text} a"]
    assert find_choice(text) == ""
    assert split_choices("a {b|c} d __e__")[1::2] == ("{b|c}", "__e__")


def test_weights_of_chosen_words_are_read_and_brackets_of_the_old_prompt_stay_characters():
    (recipe,) = Wildcards.parse({"template": ", {(ink:1.2)|(ink:1.2)}", "word_seeds": "0"}).make(
        replace(BOAT, prompt="a (red) boat")
    )
    assert (recipe.prompt, recipe.prompt_syntax) == (r"a \(red\) boat, (ink:1.2)", "weights")


def test_late_words_are_added_to_and_not_replaced():
    late = replace(BOAT, late_prompt="a boat at night", late_step=3)
    (recipe,) = Wildcards.parse({"template": ", {ink|ink}", "word_seeds": "0"}).make(late)
    assert (recipe.prompt, recipe.late_prompt) == ("a boat, ink", "a boat at night, ink")
    with pytest.raises(RecipeError, match="late words"):
        expand("a {red|blue} ship", late)


@pytest.mark.parametrize(
    ("template", "sentence"),
    [
        (", ink", "nothing to choose"),
        ("", "nothing to choose"),
        ("{a|b#c}", "“{a|b#c}” cannot be read"),
        ("{a|${x}}", "cannot be read"),
        ("__nope__", "no wildcard “nope”"),
        ("__../secret__", "nothing to choose"),
        ("__loop__", "name each other more than 100 times|cannot be read"),
        ("__double__", "name each other more than 100 times"),
        ("__link__", "no wildcard “link”"),
        ("{a|" * 6 + "b" + "}" * 6, "read 5 deep"),
        ("{a|b}" * 100, "more than 200"),
        (", {(a:99)|(a:99)}", "out of range"),
    ],
)
def test_what_cannot_be_expanded_is_refused_in_a_sentence(folder, template, sentence):
    with pytest.raises(RecipeError, match=sentence) as caught:
        expand(template)
    assert caught.value.field == "template"
    assert str(folder) not in str(caught.value)


def test_no_wildcards_without_a_folder(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(RecipeError, match="this server has no wildcard files"):
        expand("__medium__")


def test_word_seeds_that_are_none_are_an_error_of_their_field():
    with pytest.raises(RecipeError, match="“x” is not a seed") as caught:
        Wildcards.parse({"template": "{a|b}", "word_seeds": "x"})
    assert caught.value.field == "word_seeds"


@pytest.mark.parametrize("value", [3, ("{a|b}",), ("{a|b}", "0"), ("{a|b}", 0, "a"), ("{a|b}", 0, (1,)), (0, 0)])
def test_a_value_that_is_none_is_refused(value):
    with pytest.raises(RecipeError, match="missing"):
        Wildcards.apply(BOAT, value)


@pytest.mark.parametrize("chosen", [("oil", "ink"), ()])
def test_choices_that_do_not_fit_are_refused(chosen):
    with pytest.raises(RecipeError, match=r"do not fit|nothing to choose"):
        Wildcards.apply(BOAT, (", {a|b}", 0, chosen))


def test_hostile_templates_take_little_time():
    start = time.monotonic()
    for template in (
        "{a|" * 60,
        "{" * 10_000,
        "__" * 5000,
        "{a|b}" * 60,
        "{" * 5 + "a|b" + "}" * 5,
        "{2$$a|b|c}",
        "{9999$$a|b}",
    ):
        for text in (template, template[:100]):
            try:
                expand(text, seeds="0")
            except RecipeError:
                continue
    assert time.monotonic() - start < 8
