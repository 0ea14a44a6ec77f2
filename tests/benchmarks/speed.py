"""SeedLab's workflow against the plain diffusers script: same model, prompts and seeds, alternating in one run.

    python -m tests.benchmarks.speed              Sketch, and a Stable Diffusion of middle width with random weights
    python -m tests.benchmarks.speed --full       also one of Stable Diffusion 1.5's width (4 GB on the disk)
    python -m tests.benchmarks.speed --families   diffusion transformers of middle width with random weights
    python -m tests.benchmarks.speed --rounds 9   more rounds
    python -m tests.benchmarks.speed --device cuda

There are four ways to generate a grid of four; all save their images as PNG:

    guide    the script of the diffusers guide, in its default dtype: float32 on a CPU, float16 on CUDA; one call
    batch    the same script in SeedLab's dtype; one call
    single   the plain script in SeedLab's dtype and memory format, one image per call: the bytes that SeedLab promises
    seedlab  the workflow of the page, with an empty store

Each way runs in its own process, as scripts and the page do, and they take turns. In one process each would be a fifth
slower: SeedLab computes in a worker thread and scripts in the main thread, each of them has its own OpenMP thread pool,
and with more threads than cores, OpenMP's threads sleep instead of spinning while they wait for work.
"""

import argparse
import hashlib
import inspect
import statistics
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache, partial
from io import BytesIO
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from PIL import Image

from seedlab.core.models.model import SKETCH
from seedlab.core.recipes.recipe import Recipe
from seedlab.images.store import Store
from seedlab.pipelines.devices.libraries import import_libraries
from seedlab.pipelines.manager import PipelineManager
from seedlab.pipelines.models.catalog import SKETCH_FOLDER
from seedlab.rules.kinds.seeds import Seeds
from seedlab.workflow.sessions.session import Session
from seedlab.workflow.trails.trail import State
from tests.benchmarks.families import FAMILIES, build_families
from tests.benchmarks.models import build_full_width, build_mid_width

SEEDS = (0, 1, 2, 3)
WAYS = ("seedlab", "single", "batch", "guide")
PROMPT = "Labrador in the style of Vermeer"
FAMILY_STEPS = 4


@dataclass(frozen=True)
class Work:
    """A grid of four to generate: its name, the model's folder, the recipe of its first tile, the device."""

    name: str
    folder: Path
    recipe: Recipe
    device: str


@dataclass(frozen=True)
class Grid:
    """A finished grid: seconds, the SHA-256 of each image's pixels, and the process's peak memory so far in MiB."""

    seconds: float
    hashes: list[str]
    peak: float


def make_grid(work: Work, way: str) -> Grid:
    """Generate the grid in this process; loading the model is not timed, except for SeedLab's first grid."""
    generate = prepare(work, way)
    started = time.perf_counter()
    images = generate()
    return Grid(time.perf_counter() - started, list(map(hash_pixels, images)), measure_peak())


def start_way(work: Work, way: str) -> None:
    """Import everything in this process; load the model too, except for SeedLab."""
    if way == "seedlab":
        import_libraries()
    prepare(work, way)


@cache
def prepare(work: Work, way: str) -> Callable[[], list[Image.Image]]:
    """Return a function that generates the grid. The model is loaded, except SeedLab's: its first grid loads it."""
    if way == "seedlab":
        return partial(explore, PipelineManager(device=work.device), work.recipe, SEEDS)
    return partial(generate_plainly, load_plainly(work, way), work, way)


def measure_peak() -> float:
    """Return this process's peak memory in MiB (Linux only)."""
    # Not getrusage: its maximum includes the parent process.
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024


