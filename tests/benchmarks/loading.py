"""A model from disk to its first image of one step, against the plain script; and switching between two models.

    python -m tests.benchmarks.loading            a Stable Diffusion of 1.5's width, with random weights (4 GB)
    python -m tests.benchmarks.loading --middle   one of middle width

Importing torch and diffusers is not timed. Every load is in a new process; the first round fills the system's file
cache, and SeedLab's cache of hashes. Switching is timed in one process that has loaded both models.
"""

import argparse
import statistics
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

from seedlab.core.models.model import SKETCH
from seedlab.core.reports import Failed
from seedlab.pipelines.devices.libraries import import_libraries
from seedlab.pipelines.manager import PipelineManager
from tests.benchmarks.models import build_full_width, build_mid_width
from tests.benchmarks.speed import PROMPT, SEEDS, Work, load_plainly

ROUNDS, TURNS = 3, 5
Times = dict[str, float]
start_process = partial(ProcessPoolExecutor, max_workers=1, mp_context=get_context("spawn"))


def time_loading(work: Work, rounds: int) -> Iterator[tuple[str, Times]]:
    """Yield for each round and way its name, and the seconds of the first and the second image."""
    work = replace(work, recipe=replace(work.recipe, num_inference_steps=1))
    ways = (load_with_seedlab, load_with_diffusers) * rounds
    with ExitStack() as stack:
        processes = [stack.enter_context(start_process()) for _ in ways]
        for each in [process.submit(import_libraries) for process in processes]:
            each.result()  # all at once, because importing torch and diffusers takes long
        for process, load in zip(processes, ways, strict=True):
            yield load.__name__, process.submit(load, work).result()


def load_with_seedlab(work: Work) -> Times:
    """Make an image in this process, and then another one, with the environment that a store asks for."""
    with closing(PipelineManager(device=work.device)) as manager:
        assert manager.device == work.device  # imports torch and diffusers, which is not timed
        return _time_images(lambda seed: _make(manager, replace(work.recipe, seed=seed)))


def load_with_diffusers(work: Work) -> Times:
    """Make the same with the plain script."""
    import torch
    from diffusers import DiffusionPipeline  # noqa: F401  # importing it is not timed

    recipe, loaded = work.recipe, []

    def make(seed: int) -> None:
        if not loaded:
            loaded.append(load_plainly(work, "single"))
        generator = torch.Generator("cpu").manual_seed(seed)
        loaded[0](recipe.prompt, num_inference_steps=1, height=recipe.height, width=recipe.width, generator=generator)

    return _time_images(make)


def time_switching(work: Work) -> tuple[float, float]:
    """Return the median seconds of an image with the same model as before, and with the other of two models."""
    with closing(PipelineManager(device=work.device)) as manager:
        other = manager.resolve(SKETCH).make_recipe(prompt=PROMPT, seed=0, num_inference_steps=1, height=64, width=64)
        recipe = replace(work.recipe, num_inference_steps=1)
        for each in (recipe, recipe, other):
            _make(manager, each)
        same, switched = [], []
        for number in range(TURNS):
            switched.append(_time(partial(_make, manager, replace(recipe, seed=10 * number))))
            same.append(_time(partial(_make, manager, replace(recipe, seed=10 * number + 1))))
            _make(manager, replace(other, seed=number))
        return statistics.median(same), statistics.median(switched)


def _make(manager: PipelineManager, recipe) -> None:
    manager.environment(recipe)
    reports = list(manager.generate([recipe], Event()))
    assert not any(isinstance(report, Failed) for report in reports), reports[-1]


def _time_images(make) -> Times:
    first, second = (round(_time(partial(make, seed)), 2) for seed in (0, 1))
    return {"first_s": first, "second_s": second}


def _time(work) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--middle", action="store_true", help="a model of middle width")
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"), help="device")
    flags = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        model = (build_mid_width if flags.middle else build_full_width)(Path(folder))
        described = PipelineManager(device=flags.device).resolve(str(model))
        recipe = described.make_recipe(prompt=PROMPT, seed=SEEDS[0], height=256, width=256)
        work = Work(model.name, model, recipe, flags.device)
        for way, times in time_loading(work, ROUNDS):
            print(f"{way:20} first image {times['first_s']:6.2f} s, second {times['second_s']:6.2f} s", flush=True)
        same, switched = time_switching(work)
        print(f"an image with the same model {same:.3f} s, after another model {switched:.3f} s")


if __name__ == "__main__":
    main()
