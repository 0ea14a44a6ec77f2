"""What late words keep of the locked picture's composition, what they still change, and what a round of four costs.

    python -m tests.benchmarks.late_words                    with Sketch, on the CPU
    python -m tests.benchmarks.late_words --steps 2 3 4      after how many of twelve steps the words join
    python -m tests.benchmarks.late_words --only composition one of the two parts: time, composition

The first part times four pictures with late words, which share their first steps, against four whole ones; in
alternation, with a seed of its own each time.

The second makes the scenes of `seedlab.sketch.evaluate` without a suffix, with each suffix of the guide as usual (after
step 0), and with the suffix as late words. The classifier reads from the pictures where the subject is, how large it
is, and which suffix they show. Printed are the correlations over the seeds of x, y and size with the locked picture's,
averaged over scenes and suffixes, and the share of pictures in which the suffix is read.
"""

import argparse
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np

from seedlab.core.models.model import SKETCH, Model
from seedlab.core.recipes.recipe import Recipe
from seedlab.pipelines.manager import PipelineManager
from seedlab.rules.kinds.wordings.late_words import DEFAULT, LateWords, count_steps
from seedlab.rules.kinds.wordings.suffixes import GUIDE_SUFFIXES, Suffixes
from seedlab.sketch.classifier import Predictions, classify, load_classifier
from seedlab.sketch.evaluate import LOCK_SCENES, build_prompt, format_position, stack
from tests.benchmarks.drafts import make
from tests.rounds import seed_round

CLASSIFIER = Path("assets/judge.safetensors")
FIRST_SEED = 100
PARTS = ("time", "composition")


def measure_composition(manager: PipelineManager, model: Model, steps: Sequence[int], seeds: int) -> None:
    """Print how much of the locked pictures' compositions stays, and how often the suffix is read; 0: as usual."""
    classifier = load_classifier(CLASSIFIER)

    def read(recipes: Sequence[Recipe]) -> Predictions:
        return classify(classifier, stack(make(manager, recipes)))

    kept: dict[int, list[np.ndarray]] = {each: [] for each in (0, *steps)}
    shown: dict[int, list[float]] = {each: [] for each in (0, *steps)}
    print("joins after step  composition kept               suffix read")
    for scene in LOCK_SCENES:
        locked = seed_round(
            model.make_recipe(prompt=build_prompt(scene), seed=0), range(FIRST_SEED, FIRST_SEED + seeds)
        )
        places = read(locked).positions
        for step in kept:
            for suffix, recipes in vary(locked, step):
                predicted = read(recipes)
                kept[step].append(correlate(places, predicted.positions))
                shown[step].append(np.mean([each == suffix for each in predicted.modifiers]))
            print_row(
                step, kept[step][-len(GUIDE_SUFFIXES) :], shown[step][-len(GUIDE_SUFFIXES) :], build_prompt(scene)
            )
    for step in kept:
        print_row(step, kept[step], shown[step], f"mean of {len(LOCK_SCENES)} scenes, {seeds} seeds each")


def vary(locked: Sequence[Recipe], step: int) -> Iterator[tuple[str, list[Recipe]]]:
    """Yield each suffix, and the recipes with it."""
    for suffix in GUIDE_SUFFIXES:
        rule = LateWords(((suffix, step),)) if step else Suffixes((suffix,))
        yield suffix.strip(", "), [recipe for parent in locked for recipe in rule.make(parent)]


def correlate(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """Return the correlations (3,) of positions (seeds, 3)."""
    return np.array([np.corrcoef(ours[:, axis], theirs[:, axis])[0, 1] for axis in range(3)])


def print_row(step: int, kept: Sequence[np.ndarray], shown: Sequence[float], words: str) -> None:
    means = np.mean(kept, 0)
    print(f"{step:16}  {format_position(means)}  {np.mean(shown):11.1%}  mean {means.mean():.3f}, {words}", flush=True)


def measure_time(manager: PipelineManager, parent: Recipe, step: int, rounds: int) -> None:
    """Print what a round of four costs."""
    rules = (Suffixes(GUIDE_SUFFIXES), LateWords(tuple((suffix, step) for suffix in GUIDE_SUFFIXES)))
    times: list[tuple[float, ...]] = []
    for seed in range(rounds + 1):
        pair = []
        for rule in rules:
            recipes = [*rule.make(replace(parent, seed=1000 + seed))]
            begun = time.perf_counter()
            make(manager, recipes)
            pair.append(time.perf_counter() - begun)
        times.append(tuple(pair))
    whole, late = (statistics.median(values) for values in zip(*times[1:], strict=True))  # the first one calibrates
    ratio = statistics.median(late / whole for whole, late in times[1:])
    print(f"four whole pictures {whole:.2f} s, with words after step {step} {late:.2f} s: {ratio:.2f} of the time")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, nargs="+", help="after how many steps the words join; the default")
    parser.add_argument("--seeds", type=int, default=16, help="seeds of each scene (%(default)s)")
    parser.add_argument("--rounds", type=int, default=7, help="rounds that are timed (%(default)s)")
    parser.add_argument("--only", choices=PARTS)
    given = parser.parse_args()
    with closing(PipelineManager(device="cpu")) as manager:
        model = manager.resolve(SKETCH)
        steps = given.steps or [count_steps(DEFAULT, model.num_inference_steps)]
        if given.only != "composition":
            for step in steps:
                measure_time(
                    manager, model.make_recipe(prompt=build_prompt(LOCK_SCENES[0]), seed=0), step, given.rounds
                )
        if given.only != "time":
            measure_composition(manager, model, steps, given.seeds)


if __name__ == "__main__":
    main()
