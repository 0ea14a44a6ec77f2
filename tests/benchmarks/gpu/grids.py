"""Whole grids through the workflow against the plain script, and a model from disk to its first image."""

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from seedlab.core.models.model import SKETCH
from seedlab.pipelines.manager import PipelineManager
from seedlab.pipelines.models.catalog import SKETCH_FOLDER
from tests.benchmarks.gpu.bench import Bench, Line
from tests.benchmarks.loading import time_loading
from tests.benchmarks.models import build_full_width, build_mid_width
from tests.benchmarks.speed import PROMPT, SEEDS, Work, summarize, time_ways


def compare_sketch(bench: Bench) -> Iterator[Line]:
    """Compare the four ways of `tests.benchmarks.speed` on Sketch."""
    recipe = PipelineManager(device=bench.device).resolve(SKETCH).make_recipe(prompt=PROMPT, seed=SEEDS[0])
    if bench.tiny:
        recipe = replace(recipe, num_inference_steps=1, height=64, width=64)
    yield from _compare(bench, Work("Sketch", SKETCH_FOLDER, recipe, bench.device))


def compare_random(bench: Bench) -> Iterator[Line]:
    """Compare them, and loading, on a Stable Diffusion of 1.5's width (tiny: of middle width) with random weights."""
    with tempfile.TemporaryDirectory() as folder:
        model = (build_mid_width if bench.tiny else build_full_width)(Path(folder))
        described = PipelineManager(device=bench.device).resolve(str(model))
        size, steps = (64, 1) if bench.tiny else (512, 20)
        recipe = described.make_recipe(prompt=PROMPT, seed=SEEDS[0], height=size, width=size, num_inference_steps=steps)
        work = Work("Stable Diffusion 1.5's width", model, recipe, bench.device)
        for way, times in time_loading(work, 1 if bench.tiny else 2):
            yield {"model": work.name, "way": way, **times}
        if not bench.tiny:
            yield from _compare(bench, work)


def _compare(bench: Bench, work: Work) -> Iterator[Line]:
    first, turns = time_ways(work, 1 if bench.tiny else 4)
    for way, found in summarize(turns).items():
        yield {"model": work.name, "dtype": work.recipe.dtype, "first_grid_s": round(first, 2), "way": way, **found}
