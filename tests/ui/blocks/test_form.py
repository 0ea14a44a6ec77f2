"""Parsing of the panel's fields, and the error under an invalid one."""

from dataclasses import replace

import pytest

from seedlab.core.errors import RecipeError
from seedlab.core.models.fit import Fit
from seedlab.core.models.model_card import ModelCard
from seedlab.ui.blocks.fields import MODEL_DEPENDENT, list_schedulers
from seedlab.ui.handlers.page import Handlers
from tests.ui.fakes import SKETCH, make_services
from tests.ui.page import Page, address


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
        ("seed_variety", {"seed_variety": "3"}),
        ("loras", {"loras": "banana"}),
    ],
)
def test_an_invalid_value_shows_an_error_under_its_field_and_starts_nothing(page, painter, field, values):
    page.explore(**values)
    assert list(page.errors) == [field]
    assert page.view["rounds"] == []
    page.explore()
    assert page.errors == {}, "cleared by the next event"


def test_an_error_under_advanced_opens_the_accordion(page):
    page.explore(width="9999")
    assert page.advanced["open"]


def test_an_unsupported_size_is_rounded_with_a_notice(page, painter):
    page.explore(width="100", height="128", seeds="0")
    page.develop()
    assert (painter.painted[0].width, painter.painted[0].height) == (104, 128)
    assert page.notice == "Sketch makes sizes in steps of 8 pixels: 100 became 104."
    page.explore(width="104", seeds="1")
    assert page.notice == ""


def test_seed_variety_is_noise_in_the_first_steps(page, painter):
    page.explore(seed_variety="0.5", num_inference_steps="8", seeds="0")
    page.develop()
    assert (painter.painted[0].seed_variety, painter.painted[0].seed_variety_steps) == (0.5, 2)


def test_random_seeds_are_written_into_the_field(page, painter):
    page.explore(seeds="18446744073709551615, random 3")
    page.develop()
    drawn = [recipe.seed for recipe in painter.painted]
    assert drawn[0] == 2**64 - 1
    assert len(set(drawn)) == 4
    assert page.seeds == ", ".join(map(str, drawn))
    assert [tile["seed"] for tile in page.view["rounds"][0]["tiles"]] == [str(seed) for seed in drawn]
    page.explore(seeds=page.seeds)
    assert len(page.view["rounds"]) == 1, "the same seeds are the same round"
    assert not isinstance(page.seeds, str), "the field stays as it is"


def test_random_seeds_of_a_round_that_is_refused_are_not_written(page):
    page.explore(seeds="random 2", width="9999")
    assert not isinstance(page.seeds, str)


def test_locking_without_suffixes_shows_an_error_under_them(page):
    page.explore()
    page.develop()
    page.click(1, 0, suffixes="\n")
    assert list(page.errors) == ["suffixes"]
    page.click(1, 0, suffixes="x" * 9_999)
    assert list(page.errors) == ["suffixes"], "prompt and suffix together are too long"


def test_empty_fields_show_the_models_defaults_as_placeholders(page):
    *_, outputs = page.handlers.choose_model("sketch", "suffixes")
    steps, guidance, scheduler, width, height, *others, error, about = outputs
    assert [each["visible"] for each in others] == [True] * 6
    assert [update["placeholder"] for update in (steps, guidance, width, height)] == ["12", "3", "128", "128"]
    assert scheduler["choices"][0] == ("Default: DPM++ 2M", "")
    assert (error, about) == ("", "")


@pytest.mark.parametrize("model_id", ["nobody/nothing", "", None])
def test_an_unusable_model_shows_an_error_under_its_field(page, model_id):
    *_, (*_, error, about) = page.handlers.choose_model(model_id, "suffixes")
    assert "model" in error
    assert about == ""


@pytest.mark.parametrize("field", MODEL_DEPENDENT)
def test_choosing_a_model_never_overwrites_user_input(page, field):
    *_, (*updates, _, _) = page.handlers.choose_model("sketch", "suffixes")
    assert "value" not in dict(zip(MODEL_DEPENDENT, updates, strict=True))[field]


def choose(painter, **changes):
    """Choose a variant of Sketch. Returns the page, the updates by field, and the model notes."""
    model = replace(SKETCH, **changes)
    page = Page(Handlers(replace(make_services(painter), find_model=lambda model_id: model), address))
    page.open()
    *_, (*updates, error, about) = page.handlers.choose_model("sketch", "suffixes")
    assert error == ""
    return page, dict(zip(MODEL_DEPENDENT, updates, strict=True)), about


