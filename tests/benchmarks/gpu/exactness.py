"""Whether a batch gives each image the bits of its own call, what calibration makes of it, and what each way costs."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from time import perf_counter
from typing import Any

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from seedlab.pipelines.exact.graphs import capture_graph
from seedlab.pipelines.exact.kernels.prepack_cache import PrepackCache
from seedlab.pipelines.exact.plans import Plan
from seedlab.pipelines.exact.search.calibration import calibrate, follow_plan
from tests.benchmarks.gpu.bench import Bench, Line
from tests.benchmarks.gpu.denoisers import Denoiser

KERNELS: dict[str, dict[str, Any]] = {
    "default": {},
    "cublaslt without split-k": {"is_invariant": True},
    "cudnn deterministic": {"is_deterministic": True},
    "flash attention": {"attention": SDPBackend.FLASH_ATTENTION},
    "cudnn attention": {"attention": SDPBackend.CUDNN_ATTENTION},
    "efficient attention": {"attention": SDPBackend.EFFICIENT_ATTENTION},
}
"""Ways to choose the GPU's kernels."""


def compare(
    bench: Bench,
    kind: Denoiser,
    dtype: str,
    images: int = 4,
    kernels: str = "default",
    memory_format: str = "contiguous_format",
) -> Iterator[Line]:
    """Calibrate a denoiser, and time its steps: image by image, as a plain batch, and as an exact batch."""
    bench.forget_peak()
    denoiser = kind.make(bench, bench.choose_dtype(dtype)).to(memory_format=getattr(torch, memory_format))
    call = kind.make_call(bench, denoiser, images)
    cache = PrepackCache()
    with choose_kernels(bench, **KERNELS[kernels]), torch.inference_mode():
        alone, again, batch = call.run_per_image()[0], call.run_per_image()[0], call.run()[0]
        started = perf_counter()
        plan = calibrate(call, cache, lambda: None)
        calibrated = perf_counter() - started
        line: Line = {
            "denoiser": kind.name,
            "dtype": dtype,
            "images": images,
            "kernels": kernels,
            "memory_format": memory_format,
            "is_finite": bool(alone.isfinite().all()),
            "repeats": torch.equal(alone, again),
            "plain_batch_is_equal": torch.equal(batch, alone),
            "largest_difference": (batch.float() - alone.float()).abs().max().item(),
            "scale": alone.float().std().item(),
            **describe_plan(denoiser, plan),
            "calibration_s": round(calibrated, 2),
            "ms_alone": bench.clock(call.run_per_image),
            "ms_batch": bench.clock(call.run),
            **time_graph(bench, "alone", call.run_per_image),
            **time_graph(bench, "batch", call.run),
        }
        with follow_plan(denoiser, plan, call.layout, cache):
            line |= {"ms_exact": bench.clock(call.run), **time_graph(bench, "exact", call.run)}
    yield {**line, "peak_gib": bench.measure_peak()}


def describe_plan(denoiser: nn.Module, plan: Plan) -> Line:
    """Return a plan in numbers: which kinds of modules run image by image, of how many."""
    leaves = [name for name, module in denoiser.named_modules() if not any(module.children())]
    return {
        "is_exact": plan.exact,
        "per_image": _count_kinds(denoiser, plan.per_image),
        "chunks": dict(Counter(str(images) for _, images in plan.chunks)),
        "of": _count_kinds(denoiser, leaves),
        "prepacked": len(plan.prepacked),
        "upcast": len(plan.upcast),
    }


def _count_kinds(denoiser: nn.Module, names: Sequence[str]) -> dict[str, int]:
    return dict(Counter(type(denoiser.get_submodule(name)).__name__ for name in names))


@contextmanager
def choose_kernels(
    bench: Bench, is_invariant: bool = False, is_deterministic: bool = False, attention: SDPBackend | None = None
) -> Iterator[None]:
    """Choose other kernels inside the context.

    Args:
        is_invariant: cuBLASLt without split-K and without reductions in half precision, as in torch's own test of
            batch-invariant products.
        is_deterministic: cuDNN's deterministic kernels.
        attention: the backend of scaled dot-product attention.
    """
    with ExitStack() as stack:
        before = torch.backends.cudnn.deterministic
        stack.callback(setattr, torch.backends.cudnn, "deterministic", before)
        torch.backends.cudnn.deterministic = is_deterministic
        if is_invariant and bench.has_gpu:
            stack.enter_context(_prefer_invariant_products())
        if attention is not None and bench.has_gpu:
            stack.enter_context(sdpa_kernel(attention))
        yield


@contextmanager
def _prefer_invariant_products() -> Iterator[None]:
    matmul, library = torch.backends.cuda.matmul, torch.backends.cuda.preferred_blas_library()
    names = "allow_fp16_reduced_precision_reduction", "allow_bf16_reduced_precision_reduction"
    torch.backends.cuda.preferred_blas_library("cublaslt")
    for name in names:
        setattr(matmul, name, (False, False))
    try:
        yield
    finally:
        for name in names:
            setattr(matmul, name, (True, True))
        torch.backends.cuda.preferred_blas_library(library)


def time_graph(bench: Bench, name: str, run: Callable[[], Any]) -> Line:
    """Capture a call as a CUDA graph: are its bits equal, and how long is it? Without a GPU there are no graphs."""
    if not bench.has_gpu:
        return {}
    eager = run()[0].clone()
    started = perf_counter()
    (result, *_), replay = capture_graph(run)
    captured = perf_counter() - started
    replay()
    torch.cuda.synchronize()
    return {
        f"{name}_graph_is_equal": torch.equal(result, eager),
        f"{name}_graph_s": round(captured, 2),
        f"ms_{name}_graph": bench.clock(replay),
    }
