"""Makes rounds with real workers and writes what came of them: `python -m tests.pipelines.ray.rounds FOLDER`."""

import hashlib
import json
import os
import signal
import sys
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from threading import Event

import psutil

from seedlab.core.machine.workers import Workers
from seedlab.core.reports import Finished, Progress
from seedlab.pipelines.devices.libraries import use_threads
from seedlab.pipelines.manager import PipelineManager
from seedlab.pipelines.ray.cluster import RayCluster, RayWorker
from seedlab.pipelines.ray.executor import ClusterExecutor
from seedlab.pipelines.ray.messages import WorkerOptions
from seedlab.pipelines.run_store import RunStore
from tests.rounds import seed_round

LIMIT = 300.0
STEPS = 12


class GrowingCluster(RayCluster):
    """A Ray on this machine whose second worker comes when the program asks for it."""

    def __init__(self, options):
        super().__init__(Workers(local=2), options)
        self.wanted, self.node = [], ""

    def _start_workers(self, node, on_gpu):
        self.node = node["NodeID"]
        self.want("first")
        return []

    def want(self, name, cpus=1, **changes):
        needs = {"num_cpus": cpus, "num_gpus": 0}
        self.wanted.append(RayWorker(name, self.node, needs, replace(self._options, **changes)))

    def find_new(self):
        super().find_new()
        new, self.wanted = self.wanted, []
        return new


def make(generate, recipes, stop=None, on_step=lambda report: None, **options):
    pictures, drafts = [""] * len(recipes), [None] * len(recipes)
    for report in generate(recipes, stop or Event(), **options):
        if isinstance(report, Progress):
            on_step(report)
        elif isinstance(report, Finished):
            latents = report.checksums.latents if report.checksums else ""
            pictures[report.index] = hashlib.sha256(latents.encode() + report.image.tobytes()).hexdigest()
            drafts[report.index] = report.draft_steps
    return pictures, drafts


def wait_until(holds):
    end = time.monotonic() + LIMIT
    while not holds():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.02)


def list_actors():
    """Return the processes of the workers."""
    children = psutil.Process().children(recursive=True)
    return [child for child in children if "Actor" in " ".join(child.cmdline()[:1])]


def list_ports():
    """Return the addresses that Ray's processes listen on."""
    processes = [psutil.Process(), *psutil.Process().children(recursive=True)]
    connections = (connection for process in processes for connection in process.net_connections("inet"))
    return sorted({each.laddr.ip for each in connections if each.status == psutil.CONN_LISTEN})


def main(folder: Path) -> None:
    use_threads(1)
    runs = RunStore(folder / "runs", 2**28)
    with closing(PipelineManager(device="cpu")) as manager:
        model = manager.resolve("sketch")
        recipe = model.make_recipe(prompt="a boat", seed=0, height=64, width=64, num_inference_steps=STEPS)
        recipes = seed_round(recipe, range(4))
        seen = {"local": make(manager.generate, recipes)[0]}
    options = WorkerOptions(device="cpu", threads=1, runs=runs.folder, runs_bytes=runs.limit_bytes)
    cluster = GrowingCluster(options)
    executor = ClusterExecutor(cluster)
    with closing(PipelineManager(executor=executor)) as manager:
        explore(manager, executor, cluster, recipes, seen)
    (folder / "seen.json").write_text(json.dumps(seen), encoding="utf-8")


def explore(manager, executor, cluster, recipes, seen):
    def count():
        return len(executor._admission.admitted)

    seen["one worker"], _ = make(manager.generate, recipes)
    seen["used before"] = count()
    seen["ports"] = list_ports()
    cluster.want("late")
    wait_until(lambda: count() == 2)
    seen["used after"] = count()
    seen["two workers"], _ = make(manager.generate, recipes)
    seen["drafts"] = make(manager.generate, recipes, draft_steps=4)[1]
    seen["finished drafts"], _ = make(manager.generate, recipes)
    kill(manager, recipes, seen)
    wait_until(lambda: count() == 2)
    seen["used after the kill"] = count()
    stop_early(manager, recipes, seen)
    cluster.want("odd", cpus=0, threads=2)
    wait_until(lambda: executor._pool._sentences)
    seen["odd"] = executor._pool.take_sentences()[0].partition(" is not used: ")[2]
    seen["used after the odd one"] = count()


def kill(manager, recipes, seen):
    killed = []

    def on_step(report):
        if report.step == STEPS // 2 and not killed:
            process = list_actors()[0]
            killed.append(process.pid)
            os.kill(process.pid, signal.SIGKILL)

    seen["killed"], _ = make(manager.generate, recipes, on_step=on_step)
    assert killed


def stop_early(manager, recipes, seen):
    stop, steps = Event(), []

    def on_step(report):
        if stop.is_set():
            steps.append(report.step)
        stop.set()

    long = [replace(recipe, num_inference_steps=200) for recipe in recipes]
    seen["finished after stop"] = len([each for each in make(manager.generate, long, stop, on_step)[0] if each])
    seen["steps after stop"] = len({*steps})
    seen["after stop"], _ = make(manager.generate, recipes)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
