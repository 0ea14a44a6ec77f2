"""What a GPU does to the bits of pictures, and how fast they are made on it. Nothing is downloaded.

    python -m tests.benchmarks.gpu --out results                 an NVIDIA GPU: at most eight minutes
    python -m tests.benchmarks.gpu --device cpu --tiny           only that the program works: under a minute
    python -m tests.benchmarks.gpu --only exactness sheets       some of the blocks

Every result is a line of JSON, printed and written to OUT/gpu.jsonl at once, the most important first. A block that
fails says so in a line of its own, and the next one begins.
"""

import argparse
import gc
import json
import platform
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import diffusers
import torch
import transformers

from seedlab.pipelines.devices.environment import observe
from tests.benchmarks.gpu import app, decoders, exactness, grids, memory, sheets
from tests.benchmarks.gpu.bench import Bench, Line
from tests.benchmarks.gpu.denoisers import FLUX, SD3, SD15, SDXL, Denoiser

Block = Callable[[Bench], Iterator[Line]]


def describe(bench: Bench) -> Iterator[Line]:
    """Say which machine this is."""
    on_gpu = bench.device == "cuda"
    yield {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "diffusers": diffusers.__version__,
        "transformers": transformers.__version__,
        "gpu": torch.cuda.get_device_name() if on_gpu else "none",
        "gib": round(torch.cuda.mem_get_info()[1] / 2**30, 1) if on_gpu else 0,
        "processor": observe("cpu", "").device,
        "kernels": observe(bench.device, "").kernels,
    }


def list_blocks(bench: Bench) -> Iterator[tuple[str, Block]]:
    """Yield the blocks by name, the most important first."""

    def compare(*arguments: object, **others: object) -> Block:
        return partial(_call, exactness.compare, arguments, others)

    yield "machine", describe
    for kind in (SD15, SDXL, SD3, FLUX):
        yield "exactness", compare(kind, "float16" if kind in (SD15, SDXL) else "bfloat16")
    yield "app", app.walk
    yield "sheets", sheets.compare
    yield "memory", memory.run_short_of_memory
    yield "plans and memory", partial(_call, memory.hold_plan, (SDXL, "float16"), {})
    yield "eviction", memory.evict
    yield "random grids", grids.compare_random
    yield "grids", grids.compare_sketch
    for name, kind, dtype, others in list_details(bench):
        yield name, compare(kind, dtype, **others)
    yield "decoder", decoders.compare


def list_details(bench: Bench) -> Iterator[tuple[str, Denoiser, str, Line]]:
    """Yield what else is compared: a block's name, the denoiser, the dtype, and the rest."""
    for kind, dtype, sizes in ((SD15, "float16", (8, 16, 32)), (SDXL, "float16", (2, 8)), (FLUX, "bfloat16", (2, 8))):
        for images in sizes if not bench.tiny else sizes[:1]:
            yield "batch sizes", kind, dtype, {"images": images}
    for kind, dtype in ((SD15, "bfloat16"), (SD3, "float16"), (SDXL, "bfloat16"), (SD15, "float32")):
        yield "dtypes", kind, dtype, {}
    for kernels in list(exactness.KERNELS)[1:]:
        yield "kernels", SD15, "float16", {"kernels": kernels}
    for kind in (FLUX, SD3):
        yield "kernels", kind, "bfloat16", {"kernels": "cublaslt without split-k"}
    for kind in (SD15, SDXL):
        yield "layout", kind, "float16", {"memory_format": "channels_last"}


def _call(
    measure: Callable[..., Iterator[Line]], arguments: tuple[object, ...], others: Line, bench: Bench
) -> Iterator[Line]:
    return measure(bench, *arguments, **others)


def run(bench: Bench, out: Path, only: list[str]) -> bool:
    """Run the blocks, and write their lines; returns whether none failed."""
    out.mkdir(parents=True, exist_ok=True)
    has_worked = True
    with (out / "gpu.jsonl").open("a", encoding="utf-8") as file:
        for name, block in list_blocks(bench):
            if only and name not in only:
                continue
            for line in _run_block(bench, block):
                text = json.dumps({"block": name, "at": round(bench.elapsed, 1), **line})
                print(text, flush=True)
                file.write(text + "\n")
                file.flush()
                has_worked = has_worked and "error" not in line
    return has_worked


def _run_block(bench: Bench, block: Block) -> Iterator[Line]:
    if bench.left <= 0:
        yield {"skipped": "no time left"}
        return
    try:
        yield from block(bench)
    except Exception as error:  # the edge: the next block has nothing to do with it
        yield {"error": repr(error)[:500], "where": traceback.format_exc()[-1500:]}
    gc.collect()
    bench.forget_peak()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda", choices=("cuda", "cpu"), help="device")
    parser.add_argument("--tiny", action="store_true", help="models of a few channels")
    parser.add_argument("--seconds", type=float, default=480, help="no block begins after so many seconds")
    parser.add_argument("--only", nargs="*", default=[], help="names of blocks")
    parser.add_argument("--out", type=Path, default=Path("gpu-results"), help="folder for gpu.jsonl")
    flags = parser.parse_args()
    return not run(Bench(flags.device, flags.tiny, flags.seconds), flags.out, flags.only)


if __name__ == "__main__":
    raise SystemExit(main())
