"""Sketch through the real commands, each in a new process: grid, verify, script, drafts and variations."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PIL import Image

from seedlab.images.compare import hash_pixels
from tests.benchmarks.gpu.bench import Bench, Line


class Commands:
    """Runs commands in a folder, and writes down how long each took."""

    def __init__(self, bench: Bench, folder: Path) -> None:
        """Prepare the commands' environment: a cache of their own, and the number of threads that bits depend on."""
        self._bench, self.folder = bench, folder
        path = os.pathsep.join(filter(None, (str(Path.cwd()), os.environ.get("PYTHONPATH"))))
        self._environment = os.environ | {"SEEDLAB_CACHE": str(folder / "cache"), "PYTHONPATH": path}

    def run(self, *arguments: str) -> Line:
        """Run `seedlab` with these arguments and return a line about it, with its report if it printed one as JSON."""
        return self._run("-m", "seedlab", *arguments, *self._device(arguments[0]))

    def run_script(self, script: str) -> Line:
        """Run an exported script."""
        return self._run(script)

    def hash_all(self, *files: str) -> list[str]:
        """Return the SHA-256 of the pixels of some pictures; "none" for a file that does not exist."""
        paths = [self.folder / file for file in files]
        return [hash_pixels(Image.open(path)) if path.exists() else "none" for path in paths]

    def _device(self, command: str) -> list[str]:
        return [] if command == "script" else ["--device", self._bench.device]

    def _run(self, *arguments: str) -> Line:
        started = time.perf_counter()
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=max(10, self._bench.left),
        )
        line: Line = {"command": " ".join(arguments[2:4]), "code": done.returncode}
        line["seconds"] = round(time.perf_counter() - started, 1)
        if "--json" in arguments and done.stdout:
            line["report"] = json.loads(done.stdout)
        if done.returncode:
            line["stderr"] = done.stderr[-1000:]
        return line


def walk(bench: Bench) -> Iterator[Line]:
    """Make a grid. Then verify a picture of it, run its script, vary it, and finish a draft, all at the same time."""
    seeds, steps = ("0-1", ("--steps", "2")) if bench.tiny else ("0-3", ())
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor() as executor:
        commands = Commands(bench, Path(folder))
        yield commands.run("grid", "a red boat", "--seeds", seeds, *steps, "--out", "grid")
        walks = [
            executor.submit(lambda: [commands.run("verify", "grid/seed-1.png", "--json")]),
            executor.submit(_run_script, commands, "grid/seed-0.png", "grid/seed-1.png"),
            executor.submit(_finish_draft, commands, seeds, *steps),
            *(executor.submit(_vary, commands, way) for way in (() if bench.tiny else WAYS)),
        ]
        for each in walks:
            yield from each.result()


def _finish_draft(commands: Commands, seeds: str, *steps: str) -> list[Line]:
    made = commands.run("grid", "a red boat", "--seeds", seeds, *steps, "--draft", "1", "--out", "drafts")
    finished = commands.run("finish", "drafts/seed-1-draft.png")
    drafted, whole = commands.hash_all("drafts/seed-1.png", "grid/seed-1.png")
    return [made, finished, {"finished_draft_is_equal": drafted == whole != "none"}]


def _run_script(commands: Commands, *pictures: str) -> list[Line]:
    written = commands.run("script", *pictures, "--out", "script.py")
    run = commands.run_script("script.py")
    made = sorted(commands.folder.glob("*.png"))
    is_equal = commands.hash_all(*(file.name for file in made)) == commands.hash_all(*pictures)
    return [written, run, {"script_is_equal": is_equal, "made": [file.name for file in made]}]


def _vary(commands: Commands, way: str) -> list[Line]:
    """Vary a picture in a way that has code of its own below the workflow, and verify one of the variations."""
    made = commands.run("refine", "grid/seed-1.png", *WAYS[way], "--out", way)
    pictures = sorted((commands.folder / way).glob("seed-1-*.png"))
    picture = next((each.name for each in pictures if "grid" not in each.name), "none")
    verified = commands.run("verify", f"{way}/{picture}", "--json")
    return [{"way": way, **made}, {"way": way, "picture": picture, **verified}]


WAYS = {
    "suffix": ("--suffix", ", artsy"),
    "nudge": ("--nudge", "0.1"),
    "scheduler": ("--sweep", "scheduler Euler ancestral, Heun"),
    "weights": ("--suffix", ", (artsy)1.3"),
}
