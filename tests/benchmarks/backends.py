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
import math
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import cache, partial
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from seedlab.core.models.model import SKETCH
from seedlab.pipelines.devices.libraries import import_libraries
from seedlab.pipelines.manager import PipelineManager
from seedlab.pipelines.models.catalog import SKETCH_FOLDER
from seedlab.pipelines.patching import replace_attribute
from tests.benchmarks.models import build_full_width, build_mid_width
from tests.benchmarks.speed import PROMPT, SEEDS, Work, describe_work, explore, load_plainly, measure_peak

MODES = {"compile": "default", "autotune": "max-autotune-no-cudagraphs"}
WAYS = ("seedlab", "plain", *MODES, "openvino")
STEPS = 5
# Inherited by the new processes, whose libraries read them at import.
QUIET = {"HF_HUB_OFFLINE": "1", "TQDM_DISABLE": "1", "TRANSFORMERS_VERBOSITY": "error", "PYTHONWARNINGS": "ignore"}

Pixels = NDArray[np.uint8]
Make = Callable[[tuple[int, ...]], Pixels]


@dataclass(frozen=True)
class Made:
    """Pictures that a way has made: seconds in all, pixels (number, height, width, 3), and the peak memory in MiB."""

    seconds: float
    pixels: Pixels
    peak: float


@dataclass(frozen=True)
class Found:
    """What was measured of one way: pictures by round, the other size of call (None: not tried), and both starts."""

    start: Made
    rounds: list[Made]
    other: Made | None
    again: Made
    kept: int
    """Bytes that it has compiled or converted and kept on the disk for later starts."""


def find_missing(way: str) -> str | None:
    """Return a sentence if something that a way needs is not installed."""
    if way == "openvino" and find_spec("openvino") is None:
        return "OpenVINO is not installed here (pip install openvino); it is left out."
    if way in MODES and shutil.which("g++") is None:
        return "torch.compile needs g++, which is not installed here; it is left out."
    return None


def use_folder(folder: Path) -> None:
    """Let this process keep there what it compiles."""
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["TORCHINDUCTOR_CACHE_DIR"] = str(folder)


def import_way(way: str) -> None:
    """Import what a way needs, so that it is not timed."""
    import_libraries()
    from diffusers import DiffusionPipeline  # noqa: F401

    if way == "openvino":
        import openvino  # noqa: F401


def make(work: Work, way: str, calls: Sequence[tuple[int, ...]]) -> Made:
    """Make pictures in this process, those of each tuple of seeds in one call; the first call also loads the model."""
    started = time.perf_counter()
    prepared = prepare(work, way)
    pixels = np.concatenate([prepared(seeds) for seeds in calls])
    return Made(time.perf_counter() - started, pixels, measure_peak())


@cache
def prepare(work: Work, way: str) -> Make:
    """Return a function that makes pictures of seeds in one call. SeedLab and compilers are ready after its first."""
    if way == "seedlab":
        manager = PipelineManager(device="cpu")
        return lambda seeds: stack(explore(manager, work.recipe, seeds))
    if way == "openvino":
        return partial(make_plainly, load_with_openvino(work), work)
    pipe = load_plainly(work, "single")
    if way in MODES:
        pipe.unet.compile(mode=MODES[way], dynamic=False)  # with dynamic shapes, compiling took four minutes
    return partial(make_plainly, pipe, work)


def make_plainly(pipe: Any, work: Work, seeds: tuple[int, ...]) -> Pixels:
    """Call a diffusers pipeline once, and save the pictures as SeedLab does."""
    import torch

    recipe = work.recipe
    images = pipe(
        [recipe.prompt] * len(seeds),
        num_inference_steps=recipe.num_inference_steps,
        guidance_scale=recipe.guidance_scale,
        height=recipe.height,
        width=recipe.width,
        generator=[torch.Generator("cpu").manual_seed(seed) for seed in seeds],
    ).images
    with tempfile.TemporaryDirectory() as folder:
        for number, image in enumerate(images):
            image.save(Path(folder) / f"{number}.png")
    return stack(images)


