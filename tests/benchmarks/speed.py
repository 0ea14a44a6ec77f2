"""SeedLab's workflow against the plain diffusers script: same model, prompts and seeds, alternating in one run.

    python -m tests.benchmarks.speed              Sketch, and a Stable Diffusion of middle width with random weights
    python -m tests.benchmarks.speed --full       also one of Stable Diffusion 1.5's width (4 GB on the disk)
    python -m tests.benchmarks.speed --rounds 9   more rounds
    python -m tests.benchmarks.speed --device cuda

Four ways to a grid of four, all of which save their pictures as PNG:

    guide    the script of the diffusers guide, in its default dtype: float32 on a CPU, float16 on CUDA; one call
    batch    the same script in SeedLab's dtype; one call
    alone    the plain script in SeedLab's dtype and memory format, a picture a call: the bytes that SeedLab promises
    seedlab  the workflow of the page, with an empty store

Each way has a process of its own, as scripts and the page have, and they take turns. In one process each would be
slower, by a fifth: SeedLab computes in a thread of its own and scripts in the main thread, each thread has a team of
OpenMP's, and teams with more threads than there are cores do not wait for work but go to sleep.
"""

import argparse
import hashlib
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path

from PIL import Image

from seedlab.core.recipe import Recipe
from seedlab.images.store import Store
from seedlab.pipelines.manager import PipelineManager
from seedlab.pipelines.models.catalog import SKETCH, SKETCH_FOLDER
from seedlab.rules.seeds import Seeds
from seedlab.workflow.session import Session
from seedlab.workflow.trail import State
from tests.benchmarks.models import build_full_width, build_mid_width

SEEDS = (0, 1, 2, 3)
WAYS = ("seedlab", "alone", "batch", "guide")
PROMPT = "Labrador in the style of Vermeer"


@dataclass(frozen=True)
class Work:
    """A grid of four to make: what it is called, the folder of the model, the recipe of its first tile."""

    name: str
    folder: Path
    recipe: Recipe
    device: str


@dataclass(frozen=True)
class Grid:
    """A grid that was made: seconds, the pixels' SHA-256, and this process's peak memory until now in MiB."""

    seconds: float
    hashes: list[str]
    peak: float


def make_grid(work: Work, way: str) -> Grid:
    """Make the grid in this process; the first time the model is loaded, which is not timed."""
    make = prepare(work, way)
    started = time.perf_counter()
    hashes = make()
    return Grid(time.perf_counter() - started, hashes, measure_peak())


@cache
def prepare(work: Work, way: str) -> Callable[[], list[str]]:
    """Return what makes the grid, with the model loaded; SeedLab's is loaded by its first grid."""
    if way == "seedlab":
        return partial(make_pictures_with_seedlab, PipelineManager(device=work.device), work)
    return partial(make_pictures_plainly, load_plainly(work, way), work, way)


def measure_peak() -> float:
    """Return this process's peak memory in MiB (Linux alone)."""
    # Not getrusage: its maximum begins with that of the process which started this one.
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024


