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
    """Make a grid, verify a picture of it, run its script, vary it in every way, and finish a draft."""
    seeds, steps = ("0-1", ("--steps", "2")) if bench.tiny else ("0-3", ())
    with tempfile.TemporaryDirectory() as folder:
        commands = Commands(bench, Path(folder))
        yield commands.run("grid", "a red boat", "--seeds", seeds, *steps, "--out", "grid")
        yield commands.run("verify", "grid/seed-1.png", "--json")
        yield from _run_script(commands, "grid/seed-0.png", "grid/seed-1.png")
        yield commands.run("grid", "a red boat", "--seeds", seeds, *steps, "--draft", "1", "--out", "drafts")
        yield commands.run("finish", "drafts/seed-1-draft.png")
        drafted, whole = commands.hash_all("drafts/seed-1.png", "grid/seed-1.png")
        yield {"finished_draft_is_equal": drafted == whole != "none"}
        if not bench.tiny:
            yield from _vary(commands)


def _run_script(commands: Commands, *pictures: str) -> Iterator[Line]:
    yield commands.run("script", *pictures, "--out", "script.py")
    before = set(commands.folder.glob("*.png"))
    yield commands.run_script("script.py")
    made = sorted(set(commands.folder.glob("*.png")) - before)
    hashes = commands.hash_all(*(file.name for file in made))
    yield {"script_is_equal": hashes == commands.hash_all(*pictures), "made": [file.name for file in made]}
    for file in made:
        file.unlink()


def _vary(commands: Commands) -> Iterator[Line]:
    """Vary a picture in each way that has code of its own below the workflow, at the same time, and verify one each."""
    ways = {
        "suffix": ("--suffix", ", artsy"),
        "nudge": ("--nudge", "0.1"),
        "scheduler": ("--sweep", "scheduler Euler ancestral, Heun"),
        "weights": ("--suffix", ", (artsy)1.3"),
    }

    def vary(way: str) -> list[Line]:
        made = commands.run("refine", "grid/seed-1.png", *ways[way], "--out", way)
        pictures = sorted((commands.folder / way).glob("seed-1-*.png"))
        picture = next((each for each in pictures if "grid" not in each.name), Path("none"))
        return [made, {"picture": picture.name, **commands.run("verify", f"{way}/{picture.name}", "--json")}]

    with ThreadPoolExecutor(len(ways)) as executor:
        for way, lines in zip(ways, executor.map(vary, ways), strict=True):
            yield from ({"way": way, **line} for line in lines)
