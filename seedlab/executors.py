"""What makes the pictures in other processes: workers on Ray, or ZeroGPU."""

import os
from collections.abc import Mapping

from seedlab.core.errors import SeedLabError
from seedlab.pipelines.executor import Executor
from seedlab.pipelines.run_store import RunStore
from seedlab.settings import RUNS_BYTES, Settings


def make_executor(settings: Settings, paths: Mapping[str, str] | None) -> Executor | None:
    """Return what makes the pictures in other processes; None to make them in this one."""
    if settings.zero_gpu:
        return _make_zero_gpu_executor(settings)
    if settings.workers is None:
        return None
    from seedlab.pipelines.ray.cluster import RayCluster, check_workers
    from seedlab.pipelines.ray.executor import ClusterExecutor
    from seedlab.pipelines.ray.messages import WorkerOptions

    check_workers(settings.workers, os.environ)
    options = WorkerOptions(
        device=settings.device,
        deterministic=settings.deterministic,
        memory_format=settings.memory_format,
        threads=settings.threads,
        paths=paths,
        runs=settings.runs_folder.absolute() if settings.workers.local else None,
        runs_bytes=RUNS_BYTES,
    )
    return ClusterExecutor(RayCluster(settings.workers, options), names_workers=not settings.public)


def _make_zero_gpu_executor(settings: Settings) -> Executor:
    if settings.workers is not None:
        raise SeedLabError("ZeroGPU has workers of its own: leave out --workers and SEEDLAB_WORKERS.")
    from seedlab.pipelines.zerogpu.executor import ZeroGpuExecutor

    return ZeroGpuExecutor(
        settings.device,
        deterministic=settings.deterministic,
        runs=RunStore(settings.runs_folder, RUNS_BYTES),
        memory_format=settings.memory_format,
    )
