"""Measures the ways in turn, and their starts in new processes."""

import argparse
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from tests.benchmarks.backends.ways import MODES, Made, import_way, make
from tests.benchmarks.speed import SEEDS, Work


@dataclass(frozen=True)
class Found:
    """What was measured of one way: pictures by round, the other size of call (None: not tried), and both starts."""

    start: Made
    rounds: list[Made]
    other: Made | None
    again: Made
    kept: int
    """Bytes that it has compiled or converted and kept on the disk for later starts."""


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


@contextmanager
def start_processes(folder: Path, ways: Sequence[str]) -> Iterator[dict[str, ProcessPoolExecutor]]:
    """Start a new process for each way, which has imported its libraries, and keeps what it compiles in a folder."""
    with ExitStack() as stack:
        start = partial(ProcessPoolExecutor, max_workers=1, mp_context=get_context("spawn"), initializer=use_folder)
        processes = {way: stack.enter_context(start(initargs=(folder / way,))) for way in ways}
        for each in [process.submit(import_way, way) for way, process in processes.items()]:
            each.result()  # all at once, because importing torch and diffusers takes long
        yield processes


def use_folder(folder: Path) -> None:
    """Let this process keep there what it compiles."""
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["TORCHINDUCTOR_CACHE_DIR"] = str(folder)


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
