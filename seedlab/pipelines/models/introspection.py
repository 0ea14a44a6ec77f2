"""Completes what is known about a model by its pipeline class: the signature of `__call__` and its components."""

import inspect
from dataclasses import replace
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from seedlab.core.errors import RecipeError
from seedlab.core.models.model import Model
from seedlab.core.storage.files import Signature
from seedlab.core.texts.text import quote
from seedlab.pipelines.devices.libraries import find_class
from seedlab.pipelines.models.capabilities import Capabilities, resizes_noise, takes_nudges
from seedlab.pipelines.models.configurations import read_json
from seedlab.pipelines.models.families import find_family
from seedlab.pipelines.models.folders import read_autoencoder, read_folder, sign_configurations

OTHER_ARGUMENTS = ("image", "num_frames", "audio_length_in_s")
"""Arguments of pipelines that need a picture, or make something else."""

KINDS = (
    ("Inpaint", "an inpainting model"),
    ("Depth2Img", "a depth-to-image model"),
    ("Upscale", "an upscaler"),
    ("Pix2Pix", "a model that edits pictures"),
    ("Edit", "a model that edits pictures"),
    ("Kontext", "a model that edits pictures"),
    ("ControlNet", "a model with a ControlNet"),
    ("XLImg2Img", "an image-to-image model, such as the refiner of Stable Diffusion XL"),
    ("Img2Img", "an image-to-image model"),
    ("Variation", "a model that varies pictures"),
    ("Video", "a video model"),
    ("Prior", "only the first half of a model (a prior)"),
    ("Audio", "an audio model"),
)
"""Words in the names of pipeline classes, and what users call such models."""


def inspect_pipeline(model: Model, folder: Path) -> Model:
    """Return a model with what its pipeline's configurations and class say; these are read again only when changed.

    Args:
        folder: the pipeline's folder; if its `model_index.json` cannot be read, the model is returned unchanged.

    Raises:
        RecipeError: the pipeline needs code of its own, or does not make pictures from a prompt alone.
    """
    return _inspect(model, folder, sign_configurations(folder))


@lru_cache(maxsize=100)
def _inspect(model: Model, folder: Path, _signature: Signature) -> Model:
    index = read_json(folder / "model_index.json")
    name = index.get("_class_name")
    if not name:
        return model
    if isinstance(name, str) and find_family(name).is_unconditional:
        return _replace_guess(model, folder)
    pipeline_class = find_class(name) if isinstance(name, str) else None
    if pipeline_class is None:
        raise _refuse_code(model, str(name))
    for component in index.values():
        if isinstance(component, list) and len(component) == 2 and component[0] is not None:
            _check_library(model, *map(str, component))
    _check_signature(model, pipeline_class)
    return _apply_signature(_replace_guess(model, folder), pipeline_class, folder)


def _check_library(model: Model, library: str, name: str) -> None:
    """Refuse a component whose class is neither in a library nor in one of diffusers' own pipelines."""
    if library in ("diffusers", "transformers"):
        return
    if not library.isidentifier() or find_spec(f"diffusers.pipelines.{library}") is None:
        raise _refuse_code(model, name)


def _refuse_code(model: Model, name: str) -> RecipeError:
    return RecipeError(
        "model_id",
        f"{model.name} needs code of its own ({quote(name, 60)}), and SeedLab runs no code that comes with a model: "
        "choose another.",
    )


def _check_signature(model: Model, pipeline_class: Any) -> None:
    arguments = inspect.signature(pipeline_class.__call__).parameters
    if "prompt" not in arguments or any(name in arguments for name in OTHER_ARGUMENTS):
        raise RecipeError(
            "model_id",
            f"{model.name} is {name_kind(pipeline_class.__name__)}, which does not make pictures from a prompt alone: "
            "choose another model.",
        )


def name_kind(class_name: str) -> str:
    """Return what users call the kind of a pipeline that does not make pictures from a prompt alone."""
    return next((kind for word, kind in KINDS if word in class_name), "a model of another kind")


def _replace_guess(model: Model, folder: Path) -> Model:
    """Replace the guessed defaults of an unknown model by those of its configurations."""
    if not model.any_scheduler:
        return model
    return replace(read_folder(folder), model_id=model.model_id, name=model.name, revision=model.revision)


def _apply_signature(model: Model, pipeline_class: Any, folder: Path) -> Model:
    takes = Capabilities.read(pipeline_class)
    missing = [name for name in ("negative_prompt", "guidance_scale") if not getattr(takes, name)]
    # The denoiser's configuration may ask for true CFG, but only some pipelines have the argument.
    uses_true_cfg = model.uses_true_cfg and "true_cfg_scale" in inspect.signature(pipeline_class.__call__).parameters
    ignores = tuple(dict.fromkeys((*model.ignores, *missing)))
    return replace(
        model,
        ignores=ignores,
        uses_true_cfg=uses_true_cfg,
        cleans_prompts=takes.clean_caption,
        takes_nudges=takes_nudges(pipeline_class),
        resizes_noise=resizes_noise(pipeline_class),
        image_to_image=find_family(pipeline_class.__name__).image_to_image,
        **read_autoencoder(folder, pipeline_class.__name__),
    )
