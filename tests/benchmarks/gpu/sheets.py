"""A sheet of 64 seeds: in grids of four, and in batches as large as pay. Are the bytes those of single pictures?"""

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from threading import Event

from seedlab.core.models.model import SKETCH
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.reports import Finished
from seedlab.images.compare import hash_pixels
from seedlab.pipelines.exact.batch_sizes import GUIDE_BATCH, BatchSizes
from seedlab.pipelines.exact.plans import Plans
from seedlab.pipelines.manager import PipelineManager
from seedlab.pipelines.thread_executor import ThreadExecutor
from tests.benchmarks.gpu.bench import Bench, Line


class Grids(BatchSizes):
    """Always chooses a grid."""

    def choose(self, kind: object, waiting: int, free: int) -> int:
        return min(waiting, GUIDE_BATCH)


def compare(bench: Bench) -> Iterator[Line]:
    """Make sheets of Sketch, wholly and as drafts; the first ones try sizes and calibrate them."""
    count, steps = (6, 1) if bench.tiny else (64, 12)
    for sizes in (Grids(None), BatchSizes(None)):
        executor = ThreadExecutor(bench.device, Plans(None))
        executor._runner.sizes = sizes
        with closing(PipelineManager(executor=executor)) as manager:
            first = manager.resolve(SKETCH).make_recipe(prompt="a red boat", seed=0, num_inference_steps=steps)
            alone = [make(manager, [replace(first, seed=seed)])[0] for seed in (0, 5)]
            for number in range(1 if bench.tiny else 5):
                recipes = [replace(first, seed=seed + 1000 * number) for seed in range(count)]
                started = time.perf_counter()
                made = make(manager, recipes)
                seconds = round(time.perf_counter() - started, 2)
                yield {"batches": type(sizes).__name__, "sheet": number, "tiles": len(made), "seconds": seconds}
                if number == 0:
                    yield {"batches": type(sizes).__name__, "equal_alone": [made[0], made[5]] == alone}
            if not bench.tiny:
                recipes = [replace(first, seed=seed + 9000) for seed in range(count)]
                started = time.perf_counter()
                made = make(manager, recipes, draft_steps=3)
                seconds = round(time.perf_counter() - started, 2)
                yield {"batches": type(sizes).__name__, "drafts": len(made), "seconds": seconds}
        yield {"batches": type(sizes).__name__, "known": [sorted(known.items()) for known in sizes._seconds.values()]}


def make(manager: PipelineManager, recipes: list[Recipe], draft_steps: int | None = None) -> list[str]:
    """Return the SHA-256 of each picture's pixels."""
    reports = manager.generate(recipes, Event(), draft_steps=draft_steps)
    done = {report.index: hash_pixels(report.image) for report in reports if isinstance(report, Finished)}
    return [done[index] for index in sorted(done)]
