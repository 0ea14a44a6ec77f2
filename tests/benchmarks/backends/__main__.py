"""Other ways to run the same model on a CPU: torch.compile and OpenVINO beside SeedLab, in turn in one run.

    python -m tests.benchmarks.backends                   a Stable Diffusion of middle width; < 10 minutes
    python -m tests.benchmarks.backends --model sketch    SeedLab's own model
    python -m tests.benchmarks.backends --ways autotune openvino --dtypes bfloat16
    python -m tests.benchmarks.backends --all             also compiled batches, and compiled float32: a minute each
    python -m tests.benchmarks.backends --clear           compile anew before the restart: is it still the same code?

SeedLab is compared with scripts that make one picture a call, from the same noise (a torch.Generator for each seed):

    seedlab    the workflow of the page, with an empty store: a grid of four, as SeedLab batches it
    plain      the plain script in SeedLab's dtype and memory format: the bytes that SeedLab promises
    compile    the plain script with torch.compile of the denoiser; needs g++
    autotune   the same with mode "max-autotune-no-cudagraphs"; only with --ways
    openvino   the plain script, in which OpenVINO runs the text encoder, the denoiser and the decoder; needs openvino

OpenVINO always reads the weights in float32, and computes in the grid's dtype. It takes diffusers' modules as they are,
each in the shapes that it is called with: that is what optimum-intel does too, but it needs older libraries.

Ways are compared in the same dtype. A start is from the model on the disk to the first picture, with compilation, but
without imports; the start again, in a new process, finds what the first one compiled. Leave OMP_WAIT_POLICY as users
have it: torch computes with OpenMP and waits as it says, OpenVINO does not, so PASSIVE slows down only the others.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from seedlab.core.models.model import SKETCH
from seedlab.pipelines.manager import PipelineManager
from seedlab.pipelines.models.catalog import SKETCH_FOLDER
from tests.benchmarks.backends.measurement import measure
from tests.benchmarks.backends.report import describe_bytes, describe_machine, describe_speed, describe_start
from tests.benchmarks.backends.ways import MODES, WAYS, find_missing
from tests.benchmarks.models import build_full_width, build_mid_width
from tests.benchmarks.speed import PROMPT, SEEDS, Work, describe_work

STEPS = 5
# Inherited by the new processes, whose libraries read them at import.
QUIET = {"HF_HUB_OFFLINE": "1", "TQDM_DISABLE": "1", "TRANSFORMERS_VERBOSITY": "error", "PYTHONWARNINGS": "ignore"}


def compare(work: Work, folder: Path, ways: Sequence[str], flags: argparse.Namespace) -> None:
    """Measure the ways, and print what was found of each."""
    print(f"\n{work.name}: {describe_work(work)}; {flags.rounds} rounds", flush=True)
    found = measure(work, folder, ways, flags)
    for way, of_way in found.items():
        print(f"  {way:9} {describe_speed(of_way, found['seedlab'])}; {describe_start(of_way)}")
        print(f"  {'':9} {describe_bytes(of_way, found['plain'])}", flush=True)


def make_work(folder: Path, model: str, steps: int) -> Work:
    """Return a grid of a model in its default dtype; a model with random weights is built first."""
    manager = PipelineManager(device="cpu")
    if model == "sketch":
        return Work("Sketch", SKETCH_FOLDER, manager.resolve(SKETCH).make_recipe(prompt=PROMPT, seed=SEEDS[0]), "cpu")
    built = (build_mid_width if model == "middle" else build_full_width)(folder)
    described = manager.resolve(str(built))
    recipe = described.make_recipe(prompt=PROMPT, seed=SEEDS[0], height=256, width=256, num_inference_steps=steps)
    return Work(f"{model} width", built, recipe, "cpu")


def choose_ways(asked: Sequence[str], compiles: bool) -> list[str]:
    """Return the ways that can be measured here, with SeedLab and the plain script; say which cannot."""
    missing = {way: sentence for way in asked if (sentence := find_missing(way))}
    for sentence in dict.fromkeys(missing.values()):
        print(sentence, file=sys.stderr)
    chosen = [way for way in WAYS if way in ("seedlab", "plain", *asked) and way not in missing]
    return [way for way in chosen if compiles or way not in MODES]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="rounds to time")
    parser.add_argument("--steps", type=int, default=STEPS, help="denoising steps of models with random weights")
    parser.add_argument("--model", default="middle", choices=("middle", "full", "sketch"), help="model")
    parser.add_argument(
        "--ways", nargs="*", default=("compile", "openvino"), choices=WAYS, help="ways beside SeedLab's"
    )
    parser.add_argument("--dtypes", nargs="+", default=(), help="dtypes; float32 and the processor's by default")
    parser.add_argument("--all", action="store_true", help="also compiled batches, and compiled float32")
    parser.add_argument("--clear", action="store_true", help="compile anew before the restart")
    flags = parser.parse_args()
    os.environ |= QUIET
    print(describe_machine())
    with tempfile.TemporaryDirectory() as temporary:
        work = make_work(Path(temporary), flags.model, flags.steps)
        for dtype in dict.fromkeys(flags.dtypes or ("float32", work.recipe.dtype)):
            # Compiling takes more than a minute each time.
            ways = choose_ways(flags.ways, compiles=flags.all or bool(flags.dtypes) or dtype == work.recipe.dtype)
            in_dtype = replace(work, recipe=replace(work.recipe, dtype=dtype))
            compare(in_dtype, Path(temporary) / "kept" / dtype, ways, flags)


if __name__ == "__main__":
    main()
