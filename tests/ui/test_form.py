"""The fields of the panel: what is read of them, and the sentence under the one that is wrong."""

from dataclasses import replace

import pytest

from seedlab.core.errors import RecipeError
from seedlab.core.model import Card
from seedlab.ui.fields import FITTED, list_schedulers
from seedlab.ui.form import read_number
from seedlab.ui.handlers import Handlers
from tests.ui.fakes import SKETCH, make_services
from tests.ui.page import Page


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("seeds", {"seeds": "banana"}),
        ("seeds", {"seeds": ""}),
        ("seeds", {"seeds": "-1"}),
        ("prompt", {"prompt": "x" * 20_000}),
        ("negative_prompt", {"negative_prompt": "x" * 20_000}),
        ("model_id", {"model_id": ""}),
        ("model_id", {"model_id": "nobody/nothing"}),
        ("num_inference_steps", {"num_inference_steps": "many"}),
        ("num_inference_steps", {"num_inference_steps": "2.5"}),
        ("guidance_scale", {"guidance_scale": "-1"}),
        ("width", {"width": "100.5"}),
        ("width", {"width": "8"}),
        ("height", {"height": "4096"}),
        ("scheduler", {"scheduler": "nonsense"}),
        ("loras", {"loras": "banana"}),
    ],
)
def test_a_mistake_is_named_under_its_field_and_nothing_starts(page, painter, field, values):
    page.explore(**values)
    assert list(page.sentences) == [field]
    assert page.view["rounds"] == []
    page.explore()
    assert page.sentences == {}, "cleared on the next try"


def test_a_mistake_under_advanced_opens_it(page):
    page.explore(width="9999")
    assert page.advanced["open"]


def test_a_size_snaps_to_one_that_the_model_makes_and_says_so(page, painter):
    page.explore(width="100", height="128", seeds="0")
    page.develop()
    assert (painter.painted[0].width, painter.painted[0].height) == (104, 128)
    assert page.notice == "Sketch makes sizes in steps of 8 pixels: 100 became 104."
    page.explore(width="104", seeds="0")
    assert page.notice == ""


def test_a_lock_without_suffixes_is_named_under_the_suffixes(page):
    page.explore()
    page.develop()
    page.click(1, 0, suffixes="\n")
    assert list(page.sentences) == ["suffixes"]
    page.click(1, 0, suffixes="x" * 9_999)
    assert list(page.sentences) == ["suffixes"], "the prompt became too long by its suffix"


def test_a_models_defaults_are_shown_in_the_empty_fields(page):
    *_, outputs = page.handlers.choose_model("sketch", "suffixes")
    steps, guidance, scheduler, width, height, *words, sentence, about = outputs
    assert [each["visible"] for each in words] == [True] * 5
    assert [update["placeholder"] for update in (steps, guidance, width, height)] == ["12", "3", "128", "128"]
    assert scheduler["choices"][0] == ("Default: DPM++ 2M", "")
    assert (sentence, about) == ("", "")


@pytest.mark.parametrize("model_id", ["nobody/nothing", "", None])
def test_a_model_that_cannot_be_used_is_named_under_the_field(page, model_id):
    *_, (*_, sentence, about) = page.handlers.choose_model(model_id, "suffixes")
    assert "model" in sentence
    assert about == ""


@pytest.mark.parametrize("field", FITTED)
def test_choosing_a_model_never_overwrites_what_the_visitor_changed(page, field):
    *_, (*updates, _, _) = page.handlers.choose_model("sketch", "suffixes")
    assert "value" not in dict(zip(FITTED, updates, strict=True))[field]


def choose(painter, **changes):
    """Choose a model that differs from Sketch; returns the page, the updates of the fields, and what is said."""
    model = replace(SKETCH, **changes)
    page = Page(Handlers(replace(make_services(painter), find_model=lambda model_id: model)))
    page.open()
    *_, (*updates, sentence, about) = page.handlers.choose_model("sketch", "suffixes")
    assert sentence == ""
    return page, dict(zip(FITTED, updates, strict=True)), about


def test_what_to_know_of_a_model_is_said_calmly(painter):
    card = Card(licence="Apache 2.0", download=33.7, memory=36, gated=True, seeds="The seed decides little here.")
    _, _, about = choose(painter, model_id="owner/name", card=card)
    assert about == (
        "Licence: Apache 2.0. 33.7 GB to download, about 36 GB of memory. Its licence has to be accepted first, at "
        "https://huggingface.co/owner/name. The seed decides little here."
    )


def test_what_a_model_does_not_read_is_hidden_said_and_left_out(painter):
    page, updates, about = choose(painter, ignores=("negative_prompt", "guidance_scale"))
    assert {name for name, update in updates.items() if update.get("visible") is False} == {
        "negative_prompt",
        "guidance_scale",
    }
    assert about == "It takes no negative prompt and no guidance."
    page.explore(negative_prompt="fog", guidance_scale="9", seeds="7")
    page.develop()
    assert (painter.painted[0].negative_prompt, painter.painted[0].guidance_scale) == ("", 3.0)


@pytest.mark.parametrize(
    ("text", "number"), [("20", 20), ("7.5", 7.5), ("7,5", 7.5), (" 3 ", 3), ("0", 0), ("", None), (None, None)]
)
def test_numbers_are_read_as_people_write_them(text, number):
    assert read_number("width", text) == number


def test_schedulers_are_offered_by_label():
    assert ("DPM++ 2M Karras", "DPMSolverMultistepScheduler Karras") in list_schedulers()


def test_a_model_that_is_not_offered_is_looked_at_and_what_is_wrong_with_it_is_said_at_once(painter):
    def resolve(model):
        raise RecipeError("model_id", "There is no model owner/nmae on the Hub: check the id.")

    services = replace(make_services(painter), find_model=lambda model_id: SKETCH, resolve_model=resolve)
    page = Page(Handlers(services))
    page.open()
    *_, (*_, sentence, about) = page.handlers.choose_model("owner/nmae", "suffixes")
    assert (sentence, about) == ("There is no model owner/nmae on the Hub: check the id.", "")
    *_, (*_, sentence, _) = page.handlers.choose_model("sketch", "suffixes")
    assert sentence == ""


def test_where_a_negative_prompt_is_not_read_by_default_the_field_says_so(painter):
    _, updates, _ = choose(painter, guidance_scale=0.0)
    assert updates["negative_prompt"]["placeholder"] == "Read only with guidance above 1"
    _, updates, _ = choose(painter)
    assert updates["negative_prompt"]["placeholder"] == ""


def test_visitors_who_may_not_name_files_are_never_shown_the_field_for_them(painter):
    handlers = Handlers(replace(make_services(painter), local=False))
    *_, (*updates, _, _) = handlers.choose_model("sketch", "suffixes")
    assert updates[FITTED.index("loras")]["visible"] is False
