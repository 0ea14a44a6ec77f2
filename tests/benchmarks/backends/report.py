"""What was measured, in words."""

import math
import os
import statistics
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

from tests.benchmarks.backends.measurement import Found
from tests.benchmarks.backends.ways import Pixels
from tests.benchmarks.speed import SEEDS


def describe_speed(found: Found, seedlab: Found) -> str:
    times = [made.seconds / len(SEEDS) for made in found.rounds]
    ratios = [own.seconds / made.seconds for own, made in zip(seedlab.rounds, found.rounds, strict=True)]
    alone = statistics.median(times) if seedlab is not found else measure_other(found)
    return (
        f"{statistics.median(times):6.3f} s a picture ({min(times):.3f} to {max(times):.3f}), "
        f"{statistics.median(ratios):.2f} times SeedLab's speed ({min(ratios):.2f} to {max(ratios):.2f}), "
        f"{measure_other(seedlab) / alone:.2f} times for single pictures"
    )


def measure_other(found: Found) -> float:
    """Return the seconds of a picture in calls of the other size."""
    return found.other.seconds / len(SEEDS) if found.other else math.nan


def describe_start(found: Found) -> str:
    return (
        f"start {found.start.seconds:.1f} s, again {found.again.seconds:.1f} s; "
        f"{found.rounds[-1].peak:.0f} MiB at most, {found.kept / 2**20:.0f} MiB kept on the disk"
    )


def describe_bytes(found: Found, plain: Found) -> str:
    """Say how the pictures differ from the plain script's, and from those of other rounds, batches and processes."""
    pixels, wanted = found.rounds[0].pixels, plain.rounds[0].pixels
    equal = sum(np.array_equal(*pair) for pair in zip(pixels, wanted, strict=True))
    rounds = all(np.array_equal(made.pixels, pixels) for made in found.rounds)
    batch = "not tried" if found.other is None else say_difference(found.other.pixels, pixels)
    seconds = f" ({measure_other(found):.3f} s a picture in calls of the other size)" if found.other else ""
    return (
        f"{equal} of {len(SEEDS)} equal the plain script's, largest difference {measure_difference(pixels, wanted)}; "
        f"every round: {'the same' if rounds else 'different'}; alone and in four: {batch}{seconds}; "
        f"after a restart: {say_difference(found.again.pixels, pixels[:1])}"
    )


def say_difference(ours: Pixels, theirs: Pixels) -> str:
    return "the same" if np.array_equal(ours, theirs) else f"different by up to {measure_difference(ours, theirs)}"


def measure_difference(ours: Pixels, theirs: Pixels) -> int:
    """Return the largest difference of 8-bit values."""
    return int(np.abs(ours.astype(np.int16) - theirs.astype(np.int16)).max())


def describe_machine() -> str:
    """Name the processor, the libraries' versions, and the variables that decide speed."""
    import torch

    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = [line.split(": ")[1] for line in lines if line.startswith("model name")]
    versions = ", ".join(f"{name} {find_version(name)}" for name in ("torch", "diffusers", "openvino"))
    policy = os.environ.get("OMP_WAIT_POLICY", "not set")
    return (
        f"{names[0]}, {len(names)} cores, {torch.backends.cpu.get_cpu_capability()}, "
        f"AMX {'yes' if torch.cpu._is_amx_tile_supported() else 'no'}; {versions}; OMP_WAIT_POLICY {policy}"
    )


def find_version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "missing"
