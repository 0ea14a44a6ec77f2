"""Processes that run what a test asks them to: libraries read their settings once, as they are imported."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from threading import Timer

LOOP = """
import json, sys, traceback

answers, sys.stdout = sys.stdout, sys.stderr
for line in sys.stdin:
    code, argument = json.loads(line)
    said = {}
    try:
        exec(code, {"argument": argument, "answer": lambda value: said.update(answer=value)})
    except BaseException:
        said = {"error": traceback.format_exc()}
    print(json.dumps(said), file=answers, flush=True)
"""
LIMIT = 120
"""Seconds that an answer may take."""


class Worker:
    """A process with settings of its own, which does one thing after another."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        clean = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        self._complaints = tempfile.TemporaryFile("w+")  # noqa: SIM115 (closed by `close`)
        self._process = subprocess.Popen(
            [sys.executable, "-c", LOOP],
            env=clean | settings,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            text=True,
        )

    def ask(self, code: str, argument: object = None):
        """Run code that knows `argument` and calls `answer`; returns what it answers."""
        limit = Timer(LIMIT, self._process.kill)
        limit.start()
        try:
            print(json.dumps([code, argument]), file=self._process.stdin, flush=True)
            said = json.loads(self._process.stdout.readline() or "{}")
        finally:
            limit.cancel()
        assert "answer" in said, said.get("error") or self._read_complaints()
        return said["answer"]

    def close(self) -> None:
        """End the process."""
        self._process.stdin.close()
        self._process.wait(LIMIT)
        self._process.stdout.close()
        self._complaints.close()

    def _read_complaints(self) -> str:
        self._complaints.seek(0)
        return self._complaints.read()
