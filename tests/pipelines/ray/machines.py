"""Makes rounds with several machines, which are nodes of Ray with addresses, folders and caches of their own.

`python -m tests.pipelines.ray.machines FOLDER` starts them with the commands of the README, and writes what came of it.
The page's LoRA is at a path that names another file, or none, on each of them.
"""

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from seedlab.core.machine.workers import parse_workers
from seedlab.core.recipes.additions import Lora
from seedlab.pipelines.devices.libraries import use_threads
from seedlab.pipelines.loaded.hashes import hash_file
from seedlab.pipelines.manager import PipelineManager
from seedlab.pipelines.ray.cluster import RayCluster, check_workers
from seedlab.pipelines.ray.executor import ClusterExecutor
from seedlab.pipelines.ray.messages import WorkerOptions
from tests.pipelines.builders import build_lora, build_stable_diffusion, make_recipe
from tests.pipelines.ray.rounds import make, wait_until
from tests.rounds import seed_round

ROOT = Path(__file__).parents[3]
PAGE, ATTIC, CELLAR = "127.0.0.2", "127.0.0.3", "127.0.0.4"
LORA = "/proc/self/cwd/loras/style.safetensors"
"""A path below the folder in which a process was started: one path, and on each machine another file."""

STEPS = 60
SMALL_STORE = ("--object-store-memory=100000000", "--disable-usage-stats", "--block")


@contextmanager
def start_node(folder: Path, address: str, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """Start a machine that works in a folder; all of its processes are killed in the end."""
    command = [str(Path(sys.executable).with_name("ray")), "start", f"--node-ip-address={address}", *options]
    log = folder / "ray.log"
    variables = {**os.environ, "SEEDLAB_CACHE": str(folder / "cache"), "PYTHONPATH": str(ROOT)}
    with log.open("wb") as stream:
        node = subprocess.Popen([*command, *SMALL_STORE], cwd=folder, env=variables, stdout=stream, stderr=stream)
    try:
        wait_until(lambda: "Ray runtime started" in log.read_text(encoding="utf-8") or node.poll() is not None)
        yield node
    finally:
        kill(node)


def kill(node):
    """Let a machine end without a word."""
    if node.poll() is None:
        for process in (psutil.Process(node.pid), *psutil.Process(node.pid).children(recursive=True)):
            process.kill()
        node.wait()


def main(folder: Path) -> None:
    use_threads(1)
    tiny = build_stable_diffusion(folder)
    folders = [folder / name for name in ("page", "attic", "cellar")]
    for seed, each in enumerate(folders):
        (each / "loras").mkdir(parents=True)
        build_lora(tiny, each / "loras" / "style.safetensors", seed)
    shutil.rmtree(folders[2] / "loras")
    lora = Lora(file=LORA, sha256=hash_file(folders[0] / "loras" / "style.safetensors"), weight=1.0)
    recipes = seed_round(make_recipe(tiny, loras=(lora,), num_inference_steps=STEPS), range(4))
    (folder / "token").write_text(secrets.token_hex(32), encoding="utf-8")
    os.environ.update({"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(folder / "token")})
    seen = {}
    with TemporaryDirectory(prefix="ray-") as short:  # names of sockets have at most 107 bytes
        head = ("--head", f"--port={find_port()}", "--num-cpus=0", "--include-dashboard=false", f"--temp-dir={short}")
        with start_node(folders[0], PAGE, *head):
            explore(folders, f"{PAGE}:{head[1].partition('=')[2]}", recipes, seen)
    (folder / "seen.json").write_text(json.dumps(seen), encoding="utf-8")


def find_port():
    with socket.create_server((PAGE, 0)) as server:
        return server.getsockname()[1]


def explore(folders, address, recipes, seen):
    page, attic, cellar = folders
    os.chdir(page)
    join = (f"--address={address}", "--num-cpus=1")
    workers = parse_workers(address)
    check_workers(workers, os.environ)
    executor = ClusterExecutor(RayCluster(workers, WorkerOptions(device="cpu", threads=1)))
    with (
        start_node(attic, ATTIC, *join) as first,
        closing(PipelineManager(device="cpu")) as local,
        closing(PipelineManager(executor=executor)) as manager,
    ):
        seen["local"], _ = make(local.generate, recipes)
        seen["one machine"], _ = make(manager.generate, recipes)
        seen["sent to the first"] = count_copies(folders)
        with start_node(cellar, CELLAR, *join):
            wait_until(lambda: len(executor._admission.admitted) == 2)
            seen["two machines"], _ = make(manager.generate, recipes)
            seen["sent to both"] = count_copies(folders)
            lose(first, manager, recipes, seen)
            wait_until(lambda: len(executor._admission.admitted) == 1)


def count_copies(folders):
    return [len([*(folder / "cache" / "received").glob("*/loras/style.safetensors")]) for folder in folders]


def lose(node, manager, recipes, seen):
    working = set()

    def on_step(report):
        working.add(report.index)
        if len(working) == len(recipes):
            kill(node)

    seen["lost machine"], _ = make(manager.generate, recipes, on_step=on_step)
    seen["the machine ended"] = node.poll() is not None


if __name__ == "__main__":
    main(Path(sys.argv[1]))
