"""Runs this folder's tests in a second pytest process, and reports their results in the first.

The first process sends a line for each test, `["node id", "next node id"]`. The second runs that test and answers with
a line for each report, and with an empty line at the end.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.simulated_cuda.device import build_library

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
LIBRARY, CONNECTION = "SEEDLAB_SIMULATED_CUDA", "SEEDLAB_SIMULATED_CUDA_CONNECTION"
"""Environment variables of the second process: the compiled library, and the file descriptor of the socket."""
NO_COMPILER = "there is no g++ to compile the simulated device with"
LIMIT = 120
"""Seconds that the second process may take to end."""


def why_not() -> str | None:
    """Return why there can be no simulated device here; None if there can."""
    import torch

    if sys.platform != "linux":
        return "torch's libraries are opened as Linux does it"
    if torch.version.cuda is not None:
        return "this build of torch has CUDA of its own"
    return None if shutil.which("g++") else NO_COMPILER


def give_up() -> None:
    """Skip the test. In CI a missing compiler fails it: there every test must pass."""
    reason = why_not()
    (pytest.fail if os.environ.get("CI") and reason == NO_COMPILER else pytest.skip)(reason)


class RemoteRun:
    """A second pytest process, with the simulated device."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        folder = Path(self._folder.name)
        self._output = (folder / "output.txt").open("w+", encoding="utf-8")
        connection, theirs = socket.socketpair()
        self._stream = connection.makefile("rw", encoding="utf-8")
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_XDIST")}
        environment |= {LIBRARY: str(build_library(folder)), CONNECTION: str(theirs.fileno())}
        options = ["-m", "", "-p", "no:cacheprovider", "-p", "tests.simulated_cuda.served"]
        with connection, theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "pytest", str(HERE), *options],
                cwd=ROOT,
                env=environment,
                pass_fds=[theirs.fileno()],
                stdout=self._output,
                stderr=subprocess.STDOUT,
            )

    def run(self, item: pytest.Item, nextitem: pytest.Item | None) -> None:
        """Run a test and report it. Fixtures that `nextitem` does not use are torn down."""
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        read = item.config.hook.pytest_report_from_serializable
        try:
            for data in self._ask(item.nodeid, nextitem.nodeid if nextitem is not None else None):
                item.ihook.pytest_runtest_logreport(report=read(config=item.config, data=data))
        except (OSError, EOFError):
            item.ihook.pytest_runtest_logreport(report=self._report_end(item))
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)

    def close(self) -> None:
        """End the process."""
        with suppress(OSError):  # it has ended already, and what was sent last is lost
            self._stream.close()
        self._process.wait(LIMIT)
        self._output.close()
        self._folder.cleanup()

    def _ask(self, *nodeids: str | None) -> Iterator[dict[str, Any]]:
        print(json.dumps(nodeids), file=self._stream, flush=True)
        while (line := self._stream.readline()) != "\n":
            if not line:
                raise EOFError
            data = json.loads(line)
            if isinstance(data["longrepr"], list):  # of a skipped test: pytest expects the tuple that JSON cannot hold
                data["longrepr"] = tuple(data["longrepr"])
            yield data

    def _report_end(self, item: pytest.Item) -> pytest.TestReport:
        self._output.seek(0)
        text = f"The process with the simulated device has ended:\n{self._output.read()}"
        return pytest.TestReport(item.nodeid, item.location, {}, "failed", text, "call")
