"""app.py: it joins the parts, and what takes long waits until the page is up."""

import json
import subprocess
import sys

import pytest

import app
from seedlab.application import Application
from seedlab.core.errors import RecipeError
from seedlab.pipelines.models.catalog import CATALOG
from seedlab.settings import Settings


def test_the_page_is_ready_before_torch_is_imported():
    code = """
import json, sys
import app
from seedlab.application import Application
from seedlab.settings import Settings
from seedlab.ui.layout import build_blocks
from seedlab.ui.pictures import PictureServer
services = Application(Settings()).page_services
build_blocks(services, PictureServer())
services.find_model(services.default_model)
print(json.dumps(sorted({"torch", "diffusers", "transformers"} & set(sys.modules))))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
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
    assert dict(services.models) == {"Sketch": "sketch", tiny_model.name: str(tiny_model)}
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


def test_a_relative_folder_is_offered_by_its_whole_path(tiny_model, monkeypatch):
    monkeypatch.chdir(tiny_model.parent)
    settings = Settings(model=tiny_model.name, public=True)
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


@pytest.fixture
def tiny_model(tmp_path):
    from tests.pipelines.builders import build_stable_diffusion

    return build_stable_diffusion(tmp_path)
