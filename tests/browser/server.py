"""Starts the app in a separate process, as a user would."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
START = 120.0
"""Seconds within which the page must be up on a busy machine."""


@dataclass(frozen=True)
class Server:
    """A running app: its address, store, log file and process."""

    url: str
    store: Path
    log: Path
    process: subprocess.Popen

    @property
    def pictures(self) -> int:
        """The number of pictures in the store."""
        return len(list(self.store.rglob("*.png")))

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=30)


def start_server(folder: Path, port: int | None = None, **settings: str) -> Server:
    """Start the app.

    Args:
        port: None for a free one.
        settings: environment variables.
    """
    port, store, log = port or find_port(), folder / "store", folder / "app.log"
    command = ["app.py", "--no-open", "--port", str(port), "--store", str(store)]
    # One thread: threads that wait for each other are slow on a busy machine.
    quiet = {"GRADIO_TEMP_DIR": str(folder / "gradio"), "GRADIO_ANALYTICS_ENABLED": "False", "OMP_NUM_THREADS": "1"}
    environment = os.environ | quiet | settings
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, *command], cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    server = Server(f"http://127.0.0.1:{port}", store, log, process)
    wait_for(server)
    return server


def wait_for(server: Server) -> None:
    """Wait until the page is served."""
    end = time.monotonic() + START
    while time.monotonic() < end and server.process.poll() is None:
        try:
            with urllib.request.urlopen(server.url, timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    server.process.kill()
    raise RuntimeError(f"The app did not start:\n{server.log.read_text()}")


def find_port() -> int:
    """Find a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]