def stack(images: Iterable[Image.Image]) -> Pixels:
    return np.stack([np.asarray(image.convert("RGB"), dtype=np.uint8) for image in images])


def load_with_openvino(work: Work) -> Any:
    """Load the plain pipeline in float32 and let OpenVINO run its modules in the recipe's dtype."""
    import torch
    from transformers.modeling_outputs import BaseModelOutputWithPooling

    # "batch": as diffusers loads it. OpenVINO chooses memory formats itself.
    pipe = load_plainly(replace(work, recipe=replace(work.recipe, dtype="float32")), "batch")
    run = partial(OpenvinoModule, dtype=work.recipe.dtype, folder=Path(os.environ["TORCHINDUCTOR_CACHE_DIR"]))
    words = run("words", pipe.text_encoder, lambda module, ids: module(ids)[0])
    denoise = run("denoiser", pipe.unet, lambda module, *inputs: module(*inputs, return_dict=False)[0])
    decode = run("decoder", pipe.vae.decoder, lambda module, sample: module(sample))

    def encode(input_ids: Any, **_: Any) -> Any:
        return BaseModelOutputWithPooling(last_hidden_state=words(input_ids))

    def predict(sample: Any, timestep: Any, encoder_hidden_states: Any, **_: Any) -> tuple[Any]:
        return (denoise(sample, torch.as_tensor(timestep), encoder_hidden_states),)

    pipe.text_encoder.forward, pipe.unet.forward = encode, predict
    pipe.vae.decoder.forward = lambda sample, *_, **__: decode(sample)
    return pipe


class OpenvinoModule:
    """A module that OpenVINO runs: converted once, kept on the disk, and compiled for each shape of its inputs."""

    def __init__(self, name: str, module: Any, call: Callable[..., Any], *, dtype: str, folder: Path) -> None:
        self._module, self._call = module, call
        self._forward = module.forward
        self._file = folder / f"{name}.xml"
        # The precision is said, because OpenVINO's own choice depends on the processor.
        self._settings = {
            "INFERENCE_PRECISION_HINT": {"float32": "f32", "bfloat16": "bf16", "float16": "f16"}[dtype],
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": str(os.cpu_count()),
        }
        self._compiled: dict[tuple[Any, ...], Any] = {}

    def __call__(self, *inputs: Any) -> Any:
        import torch

        shapes = tuple(tuple(each.shape) for each in inputs)
        if shapes not in self._compiled:
            self._compiled[shapes] = self._compile(inputs)
        results = self._compiled[shapes]([each.contiguous().numpy() for each in inputs])
        return torch.from_numpy(results[0].copy())  # the next call writes into the same memory

    def _compile(self, inputs: tuple[Any, ...]) -> Any:
        import openvino

        core = openvino.Core()
        if not self._file.exists():
            with replace_attribute(self._module, "forward", self._forward):
                openvino.save_model(convert(self._module, self._call, inputs), self._file, compress_to_fp16=False)
        model = core.read_model(self._file)
        model.reshape({number: list(each.shape) for number, each in enumerate(inputs)})
        return core.compile_model(model, "CPU", self._settings)