def make_pictures_with_seedlab(manager: PipelineManager, work: Work) -> list[str]:
    """Run the workflow as the page does, with an empty store; returns the pixels' SHA-256."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        session = Session(manager.generate, lambda recipe: store.find(recipe, manager.environment(recipe)), store.keep)
        session.explore(work.recipe, Seeds(SEEDS))
        for _ in session.develop():
            pass
        tiles = session.trail.newest.tiles
        assert all(tile.state is State.DONE for tile in tiles), [tile.sentence for tile in tiles]
        return [hash_pixels(Image.open(tile.file)) for tile in tiles]


def load_plainly(work: Work, way: str):
    """Load the model as the plain script does; "alone" in the environment that SeedLab says it works in."""
    import torch
    from diffusers import DiffusionPipeline

    default = "float16" if work.device == "cuda" else "float32"
    dtype = getattr(torch, default if way == "guide" else work.recipe.dtype)
    pipe = DiffusionPipeline.from_pretrained(work.folder, dtype=dtype, use_safetensors=True)
    if way == "alone" and work.device == "cpu":
        for part in pipe.components.values():
            if isinstance(part, torch.nn.Module):
                part.to(memory_format=torch.channels_last)
    pipe.set_progress_bar_config(disable=True)
    return pipe.to(work.device)


def make_pictures_plainly(pipe, work: Work, way: str) -> list[str]:
    """Run the plain script, a picture a call or the guide's batch of four; returns the pixels' SHA-256."""
    import torch

    recipe = work.recipe
    settings = {
        "num_inference_steps": recipe.num_inference_steps,
        "guidance_scale": recipe.guidance_scale,
        "height": recipe.height,
        "width": recipe.width,
    }
    generators = [torch.Generator("cpu").manual_seed(seed) for seed in SEEDS]
    if way == "alone":
        images = [pipe(recipe.prompt, generator=generator, **settings).images[0] for generator in generators]
    else:
        images = pipe([recipe.prompt] * len(SEEDS), generator=generators, **settings).images
    with tempfile.TemporaryDirectory() as folder:
        for seed, image in zip(SEEDS, images, strict=True):
            image.save(Path(folder) / f"seed-{seed}.png")
    return [hash_pixels(image) for image in images]


def hash_pixels(image: Image.Image) -> str:
    return hashlib.sha256(image.convert("RGB").tobytes()).hexdigest()


def compare(work: Work, rounds: int) -> None:
    """Time the ways, alternating, and print medians, ratios round by round, memory, and whether the bytes agree."""
    with ExitStack() as stack:
        start = partial(ProcessPoolExecutor, max_workers=1, mp_context=get_context("spawn"))
        processes = {way: stack.enter_context(start()) for way in WAYS}

        def make_grids() -> dict[str, Grid]:
            return {way: process.submit(make_grid, work, way).result() for way, process in processes.items()}

        print(f"\n{work.name}: {describe_work(work)}; {rounds} rounds")
        print(f"  first grid of all, with loading and calibration: {make_grids()['seedlab'].seconds:.1f} s", flush=True)
        print_comparison([make_grids() for _ in range(rounds)])


def print_comparison(turns: Sequence[dict[str, Grid]]) -> None:
    for way in WAYS:
        grids, ours = ([turn[name] for turn in turns] for name in (way, "seedlab"))
        times = [grid.seconds for grid in grids]
        line = (
            f"  {way:8} {statistics.median(times):8.3f} s  (from {min(times):.3f}), {grids[-1].peak:5.0f} MiB at most"
        )
        if way != "seedlab":
            ratios = [theirs / own.seconds for own, theirs in zip(ours, times, strict=True)]
            equal = sum(own == theirs for own, theirs in zip(ours[-1].hashes, grids[-1].hashes, strict=True))
            line += (
                f"; seedlab is {statistics.median(ratios):.2f} times as fast ({min(ratios):.2f} to {max(ratios):.2f}); "
                f"{equal} of {len(SEEDS)} pictures byte-equal"
            )
        print(line, flush=True)


def describe_work(work: Work) -> str:
    recipe = work.recipe
    size = f"{len(SEEDS)} pictures of {recipe.width}x{recipe.height}"
    return f"{size}, {recipe.num_inference_steps} steps, {recipe.dtype}"


def list_works(folder: Path, device: str, full: bool) -> Iterator[Work]:
    """Describe the grids to make; builds models with random weights in `folder` if they are not there."""
    manager = PipelineManager(device=device)
    sketch = manager.describe(SKETCH).make_recipe(prompt=PROMPT, seed=SEEDS[0])
    yield Work("Sketch", SKETCH_FOLDER, sketch, device)
    builds = [("middle width", build_mid_width, 20)]
    if full:
        builds.append(("Stable Diffusion 1.5's width", build_full_width, 6))
    for name, build, steps in builds:
        model = build(folder)
        described = manager.describe(str(model))
        recipe = described.make_recipe(prompt=PROMPT, seed=SEEDS[0], height=256, width=256, num_inference_steps=steps)
        yield Work(name, model, recipe, device)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="rounds to time")
    parser.add_argument("--full", action="store_true", help="also a model of Stable Diffusion 1.5's width")
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"), help="where to compute")
    parser.add_argument("--folder", type=Path, help="where models with random weights are built and kept")
    flags = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = flags.folder or Path(temporary)
        for work in list_works(folder, flags.device, flags.full):
            compare(work, flags.rounds)


if __name__ == "__main__":
    main()
