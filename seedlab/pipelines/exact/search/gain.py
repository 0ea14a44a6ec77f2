"""Whether a batch is faster than its images one by one, which is not so for every model and processor."""

import time
from collections.abc import Callable

import torch
from torch import nn

from seedlab.pipelines.exact.kernels.prepack_cache import PrepackCache
from seedlab.pipelines.exact.layout import BatchCall
from seedlab.pipelines.exact.plans import Plan
from seedlab.pipelines.exact.search.calibration import follow_plan

ROUNDS = 2


def may_lose(denoiser: nn.Module) -> bool:
    """Whether a planned batch may be slower than its images one by one: that of a transformer on a CPU.

    On a CPU with matrix units for bfloat16 it is faster, on others it was slower. UNets always gained.
    """
    is_unet = "UNet" in type(denoiser).__name__
    return not is_unet and all(weights.device.type == "cpu" for weights in denoiser.parameters())


def measure_gain(call: BatchCall, plan: Plan, cache: PrepackCache) -> float:
    """Return how many times as fast a planned batch is as its images one by one: the fastest of two calls each."""
    single, batch = [], []
    with torch.inference_mode():
        for _ in range(ROUNDS):
            single.append(_measure(call.run_per_image))
            with follow_plan(call.denoiser, plan, call.layout, cache):
                batch.append(_measure(call.run))
    return min(single) / min(batch)


def _measure(run: Callable[[], object]) -> float:
    begun = time.perf_counter()
    run()
    return time.perf_counter() - begun