def convert(module: Any, call: Callable[..., Any], inputs: tuple[Any, ...]) -> Any:
    """Return OpenVINO's model of a call of a module with tensors, which torch traces."""
    import openvino
    import torch

    class Called(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.module = module  # a part of this one, so that its weights are no constants of the trace

        def forward(self, *inputs: Any) -> Any:
            return call(self.module, *inputs)

    with torch.no_grad():
        return openvino.convert_model(Called(), example_input=inputs)


@contextmanager
def start_processes(folder: Path, ways: Sequence[str]) -> Iterator[dict[str, ProcessPoolExecutor]]:
    """Start a new process for each way, which has imported its libraries, and keeps what it compiles in a folder."""
    with ExitStack() as stack:
        start = partial(ProcessPoolExecutor, max_workers=1, mp_context=get_context("spawn"), initializer=use_folder)
        processes = {way: stack.enter_context(start(initargs=(folder / way,))) for way in ways}
        for each in [process.submit(import_way, way) for way, process in processes.items()]:
            each.result()  # all at once, because importing torch and diffusers takes long
        yield processes


def start_ways(processes: dict[str, ProcessPoolExecutor], work: Work) -> dict[str, Made]:
    """Load each way's model and make its first picture; ways that fail are named, and left out."""
    starts = {}
    for way, process in processes.items():
        try:
            starts[way] = process.submit(make, work, way, [SEEDS[:1]]).result()
        except Exception as error:
            print(
                f"  {way} does not work here: {type(error).__name__}: {str(error).strip().splitlines()[:3]}", flush=True
            )
    return starts


def measure(work: Work, folder: Path, ways: Sequence[str], flags: argparse.Namespace) -> dict[str, Found]:
    """Make the grid with all ways in turn, several times, and once in calls of the other size; then restart."""
    with start_processes(folder, ways) as processes:
        starts = start_ways(processes, work)

        def ask(way: str, choose: Callable[[str], list[tuple[int, ...]]]) -> Made:
            return processes[way].submit(make, work, way, choose(way)).result()

        ask("seedlab", choose_calls)  # not timed: it calibrates
        rounds = [{way: ask(way, choose_calls) for way in starts} for _ in range(flags.rounds)]
        others = {}
        for way in [way for way in starts if way not in MODES or flags.all]:
            if way in (*MODES, "openvino"):
                ask(way, choose_other_calls)  # not timed: it compiles
            others[way] = ask(way, choose_other_calls)
    kept = {way: measure_folder(folder / way) for way in starts}
    again = restart(work, folder, list(starts), flags.clear)
    return {
        way: Found(starts[way], [turn[way] for turn in rounds], others.get(way), again[way], kept[way]) for way in again
    }


def restart(work: Work, folder: Path, ways: Sequence[str], clear: bool) -> dict[str, Made]:
    """Make the first picture in new processes."""
    if clear:
        shutil.rmtree(folder)
    with start_processes(folder, ways) as processes:
        return start_ways(processes, work)


def measure_folder(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def choose_calls(way: str) -> list[tuple[int, ...]]:
    """Return which seeds a way makes in one call: SeedLab's grid has the bytes of single pictures, so it is one."""
    return [SEEDS] if way == "seedlab" else [(seed,) for seed in SEEDS]


def choose_other_calls(way: str) -> list[tuple[int, ...]]:
    return [(seed,) for seed in SEEDS] if way == "seedlab" else [SEEDS]


def compare(work: Work, folder: Path, ways: Sequence[str], flags: argparse.Namespace) -> None:
    """Measure the ways, and print what was found of each."""
    print(f"\n{work.name}: {describe_work(work)}; {flags.rounds} rounds", flush=True)
    found = measure(work, folder, ways, flags)
    for way, of_way in found.items():
        print(f"  {way:9} {describe_speed(of_way, found['seedlab'])}; {describe_start(of_way)}")
        print(f"  {'':9} {describe_bytes(of_way, found['plain'])}", flush=True)


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


def make_work(folder: Path, model: str, steps: int) -> Work:
    """Return a grid of a model in its default dtype; a model with random weights is built first."""
    manager = PipelineManager(device="cpu")
    if model == "sketch":
        return Work("Sketch", SKETCH_FOLDER, manager.resolve(SKETCH).make_recipe(prompt=PROMPT, seed=SEEDS[0]), "cpu")
    built = (build_mid_width if model == "middle" else build_full_width)(folder)
    described = manager.resolve(str(built))
    recipe = described.make_recipe(prompt=PROMPT, seed=SEEDS[0], height=256, width=256, num_inference_steps=steps)
    return Work(f"{model} width", built, recipe, "cpu")


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
