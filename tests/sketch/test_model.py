"""The shipped model: loads like any other, and does what a seed lab needs of it."""

from pathlib import Path
from statistics import mean

import numpy as np
import pytest
import torch
from diffusers import DiffusionPipeline, StableDiffusionPipeline
from PIL import Image

from seedlab.sketch.drawings.canvas import blur
from seedlab.sketch.evaluate import generate

MODIFIERS = ("highly realistic", "artsy", "trending", "colorful")
MODEL = Path(__file__).parents[2] / "seedlab" / "sketch" / "weights"
PROMPT = "Labrador in the style of Vermeer"
SEEDS = (0, 1, 2, 3)


@pytest.fixture(scope="module")
def pipeline() -> StableDiffusionPipeline:
    pipeline = StableDiffusionPipeline.from_pretrained(MODEL)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


@pytest.fixture(scope="module")
def plain(pipeline: StableDiffusionPipeline) -> dict[int, Image.Image]:
    """The first prompt's picture for each seed."""
    return make(pipeline, PROMPT)


def make(pipeline: StableDiffusionPipeline, prompt: str) -> dict[int, Image.Image]:
    return dict(zip(SEEDS, generate(pipeline, [prompt] * len(SEEDS), SEEDS), strict=True))


def find_edges(picture: Image.Image, size: int = 64) -> np.ndarray:
    """Where the outlines are: the strength of the change of brightness, a little blurred."""
    grey = np.asarray(picture.convert("L").resize((size, size), Image.Resampling.BOX), np.float32) / 255
    return blur(np.minimum(np.hypot(*np.gradient(grey)) * 4, 1), size / 40)


def correlate(first: Image.Image, second: Image.Image) -> float:
    """How alike two compositions are: the correlation of their edges, -1...1."""
    return float(np.corrcoef(find_edges(first).ravel(), find_edges(second).ravel())[0, 1])


def test_files_are_small_enough_for_plain_git() -> None:
    sizes = [path.stat().st_size for path in MODEL.rglob("*") if path.is_file()]
    assert max(sizes) < 10_000_000
    assert sum(sizes) < 45_000_000


def test_only_safetensors_and_text_are_shipped() -> None:
    assert {path.suffix for path in MODEL.rglob("*") if path.is_file()} <= {".safetensors", ".json", ".txt"}


def test_it_loads_in_another_dtype_by_the_general_class() -> None:
    pipeline = DiffusionPipeline.from_pretrained(MODEL, dtype=torch.bfloat16, use_safetensors=True)
    assert isinstance(pipeline, StableDiffusionPipeline)
    assert pipeline.unet.dtype == pipeline.vae.dtype == torch.bfloat16


def test_pictures_are_256_pixels_unless_asked_otherwise(plain: dict[int, Image.Image]) -> None:
    assert plain[0].size == (256, 256)


def test_the_same_seed_gives_the_same_bytes(pipeline: StableDiffusionPipeline) -> None:
    (again,) = generate(pipeline, [PROMPT], [0])
    (twice,) = generate(pipeline, [PROMPT], [0])
    assert again.tobytes() == twice.tobytes()


def test_other_seeds_give_other_pictures(plain: dict[int, Image.Image]) -> None:
    pixels = [np.asarray(picture, int) for picture in plain.values()]
    distances = [np.abs(a - b).mean() for i, a in enumerate(pixels) for b in pixels[:i]]
    assert min(distances) > 8


@pytest.mark.parametrize("modifier", MODIFIERS)
def test_a_suffix_changes_the_picture_and_keeps_its_composition(
    pipeline: StableDiffusionPipeline, plain: dict[int, Image.Image], modifier: str
) -> None:
    modified = make(pipeline, f"{PROMPT}, {modifier}")
    for seed in SEEDS:
        assert np.abs(np.asarray(modified[seed], int) - np.asarray(plain[seed], int)).mean() > 4
    same = mean(correlate(plain[seed], modified[seed]) for seed in SEEDS)
    other = mean(correlate(plain[seed], modified[(seed + 1) % len(SEEDS)]) for seed in SEEDS)
    assert same > 0.45
    assert same > other + 0.15


@pytest.mark.parametrize("prompt", ["", "an astronaut riding a zebra, 8k", "cat " * 100])
def test_any_prompt_gives_a_picture(pipeline: StableDiffusionPipeline, prompt: str) -> None:
    (picture,) = generate(pipeline, [prompt], [0])
    assert np.asarray(picture).std() > 10
