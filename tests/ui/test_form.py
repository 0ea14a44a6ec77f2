"""The fields of the panel: what is read of them, and the sentence under the one that is wrong."""

import pytest

from seedlab.ui.form import read_number
from seedlab.ui.handlers import list_schedulers


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
        ("width", {"width": "100"}),
        ("height", {"height": "4096"}),
        ("scheduler", {"scheduler": "nonsense"}),
    ],
)
def test_a_mistake_is_named_under_its_field_and_nothing_starts(page, painter, field, values):
    page.explore(**values)
    assert list(page.sentences) == [field]
    assert page.view["rounds"] == []
    page.explore()
    assert page.sentences == {}, "cleared on the next try"


def test_a_mistake_under_advanced_opens_it(page):
    page.explore(width="100")
    assert page.advanced["open"]


def test_a_lock_without_suffixes_is_named_under_the_suffixes(page):
    page.explore()
    page.develop()
    page.click(1, 0, suffixes="\n")
    assert list(page.sentences) == ["suffixes"]
    page.click(1, 0, suffixes="x" * 9_999)
    assert list(page.sentences) == ["suffixes"], "the prompt became too long by its suffix"


def test_a_models_defaults_are_shown_in_the_empty_fields(page):
    *_, (steps, guidance, scheduler, width, height, *words, sentence) = page.handlers.choose_model("sketch")
    assert [each["visible"] for each in words] == [True] * 3
    assert [update["placeholder"] for update in (steps, guidance, width, height)] == ["12", "3", "128", "128"]
    assert scheduler["choices"][0] == ("Default: DPM++ 2M", "")
    assert sentence == ""


@pytest.mark.parametrize("model_id", ["nobody/nothing", "", None])
def test_a_model_that_cannot_be_used_is_named_under_the_field(page, model_id):
    *_, (*_, sentence) = page.handlers.choose_model(model_id)
    assert "model" in sentence


@pytest.mark.parametrize(
    ("text", "number"), [("20", 20), ("7.5", 7.5), ("7,5", 7.5), (" 3 ", 3), ("0", 0), ("", None), (None, None)]
)
def test_numbers_are_read_as_people_write_them(text, number):
    assert read_number("width", text) == number


def test_schedulers_are_offered_by_label():
    assert ("DPM++ 2M Karras", "DPMSolverMultistepScheduler Karras") in list_schedulers()
