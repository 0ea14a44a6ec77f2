"""app.py: it joins the parts, and what takes long waits until the page is up."""

import json
import subprocess
import sys
from dataclasses import replace
from threading import Event

import pytest

import app
from seedlab.application import Application
from seedlab.core.errors import RecipeError
from seedlab.images.metadata import Metadata
from seedlab.pipelines.models.catalog import CATALOG
from seedlab.rules.kinds.seeds import Seeds
from seedlab.settings import Settings
from seedlab.workflow.pictures.local_files import Places
from seedlab.workflow.trails.trail import State
from seedlab.workflow.trails.trail_json import write_trail
from seedlab.workflow.verification import VerificationResult
from tests.examples import ENVIRONMENT, RECIPE
from tests.pipelines.queues import wait_until, watch_steps
from tests.test_walls import MODULES
from tests.ui.blocks.test_layout import build


def test_the_page_is_ready_before_torch_is_imported():
    """No module of the page imports it. (Gradio itself imports huggingface_hub.)"""
    code = """
import json, sys
from importlib import import_module
import app
from seedlab.application import Application
from seedlab.settings import Settings
from seedlab.ui.blocks.layout import build_blocks
from seedlab.ui.pictures import PictureServer
services = Application(Settings()).page_services
build_blocks(services, PictureServer())
services.find_model(services.default_model)
for name in sys.argv[1:]:
    import_module(name)
print(json.dumps(sorted({"torch", "diffusers", "transformers", "accelerate"} & set(sys.modules))))
"""
    modules = [module for module in MODULES if module.startswith("seedlab.ui")]
    done = subprocess.run([sys.executable, "-c", code, *modules], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []


def test_the_catalogue_is_offered_and_the_default_model_first_chosen(tiny_model):
    settings = Settings(model=str(tiny_model))
    services = Application(settings).page_services
    assert services.default_model == str(tiny_model)
    assert (tiny_model.name, str(tiny_model)) in services.models
    assert {(model.name, model.model_id) for model in CATALOG} < set(services.models)


def test_a_public_host_offers_sketch_and_the_operators_choice_and_nothing_else(tiny_model):
    settings = Settings(model=str(tiny_model), public=True)
    services = Application(settings).page_services
    assert dict(services.models) == {"Sketch": "sketch", tiny_model.name: f"./{tiny_model.name}"}
    assert services.find_model("sketch").name == "Sketch"
    with pytest.raises(RecipeError, match="This server offers only: sketch, "):
        services.find_model("stable-diffusion-v1-5/stable-diffusion-v1-5")


@pytest.mark.parametrize("public", [True, False])
def test_only_where_no_strangers_are_can_visitors_name_files_of_this_machine(tmp_path, public):
    settings = Settings(public=public)
    services = Application(settings).page_services
    assert services.local == (not public)
    words = "This server uses no LoRAs" if public else "There is no LoRA"
    with pytest.raises(RecipeError, match=words):
        services.read_loras(str(tmp_path / "style.safetensors"))
    words = "This server offers only: sketch" if public else "There is no model"
    with pytest.raises(RecipeError, match=words):
        services.find_model(str(tmp_path / "checkpoint.safetensors"))


def test_strangers_never_learn_where_the_operators_model_is(tiny_model, tmp_path):
    secret = str(tiny_model.parent)
    application = Application(Settings(model=str(tiny_model), public=True, store=tmp_path))
    services = application.page_services
    page = json.dumps(build(services).get_config_file(), default=str)
    assert tiny_model.name in page
    assert secret not in page
    model = services.resolve_model(services.find_model(services.default_model))
    recipe = model.make_recipe(prompt="a cat", seed=0, height=64, width=64, num_inference_steps=1)
    session = services.make_session(None, "visitor", "")
    session.explore(recipe, Seeds((0, 1)))
    assert all(secret not in write_trail(trail) for trail in session.develop())
    first, second = session.trail.newest.tiles
    assert (first.state, second.state) == (State.DONE, State.DONE), first.sentence
    assert secret.encode() not in first.file.read_bytes()
    assert secret not in services.write_script([recipe])
    checked = services.verify(recipe, first.file, Event(), "visitor")
    assert [each.is_equal for each in checked if is_result(each)] == [True]
    for address in (str(tiny_model), f"{secret}/other", "./other"):
        with pytest.raises(RecipeError, match="This server offers only: sketch, tiny") as caught:
            services.find_model(address)
        assert secret not in str(caught.value)
    application.close()


def is_result(report):
    return isinstance(report, VerificationResult)


def test_a_public_host_opens_its_own_pictures_and_those_it_made_before_it_hid_folders(tiny_model, tmp_path):
    services = Application(Settings(model=str(tiny_model), public=True, store=tmp_path)).page_services
    for model_id in (str(tiny_model), f"./{tiny_model.name}"):
        metadata = Metadata(recipe=replace(RECIPE, model_id=model_id), environment=ENVIRONMENT)
        located = services.locate(metadata, Places(model_advice="", lora_advice=""))
        assert located.recipe.model_id == services.default_model


def test_a_relative_folder_is_offered_by_its_whole_path(tiny_model, monkeypatch):
    monkeypatch.chdir(tiny_model.parent)
    settings = Settings(model=tiny_model.name)
    services = Application(settings).page_services
    assert services.default_model == str(tiny_model)
    model = services.resolve_model(services.find_model(services.default_model))
    assert model.make_recipe(prompt="", seed=0).model_id == str(tiny_model)


def test_a_default_model_that_is_none_ends_the_start_with_a_sentence(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["app.py", "--model", "banana", "--no-open"])
    with pytest.raises(SystemExit, match="SeedLab cannot start: There is no model “banana”"):
        app.main()


def test_words_are_looked_up_for_sketch_alone():
    settings = Settings()
    services = Application(settings).page_services
    assert services.unknown_words("sketch", "a quantum labrador") == ("quantum",)
    assert services.unknown_words("owner/name", "a quantum labrador") == ()


@pytest.mark.parametrize("settings", [Settings(public=True), Settings(ahead=False)], ids=["public", "off"])
def test_a_page_suggests_nothing_where_nothing_is_made_ahead(settings):
    assert Application(settings).page_services.suggest is None


def test_what_a_page_suggests_is_made_ahead_and_not_again(tiny_model, tmp_path):
    application = Application(Settings(model=str(tiny_model), store=tmp_path / "store"))
    services = application.page_services
    model = services.resolve_model(services.find_model(services.default_model))
    recipe = model.make_recipe(prompt="a cat", seed=0, height=64, width=64, num_inference_steps=1)
    session = services.make_session(None, "visitor", "")
    session.explore(recipe, Seeds((0,)))
    list(session.develop())
    steps = watch_steps(application.manager)
    services.suggest("visitor", [recipe, replace(recipe, seed=1)])
    wait_until(lambda: len(application._ahead._made) == 1)
    session.explore(recipe, Seeds((0, 1)))
    list(session.develop())
    assert [tile.state for tile in session.trail.newest.tiles] == [State.DONE, State.DONE]
    assert len(steps) == 1, "of seed 1: seed 0 was in the store"
    application.close()


@pytest.fixture
def tiny_model(tmp_path):
    from tests.pipelines.builders import build_stable_diffusion

    return build_stable_diffusion(tmp_path)
