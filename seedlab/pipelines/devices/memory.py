"""Free memory, the size of a pipeline's weights, and returning unused memory."""

import gc
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from math import prod
from pathlib import Path, PurePosixPath

import psutil

from seedlab.core.machine.memory import Memory
from seedlab.core.storage.safetensors import read_header
from seedlab.pipelines.devices.malloc import release_freed_memory

ACTIVATION_BYTES = 2 * 10**9
"""Bytes reserved for activations, up to images of about a megapixel."""

PREPACKED_BYTES = 2**31
"""Bytes reserved on a CPU for prepacked weights (`kernels.prepack`): those of Stable Diffusion 1.5 in bfloat16."""

HOST = "host"
"""The host memory of a machine with a GPU: weights pass through it, and stay there with model CPU offload."""

CGROUP_ROOT = Path("/sys/fs/cgroup")
PROCESS_GROUPS = Path("/proc/self/cgroup")
LIMITS = {
    "": ("memory.max", "memory.current", ("inactive_file", "active_file")),
    "memory": ("memory.limit_in_bytes", "memory.usage_in_bytes", ("total_inactive_file", "total_active_file")),
}
"""The files of a control group, version 2 and 1: its limit, its usage, and the reclaimable parts of its usage."""


def measure_memory(device: str) -> Memory:
    """Return the memory of this machine; the device is as for `measure_room`."""
    return Memory(measure_capacity(device), measure_capacity(HOST))


def measure_room(device: str, cgroup_root: Path = CGROUP_ROOT, groups: Path = PROCESS_GROUPS) -> int:
    """Return the bytes available for more weights on a device, besides activations; below 0 if these do not fit.

    Args:
        device: "cuda" for the GPU's memory; "cpu", "mps" or `HOST` for the machine's.
        cgroup_root: the mounted control groups, with the limits of this process's container, if any.
        groups: the file that lists the groups below it that this process belongs to, such as a service's.
    """
    if device == "cuda":
        return _measure_gpu() - ACTIVATION_BYTES
    free = min((int(psutil.virtual_memory().available), *(room for _, room in _read_limits(cgroup_root, groups))))
    return free - ACTIVATION_BYTES - (PREPACKED_BYTES if device == "cpu" else 0)


def measure_capacity(device: str, cgroup_root: Path = CGROUP_ROOT, groups: Path = PROCESS_GROUPS) -> int:
    """Return all memory of a device, in bytes, whether it is used or not; the arguments are those of `measure_room`."""
    if device == "cuda":
        import torch

        return int(torch.cuda.mem_get_info()[1])
    return min((int(psutil.virtual_memory().total), *(limit for limit, _ in _read_limits(cgroup_root, groups))))


def free_memory() -> None:
    """Collect garbage, and return unused memory to the system: the allocator's, CUDA's and MPS's."""
    import torch

    gc.collect()
    release_freed_memory()
    with suppress(RuntimeError):  # a GPU in an error state fails here too; the original error must still be reported
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        if torch.backends.mps.is_available():
            torch.mps.empty_cache()


@contextmanager
def measure_peak(device: str) -> Iterator[Callable[[], int]]:
    """Yield a function that returns how many bytes more than at the start were allocated inside the context, at most.

    Only a GPU's memory is measured; elsewhere the function returns 0.
    """
    import torch

    if device != "cuda":
        yield lambda: 0
        return
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    yield lambda: torch.cuda.max_memory_allocated() - before


def _measure_gpu() -> int:
    import torch

    free, _ = torch.cuda.mem_get_info()
    # Memory that torch's allocator caches is free too.
    return int(free) + torch.cuda.memory_reserved() - torch.cuda.memory_allocated()


def _read_limits(cgroup_root: Path, groups: Path) -> Iterator[tuple[int, int]]:
    """Yield the limits of this process's control groups, and what is left of each."""
    for controller, (limit, used, names) in LIMITS.items():
        for folder in _list_groups(cgroup_root / controller, controller, groups):
            with suppress(OSError, ValueError, KeyError):  # "max", which is not a number, is no limit
                stat = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
                reclaimable = sum(int(stat[name]) for name in names)
                most = int((folder / limit).read_text())
                yield most, most - int((folder / used).read_text()) + reclaimable


def _list_groups(root: Path, controller: str, groups: Path) -> Iterator[Path]:
    """Yield the folder of the root group, and of the groups below it that contain this process, from the top."""
    yield root
    with suppress(OSError, ValueError):
        for line in groups.read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            parts = PurePosixPath(path).parts[1:]
            if (
                controller in controllers.split(",") and ".." not in parts
            ):  # groups outside the container are not visible
                yield from (root.joinpath(*parts[: count + 1]) for count in range(len(parts)))


def choose_weights(files: Iterable[tuple[str, Path]]) -> tuple[Path, ...]:
    """Return the weight files that are loaded: no variants, such as "model.fp16.safetensors".

    Args:
        files: names relative to the pipeline's folder, and files; "" is the name of a single-file checkpoint.
    """
    weights = [(name, file) for name, file in files if file.suffix == ".safetensors"]
    parts = [(name, file) for name, file in weights if "/" in name and "." not in file.stem]
    return tuple(file for _, file in parts or weights)


def estimate_size(weights: Iterable[Path], dtype: str) -> int:
    """Return the size of safetensors weights in a dtype, in bytes; reads only the files' headers."""
    import torch

    return sum(map(_count_values, weights)) * int(getattr(torch, dtype).itemsize)


def _count_values(file: Path) -> int:
    try:
        return sum(map(prod, read_header(file).shapes.values()))
    except (OSError, ValueError):
        return 0  # loading it fails, and reports why
