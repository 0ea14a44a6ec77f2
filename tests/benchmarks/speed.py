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
"""

import argparse
import hashlib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PIL import Image

from seedlab.images.store import Store
from seedlab.pipelines.catalog import SKETCH, SKETCH_FOLDER
from seedlab.pipelines.manager import PipelineManager
from seedlab.recipe import Recipe
from seedlab.trail import State
from seedlab.workflow import Session
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


def make_pictures_with_seedlab(manager: PipelineManager, work: Work) -> list[str]:
    """Run the workflow as the page does, with an empty store; returns the pixels' SHA-256."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        session = Session(manager.generate, lambda recipe: store.find(recipe, manager.environment(recipe)), store.keep)
        session.explore(work.recipe, SEEDS)
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
    """Time the ways, alternating, and print medians, ratios round by round, and whether the bytes agree."""
    manager = PipelineManager(device=work.device)
    ways: dict[str, Callable[[], list[str]]] = {"seedlab": lambda: make_pictures_with_seedlab(manager, work)}
    for way in WAYS[1:]:
        ways[way] = partial(make_pictures_plainly, load_plainly(work, way), work, way)
    started = time.perf_counter()
    hashes = {"seedlab": ways["seedlab"]()}
    print(f"\n{work.name}: {describe_work(work)}; {rounds} rounds")
    print(f"  first grid of all, with loading and calibration: {time.perf_counter() - started:.1f} s")
    hashes |= {name: way() for name, way in ways.items() if name != "seedlab"}  # the warm-up
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            started = time.perf_counter()
            way()
            seconds[name].append(time.perf_counter() - started)
    manager.close()
    print_comparison(seconds, hashes)


def print_comparison(seconds: dict[str, list[float]], hashes: dict[str, list[str]]) -> None:
    for name, times in seconds.items():
        line = f"  {name:8} {statistics.median(times):8.3f} s  (from {min(times):.3f})"
        if name != "seedlab":
            ratios = [theirs / ours for ours, theirs in zip(seconds["seedlab"], times, strict=True)]
            equal = sum(ours == theirs for ours, theirs in zip(hashes["seedlab"], hashes[name], strict=True))
            line += (
                f"  seedlab is {statistics.median(ratios):.2f} times as fast ({min(ratios):.2f} to {max(ratios):.2f}); "
                f"{equal} of {len(SEEDS)} pictures byte-equal"
            )
        print(line, flush=True)


def describe_work(work: Work) -> str:
    recipe = work.recipe
    size = f"{len(SEEDS)} pictures of {recipe.width}x{recipe.height}"
    return f"{size}, {recipe.num_inference_steps} steps, {recipe.dtype}"


def measure_memory(works: Sequence[Work], arguments: Sequence[str]) -> None:
    """Make each grid once in a new process each way, and print its peak memory."""
    for number, work in enumerate(works):
        for way in WAYS:
            command = [sys.executable, "-m", "tests.benchmarks.speed", *arguments, "--only", f"{number}:{way}"]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            print(f"  {work.name}, {way}: peak memory {int(done.stdout.split()[-1]) / 1024:.0f} MiB", flush=True)


def run_once(work: Work, way: str) -> None:
    """Make the grid once and print this process's peak memory in KiB (Linux alone)."""
    if way == "seedlab":
        manager = PipelineManager(device=work.device)
        make_pictures_with_seedlab(manager, work)
        manager.close()
    else:
        make_pictures_plainly(load_plainly(work, way), work, way)
    # Not getrusage: its maximum begins with that of the process which started this one.
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    print(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))


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
    parser.add_argument("--only", help=argparse.SUPPRESS)
    flags = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = flags.folder or Path(temporary)
        works = list(list_works(folder, flags.device, flags.full))
        if flags.only:
            number, way = flags.only.split(":")
            run_once(works[int(number)], way)
            return
        for work in works:
            compare(work, flags.rounds)
        print()
        options = ["--folder", str(folder), "--device", flags.device, *(["--full"] if flags.full else [])]
        measure_memory(works, options)


if __name__ == "__main__":
    main()
