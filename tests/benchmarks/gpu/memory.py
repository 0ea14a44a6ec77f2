"""Nearly full memory: does a plan still hold, does the application recover, and is memory given back?"""

import gc
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from threading import Event

import torch

from seedlab.core.models.model import SKETCH
from seedlab.core.reports import Failed, Finished
from seedlab.images.compare import hash_pixels
from seedlab.pipelines.exact.kernels.prepack_cache import PrepackCache
from seedlab.pipelines.exact.search.calibration import calibrate, follow_plan
from seedlab.pipelines.loaded.cache import PipelineCache
from seedlab.pipelines.manager import PipelineManager
from tests.benchmarks.gpu.bench import Bench, Line
from tests.benchmarks.gpu.denoisers import Denoiser
from tests.benchmarks.models import build_mid_width

SPARE = (16, 4, 2, 1, 0.5, 0.25)
"""How many GiB are left, one after the other."""


def hold_plan(bench: Bench, kind: Denoiser, dtype: str) -> Iterator[Line]:
    """Take a step alone and as an exact batch while less and less memory is free: cuDNN's workspace may not fit."""
    denoiser, cache = kind.make(bench, bench.choose_dtype(dtype)), PrepackCache()
    call = kind.make_call(bench, denoiser, 4)
    with torch.inference_mode():
        plan = calibrate(call, cache, lambda: None)
        alone = call.run_per_image()[0].clone()
        for spare in SPARE if bench.has_gpu else SPARE[:1]:
            with ExitStack() as stack:
                if bench.has_gpu:
                    stack.enter_context(bench.leave_free(spare))
                yield {"denoiser": kind.name, "dtype": dtype, "free_gib": spare, **_compare(call, plan, cache, alone)}


def _compare(call, plan, cache, alone) -> Line:
    try:
        is_alone_equal = torch.equal(call.run_per_image()[0], alone)
        with follow_plan(call.denoiser, plan, call.layout, cache):
            return {"alone_is_equal": is_alone_equal, "exact_batch_is_equal": torch.equal(call.run()[0], alone)}
    except torch.OutOfMemoryError:
        return {"error": "out of memory"}


def run_short_of_memory(bench: Bench) -> Iterator[Line]:
    """Make pictures of Sketch with less and less memory: offloaded, refused in words, and well again afterwards."""
    steps = {"num_inference_steps": 2} if bench.tiny else {}
    with closing(PipelineManager(device=bench.device)) as manager:
        first = manager.resolve(SKETCH).make_recipe(prompt="a red boat", seed=0, **steps)
        recipes = [replace(first, seed=seed) for seed in range(2 if bench.tiny else 4)]
        expected = _make(manager, recipes)
        yield {"free_gib": "all", "pictures": len(expected), "hashes": expected}
        for spare in (1.5, 0.5, 0.1, 0.03) if bench.has_gpu else ():
            with closing(PipelineManager(device=bench.device)) as other, bench.leave_free(spare):
                made = _make(other, recipes)
                yield {"free_gib": spare, "loaded": "then", "is_equal": made == expected, "made": made}
        for spare in (0.1, 0.01) if bench.has_gpu else ():
            with bench.leave_free(spare):
                made = _make(manager, recipes)
            yield {"free_gib": spare, "loaded": "before", "is_equal": made == expected, "made": made}
        yield {"free_gib": "all again", "is_equal": _make(manager, recipes) == expected}


def _make(manager: PipelineManager, recipes) -> list[str]:
    """Return the SHA-256 of each picture's pixels, or the sentence that says why there is none."""
    ends = {
        report.index: hash_pixels(report.image) if isinstance(report, Finished) else report.sentence
        for report in manager.generate(recipes, Event(), resume=False)
        if isinstance(report, Finished | Failed)
    }
    return [ends[index] for index in sorted(ends)]


def evict(bench: Bench) -> Iterator[Line]:
    """Load two models where there is room for one, and both where there is room for both."""
    with tempfile.TemporaryDirectory() as folder, closing(PipelineManager(device=bench.device)) as manager:
        addresses = SKETCH, str(build_mid_width(Path(folder)))
        models = [manager.resolve(address) for address in addresses]
        for room in (0, 2**40):
            cache = PipelineCache(measure_room=lambda _, room=room: room)
            used = []
            for each in (*models, *models):
                cache.load(each, each.dtype, bench.device)
                gc.collect()
                used.append(round(torch.cuda.memory_allocated() / 2**20, 1) if bench.has_gpu else 0)
            cache.evict_others()
            del cache
            gc.collect()
            yield {
                "room": "for one" if room == 0 else "for both",
                "mib": used,
                "mib_at_the_end": round(torch.cuda.memory_allocated() / 2**20, 1) if bench.has_gpu else 0,
            }
