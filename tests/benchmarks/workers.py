"""What workers gain, what they cost, and whether many visitors share them fairly.

    python -m tests.benchmarks.workers                    # everything, in a few minutes
    python -m tests.benchmarks.workers --only visitors    # or speed, or overhead

`speed` compares 8 tiles of Sketch on two workers of one thread with one such worker; two idle cores are needed.
`overhead` sends the reports of finished tiles through Ray without making them. `visitors` simulates many visitors with
workers that only sleep, so that it measures the dispatcher: throughput against the ideal, and how long they wait.
"""

import argparse
import json
import threading
import time
from contextlib import closing
from dataclasses import replace
from statistics import median
from threading import Event

from PIL import Image

from seedlab.core.machine.workers import Workers
from seedlab.core.reports import Finished, Progress
from seedlab.pipelines.devices.libraries import use_threads
from seedlab.pipelines.manager import PipelineManager
from seedlab.pipelines.ray import cluster
from seedlab.pipelines.ray.cluster import RayCluster
from seedlab.pipelines.ray.executor import ClusterExecutor
from seedlab.pipelines.ray.messages import WorkerOptions
from tests.examples import ENVIRONMENT
from tests.pipelines.ray.fakes import EXAMINATION, FakeCluster, FakeWorker, make_batch, wait_until
from tests.rounds import seed_round

TILES, STEPS, RUNS = 8, 12, 3
VISITORS, WORKERS, ROUNDS, GRID, TILE_SECONDS = 200, 64, 5, 4, 0.25
"""Of the simulation: each visitor asks for a grid, and for the next one when it is there."""


class Echo:
    """An actor that reports tiles without making them."""

    def __init__(self, options):
        self._image = Image.effect_noise((256, 256), 64).convert("RGB")
        self._preview = self._image.resize((32, 32))

    def examine(self):
        return EXAMINATION

    def make(self, task):
        for step in range(STEPS):
            yield tuple(Progress(index, step + 1, STEPS, self._preview) for index in task.recipes)
        for index in task.recipes:
            yield (Finished(index, self._image, replace(ENVIRONMENT, weights=task.weights[index]), ""),)

    def stop(self, name):
        pass


def start_local(count):
    options = WorkerOptions(device="cpu", threads=1)
    executor = ClusterExecutor(RayCluster(Workers(local=count), options))
    _ = executor.device
    wait_until(lambda: len(executor._admission.admitted) == count)
    return executor


def take(run, *arguments):
    begin = time.perf_counter()
    made = [report for report in run(*arguments) if isinstance(report, Finished)]
    return time.perf_counter() - begin, made


def measure_speed():
    use_threads(1)
    seconds, pixels = {}, {}
    for count in (1, 2):
        with closing(PipelineManager(executor=start_local(count))) as manager:
            recipe = manager.resolve("sketch").make_recipe(prompt="a boat", seed=0, num_inference_steps=STEPS)
            recipes = seed_round(recipe, range(TILES))
            take(manager.generate, recipes, Event())  # loads the model
            runs = [take(manager.generate, recipes, Event()) for _ in range(RUNS)]
        seconds[count] = min(each[0] for each in runs)
        pixels[count] = {report.index: report.image.tobytes() for report in runs[-1][1]}
    return {
        "one worker, s": round(seconds[1], 2),
        "two workers, s": round(seconds[2], 2),
        "times": round(seconds[1] / seconds[2], 2),
        "equal bytes": pixels[1] == pixels[2],
    }


def measure_overhead():
    real, cluster.Actor = cluster.Actor, Echo
    try:
        with closing(start_local(1)) as executor:
            batch = make_batch(4)
            times = [take(executor.run, batch, Event())[0] for _ in range(20)][1:]
    finally:
        cluster.Actor = real
    return {"ms a tile": round(median(times) / 4 * 1000, 2), "best, ms a tile": round(min(times) / 4 * 1000, 2)}


def simulate_visitors():
    workers = [FakeWorker(f"{number}", seconds=TILE_SECONDS) for number in range(WORKERS)]
    executor = ClusterExecutor(FakeCluster(*workers))
    waits, totals = [], []

    def visit(number):
        for _ in range(ROUNDS):
            begin, first = time.perf_counter(), None
            for report in executor.run(make_batch(GRID, number), Event()):
                if isinstance(report, Progress) and first is None:
                    first = time.perf_counter() - begin
            waits.append(first or time.perf_counter() - begin)
        totals.append(time.perf_counter() - start)

    with closing(executor):
        _ = executor.device
        wait_until(lambda: len(executor._admission.admitted) == WORKERS)
        take(executor.run, make_batch(WORKERS), Event())  # hashes the model
        threads = [threading.Thread(target=visit, args=[number]) for number in range(VISITORS)]
        start = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seconds = time.perf_counter() - start
    ideal = VISITORS * ROUNDS * GRID * TILE_SECONDS / WORKERS
    return {
        "seconds": round(seconds, 2),
        "ideal, s": round(ideal, 2),
        "throughput of the ideal": round(ideal / seconds, 3),
        "wait for the first tile, s: median, longest": [round(median(waits), 2), round(max(waits), 2)],
        "first and last visitor done, s": [round(min(totals), 2), round(max(totals), 2)],
    }


PARTS = {"visitors": simulate_visitors, "overhead": measure_overhead, "speed": measure_speed}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=PARTS)
    only = parser.parse_args().only
    for name, measure in PARTS.items():
        if only in (None, name):
            print(json.dumps({name: measure()}), flush=True)


if __name__ == "__main__":
    main()
