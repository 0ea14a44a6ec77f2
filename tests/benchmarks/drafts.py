"""What drafts cost, and how well they show what their finished pictures will be.

    python -m tests.benchmarks.drafts                      with Sketch, on the CPU
    python -m tests.benchmarks.drafts --steps 1 2 3 4      compare drafts after so many steps of twelve
    python -m tests.benchmarks.drafts --only fidelity      one of the three parts: time, size, fidelity

The first part times a sheet of 32 drafts of which 4 are finished against 32 whole pictures, in alternation. The second
prints the size of the paused runs on disk. The third makes drafts and pictures of 32 seeds under 12 prompts. For each
picture, it looks for the nearest of the 32 drafts (in RGB, at 32 x 32 pixels), which should be the picture's own. It
also prints Spearman's rank correlation between drafts and pictures of brightness, of balance (whether the left or the
right half is brighter) and of contrast (the standard deviation of the luminance): whoever picks the brightest draft
should get the brightest picture. Where all seeds are about as bright, ranks say little: the last column is how much
brighter or darker drafts are than their pictures (the standard deviation over the seeds, of 255), and in brackets how
much the pictures differ from each other.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from threading import Event

import numpy as np
from PIL import Image

from seedlab.core.models.model import SKETCH, Model
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.reports import Failed, Finished
from seedlab.pipelines.manager import PipelineManager
from seedlab.pipelines.run_store import RunStore
from tests.rounds import seed_round

SEEDS = range(32)
CHOSEN = (3, 11, 18, 30)
"""The seeds that are finished."""

PROMPTS = (
    "Labrador in the style of Vermeer",
    "a red boat in the style of Hokusai",
    "a castle in the snow",
    "a cat in the style of Van Gogh",
    "a fox in a forest, misty",
    "an owl at night, pixel art",
    "a teapot in the style of Picasso",
    "a balloon in the mountains, watercolor",
    "a lighthouse at sunset, dramatic",
    "a horse on a beach, pencil sketch",
    "a guitar in the style of Matisse",
    "a rocket in space, comic",
)
PARTS = ("time", "size", "fidelity")
MEBIBYTE = 2**20


def make(manager: PipelineManager, recipes: Sequence[Recipe], draft_steps: int | None = None) -> list[Image.Image]:
    """Make pictures or drafts."""
    images: dict[int, Image.Image] = {}
    for report in manager.generate(recipes, Event(), draft_steps=draft_steps):
        assert not isinstance(report, Failed), report.sentence
        if isinstance(report, Finished):
            assert report.draft_steps == draft_steps
            images[report.index] = report.image
    return [images[index] for index in range(len(recipes))]


def measure_time(manager: PipelineManager, model: Model, draft_steps: int, rounds: int) -> None:
    """Print the time of a sheet of drafts, and of the same pictures."""
    recipe = model.make_recipe(prompt=PROMPTS[0], seed=0)
    make(manager, seed_round(recipe, range(4)))  # loads the model and calibrates the batch
    times: list[tuple[float, float, float]] = []
    for number in range(rounds):
        recipes = seed_round(replace(recipe, prompt=PROMPTS[number % len(PROMPTS)]), SEEDS)
        begun = time.perf_counter()
        make(manager, recipes, draft_steps)
        drafted = time.perf_counter()
        make(manager, [recipes[seed] for seed in CHOSEN])
        finished = time.perf_counter()
        make(manager, recipes)
        times.append((drafted - begun, finished - drafted, time.perf_counter() - finished))
    drafts, chosen, whole = (statistics.median(each) for each in zip(*times, strict=True))
    ratios = [(drafts + chosen) / whole for drafts, chosen, whole in times]
    print(
        f"{len(SEEDS)} drafts, {draft_steps} of {recipe.num_inference_steps} steps: {drafts:.2f} s; "
        f"{len(CHOSEN)} of them finished: {chosen:.2f} s; {len(SEEDS)} whole pictures: {whole:.2f} s"
    )
    print(
        f"ratio: {statistics.median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f}), {rounds} rounds", flush=True
    )


def measure_size(manager: PipelineManager, model: Model, draft_steps: int, runs: RunStore) -> None:
    """Print the size of the paused runs on disk."""
    assert runs.folder is not None
    for side in (model.height, 512):
        before = set(runs.folder.glob("*"))
        recipe = model.make_recipe(prompt="a house", seed=0, height=side, width=side)
        make(manager, seed_round(recipe, range(4)), draft_steps)
        sizes = [file.stat().st_size for file in set(runs.folder.glob("*")) - before]
        print(f"a paused run at {side} x {side}, {recipe.dtype}: {max(sizes):,} bytes", flush=True)


def measure_fidelity(manager: PipelineManager, model: Model, steps: Sequence[int]) -> None:
    """Print how well drafts after several numbers of steps show their pictures."""
    results: dict[int, list[np.ndarray]] = {each: [] for each in steps}
    print("steps  own draft is nearest  brightness  balance  contrast  brightness is off by")
    for prompt in PROMPTS:
        recipes = seed_round(model.make_recipe(prompt=prompt, seed=0), SEEDS)
        drafts = {each: make(manager, recipes, each) for each in sorted(steps)}  # each goes on from the one before
        pictures = make(manager, recipes)
        for each in steps:
            values = find_own(drafts[each], pictures), *correlate(drafts[each], pictures)
            results[each].append(np.array([*values, *measure_brightness(drafts[each], pictures)]))
            print_fidelity(each, results[each][-1], prompt)
    for each in steps:
        print_fidelity(each, np.mean(results[each], 0), f"mean of {len(PROMPTS)} prompts, {len(SEEDS)} seeds each")


def print_fidelity(steps: int, values: np.ndarray, words: str) -> None:
    own, brightness, balance, contrast, error, spread = values
    ranks = f"{brightness:10.3f}  {balance:7.3f}  {contrast:8.3f}"
    print(f"{steps:5}  {own:20.1%}  {ranks}  {error:13.1f} ({spread:4.1f})  {words}", flush=True)


def find_own(drafts: Sequence[Image.Image], pictures: Sequence[Image.Image]) -> float:
    """Return the share of pictures of which the nearest draft is their own."""
    ours, theirs = (np.stack([shrink(image) for image in images]) for images in (pictures, drafts))
    distances = ((ours[:, None] - theirs[None]) ** 2).sum(-1)
    return float((distances.argmin(1) == np.arange(len(ours))).mean())


def shrink(image: Image.Image) -> np.ndarray:
    return np.asarray(image.resize((32, 32), Image.Resampling.BOX), dtype=np.float64).ravel()


def correlate(drafts: Sequence[Image.Image], pictures: Sequence[Image.Image]) -> list[float]:
    """Return the rank correlations of brightness, balance and contrast."""
    pairs = zip(*(describe(images) for images in (drafts, pictures)), strict=True)
    return [float(np.corrcoef(rank(one), rank(other))[0, 1]) for one, other in pairs]


def measure_brightness(drafts: Sequence[Image.Image], pictures: Sequence[Image.Image]) -> tuple[float, float]:
    """Return the standard deviations of the difference in brightness, and of the pictures' brightness."""
    ours, theirs = (describe(images)[0] for images in (drafts, pictures))
    return float((ours - theirs).std()), float(theirs.std())


def describe(images: Sequence[Image.Image]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return brightness, balance and contrast of each image."""
    luminance = np.stack([np.asarray(image.convert("L"), dtype=np.float64) for image in images])
    left, right = np.array_split(luminance, 2, axis=2)
    return luminance.mean((1, 2)), right.mean((1, 2)) - left.mean((1, 2)), luminance.std((1, 2))


def rank(values: np.ndarray) -> np.ndarray:
    return values.argsort().argsort()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=SKETCH)
    parser.add_argument("--steps", type=int, nargs="+", help="steps of a draft; the model's default")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--only", choices=PARTS)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        runs = RunStore(Path(folder), 512 * MEBIBYTE)
        with closing(PipelineManager(device=given.device, runs=runs)) as manager:
            model = manager.resolve(given.model)
            steps = given.steps or [model.choose_draft_steps(model.num_inference_steps)]
            parts = {
                "time": lambda: [measure_time(manager, model, each, given.rounds) for each in steps],
                "size": lambda: measure_size(manager, model, steps[-1], runs),
                "fidelity": lambda: measure_fidelity(manager, model, steps),
            }
            for part in [given.only] if given.only else PARTS:
                parts[part]()


if __name__ == "__main__":
    main()
