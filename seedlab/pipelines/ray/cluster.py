"""Ray: the only module that uses it. It starts or joins a cluster, and keeps an actor on each share of its machines."""

import logging
import os
import secrets
from collections.abc import Callable, Generator, Mapping
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from seedlab.core.errors import SeedLabError
from seedlab.core.machine.workers import Workers
from seedlab.pipelines.ray.actor import Actor
from seedlab.pipelines.ray.bundles import Bundle, Chunk
from seedlab.pipelines.ray.messages import Examination, LostWorkerError, Message, Task, WorkerOptions

INSTALL = 'Workers need the package “ray”: pip install "seedlab[workers]".'
NO_TOKEN = (
    "A Ray cluster runs whatever it is sent, so SeedLab joins none without a token: set RAY_AUTH_MODE=token and "
    "RAY_AUTH_TOKEN_PATH to a file with the cluster's token, the same on each machine, and start all of it again."
)
STORE_BYTES = 2**28
"""The size of the object store of a Ray on this machine: pictures pass through it."""

THREADS = 8
"""How many methods of an actor may run at a time: the work, and what stops it."""

QUIET = {
    # Nothing is reported to anybody.
    "RAY_USAGE_STATS_ENABLED": "0",
    # Without it, Ray warns that a coming version leaves CUDA_VISIBLE_DEVICES as it is for actors without a GPU.
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}
LOOPBACK = {
    # Ray listens on all addresses unless it takes the machine for one that can have no cluster, as on macOS.
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_AUTH_MODE": "token",
    # One for the life of the process: Ray's library keeps the first that it reads, and a later Ray would refuse it.
    "RAY_AUTH_TOKEN": secrets.token_hex(32),
}


def check_workers(workers: Workers, variables: Mapping[str, str]) -> None:
    """Refuse workers that cannot be used, before anything is started.

    Raises:
        SeedLabError: Ray is not installed, or a cluster has no token.
    """
    if find_spec("ray") is None:
        raise SeedLabError(INSTALL)
    if workers.address and not _has_token(variables):
        raise SeedLabError(NO_TOKEN)


def _has_token(variables: Mapping[str, str]) -> bool:
    if variables.get("RAY_AUTH_MODE", "").strip().casefold() != "token":
        return False
    path = variables.get("RAY_AUTH_TOKEN_PATH")
    file = Path(path).expanduser() if path else Path.home() / ".ray" / "auth_token"
    return bool(variables.get("RAY_AUTH_TOKEN")) or file.is_file()


class RayCluster:
    """A Ray of our own on this machine, or one that is joined."""

    def __init__(self, workers: Workers, options: WorkerOptions) -> None:
        """Describe a cluster; nothing is started.

        Args:
            options: of each worker.
        """
        self._workers, self._options = workers, options
        self._known: set[str] = set()

    def connect(self) -> None:
        """See `seedlab.pipelines.ray.executor.Cluster`."""
        os.environ.update(QUIET)
        if self._workers.local:
            os.environ.update(LOOPBACK)
        logging.getLogger("ray").setLevel(logging.ERROR)
        import ray

        try:
            ray.init(log_to_driver=False, logging_level=logging.ERROR, **self._find_address())
        except Exception as error:  # Ray raises ConnectionError, RuntimeError, ValueError and errors of its own
            raise SeedLabError(self._explain()) from error

    def find_new(self) -> "list[RayWorker]":
        """See `seedlab.pipelines.ray.executor.Cluster`."""
        import ray

        nodes = {node["NodeID"]: node for node in ray.nodes() if node["Alive"]}
        has_gpus = any(node["Resources"].get("GPU") for node in nodes.values())
        on_gpu = self._options.device == "cuda" or (self._options.device is None and has_gpus)
        fresh = [node for name, node in nodes.items() if name not in self._known]
        self._known.update(nodes)
        return [worker for node in fresh for worker in self._start_workers(node, on_gpu)]

    def close(self) -> None:
        """See `seedlab.pipelines.ray.executor.Cluster`."""
        import ray

        ray.shutdown()

    def _find_address(self) -> dict[str, Any]:
        if not self._workers.local:
            return {"address": self._workers.address}
        return {
            "address": "local",
            "num_cpus": self._workers.local * self._threads,
            "include_dashboard": False,
            "object_store_memory": STORE_BYTES,
            "_node_ip_address": "127.0.0.1",
        }

    @property
    def _threads(self) -> int:
        return self._options.threads or 1

    def _explain(self) -> str:
        if self._workers.local:
            return "Ray could not be started on this machine, so there are no workers: start SeedLab without --workers."
        port = self._workers.address.rpartition(":")[2]
        return (
            f"The cluster at {self._workers.address} cannot be joined: see that it has the same token, Python and "
            f"Ray, and that this machine is part of it. On its first machine: ray start --head --port={port}; on the "
            f"others: ray start --address={self._workers.address}. This machine may have --num-cpus=0."
        )

    def _start_workers(self, node: Mapping[str, Any], on_gpu: bool) -> "list[RayWorker]":
        resources, name = node["Resources"], node["NodeID"]
        needs = {"num_gpus": 1, "num_cpus": 0} if on_gpu else {"num_cpus": self._threads, "num_gpus": 0}
        count = resources.get("GPU", 0) if on_gpu else resources.get("CPU", 0) // self._threads
        most = self._workers.local or int(count)
        options = self._options if on_gpu else replace(self._options, threads=self._threads)
        return [RayWorker(f"{name}-{number}", name, needs, options) for number in range(min(int(count), most))]


