"""Starts the app in a separate process, as a user would."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from seedlab.server.address import format_taken

ROOT = Path(__file__).parents[2]
START = 120.0
"""Seconds within which the page must be up on a busy machine."""


@dataclass(frozen=True)
class Slowness:
    """Whether `slow_app` takes its time for pictures of many steps: as long as a file exists."""

    file: Path

    def begin(self) -> None:
        self.file.touch()

    def end(self) -> None:
        self.file.unlink(missing_ok=True)


@dataclass
class Server:
    """An app that runs.

    Attributes:
        folder: has its store and its log.
        port: where it is served.
        settings: environment variables of its process.
        program: what Python runs.
    """

    folder: Path
    port: int
    settings: Mapping[str, str]
    program: Sequence[str]
    process: subprocess.Popen = field(init=False)

    def __post_init__(self) -> None:
        self._start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def store(self) -> Path:
        return self.folder / "store"

    @property
    def log(self) -> str:
        """What it has printed."""
        return (self.folder / "app.log").read_text()

    @property
    def pictures(self) -> frozenset[tuple[str, int]]:
        """The pictures in the store, by name and inode: one that is made again keeps its name, in a new file."""
        return frozenset((file.name, file.stat().st_ino) for file in self.store.rglob("*.png"))

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=30)

    def restart(self) -> None:
        """End the process and start another with the same store and address."""
        self.stop()
        self._start()

    def _start(self) -> None:
        command = [sys.executable, *self.program, "--no-open", "--port", str(self.port), "--store", str(self.store)]
        with (self.folder / "app.log").open("a") as output:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=os.environ | self.settings, stdout=output, stderr=subprocess.STDOUT
            )
        self._wait()

    def _wait(self) -> None:
        """Wait until the page is served."""
        end = time.monotonic() + START
        while time.monotonic() < end and self.process.poll() is None:
            try:
                with urllib.request.urlopen(self.url, timeout=5):
                    return
            except OSError:
                time.sleep(0.1)
        self.process.kill()
        raise RuntimeError(f"The app did not start:\n{self.log}")


def start_server(folder: Path, program: Sequence[str] = ("app.py",), **settings: str) -> Server:
    """Start the app on a free port. If another program takes the port first, it is tried once more.

    Args:
        program: what Python runs.
        settings: environment variables.
    """
    # One thread: threads that wait for each other are slow on a busy machine.
    quiet = {"GRADIO_TEMP_DIR": str(folder / "gradio"), "GRADIO_ANALYTICS_ENABLED": "False"}
    calm = {"OMP_NUM_THREADS": "1", "SEEDLAB_AHEAD": "0"}
    port, settings = find_port(), quiet | calm | settings
    try:
        return Server(folder, port, settings, program)
    except RuntimeError as error:
        if format_taken(port) not in str(error):
            raise
        return Server(folder, find_port(), settings, program)


def find_port() -> int:
    """Find a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]