def explore(manager: PipelineManager, recipe: Recipe, seeds: Sequence[int]) -> list[Image.Image]:
    """Make a round as the page does, with an empty store; returns its pictures, which are not decoded yet."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        session = Session(manager.generate, lambda each, _: store.find(each, manager.environment(each)), store.keep)
        session.explore(recipe, Seeds(tuple(seeds)))
        for _ in session.develop():
            pass
        tiles = session.trail.newest.tiles
        assert all(tile.state is State.DONE for tile in tiles), [tile.sentence for tile in tiles]
        return [Image.open(BytesIO(tile.file.read_bytes())) for tile in tiles]


def load_plainly(work: Work, way: str):
    """Load the model as the plain script does; for "single" with SeedLab's memory format."""
    import torch
    from diffusers import DiffusionPipeline

    default = "float16" if work.device == "cuda" else "float32"
    dtype = getattr(torch, default if way == "guide" else work.recipe.dtype)
    pipe = DiffusionPipeline.from_pretrained(work.folder, dtype=dtype, use_safetensors=True)
    if way == "single" and work.device == "cpu":
        for component in pipe.components.values():
            if isinstance(component, torch.nn.Module) and all(each.ndim < 5 for each in component.parameters()):
                component.to(memory_format=torch.channels_last)
    pipe.set_progress_bar_config(disable=True)
    return pipe.to(work.device)


def generate_plainly(pipe, work: Work, way: str) -> list[Image.Image]:
    """Run the plain script, with one image per call or the guide's batch of four."""
    import torch

    recipe, settings = work.recipe, _list_settings(pipe, work.recipe)
    generators = [torch.Generator("cpu").manual_seed(seed) for seed in SEEDS]
    if way == "single":
        images = [pipe(recipe.prompt, generator=generator, **settings).images[0] for generator in generators]
    else:
        listed = {name: [value] * len(SEEDS) for name, value in settings.items() if name == "negative_prompt"}
        images = pipe([recipe.prompt] * len(SEEDS), generator=generators, **settings | listed).images
    with tempfile.TemporaryDirectory() as folder:
        for seed, image in zip(SEEDS, images, strict=True):
            image.save(Path(folder) / f"seed-{seed}.png")
    return images


def _list_settings(pipe, recipe: Recipe) -> dict[str, Any]:
    """Return the settings of the plain script's call, with what its documentation says of some pipelines."""
    takes = inspect.signature(pipe.__call__).parameters
    settings: dict[str, Any] = {
        "num_inference_steps": recipe.num_inference_steps,
        "height": recipe.height,
        "width": recipe.width,
    }
    is_true = "true_cfg_scale" in takes and not pipe.transformer.config.guidance_embeds
    guidance = {"true_cfg_scale": recipe.guidance_scale, "negative_prompt": " "}
    settings |= guidance if is_true else {"guidance_scale": recipe.guidance_scale}
    return settings | ({"clean_caption": False} if "clean_caption" in takes else {})


def hash_pixels(image: Image.Image) -> str:
    return hashlib.sha256(image.convert("RGB").tobytes()).hexdigest()


def compare(work: Work, rounds: int) -> None:
    """Time the ways in turn, and print medians, ratios within each round, memory, and whether the bytes are equal."""
    print(f"\n{work.name}: {describe_work(work)}; {rounds} rounds", flush=True)
    first, turns = time_ways(work, rounds)
    print(f"  first grid, with loading and calibration: {first:.1f} s")
    for way, found in summarize(turns).items():
        print(describe_way(way, found), flush=True)


def time_ways(work: Work, rounds: int) -> tuple[float, list[dict[str, Grid]]]:
    """Return the seconds of SeedLab's first grid, with loading and calibration, and the grids of all ways by round."""
    with ExitStack() as stack:
        start = partial(ProcessPoolExecutor, max_workers=1, mp_context=get_context("spawn"))
        processes = {way: stack.enter_context(start()) for way in WAYS}

        for each in [process.submit(start_way, work, way) for way, process in processes.items()]:
            each.result()  # all at once, because importing torch and diffusers takes long

        def make_grids() -> dict[str, Grid]:
            return {way: process.submit(make_grid, work, way).result() for way, process in processes.items()}

        return make_grids()["seedlab"].seconds, [make_grids() for _ in range(rounds)]