class RayWorker:
    """An actor on one machine. Ray starts it again when its process ends, and not when the machine is gone."""

    def __init__(self, name: str, node: str, needs: Mapping[str, int], options: WorkerOptions) -> None:
        """Start it.

        Args:
            name: unique among the workers.
            node: the id of Ray's node.
            needs: its share of the machine, as Ray's options.
            options: for the actor.
        """
        import ray
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        self.name, self._node = name, node
        place = NodeAffinitySchedulingStrategy(node, soft=False)
        kind = ray.remote(Actor).options(max_restarts=-1, max_concurrency=THREADS, scheduling_strategy=place, **needs)
        self._actor = kind.remote(options)

    def examine(self) -> Examination:
        """See `seedlab.pipelines.ray.pool.Worker`."""
        examination: Examination = self._get(self._actor.examine.remote())
        return examination

    def make(self, task: Task) -> Generator[Message, None, None]:
        """See `seedlab.pipelines.ray.pool.Worker`."""
        references = self._actor.make.options(num_returns="streaming").remote(task)
        while (reference := _call(lambda: next(references, None))) is not None:
            yield self._get(reference)

    def lacks(self, bundle: Bundle) -> bool:
        """See `seedlab.pipelines.ray.sender.Receiver`."""
        lacking: bool = self._get(self._actor.lacks.remote(bundle))
        return lacking

    def receive(self, bundle: Bundle, chunk: Chunk) -> str:
        """See `seedlab.pipelines.ray.sender.Receiver`."""
        sentence: str = self._get(self._actor.receive.remote(bundle, chunk))
        return sentence

    def discard(self) -> None:
        """See `seedlab.pipelines.ray.sender.Receiver`."""
        self._get(self._actor.discard.remote())  # or it might run when the next file is on its way

    def stop(self, task: str) -> None:
        """See `seedlab.pipelines.ray.pool.Worker`."""
        self._actor.stop.remote(task)

    def preload(self, address: str) -> None:
        """See `seedlab.pipelines.ray.pool.Worker`."""
        self._actor.preload.remote(address)

    def release(self) -> None:
        """See `seedlab.pipelines.ray.pool.Worker`."""
        import ray

        if ray.is_initialized():
            ray.kill(self._actor)

    def may_return(self) -> bool:
        """See `seedlab.pipelines.ray.pool.Worker`."""
        import ray

        if not ray.is_initialized():
            return False
        return any(node["Alive"] and node["NodeID"] == self._node for node in ray.nodes())

    def _get(self, reference: Any) -> Any:
        import ray

        return _call(lambda: ray.get(reference))


def _call(function: Callable[[], Any]) -> Any:
    """Call Ray; raises what the worker raised, or LostWorkerError."""
    from ray.exceptions import RayError, RayTaskError

    try:
        return function()
    except RayTaskError as error:
        raise error.cause from error
    except RayError as error:
        raise LostWorkerError from error
