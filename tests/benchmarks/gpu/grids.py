"""Whole grids through the workflow against the plain script, and a model from disk to its first step."""

import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from threading import Event

from seedlab.core.reports import Failed
from seedlab.pipelines.devices.libraries import import_libraries
from seedlab.pipelines.manager import PipelineManager
from seedlab.pipelines.models.catalog import SKETCH, SKETCH_FOLDER
from tests.benchmarks.gpu.bench import Bench, Line
from tests.benchmarks.models import build_full_width, build_mid_width
from tests.benchmarks.speed import PROMPT, SEEDS, Work, load_plainly, summarize, time_ways

start_process = partial(ProcessPoolExecutor, max_workers=1, mp_context=get_context("spawn"))


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
        yield from _time_loading(work, 1 if bench.tiny else 2)
        if not bench.tiny:
            yield from _compare(bench, work)


def _compare(bench: Bench, work: Work) -> Iterator[Line]:
    first, turns = time_ways(work, 1 if bench.tiny else 4)
    for way, found in summarize(turns).items():
        yield {"model": work.name, "dtype": work.recipe.dtype, "first_grid_s": round(first, 2), "way": way, **found}


def _time_loading(work: Work, rounds: int) -> Iterator[Line]:
    """Time a model from disk to its first image of one step, in new processes; the first round fills the file cache."""
    work = replace(work, recipe=replace(work.recipe, num_inference_steps=1))
    ways = (load_with_seedlab, load_with_diffusers) * rounds
    with ExitStack() as stack:
        processes = [stack.enter_context(start_process()) for _ in ways]
        for each in [process.submit(import_libraries) for process in processes]:
            each.result()  # all at once, because importing torch and diffusers takes long
        for process, load in zip(processes, ways, strict=True):
            yield {"model": work.name, "way": load.__name__, **process.submit(load, work).result()}


def load_with_seedlab(work: Work) -> Line:
    """Make a picture of one step in this process, and then another one."""
    with closing(PipelineManager(device=work.device)) as manager:
        assert manager.device == work.device  # imports torch and diffusers, which is not timed
        times = []
        for seed in (0, 1):
            started = time.perf_counter()
            reports = list(manager.generate([replace(work.recipe, seed=seed)], Event()))
            times.append(round(time.perf_counter() - started, 2))
            assert not any(isinstance(report, Failed) for report in reports), reports[-1]
    return {"first_s": times[0], "second_s": times[1]}


def load_with_diffusers(work: Work) -> Line:
    """Make the same with the plain script."""
    import torch
    from diffusers import DiffusionPipeline  # noqa: F401  # importing it is not timed

    times, pipe = [], None
    for seed in (0, 1):
        started = time.perf_counter()
        pipe = pipe or load_plainly(work, "single")
        recipe = work.recipe
        pipe(
            recipe.prompt,
            num_inference_steps=1,
            height=recipe.height,
            width=recipe.width,
            generator=torch.Generator("cpu").manual_seed(seed),
        )
        times.append(round(time.perf_counter() - started, 2))
    return {"first_s": times[0], "second_s": times[1]}
