"""Refuses single files that are not whole models, or not models that make pictures from a prompt alone."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from seedlab.core.errors import RecipeError
from seedlab.core.storage.safetensors import Header
from seedlab.core.texts.text import quote
from seedlab.pipelines.models.configurations import read_json
from seedlab.pipelines.models.folders import name_pipeline
from seedlab.pipelines.models.single_files import layouts
from seedlab.pipelines.models.weights import refuse_file


def check_contents(file: Path, header: Header, folder: Path | None) -> bool:
    """Check that a file is a whole model; returns whether it is of another architecture than Stable Diffusion.

    Args:
        folder: the folder with its configurations; None if there is none.

    Raises:
        RecipeError: it is something else, and the message names it.
    """
    _check_whole(file, header.shapes)
    if (other := layouts.name_other(header.shapes)) is not None:
        _check_other(file, other, folder)
        return True
    unet = layouts.read_unet(header.shapes)
    if unet is None:
        if folder is None or layouts.name_part(header.shapes):
            raise refuse_part(file, header.shapes)
        return True
    _check_unet(file, unet, folder)
    _check_parts(file, header.shapes)
    return False


def _check_whole(file: Path, shapes: layouts.Shapes) -> None:
    has_denoiser = any(name.startswith(layouts.DENOISER) for name in shapes)
    if not has_denoiser and (addition := layouts.name_addition(shapes)):
        raise refuse_file(file, f"is {addition}")
    if wrapper := layouts.find_wrapper(shapes):
        raise refuse_file(
            file,
            f"was saved by a training program, with {quote(wrapper)} before the names of its weights: export the "
            "model from that program",
        )
    if not has_denoiser and any(name.startswith(layouts.EMA) for name in shapes):
        raise refuse_file(
            file,
            "has only averaged (EMA) weights of its denoiser, which diffusers does not read: use a release with its "
            "ordinary weights",
        )


def _check_other(file: Path, other: tuple[str, tuple[str, ...]], folder: Path | None) -> None:
    """Refuse a model of another architecture unless the folder next to it describes one."""
    name, prefixes = other
    if folder is not None and prefixes and name_pipeline(folder).startswith(prefixes):
        return
    article = "is a model of" if not name.startswith("a ") else "is"
    raise refuse_file(
        file,
        f"{article} {name}. Of single files, SeedLab reads Stable Diffusion 1, 2 and XL: "
        "use the diffusers folder of this model, or its id on the Hub",
    )


def refuse_part(file: Path, shapes: layouts.Shapes) -> RecipeError:
    """Return the error for a file that is no checkpoint of a known family."""
    if part := layouts.name_part(shapes):
        return refuse_file(file, f"is {part} alone, not a whole model: choose the model that it belongs to")
    if any(name.startswith(("unet.", "down_blocks.")) for name in shapes):
        return refuse_file(file, "has diffusers' names of weights: use the diffusers folder that it was made from")
    return refuse_file(
        file,
        "is not a complete checkpoint of Stable Diffusion 1, 2 or XL. For another kind, put the diffusers folder of "
        f"its base model next to it, named {quote(file.stem, 80)}",
    )


def _check_unet(file: Path, unet: layouts.Unet, folder: Path | None) -> None:
    """Refuse a denoiser that needs a picture, or that the folder's configuration does not describe."""
    if (kind := layouts.CHANNELS.get(unet.channels)) is not None:
        raise refuse_file(file, f"is {kind}. SeedLab makes pictures from a prompt alone: choose another model")
    if layouts.FAMILIES.get(unet.width) == "XL refiner":
        raise refuse_file(
            file,
            "is a refiner of Stable Diffusion XL, which finishes the pictures of another model: choose a base model",
        )
    if folder is not None and (difference := _compare(unet, read_json(folder / "unet" / "config.json"))):
        raise refuse_file(
            file,
            f"does not belong to the diffusers folder {quote(folder.name, 80)} next to it ({difference}): move one of "
            "them elsewhere",
        )


def _compare(unet: layouts.Unet, config: Mapping[str, Any]) -> str:
    """Return how a denoiser differs from a configuration; "" if it does not, or if it cannot be known."""
    width = config.get("cross_attention_dim", unet.width)
    width = width[0] if isinstance(width, list) and width else width
    pairs = (
        ("channels", unet.channels, config.get("in_channels", unet.channels)),
        ("wide prompts", unet.width, width),
        ("labels", unet.labels, config.get("projection_class_embeddings_input_dim") or 0),
    )
    differences = (
        f"its denoiser takes {own} {words}, not {other}"
        for words, own, other in pairs
        if own != other and (own or words == "labels") and isinstance(other, int)
    )
    return next(differences, "")


def _check_parts(file: Path, shapes: layouts.Shapes) -> None:
    has = {prefix for prefix in (*layouts.AUTOENCODER, *layouts.TEXT_ENCODER) if _has(shapes, prefix)}
    has_autoencoder, has_text = (bool(has & set(each)) for each in (layouts.AUTOENCODER, layouts.TEXT_ENCODER))
    if not has_autoencoder and not has_text:
        raise refuse_file(
            file,
            "is a denoiser (UNet) alone, not a whole model: use a release that includes the autoencoder (VAE) and the "
            "text encoder",
        )
    missing = "" if has_autoencoder else "autoencoder (VAE)"
    missing = missing or ("" if has_text else "text encoder")
    is_xl = _has(shapes, "conditioner.embedders.0.")
    missing = missing or ("second text encoder" if is_xl and not _has(shapes, layouts.SECOND_TEXT_ENCODER) else "")
    if missing:
        raise refuse_file(file, f"has no {missing}: use a release that includes it")


def _has(shapes: layouts.Shapes, prefix: str) -> bool:
    return any(name.startswith(prefix) for name in shapes)