def summarize(turns: Sequence[dict[str, Grid]]) -> dict[str, dict[str, Any]]:
    """Return for each way its times, its memory, how much faster SeedLab is, and how many images are byte-equal."""
    found = {}
    for way in WAYS:
        ours, grids = ([turn[name] for turn in turns] for name in ("seedlab", way))
        times = [grid.seconds for grid in grids]
        ratios = [theirs / own.seconds for own, theirs in zip(ours, times, strict=True)]
        found[way] = {
            "seconds": round(statistics.median(times), 3),
            "fastest": round(min(times), 3),
            "mib": round(grids[-1].peak),
            "seedlab_is_faster_by": round(statistics.median(ratios), 2),
            "from_to": (round(min(ratios), 2), round(max(ratios), 2)),
            "byte_equal": sum(own == theirs for own, theirs in zip(ours[-1].hashes, grids[-1].hashes, strict=True)),
        }
    return found


def describe_way(way: str, found: dict[str, Any]) -> str:
    line = f"  {way:8} {found['seconds']:8.3f} s  (from {found['fastest']:.3f}), {found['mib']:5} MiB at most"
    if way == "seedlab":
        return line
    slowest, fastest = found["from_to"]
    return (
        f"{line}; seedlab is {found['seedlab_is_faster_by']:.2f} times as fast ({slowest:.2f} to {fastest:.2f}); "
        f"{found['byte_equal']} of {len(SEEDS)} images byte-equal"
    )


def describe_work(work: Work) -> str:
    recipe = work.recipe
    size = f"{len(SEEDS)} images of {recipe.width}x{recipe.height}"
    return f"{size}, {recipe.num_inference_steps} steps, {recipe.dtype}"


def list_works(folder: Path, device: str, full: bool) -> Iterator[Work]:
    """Yield the grids to generate; builds models with random weights in `folder` unless they exist."""
    manager = PipelineManager(device=device)
    sketch = manager.resolve(SKETCH).make_recipe(prompt=PROMPT, seed=SEEDS[0])
    yield Work("Sketch", SKETCH_FOLDER, sketch, device)
    builds = [("middle width", build_mid_width, 20)]
    if full:
        builds.append(("Stable Diffusion 1.5's width", build_full_width, 6))
    for name, build, steps in builds:
        model = build(folder)
        described = manager.resolve(str(model))
        recipe = described.make_recipe(prompt=PROMPT, seed=SEEDS[0], height=256, width=256, num_inference_steps=steps)
        yield Work(name, model, recipe, device)


def list_families(folder: Path, device: str, names: Collection[str]) -> Iterator[Work]:
    """Yield a grid of each family of diffusion transformers, in each precision; of all where no names are given."""
    manager = PipelineManager(device=device)
    for name, model, side in build_families(folder, names or FAMILIES):
        described = manager.resolve(str(model))
        for dtype in ("float32", "bfloat16"):
            changes = {"dtype": dtype, "height": side, "width": side, "num_inference_steps": FAMILY_STEPS}
            recipe = described.make_recipe(prompt=PROMPT, seed=SEEDS[0], **changes)
            yield Work(f"{name}, middle width", model, recipe, device)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="rounds to time")
    parser.add_argument("--full", action="store_true", help="also a model of Stable Diffusion 1.5's width")
    names = ", ".join(FAMILIES)
    parser.add_argument(
        "--families", nargs="*", metavar="NAME", help=f"diffusion transformers, and nothing else: {names}"
    )
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"), help="device")
    parser.add_argument("--folder", type=Path, help="folder for models with random weights")
    flags = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = flags.folder or Path(temporary)
        families = None if flags.families is None else list_families(folder, flags.device, flags.families)
        for work in families or list_works(folder, flags.device, flags.full):
            compare(work, flags.rounds)


if __name__ == "__main__":
    main()
