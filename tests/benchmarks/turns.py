"""How long a small grid waits beside long jobs, and what a pause costs.

    python -m tests.benchmarks.turns             with Sketch, on the CPU
    python -m tests.benchmarks.turns --jobs 3    other visitors, each with four pictures of 1,000 steps

The first figure is the time until a grid of four small pictures is done while the others work, and until its first
sign of work; beside it, the same grid alone. The second compares long runs that are paused and resumed many times with
ones that are not, in alternation.
"""

import argparse
import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Event

from seedlab.core.models.model import SKETCH
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.reports import Failed, Finished, Progress
from seedlab.pipelines.manager import PipelineManager
from tests.rounds import seed_round


def measure_grid(manager: PipelineManager, recipes: Sequence[Recipe]) -> tuple[float, float]:
    """Return the seconds until the first step of a grid, and until its last picture."""
    begun, first = time.perf_counter(), 0.0
    for report in manager.generate(recipes, Event(), "small"):
        assert not isinstance(report, Failed), report.sentence
        if isinstance(report, Progress) and not first:
            first = time.perf_counter() - begun
    return first, time.perf_counter() - begun


def measure_wait(manager: PipelineManager, jobs: int, rounds: int) -> None:
    """Print how long a small grid takes alone, and beside long jobs."""
    model = manager.resolve(SKETCH)
    small = seed_round(model.make_recipe(prompt="a boat", seed=0, height=64, width=64), range(4))
    large = model.make_recipe(prompt="a house", seed=0, height=512, width=512, num_inference_steps=1000)
    for recipes in (small, seed_round(large, range(4))):
        warm_up(manager, recipes)
    alone = statistics.median(measure_grid(manager, small)[1] for _ in range(rounds))
    stop = Event()

    def work(visitor: int) -> int:
        steps = 0
        with closing(manager.generate(seed_round(large, range(4)), stop, visitor)) as reports:
            for report in reports:
                steps = report.step if isinstance(report, Progress) else steps
        return steps

    with ThreadPoolExecutor(jobs) as visitors:
        others = [visitors.submit(work, visitor) for visitor in range(jobs)]
        time.sleep(3)  # all of them are at work
        times = [measure_grid(manager, small) for _ in range(rounds)]
        stop.set()
        steps = [other.result() for other in others]
    first, whole = (statistics.median(values) for values in zip(*times, strict=True))
    print(
        f"a grid of four 64 x 64: {alone:.2f} s alone; beside {jobs} long jobs {whole:.2f} s, first step {first:.2f} s"
    )
    print(f"longest wait {max(whole for _, whole in times):.2f} s; steps of the others meanwhile: {steps}")


def warm_up(manager: PipelineManager, recipes: Sequence[Recipe]) -> None:
    """Load the model and calibrate the batch."""
    stop = Event()
    for report in manager.generate(recipes, stop):
        if isinstance(report, Progress | Finished):
            stop.set()


def measure_pauses(manager: PipelineManager, side: int, steps: int, rounds: int) -> None:
    """Print the cost of a pause: two jobs that take turns after every step, and the same without turns."""
    from seedlab.pipelines import turns
    from seedlab.pipelines.work_queue import WorkQueue

    recipe = manager.resolve(SKETCH).make_recipe(
        prompt="a house", seed=0, height=side, width=side, num_inference_steps=steps
    )
    recipes = seed_round(recipe, range(4))
    warm_up(manager, recipes)
    usual, times = turns.TURN_SECONDS, {True: [], False: []}
    # Both are of one size, and would not give way to each other.
    is_wanted = WorkQueue.is_wanted
    WorkQueue.is_wanted = lambda queue, left: is_wanted(queue, float("inf"))
    for _ in range(rounds):
        for is_paused in (False, True):
            turns.TURN_SECONDS = 0.0 if is_paused else 1e9
            begun = time.perf_counter()
            with ThreadPoolExecutor(2) as visitors:
                list(visitors.map(lambda name: list(manager.generate(recipes, Event(), name)), "ab"))
            times[is_paused].append(time.perf_counter() - begun)
    turns.TURN_SECONDS, WorkQueue.is_wanted = usual, is_wanted
    whole, paused = (statistics.median(times[is_paused]) for is_paused in (False, True))
    print(
        f"two jobs of 4 x {side} x {side}, {steps} steps: {whole:.2f} s; taking turns as often as possible: "
        f"{paused:.2f} s, {paused / whole:.2f} times"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with closing(PipelineManager(device="cpu")) as manager:
        measure_wait(manager, given.jobs, given.rounds)
        measure_pauses(manager, 256, 12, given.rounds)
        measure_pauses(manager, 512, 12, given.rounds)


if __name__ == "__main__":
    main()
