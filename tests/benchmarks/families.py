"""Diffusion transformers of middle width with random weights: what a step of theirs costs is like that of real ones."""

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import torch
from diffusers import DiffusionPipeline

from tests.pipelines import builders

HEADS, HEAD, LAYERS = 8, 64, 4
WIDTH = HEADS * HEAD
AXES = (16, 24, 24)
"""How the rotary embeddings share a head."""

ATTENTION = {"num_layers": LAYERS, "num_attention_heads": HEADS, "attention_head_dim": HEAD}
FAMILIES: dict[str, tuple[Any, dict[str, Any]]] = {
    "SD3": (
        builders.build_stable_diffusion_3,
        {**ATTENTION, "caption_projection_dim": WIDTH, "sample_size": 32, "pos_embed_max_size": 64},
    ),
    "Flux": (builders.build_flux, {**ATTENTION, "num_single_layers": LAYERS, "axes_dims_rope": AXES}),
    "PixArt": (builders.build_pixart, {**ATTENTION, "cross_attention_dim": WIDTH, "patch_size": 2}),
    "Sana": (
        builders.build_sana,
        {
            **ATTENTION,
            "num_cross_attention_heads": HEADS,
            "cross_attention_head_dim": HEAD,
            "cross_attention_dim": WIDTH,
        },
    ),
    "Qwen-Image": (builders.build_qwen_image, {**ATTENTION, "axes_dims_rope": AXES}),
    "Z-Image": (
        builders.build_z_image,
        {"dim": WIDTH, "n_layers": LAYERS, "n_heads": HEADS, "n_kv_heads": HEADS, "axes_dims": list(AXES)},
    ),
}
"""Each with what builds it with a narrow transformer, and what widens that."""

SIDES = {"Sana": 512}
SIDE = 256
"""Pixels. Sana's smallest pictures are larger."""


def build_families(folder: Path, names: Iterable[str]) -> Iterator[tuple[str, Path, int]]:
    """Save those of these names unless they exist; yields their names, folders and sides in pixels."""
    for name in names:
        build, changes = FAMILIES[name]
        model = folder / f"family-{name}"
        if not (model / "model_index.json").exists():
            _widen(build(folder / "narrow"), changes, model)
        yield name, model, SIDES.get(name, SIDE)


def _widen(narrow: Path, changes: dict[str, Any], folder: Path) -> None:
    """Save a pipeline with another transformer."""
    pipeline = DiffusionPipeline.from_pretrained(narrow)
    kind = type(pipeline.transformer)
    torch.manual_seed(0)
    wide = kind.from_config({**pipeline.transformer.config, **changes})
    with torch.no_grad():
        for weights in wide.parameters():
            if not weights.any():  # gates of zero would let nothing through
                weights.normal_(std=0.02)
    pipeline.register_modules(transformer=wide)
    pipeline.save_pretrained(folder)
    shutil.rmtree(narrow)