def test_model_notes_give_licence_size_and_effect_of_the_seed(painter):
    card = ModelCard(licence="Apache 2.0", download=33.7, memory=36, gated=True, seeds="The seed decides little here.")
    _, _, about = choose(painter, model_id="owner/name", card=card)
    assert about == (
        "Licence: Apache 2.0. 33.7 GB to download, about 36 GB of memory. Accept its licence first at "
        "https://huggingface.co/owner/name. The seed decides little here. Seed variety, such as 0.5, makes its seeds "
        "differ more."
    )


def test_model_notes_say_that_another_scheduler_is_the_default(painter):
    _, _, about = choose(painter, replaced_scheduler="LMSDiscreteScheduler")
    assert about.endswith("with the scheduler LMSDiscrete, which SeedLab does not offer: DPM++ 2M is its default here.")


def test_ignored_arguments_are_hidden_noted_and_left_out_of_the_recipe(painter):
    page, updates, about = choose(painter, ignores=("negative_prompt", "guidance_scale"))
    assert {name for name, update in updates.items() if update.get("visible") is False} == {
        "negative_prompt",
        "guidance_scale",
    }
    assert about == "It ignores the negative prompt and guidance."
    page.explore(negative_prompt="fog", guidance_scale="9", seeds="7")
    page.develop()
    assert (painter.painted[0].negative_prompt, painter.painted[0].guidance_scale) == ("", 3.0)


def test_numbers_are_read_as_on_the_command_line(page, painter):
    page.explore(
        seeds="１", num_inference_steps="20.0", guidance_scale="7,5", width=" １２０ ", height="", prompt="a cat"
    )
    page.develop()
    made = painter.painted[0]
    assert (made.seed, made.num_inference_steps, made.guidance_scale) == (1, 20, 7.5)
    assert (made.width, made.height) == (120, SKETCH.height)


def test_a_scheduler_is_read_by_any_of_its_names(page, painter):
    page.explore(seeds="0", scheduler="dpm++ 2m karras")
    page.develop()
    assert painter.painted[0].scheduler == "DPMSolverMultistepScheduler Karras"


def test_schedulers_are_listed_by_label():
    assert ("DPM++ 2M Karras", "DPMSolverMultistepScheduler Karras") in list_schedulers()


def test_a_model_outside_the_list_is_resolved_and_its_error_shown_at_once(painter):
    def resolve(model):
        raise RecipeError("model_id", "There is no model owner/nmae on the Hub: check the id.")

    services = replace(make_services(painter), find_model=lambda model_id: SKETCH, resolve_model=resolve)
    page = Page(Handlers(services, address))
    page.open()
    *_, (*_, error, about) = page.handlers.choose_model("owner/nmae", "suffixes")
    assert (error, about) == ("There is no model owner/nmae on the Hub: check the id.", "")
    *_, (*_, error, _) = page.handlers.choose_model("sketch", "suffixes")
    assert error == ""


def test_a_negative_prompt_that_is_unused_by_default_has_a_placeholder(painter):
    _, updates, _ = choose(painter, guidance_scale=0.0)
    assert updates["negative_prompt"]["placeholder"] == "Used only with guidance above 1"
    _, updates, _ = choose(painter)
    assert updates["negative_prompt"]["placeholder"] == ""


def test_users_who_may_not_name_files_never_see_the_lora_field(painter):
    handlers = Handlers(replace(make_services(painter), local=False), address)
    *_, (*updates, _, _) = handlers.choose_model("sketch", "suffixes")
    assert updates[MODEL_DEPENDENT.index("loras")]["visible"] is False


def test_models_are_listed_by_whether_they_fit_with_their_sizes(painter):
    models = {
        "huge": (Fit.LARGE, ModelCard(licence="", download=33.7, memory=36)),
        "small": (Fit.FITS, ModelCard(licence="", download=5.5, memory=5)),
        "sketch": (Fit.HERE, ModelCard(licence="", download=0, memory=0.5)),
    }
    services = replace(
        make_services(painter),
        models=tuple((name.title(), name) for name in models),
        find_model=lambda name: replace(SKETCH, model_id=name, card=models[name][1]),
        rate_model=lambda model: models[model.model_id][0],
        find_seconds=lambda model: {"sketch": 0.8341, "huge": 254.0}.get(model.model_id),
    )
    assert Handlers(services, address).rate_models()["choices"] == [
        ("Sketch · 0.83 s a picture", "sketch"),
        ("Small · 5.5 GB, fits", "small"),
        ("Huge · 33.7 GB, too large, 4 min a picture", "huge"),
    ]
