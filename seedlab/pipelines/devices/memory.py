"""How much memory there is for a pipeline's weights, and how much they will take."""

import gc
from collections.abc import Iterable, Iterator
from contextlib import suppress
from math import prod
from pathlib import Path, PurePosixPath

import psutil

from seedlab.pipelines.devices.malloc import release_freed_memory

WORKROOM = 2 * 10**9
"""Bytes that are left for the work: its activations, up to pictures of about a megapixel."""

PREPACKED_BYTES = 2**31
"""Bytes that are left, on a CPU, for weights laid out anew (see `packing`): enough for Stable Diffusion 1.5 in half."""

HOST = "host"
"""The machine's memory beside a card: weights come by way of it, and stay in it where the card is too small."""

CONTAINER = Path("/sys/fs/cgroup")
GROUPS = Path("/proc/self/cgroup")
LIMITS = {
    "": ("memory.max", "memory.current", ("inactive_file", "active_file")),
    "memory": ("memory.limit_in_bytes", "memory.usage_in_bytes", ("total_inactive_file", "total_active_file")),
}
"""How Linux calls a group's limit, its use, and the parts of its use that give way (control groups 2 and 1)."""


def measure_room(device: str, container: Path = CONTAINER, groups: Path = GROUPS) -> int:
    """Return how many bytes more of weights a device has room for, beside the work; below 0 where that is short.

    Args:
        device: "cuda", whose card counts, or "cpu", "mps" or `HOST`, where it is the machine's memory.
        container: the folder in which the limits of the container are told that this process runs in, if any.
        groups: the file that names the groups within it that this process belongs to, a job's or a service's.
    """
    if device == "cuda":
        return _measure_card() - WORKROOM
    free = min((int(psutil.virtual_memory().available), *_read_limits(container, groups)))
    return free - WORKROOM - (PREPACKED_BYTES if device == "cpu" else 0)


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


def _measure_card() -> int:
    import torch

    free, _ = torch.cuda.mem_get_info()
    # What torch holds back for reuse is free too.
    return int(free) + torch.cuda.memory_reserved() - torch.cuda.memory_allocated()


def _read_limits(container: Path, groups: Path) -> Iterator[int]:
    for kind, (limit, used, names) in LIMITS.items():
        for folder in _list_groups(container / kind, kind, groups):
            with suppress(OSError, ValueError, KeyError):  # "max" is no number: there is no limit
                told = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
                gives_way = sum(int(told[name]) for name in names)
                yield int((folder / limit).read_text()) - int((folder / used).read_text()) + gives_way


def _list_groups(root: Path, kind: str, groups: Path) -> Iterator[Path]:
    """Yield the folder of the container's own group, and of those within it, from the largest on."""
    yield root
    with suppress(OSError, ValueError):
        for line in groups.read_text().splitlines():
            _, kinds, path = line.split(":", 2)
            parts = PurePosixPath(path).parts[1:]
            if kind in kinds.split(",") and ".." not in parts:  # a group beside the container's is not to be seen
                yield from (root.joinpath(*parts[: count + 1]) for count in range(len(parts)))


def choose_weights(files: Iterable[tuple[str, Path]]) -> tuple[Path, ...]:
    """Return which of a pipeline's files are loaded: of the weights no variants, such as "model.fp16.safetensors".

    Args:
        files: names, within the pipeline's folder, and files; "" is the name of a checkpoint in one file.
    """
    weights = [(name, file) for name, file in files if file.suffix == ".safetensors"]
    parts = [(name, file) for name, file in weights if "/" in name and "." not in file.stem]
    return tuple(file for _, file in parts or weights)


def estimate_size(weights: Iterable[Path], dtype: str) -> int:
    """Return the bytes that weights in safetensors files will take in a dtype; only the files' heads are read."""
    import torch

    return sum(map(_count_weights, weights)) * int(getattr(torch, dtype).itemsize)


def _count_weights(file: Path) -> int:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, "np") as weights:
            return sum(prod(weights.get_slice(name).get_shape()) for name in weights.keys())  # noqa: SIM118
    except (OSError, SafetensorError):
        return 0  # nothing will be loaded of it, and why not is said then
