"""How much memory is free, and how much a pipeline's weights will take."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from math import prod
from pathlib import Path

import psutil

WORKROOM = 2 * 10**9
"""Bytes of a device's memory that are left for the work: its activations, up to pictures of about a megapixel."""

CONTAINER = Path("/sys/fs/cgroup")
LIMITS = (
    ("memory.max", "memory.current", "memory.stat", "inactive_file"),
    ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "memory/memory.stat", "total_inactive_file"),
)
"""Where Linux tells a container's limit, its use, and the part of its use that gives way (control groups 2 and 1)."""


def measure_free(device: str, container: Path = CONTAINER) -> int:
    """Return the bytes that are free on a device: on a "cuda" card, else what machine and container leave us.

    Args:
        container: the folder in which the limits of a container are told.
    """
    if device == "cuda":
        import torch

        free, _ = torch.cuda.mem_get_info()
        return int(free)
    return min((int(psutil.virtual_memory().available), *_read_limits(container)))


def _read_limits(container: Path) -> Iterator[int]:
    for limit, used, statistics, name in LIMITS:
        with suppress(OSError, ValueError, KeyError):  # "max" is no number: there is no limit
            lines = (container / statistics).read_text().splitlines()
            gives_way = dict(line.split() for line in lines)[name]
            yield int((container / limit).read_text()) - int((container / used).read_text()) + int(gives_way)


def estimate_size(files: Iterable[Path], dtype: str) -> int:
    """Return the bytes that the weights in safetensors files will take in a dtype; only their heads are read.

    Raises:
        OSError: a file cannot be read.
    """
    import torch

    return sum(map(_count_weights, files)) * int(getattr(torch, dtype).itemsize)


def _count_weights(file: Path) -> int:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, "np") as weights:
            return sum(prod(weights.get_slice(name).get_shape()) for name in weights.keys())  # noqa: SIM118
    except SafetensorError:
        return 0  # nothing will be loaded of it, and why not is said then
