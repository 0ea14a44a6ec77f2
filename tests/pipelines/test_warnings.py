"""What the libraries warn of while a picture is made is said with the picture, if it may be another than asked for."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest
import torch
from safetensors.torch import load_file, save_file

from seedlab.core.reports import Failed, Finished
from seedlab.pipelines.loaded.loras.lines import read_loras
from seedlab.pipelines.models.addresses import find_model
from tests.pipelines import builders
from tests.pipelines.models.conftest import copy_folder

SCHEDULER, TEXT_ENCODER, INDEX = "scheduler/scheduler_config.json", "text_encoder/config.json", "model_index.json"
LEADING = {"steps_offset": 0, "timestep_spacing": "leading"}
SINGLESTEP = {"scheduler": "DPMSolverSinglestepScheduler", "num_inference_steps": 5}

CHANGED = [
    pytest.param(
        SCHEDULER,
        {"rescale_me": True, "nothing": None},
        "The model has settings that this version of diffusers does not know, and ignores: “rescale_me”.",
        id="a setting of the scheduler that is unknown",
    ),
    pytest.param(
        "unet/config.json",
        {"magic": 3},
        "The model has settings that this version of diffusers does not know, and ignores: “magic”.",
        id="a setting of the denoiser that is unknown",
    ),
    pytest.param(
        INDEX,
        {"magic": 3},
        "The model has settings that this version of diffusers does not know, and ignores: “magic”.",
        id="a setting of the pipeline that is unknown",
    ),
    pytest.param(
        SCHEDULER,
        LEADING,
        "The model has an outdated setting, which diffusers changes: “steps_offset” becomes 1.",
        id="an outdated setting of the scheduler",
    ),
    pytest.param(
        TEXT_ENCODER,
        {"model_type": "t5"},
        "The configuration of a text encoder of the model is of another kind than the text encoder (“t5”): "
        "the picture may not follow the prompt.",
        id="another kind of text encoder",
    ),
    pytest.param(
        TEXT_ENCODER,
        {"eos_token_id": 49407},
        "The model names a token that its text encoder does not have (“eos_token_id”): the picture may not "
        "follow the prompt.",
        id="a token that is not in the vocabulary",
    ),
    pytest.param(
        TEXT_ENCODER,
        {"num_labels": 3, "id2label": {"0": "a"}},
        "There was a warning while the model was loaded, so the picture may differ: “You passed "
        "`num_labels=3` which is incompatible to the `id2label` map of length `1`”.",
        id="a warning of no known kind",
    ),
]

UNCHANGED = [
    pytest.param(SCHEDULER, {"steps_offset": 0}, id="an offset that the spacing does not use"),
    pytest.param(SCHEDULER, {"algorithm_type": "dpmsolver", "final_sigmas_type": "sigma_min"}, id="a deprecated value"),
    pytest.param(INDEX, {"requires_safety_checker": True}, id="no safety checker"),
    pytest.param(INDEX, {"tagger": [None, None]}, id="an unknown part that is not there"),
]


@pytest.fixture
def change(tiny, tmp_path):
    """Return a copy of the tiny model with changes in one of its configurations."""

    def change(file: str, changes: dict) -> Path:
        folder = copy_folder(tiny, tmp_path / "changed")
        config = folder / file
        config.write_text(json.dumps(json.loads(config.read_text()) | changes))
        return folder

    return change


def make(manager, folder: Path, count: int = 1, **changes) -> list[str]:
    """Return the notices of pictures of a model; for a picture that failed, why."""
    recipe = builders.make_default_recipe(folder, **{"num_inference_steps": 2, **changes})
    recipes = [replace(recipe, seed=seed) for seed in range(count)]
    ends = [each for each in manager.generate(recipes, Event()) if isinstance(each, Finished | Failed)]
    return [each.notice if isinstance(each, Finished) else each.sentence for each in ends]


@pytest.mark.parametrize(("file", "changes", "notice"), CHANGED)
def test_a_warning_that_may_change_the_picture_is_said(shared_manager, change, file, changes, notice):
    assert make(shared_manager, change(file, changes)) == [notice]


@pytest.mark.parametrize(("file", "changes"), UNCHANGED)
def test_a_warning_that_changes_nothing_is_not_said(shared_manager, change, file, changes):
    assert make(shared_manager, change(file, changes)) == [""]


def test_a_setting_that_the_scheduler_cannot_follow_is_said_with_each_picture(shared_manager, change):
    folder = change(SCHEDULER, {"lower_order_final": False})
    notice = (
        "The model sets “lower_order_final” to false, which the scheduler cannot do with these steps: it used true."
    )
    assert make(shared_manager, folder, 2, **SINGLESTEP) == [notice] * 2
    assert make(shared_manager, folder, **SINGLESTEP) == [notice]


def test_latents_that_are_no_longer_clipped_are_said(shared_manager, change):
    folder = change(SCHEDULER, {"_class_name": "DDIMScheduler", "clip_sample": True, "steps_offset": 1})
    index = folder / INDEX
    index.write_text(index.read_text().replace("DPMSolverMultistepScheduler", "DDIMScheduler"))
    notice = "The model has an outdated setting, which diffusers changes: “clip_sample” is turned off."
    assert make(shared_manager, folder) == [notice]


@pytest.mark.parametrize(
    ("names", "notice"),
    [
        (("extra.weight", "logit_scale"), "The model has weights that are not used: “extra.weight”."),
        (("text_model.embeddings.position_ids", "logit_scale", "text_projection.weight"), ""),
    ],
)
def test_weights_of_a_text_encoder_that_are_not_used_are_named(shared_manager, tiny, tmp_path, names, notice):
    folder = copy_folder(tiny, tmp_path / "changed")
    file = folder / "text_encoder" / "model.safetensors"
    weights = load_file(file) | {name: torch.zeros(1) for name in names}
    file.unlink()  # it is a link
    save_file(weights, file, {"format": "pt"})
    assert make(shared_manager, folder) == [notice]


def test_a_text_encoder_without_some_of_its_weights_is_refused(shared_manager, tiny, tmp_path):
    folder = copy_folder(tiny, tmp_path / "changed")
    file = folder / "text_encoder" / "model.safetensors"
    weights = {name: value for name, value in load_file(file).items() if "final_layer_norm" not in name}
    file.unlink()
    save_file(weights, file, {"format": "pt"})
    assert make(shared_manager, folder) == ["“changed” lacks weights of its text encoder: download it again."]


LAYOUTS = ("build_stable_diffusion_xl", "build_stable_diffusion_3", "build_flux", "build_pixart", "build_ddim")


@pytest.mark.parametrize("build", [*LAYOUTS, *(pytest.param(n, marks=pytest.mark.slow) for n in ("build_qwen_image",))])
def test_an_ordinary_picture_has_no_notice(shared_manager, tmp_path, build):
    folder = getattr(builders, build)(tmp_path)
    size = {} if build in ("build_ddim", "build_pixart") else {"height": 64, "width": 64}
    assert make(shared_manager, folder, **size) == [""]


def test_an_ordinary_picture_of_a_single_file_has_no_notice(shared_manager, tiny, tmp_path):
    shutil.copytree(tiny, tmp_path / "one", ignore=shutil.ignore_patterns("*.safetensors"))
    file = builders.build_single_file(tiny, tmp_path / "one.safetensors")
    for dtype in ("float32", "bfloat16"):
        assert make(shared_manager, file, dtype=dtype) == [""]


def test_an_ordinary_picture_with_loras_has_no_notice(shared_manager, tiny, tmp_path):
    files = [builders.build_lora(tiny, tmp_path / f"{seed}.safetensors", seed, words=seed > 0) for seed in range(2)]
    assert make(shared_manager, tiny, loras=read_loras("\n".join(map(str, files)))) == [""]


def test_a_picture_of_sketch_has_no_notice(shared_manager):
    recipe = find_model("sketch").make_recipe(prompt="a labrador", seed=0, num_inference_steps=2, dtype="float32")
    ends = [each for each in shared_manager.generate([recipe], Event()) if isinstance(each, Finished)]
    assert [each.notice for each in ends] == [""]


@pytest.mark.parametrize(
    ("build", "count", "unread"),
    [("build_stable_diffusion_3", 254, ""), ("build_stable_diffusion_3", 257, "aaa"), ("build_pixart", 299, "a")],
)
def test_the_words_beyond_what_the_pipeline_reads_of_a_prompt_are_named(shared_manager, tmp_path, build, count, unread):
    """T5 could read 512 tokens, a letter each, but the pipelines read fewer; the first and last are not letters."""
    folder = getattr(builders, build)(tmp_path)
    (notice,) = make(shared_manager, folder, prompt="a" * count, num_inference_steps=1)
    assert notice == (f"The prompt is longer than the model reads. Not read: “{unread}”" if unread else "")
