"""How well measures on drafts work: the pictures that differ most, and words on trial.

    python -m tests.benchmarks.measures                     with Sketch, on the CPU
    python -m tests.benchmarks.measures --only different    one of the two parts: different, words
    python -m tests.benchmarks.measures --prompts 6         fewer prompts

The first part chooses the four that differ most out of the drafts of 8, 16 and 32 seeds, and finishes them. It compares
the smallest distance between two of them with that of seeds 0-3, and what both cost. Costs are processor times, so that
other work on the machine does not matter.

The second part puts Sketch's twelve suffixes, and twelve words that it does not know, on trial with 8 seeds each. It
prints the share of both that is found to change the pictures, for some thresholds: `NOTICEABLE` in
`seedlab/measures/trials.py` is one.
"""

import argparse
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from random import Random

import numpy as np

from seedlab.core.models.model import SKETCH, Model
from seedlab.measures.choosing import find_smallest
from seedlab.measures.features import coarsen, describe, measure_distances
from seedlab.measures.trials import NOTICEABLE, Trial, compare_wordings
from seedlab.pipelines.manager import PipelineManager
from seedlab.pipelines.run_store import RunStore
from seedlab.sketch.evaluate import build_prompt, list_held_out
from seedlab.sketch.vocabulary import MODIFIERS, unknown_words
from seedlab.workflow.measuring import choose_pictures
from tests.benchmarks.drafts import MEBIBYTE, PROMPTS, make
from tests.rounds import seed_round

CHOSEN = 4
SHEETS = (8, 16, 32)
"""The numbers of drafts that four are chosen from."""

UNKNOWN = (
    "masterpiece", "octane", "bokeh", "cinematic", "intricate", "steampunk",
    "8k", "moody", "hyperdetailed", "minimalist", "unreal engine", "cozy",
)  # fmt: skip
"""Words that people write, and Sketch does not know."""

TRIAL_SEEDS = range(8)
THRESHOLDS = (0, 1 / 12, 1 / 10, 1 / 8, 1 / 6, 1 / 5, 1 / 4, 1 / 3)
PARTS = ("different", "words")


def measure_different(manager: PipelineManager, model: Model, draft_steps: int, prompts: int) -> None:
    """Print how much the four that differ most differ more than four seeds do, and what choosing them costs."""
    smallest: dict[int, list[float]] = {count: [] for count in (CHOSEN, *SHEETS)}
    times: dict[int, list[float]] = {count: [] for count in (CHOSEN, *SHEETS)}
    for scene in Random(0).sample(list(list_held_out()), prompts):
        recipes = seed_round(model.make_recipe(prompt=build_prompt(scene), seed=0), range(max(SHEETS)))
        begun = time.process_time()
        plain = make(manager, recipes[:CHOSEN])
        times[CHOSEN].append(time.process_time() - begun)
        smallest[CHOSEN].append(_measure_smallest(plain))
        begun = time.process_time()
        drafts = make(manager, recipes, draft_steps)
        cost_of_draft = (time.process_time() - begun) / len(drafts)
        for count in SHEETS:
            begun = time.process_time()
            indices = choose_pictures(drafts[:count], CHOSEN).indices
            chosen = make(manager, [recipes[index] for index in indices])
            times[count].append(time.process_time() - begun + count * cost_of_draft)
            smallest[count].append(_measure_smallest(chosen))
        print(f"{build_prompt(scene)}: {', '.join(f'{values[-1]:.2f}' for values in smallest.values())}", flush=True)
    print("drafts  smallest distance, of that of seeds 0-3  time, of that of four pictures")
    for count in SHEETS:
        further, longer = (np.mean(each[count]) / np.mean(each[CHOSEN]) for each in (smallest, times))
        low, high = _bootstrap_ratio(smallest[count], smallest[CHOSEN])
        print(f"{count:6}  {further:18.2f} ({low:.2f} to {high:.2f})       {longer:16.2f}")


def _measure_smallest(images: Sequence) -> float:
    distances = measure_distances(coarsen(describe(images)))
    return find_smallest(distances, range(len(images)))


def _bootstrap_ratio(ours: Sequence[float], theirs: Sequence[float]) -> tuple[float, float]:
    """Return the 95 % confidence interval of the ratio of two means over the same prompts."""
    drawn = np.random.default_rng(0).integers(len(ours), size=(2_000, len(ours)))
    low, high = np.percentile(np.array(ours)[drawn].mean(1) / np.array(theirs)[drawn].mean(1), (2.5, 97.5))
    return float(low), float(high)


def measure_words(manager: PipelineManager, model: Model, draft_steps: int, prompts: int) -> None:
    """Print how many known and unknown words are found to change the pictures."""
    assert all(unknown_words(word) for word in UNKNOWN)
    lows: dict[str, list[float]] = {"suffixes": [], "unknown words": []}
    plain_prompts = [prompt for prompt in PROMPTS if not any(word in prompt for word in MODIFIERS)]
    for prompt in plain_prompts[:prompts]:
        plain = _describe(manager, model, prompt, draft_steps)
        for name, words in (("suffixes", MODIFIERS), ("unknown words", UNKNOWN)):
            for word in words:
                trial = compare_wordings(plain, _describe(manager, model, f"{prompt}, {word}", draft_steps))
                lows[name].append(trial.low)
                print(_format(trial), f"{prompt}, {word}", flush=True)
    print("threshold  " + "  ".join(f"{name} found" for name in lows) + f"  ({prompts} prompts)")
    for threshold in THRESHOLDS:
        shares = [np.mean(np.array(values) > threshold) for values in lows.values()]
        mark = "  NOTICEABLE" if threshold == NOTICEABLE else ""
        print(f"{threshold:9.3f}  {shares[0]:14.1%}  {shares[1]:19.1%}{mark}")


def _describe(manager: PipelineManager, model: Model, prompt: str, draft_steps: int) -> np.ndarray:
    recipes = seed_round(model.make_recipe(prompt=prompt, seed=0), TRIAL_SEEDS)
    return describe(make(manager, recipes, draft_steps))


def _format(trial: Trial) -> str:
    return f"{trial.change:6.3f} ({trial.low:.3f} to {trial.high:.3f})"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, help="steps of a draft; the model's default")
    parser.add_argument("--prompts", type=int, help="30 and 6 by default")
    parser.add_argument("--only", choices=PARTS)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        runs = RunStore(Path(folder), 512 * MEBIBYTE)
        with closing(PipelineManager(device="cpu", runs=runs)) as manager:
            model = manager.resolve(SKETCH)
            steps = given.steps or model.choose_draft_steps(model.num_inference_steps)
            if given.only != "words":
                measure_different(manager, model, steps, given.prompts or 30)
            if given.only != "different":
                measure_words(manager, model, steps, given.prompts or 6)


if __name__ == "__main__":
    main()
