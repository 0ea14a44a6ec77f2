"""New Python processes without the seconds that importing torch and diffusers takes.

One process imports them, runs nothing, and forks a child for each script. The child has a fresh state and sees the
script's own directory, arguments, variables and standard streams, as `python script.py` would. Tests of imports, of
environment variables that libraries read at import, and of memory start a process of their own.
"""

import atexit
import json
import os
import runpy
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
LIMIT = 600
"""Seconds that a script may take."""


def run_python(*arguments: str, cwd: Path = ROOT, text: str = "") -> "subprocess.CompletedProcess[str]":
    """Run `python *arguments` in a new process, with `text` as its standard input.

    Args:
        arguments: a script and its arguments, or "-m" and a module, or "-c" and code.
    """
    if sys.platform != "linux":  # elsewhere a process with these libraries cannot be forked
        return run_python_afresh(*arguments, cwd=cwd, text=text)
    with tempfile.TemporaryDirectory() as folder:
        streams = [str(Path(folder) / name) for name in ("stdin", "stdout", "stderr")]
        Path(streams[0]).write_text(text, encoding="utf-8")
        code = _start().run(
            {"arguments": arguments, "cwd": str(cwd), "variables": dict(os.environ), "streams": streams}
        )
        out, err = (Path(each).read_text(encoding="utf-8") for each in streams[1:])
        return subprocess.CompletedProcess(arguments, code, out, err)


def run_python_afresh(*arguments: str, cwd: Path = ROOT, text: str = "") -> "subprocess.CompletedProcess[str]":
    """Do the same with an interpreter that imports everything itself."""
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=cwd, input=text, capture_output=True, text=True, timeout=LIMIT)


class _Server:
    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.processes"],
            cwd=ROOT,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def run(self, request: Mapping[str, Any]) -> int:
        print(json.dumps(request), file=self._process.stdin, flush=True)
        return int(self._process.stdout.readline())

    def close(self) -> None:
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(LIMIT)


@cache
def _start() -> _Server:
    server = _Server()
    atexit.register(server.close)
    return server


def _serve() -> list[str]:
    """Fork a child for each request. Returns only in a child: the arguments of what it has to run."""
    for line in sys.stdin:
        request = json.loads(line)
        if (child := os.fork()) == 0:
            _enter(request)
            return request["arguments"]
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
    sys.exit()


def _enter(request: Mapping[str, Any]) -> None:
    signal.alarm(LIMIT)
    for descriptor, file in enumerate(request["streams"]):
        opened = os.open(file, os.O_RDWR | os.O_CREAT)
        os.dup2(opened, descriptor)
        os.close(opened)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 (the old one has read ahead)
    os.environ.clear()
    os.environ.update(request["variables"])
    os.chdir(request["cwd"])


def _run(kind: str, *arguments: str) -> None:
    sys.path[0] = str(Path.cwd())
    if kind == "-c":
        sys.argv = [kind, *arguments[1:]]
        exec(compile(arguments[0], "<string>", "exec"), {"__name__": "__main__"})
    elif kind == "-m":
        sys.argv = list(arguments)
        runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)
    else:
        sys.argv = [kind, *arguments]
        runpy.run_path(kind, run_name="__main__")


if __name__ == "__main__":
    # What the scripts import. diffusers imports the modules of a pipeline when it is first named.
    import torch  # noqa: F401
    from diffusers import DDIMPipeline, StableDiffusionPipeline  # noqa: F401

    _run(*_serve())
