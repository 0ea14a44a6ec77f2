"""The shipped model: loading, determinism, and stable compositions."""

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
STEPS = 6
"""Half of the default: compositions are decided early."""


@pytest.fixture(scope="module")
def pipeline() -> StableDiffusionPipeline:
    pipeline = StableDiffusionPipeline.from_pretrained(MODEL)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


@pytest.fixture(scope="module")
def plain(pipeline: StableDiffusionPipeline) -> dict[int, Image.Image]:
    """The image of the plain prompt for each seed."""
    return generate_seeds(pipeline, PROMPT)


def generate_seeds(pipeline: StableDiffusionPipeline, prompt: str) -> dict[int, Image.Image]:
    return dict(zip(SEEDS, generate(pipeline, [prompt] * len(SEEDS), SEEDS, STEPS), strict=True))


def find_edges(image: Image.Image, size: int = 64) -> np.ndarray:
    """The gradient magnitude of the brightness, slightly blurred."""
    grey = np.asarray(image.convert("L").resize((size, size), Image.Resampling.BOX), np.float32) / 255
    return blur(np.minimum(np.hypot(*np.gradient(grey)) * 4, 1), size / 40)


def correlate(first: Image.Image, second: Image.Image) -> float:
    """The similarity of two compositions: the correlation of their edges, -1...1."""
    return float(np.corrcoef(find_edges(first).ravel(), find_edges(second).ravel())[0, 1])


def test_files_are_small_enough_for_git_without_lfs() -> None:
    sizes = [path.stat().st_size for path in MODEL.rglob("*") if path.is_file()]
    assert max(sizes) < 10_000_000
    assert sum(sizes) < 45_000_000


def test_folder_has_only_safetensors_and_text_files() -> None:
    assert {path.suffix for path in MODEL.rglob("*") if path.is_file()} <= {".safetensors", ".json", ".txt"}


def test_diffusion_pipeline_loads_it_in_another_dtype() -> None:
    pipeline = DiffusionPipeline.from_pretrained(MODEL, dtype=torch.bfloat16, use_safetensors=True)
    assert isinstance(pipeline, StableDiffusionPipeline)
    assert pipeline.unet.dtype == pipeline.vae.dtype == torch.bfloat16


def test_default_size_is_256_pixels(plain: dict[int, Image.Image]) -> None:
    assert plain[0].size == (256, 256)


def test_same_seed_gives_the_same_bytes(pipeline: StableDiffusionPipeline) -> None:
    (first,) = generate(pipeline, [PROMPT], [0], steps=2)
    (second,) = generate(pipeline, [PROMPT], [0], steps=2)
    assert first.tobytes() == second.tobytes()


def test_other_seeds_give_other_images(plain: dict[int, Image.Image]) -> None:
    pixels = [np.asarray(image, int) for image in plain.values()]
    distances = [np.abs(a - b).mean() for i, a in enumerate(pixels) for b in pixels[:i]]
    assert min(distances) > 8


@pytest.mark.parametrize(
    "modifier", [MODIFIERS[0], *(pytest.param(each, marks=pytest.mark.slow) for each in MODIFIERS[1:])]
)
def test_suffix_changes_the_image_and_keeps_the_composition(
    pipeline: StableDiffusionPipeline, plain: dict[int, Image.Image], modifier: str
) -> None:
    modified = generate_seeds(pipeline, f"{PROMPT}, {modifier}")
    for seed in SEEDS:
        assert np.abs(np.asarray(modified[seed], int) - np.asarray(plain[seed], int)).mean() > 4
    same_seed = mean(correlate(plain[seed], modified[seed]) for seed in SEEDS)
    other_seed = mean(correlate(plain[seed], modified[(seed + 1) % len(SEEDS)]) for seed in SEEDS)
    assert same_seed > 0.45
    assert same_seed > other_seed + 0.15


@pytest.mark.parametrize("prompt", ["", "an astronaut riding a zebra, 8k", "cat " * 100])
def test_any_prompt_gives_an_image(pipeline: StableDiffusionPipeline, prompt: str) -> None:
    (image,) = generate(pipeline, [prompt], [0], STEPS)
    assert np.asarray(image).std() > 10
