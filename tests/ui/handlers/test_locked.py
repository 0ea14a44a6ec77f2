"""With a picture locked, the panel varies it: by what was edited, or by the rule that is chosen."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from seedlab.core.models.model_card import ModelCard
from seedlab.rules.registry import list_parameters
from seedlab.ui.blocks.form import ADVANCED, FORM, Form
from seedlab.ui.handlers.exploring import FOLLOWERS
from seedlab.ui.handlers.page import Handlers
from tests.ui.fakes import SKETCH, make_services
from tests.ui.page import SUFFIXES, Page, address

PROMPT = "Labrador"


def press(page, rule="suffixes", prompt=PROMPT, seeds="0-3", texts=(), **changes):
    """Press the panel's button."""
    named = {each.name: each.default for each in list_parameters()} | {"suffixes": SUFFIXES} | dict(texts)
    advanced = dict.fromkeys(ADVANCED, "") | changes
    form = Form(prompt, seeds, False, "", advanced.pop("model_id", "sketch"), **advanced)
    outputs = page.handlers.generate(page.state, rule, *named.values(), *vars(form).values())
    update, page.notice, page.advanced, page.seeds, *errors = outputs
    page._show(update, errors)


def follow(page, why="change", **values):
    """Let the panel follow the sheet. Returns its outputs by name."""
    served = {"prompt": PROMPT, "seeds": "0-3", "model_id": "sketch", "generator_device": "cpu"}
    present = dict.fromkeys(FORM, "") | served | values
    event = SimpleNamespace(_data={"why": why})
    return dict(zip(FOLLOWERS, page.handlers.follow(event, page.state, *present.values()), strict=True))


def read(outputs):
    return {name: value for name, value in outputs.items() if isinstance(value, str | bool)}


def captions(page):
    return [tile["caption"] for tile in page.view["rounds"][-1]["tiles"]]


def test_the_button_names_what_it_varies_and_generates_where_nothing_is_locked(page):
    page.explore()
    assert follow(page)["generate"]["value"] == "Generate"
    assert page.view["panel"]["locked"] == "", "the second button is shown by this"
    page.develop()
    page.click(1, 2)
    assert page.view["panel"]["locked"] == "seed 2"
    assert follow(page)["generate"]["value"] == "Vary seed 2"


def test_seed_0_is_locked_like_any_other(page):
    page.explore()
    page.develop()
    page.click(1, 0)
    assert follow(page)["generate"]["value"] == "Vary seed 0"


def test_pressing_it_makes_a_round_of_the_locked_picture_by_the_chosen_rule(locked):
    press(locked, texts={"suffixes": ", at night\n, in snow"})
    assert locked.errors == {}
    assert locked.view["rounds"][-1]["parent"] == [1, 2]
    assert captions(locked) == ["at night", "in snow"]
    assert len(locked.view["roots"]) == 0, "no other first round"
    press(locked, rule="sweep", texts={"sweep": "1.5, 2"})
    assert captions(locked) == ["guidance 1.5", "guidance 2"]
    press(locked, rule="nudge")
    assert len(captions(locked)) == 4


@pytest.mark.parametrize(
    ("changes", "rule", "caption"),
    [
        ({"prompt": "Labrador at night"}, "words", "at night"),
        ({"guidance_scale": "1.5"}, "sweep", "guidance 1.5"),
        ({"seed_variety": "0.5"}, "sweep", "seed variety 0.5"),
        ({"seed_variety": "0.5", "guidance_scale": "1.5"}, "edit", "guidance 1.5 · seed variety 0.5"),
        ({"num_inference_steps": "20"}, "sweep", "20 steps"),
        ({"scheduler": "EulerDiscreteScheduler"}, "sweep", "Euler"),
        ({"width": "192"}, "sweep", "192×128"),
        ({"negative_prompt": "blur"}, "edit", "negative prompt: blur"),
        ({"prompt": "cat", "guidance_scale": "1.5", "height": "192"}, "edit", "cat · guidance 1.5 · 128×192"),
    ],
)
def test_an_edited_field_makes_a_child_of_the_locked_picture(locked, painter, changes, rule, caption):
    before = painter.painted[2]
    painter.painted.clear()
    press(locked, **changes)
    assert locked.errors == {}
    locked.develop()
    assert captions(locked) == [caption]
    assert locked.view["rounds"][-1]["parent"] == [1, 2]
    assert locked.state.session.trail.newest.rule.name == rule
    assert [recipe.seed for recipe in painter.painted] == [2]
    assert set(painter.painted[0].list_changes(before)) - {"seed_variety_steps"} == set(changes)


