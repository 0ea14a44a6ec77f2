"""The ways to run a model that are compared, each in a process of its own."""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from seedlab.pipelines.devices.libraries import import_libraries
from seedlab.pipelines.manager import PipelineManager
from tests.benchmarks.backends.openvino_modules import load_with_openvino
from tests.benchmarks.speed import Work, explore, load_plainly, measure_peak

MODES = {"compile": "default", "autotune": "max-autotune-no-cudagraphs"}
WAYS = ("seedlab", "plain", *MODES, "openvino")

Pixels = NDArray[np.uint8]
Make = Callable[[tuple[int, ...]], Pixels]


@dataclass(frozen=True)
class Made:
    """Pictures that a way has made: seconds in all, pixels (number, height, width, 3), and the peak memory in MiB."""

    seconds: float
    pixels: Pixels
    peak: float


def find_missing(way: str) -> str | None:
    """Return a sentence if something that a way needs is not installed."""
    if way == "openvino" and find_spec("openvino") is None:
        return "OpenVINO is not installed here (pip install openvino); it is left out."
    if way in MODES and shutil.which("g++") is None:
        return "torch.compile needs g++, which is not installed here; it is left out."
    return None


def import_way(way: str) -> None:
    """Import what a way needs, so that it is not timed."""
    import_libraries()
    from diffusers import DiffusionPipeline  # noqa: F401

    if way == "openvino":
        import openvino  # noqa: F401


def make(work: Work, way: str, calls: Sequence[tuple[int, ...]]) -> Made:
    """Make pictures in this process, those of each tuple of seeds in one call; the first call also loads the model."""
    started = time.perf_counter()
    prepared = prepare(work, way)
    pixels = np.concatenate([prepared(seeds) for seeds in calls])
    return Made(time.perf_counter() - started, pixels, measure_peak())


@cache
def prepare(work: Work, way: str) -> Make:
    """Return a function that makes pictures of seeds in one call. SeedLab and compilers are ready after its first."""
    if way == "seedlab":
        manager = PipelineManager(device="cpu")
        return lambda seeds: stack(explore(manager, work.recipe, seeds))
    if way == "openvino":
        return partial(make_plainly, load_with_openvino(work), work)
    pipe = load_plainly(work, "single")
    if way in MODES:
        pipe.unet.compile(mode=MODES[way], dynamic=False)  # with dynamic shapes, compiling took four minutes
    return partial(make_plainly, pipe, work)


def make_plainly(pipe: Any, work: Work, seeds: tuple[int, ...]) -> Pixels:
    """Call a diffusers pipeline once, and save the pictures as SeedLab does."""
    import torch

    recipe = work.recipe
    images = pipe(
        [recipe.prompt] * len(seeds),
        num_inference_steps=recipe.num_inference_steps,
        guidance_scale=recipe.guidance_scale,
        height=recipe.height,
        width=recipe.width,
        generator=[torch.Generator("cpu").manual_seed(seed) for seed in seeds],
    ).images
    with tempfile.TemporaryDirectory() as folder:
        for number, image in enumerate(images):
            image.save(Path(folder) / f"{number}.png")
    return stack(images)


def stack(images: Iterable[Image.Image]) -> Pixels:
    return np.stack([np.asarray(image.convert("RGB"), dtype=np.uint8) for image in images])
