"""What late words keep of the locked picture's composition, and what a round of four costs.

    python -m tests.benchmarks.late_words              with Sketch, on the CPU
    python -m tests.benchmarks.late_words --step 25%   after how many steps the words join

The first figure is the correlation of the luminance at 32x32 pixels with the locked picture, for suffixes that join
late and for suffixes as usual. The second is the time of four pictures with late words, which share their first steps,
against four whole ones; in alternation, with a seed of its own each time.
"""

import argparse
import statistics
import time
from collections.abc import Iterable, Sequence
from threading import Event

import numpy as np
from PIL import Image

from seedlab.core.recipe import Recipe
from seedlab.core.reports import Failed, Finished
from seedlab.pipelines.manager import PipelineManager
from seedlab.pipelines.models.catalog import SKETCH
from seedlab.rules.late_words import LateWords, read_step
from seedlab.rules.suffixes import GUIDE_SUFFIXES, Suffixes

PROMPTS = ("Labrador in the style of Vermeer", "fox by Hokusai", "castle, stained glass", "a boat", "owl by Klimt")
SIDE = 32


def make(manager: PipelineManager, recipes: Sequence[Recipe]) -> list[Image.Image]:
    """Make pictures together."""
    ends: dict[int, Image.Image] = {}
    for report in manager.generate(recipes, Event()):
        assert not isinstance(report, Failed), report.sentence
        if isinstance(report, Finished):
            ends[report.index] = report.image
    return [ends[index] for index in range(len(recipes))]


def correlate(one: Image.Image, other: Image.Image) -> float:
    """Return the correlation of two pictures' luminance at 32x32 pixels."""
    small = [np.asarray(each.convert("L").resize((SIDE, SIDE), Image.Resampling.BOX)).ravel() for each in (one, other)]
    return float(np.corrcoef(*small)[0, 1])


def measure_composition(manager: PipelineManager, parents: Iterable[Recipe], step: int | str) -> None:
    """Print how much of the locked picture's composition stays."""
    kept: dict[str, list[float]] = {"suffixes": [], "late words": []}
    for parent in parents:
        (locked,) = make(manager, [parent])
        rules = {
            "suffixes": Suffixes(GUIDE_SUFFIXES),
            "late words": LateWords(tuple((s, step) for s in GUIDE_SUFFIXES)),
        }
        for name, rule in rules.items():
            kept[name] += [correlate(locked, each) for each in make(manager, tuple(rule.make(parent)))]
    for name, values in kept.items():
        low = np.quantile(values, 0.1)
        print(f"{name:<11} r = {statistics.mean(values):.3f}, 10 % below {low:.3f} ({len(values)} pictures)")


def measure_time(manager: PipelineManager, parent: Recipe, step: int | str, rounds: int) -> None:
    """Print what a round of four costs."""
    rules = (Suffixes(GUIDE_SUFFIXES), LateWords(tuple((suffix, step) for suffix in GUIDE_SUFFIXES)))
    times: list[tuple[float, ...]] = []
    for seed in range(rounds + 1):
        pair = []
        for rule in rules:
            recipes = [*rule.make(Recipe.from_dict(parent.to_dict() | {"seed": 1000 + seed}))]
            begun = time.perf_counter()
            make(manager, recipes)
            pair.append(time.perf_counter() - begun)
        times.append(tuple(pair))
    whole, late = (statistics.median(values) for values in zip(*times[1:], strict=True))  # the first one calibrates
    ratio = statistics.median(late / whole for whole, late in times[1:])
    print(f"four whole pictures {whole:.2f} s, with late words {late:.2f} s: {ratio:.2f} of the time")


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--step", default="25%", help="after how many steps the words join")
    parser.add_argument("--seeds", type=int, default=4, help="seeds for each prompt (%(default)s)")
    parser.add_argument("--rounds", type=int, default=7, help="rounds that are timed (%(default)s)")
    given = parser.parse_args()
    step = read_step(given.step)
    manager = PipelineManager(device="cpu")
    model = manager.resolve(SKETCH)
    parents = [model.make_recipe(prompt=prompt, seed=seed) for prompt in PROMPTS for seed in range(given.seeds)]
    measure_time(manager, parents[0], step, given.rounds)
    measure_composition(manager, parents, step)
    manager.close()


if __name__ == "__main__":
    main()
