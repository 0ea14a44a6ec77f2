"""SeedLab's workflow against the plain diffusers script: same model, prompts and seeds, alternating in one run.

    python -m tests.benchmarks.speed              Sketch, its grid of four and, as work of seconds, at 60 steps
    python -m tests.benchmarks.speed --mid        also a Stable Diffusion of middle width with random weights
    python -m tests.benchmarks.speed --rounds 9   more pairs

"alone" is the plain script that makes a picture a call, which is what SeedLab promises the bytes of; "batch" is the
script of the diffusers guide, one call for four pictures. Both save their pictures as PNG, as SeedLab does.
"""

import argparse
import hashlib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image

from seedlab.images.store import Store
from seedlab.pipelines.catalog import SKETCH, SKETCH_FOLDER
from seedlab.pipelines.manager import PipelineManager
from seedlab.recipe import Recipe
from seedlab.trail import State
from seedlab.workflow import Session

SEEDS = (0, 1, 2, 3)
WAYS = ("seedlab", "alone", "batch")


@dataclass(frozen=True)
class Work:
    """A grid of four to make: what it is called, the folder of the model, the recipe of its first tile."""

    name: str
    folder: Path
    recipe: Recipe


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


def load_plainly(work: Work):
    """Load the model as the plain script does."""
    import torch
    from diffusers import DiffusionPipeline

    pipe = DiffusionPipeline.from_pretrained(work.folder, dtype=getattr(torch, work.recipe.dtype), use_safetensors=True)
    pipe.set_progress_bar_config(disable=True)
    return pipe


def make_pictures_plainly(pipe, work: Work, batch: bool) -> list[str]:
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
    if batch:
        images = pipe([recipe.prompt] * len(SEEDS), generator=generators, **settings).images
    else:
        images = [pipe(recipe.prompt, generator=generator, **settings).images[0] for generator in generators]
    with tempfile.TemporaryDirectory() as folder:
        for seed, image in zip(SEEDS, images, strict=True):
            image.save(Path(folder) / f"seed-{seed}.png")
    return [hash_pixels(image) for image in images]


def hash_pixels(image: Image.Image) -> str:
    return hashlib.sha256(image.convert("RGB").tobytes()).hexdigest()


def compare(work: Work, rounds: int) -> None:
    """Time the three ways, alternating, and print medians, ratios pair by pair, and whether the bytes agree."""
    manager = PipelineManager(device="cpu")
    pipe = load_plainly(work)
    ways: dict[str, Callable[[], list[str]]] = {
        "seedlab": lambda: make_pictures_with_seedlab(manager, work),
        "alone": lambda: make_pictures_plainly(pipe, work, batch=False),
        "batch": lambda: make_pictures_plainly(pipe, work, batch=True),
    }
    hashes = {name: way() for name, way in ways.items()}  # the warm-up
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            started = time.perf_counter()
            way()
            seconds[name].append(time.perf_counter() - started)
    manager.close()
    print(f"\n{work.name}: {len(SEEDS)} pictures, {rounds} rounds")
    for name in ways:
        print(f"  {name:8} {statistics.median(seconds[name]):8.3f} s  (from {min(seconds[name]):.3f})")
    for name in ("alone", "batch"):
        ratios = [ours / theirs for ours, theirs in zip(seconds["seedlab"], seconds[name], strict=True)]
        equal = sum(ours == theirs for ours, theirs in zip(hashes["seedlab"], hashes[name], strict=True))
        print(
            f"  seedlab / {name}: {statistics.median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f}), "
            f"{equal} of {len(SEEDS)} pictures byte-equal"
        )


def measure_memory(works: Sequence[Work], arguments: Sequence[str]) -> None:
    """Make each grid once in a new process each way, and print its peak memory."""
    for number, work in enumerate(works):
        for way in WAYS:
            command = [sys.executable, "-m", "tests.benchmarks.speed", *arguments, "--only", f"{number}:{way}"]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            print(f"  {work.name}, {way}: peak memory {int(done.stdout.split()[-1]) / 1024:.0f} MiB")


def run_once(work: Work, way: str) -> None:
    """Make the grid once and print this process's peak memory in KiB (Linux alone)."""
    if way == "seedlab":
        manager = PipelineManager(device="cpu")
        make_pictures_with_seedlab(manager, work)
        manager.close()
    else:
        make_pictures_plainly(load_plainly(work), work, batch=way == "batch")
    # Not getrusage: its maximum begins with that of the process which started this one.
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    print(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))


def list_works(folder: Path, mid: bool) -> list[Work]:
    """Describe the grids to make; builds the model of middle width in `folder` if it is wanted and not there."""
    from seedlab.pipelines.catalog import describe

    recipe = describe(SKETCH).make_recipe(prompt="Labrador in the style of Vermeer", seed=SEEDS[0])
    works = [
        Work("Sketch", SKETCH_FOLDER, recipe),
        Work("Sketch, 60 steps", SKETCH_FOLDER, replace(recipe, num_inference_steps=60)),
    ]
    if mid:
        from tests.pipelines.builders import build_stable_diffusion, make_recipe

        model = folder / "mid"
        if not model.exists():
            build_stable_diffusion(folder, name="mid", widths=(64, 128, 256, 256))
        works.append(Work("middle width, bfloat16", model, make_recipe(model, height=256, width=256, dtype="bfloat16")))
    return works


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="pairs to time")
    parser.add_argument("--mid", action="store_true", help="also a model of middle width with random weights")
    parser.add_argument("--folder", type=Path, help="where the model of middle width is built and kept")
    parser.add_argument("--only", help=argparse.SUPPRESS)
    flags = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = flags.folder or Path(temporary)
        works = list_works(folder, flags.mid)
        if flags.only:
            number, way = flags.only.split(":")
            run_once(works[int(number)], way)
            return
        for work in works:
            compare(work, flags.rounds)
        print()
        measure_memory(works, ["--folder", str(folder), *(["--mid"] if flags.mid else [])])


if __name__ == "__main__":
    main()