def test_the_next_edit_continues_from_a_round_with_a_single_picture(locked):
    press(locked, prompt="cat")
    first = locked.state.session.trail.newest.id
    locked.develop()
    press(locked, prompt="cat", guidance_scale="1.5")
    assert locked.view["rounds"][-1]["parent"] == [first, 0]
    assert captions(locked) == ["guidance 1.5"]


def test_a_bad_edit_shows_its_error_under_its_own_field(locked):
    rounds = len(locked.view["rounds"])
    press(locked, guidance_scale="-1")
    assert list(locked.errors) == ["guidance_scale"]
    assert locked.advanced["open"]
    press(locked, loras="ink.safetensors 0.5")
    assert list(locked.errors) == ["loras"]
    press(locked, texts={"suffixes": ""})
    assert list(locked.errors) == ["suffixes"]
    assert len(locked.view["rounds"]) == rounds


def test_where_nothing_is_new_it_says_so(locked):
    press(locked)
    assert locked.notice.startswith("Nothing new")
    press(locked, texts={"suffixes": ", at night"})
    assert locked.notice == ""
    fresh = Page(locked.handlers, tab="other")
    fresh.open()
    fresh.explore()
    fresh.develop()
    fresh.explore()
    assert fresh.notice.startswith("Nothing new")


def test_suffixes_that_the_prompt_has_drop_out_with_a_word(locked):
    locked.click(2, 1)  # artsy
    assert captions(locked) == ["highly realistic", "trending", "colorful"]
    assert locked.notice == "Left out, because the prompt has it already: “artsy”."
    locked.develop()
    locked.click(2, 1, suffixes=", Artsy")
    assert list(locked.errors) == ["suffixes"]


def test_another_size_of_a_locked_seed_is_warned_of_before_and_after(locked):
    warning = locked.handlers.warn_of_size(locked.state, "192", "")
    assert warning.startswith("Another size changes the composition: at 192×128, seed 2")
    assert locked.handlers.warn_of_size(locked.state, "128", "") == ""
    press(locked, width="192")
    assert locked.notice == warning


def test_the_fields_show_the_locked_picture_and_keep_what_was_edited(locked):
    follow(locked)
    locked.click(2, 1)
    assert read(follow(locked)) == {"prompt": "Labrador, artsy"}
    locked.click(2, 0)
    assert read(follow(locked, prompt="my own words")) == {}
    assert read(follow(locked, prompt="Labrador, artsy")) == {"prompt": "Labrador, highly realistic"}


def test_going_back_lets_the_panel_agree_with_the_sheet(page):
    page.explore()
    page.develop()
    follow(page)
    page.explore(prompt="boat", seeds="5, 17", guidance_scale="2")
    page.develop()
    assert read(follow(page, prompt="boat", seeds="5, 17", guidance_scale="2")) == {}, "it agrees"
    page.revisit(1)
    assert read(follow(page, prompt="edited", seeds="5, 17", guidance_scale="2")) == {
        "prompt": PROMPT,
        "seeds": "0-3",
        "guidance_scale": "",
    }


def test_unlocking_lets_the_button_generate_until_a_picture_is_locked_again(locked):
    update, *_ = locked.handlers.unlock(locked.state)
    locked.shown.merge(update)
    assert locked.view["panel"]["locked"] == ""
    press(locked, prompt="boat")
    assert locked.view["rounds"][0]["parent"] is None
    assert len(locked.view["roots"]) == 2
    locked.revisit(1)
    assert locked.view["panel"]["locked"] == "seed 2"


def test_unlocking_while_a_single_picture_is_made_lasts(locked):
    press(locked, prompt="cat")
    locked.handlers.unlock(locked.state)
    locked.develop()
    assert locked.view["panel"]["locked"] == ""


def test_first_rounds_are_told_apart_by_what_differs(page):
    page.explore()
    page.explore(guidance_scale="1.5")
    page.explore(guidance_scale="2", num_inference_steps="20")
    page.explore(prompt="boat")
    labels = [root["label"] for root in page.view["roots"]]
    assert labels == [
        "Labrador · 0–3 · guidance 3 · 12 steps",
        "Labrador · 0–3 · guidance 1.5 · 12 steps",
        "Labrador · 0–3 · guidance 2 · 20 steps",
        "boat · 0–3",
    ]


def test_a_large_download_is_confirmed(painter):
    card = ModelCard(licence="", download=5.5, memory=5)
    model = replace(SKETCH, model_id="owner/large", name="Large", card=card)
    services = replace(make_services(painter), find_model=lambda _: model, is_here=lambda _: False)
    page = Page(Handlers(services, address))
    page.open()
    page.explore(model_id="owner/large")
    assert page.errors == {"model_id": "Large has to be downloaded first, 5.5 GB: press the button again to begin."}
    page.explore(model_id="owner/large")
    assert page.errors == {}
