"""Real workers: Rays of their own, in processes of their own, because Ray warns of what pytest takes for errors.

The programs `rounds.py` and `machines.py` make every round once, at the same time, as both wait for processes to start.
The tests look at what came of them.
"""

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

pytest.importorskip("ray", reason="needs the extra “workers”")
pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[3]
LIMIT = 600
"""Seconds that all rounds may take on a busy machine."""

PROGRAMS = ("rounds", "machines") if sys.platform == "linux" else ("rounds",)


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    """Start the programs, and return what reads the results of one."""
    folders = {name: tmp_path_factory.mktemp(name) for name in PROGRAMS}
    started = {name: start(name, folder) for name, folder in folders.items()}

    def read(name):
        output, _ = started[name].communicate(timeout=LIMIT)
        assert started[name].returncode == 0, output
        return json.loads((folders[name] / "seen.json").read_text(encoding="utf-8"))

    yield read
    for program in started.values():
        with program, suppress(ProcessLookupError):  # nothing is left of it
            os.killpg(program.pid, signal.SIGKILL)


def start(name, folder):
    command = [sys.executable, "-m", f"tests.pipelines.ray.{name}", str(folder)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    return subprocess.Popen(command, cwd=ROOT, start_new_session=True, **pipes)


@pytest.fixture(scope="module")
def seen(read):
    return read("rounds")


@pytest.fixture(scope="module")
def machines(read):
    if "machines" not in PROGRAMS:
        pytest.skip("needs the loopback addresses of Linux")
    return read("machines")


def test_workers_make_the_bytes_of_this_process(seen):
    assert len(set(seen["local"])) == 4
    assert seen["one worker"] == seen["local"]
    assert seen["two workers"] == seen["local"]


def test_a_late_worker_is_used(seen):
    assert seen["used before"] == 1
    assert seen["used after"] == 2


def test_the_tiles_of_a_killed_worker_are_made_again_with_the_same_bytes(seen):
    assert seen["killed"] == seen["local"]
    assert seen["used after the kill"] == 2


def test_a_worker_with_other_threads_is_named_and_not_used(seen):
    assert seen["odd"] == "threads 2 instead of 1."
    assert seen["used after the odd one"] == 2


def test_stop_ends_the_work_within_a_step(seen):
    assert seen["finished after stop"] == 0
    assert seen["steps after stop"] <= 2
    assert seen["after stop"] == seen["local"]


def test_a_draft_is_finished_with_the_bytes_of_the_whole_run(seen):
    assert seen["drafts"] == [4] * 4
    assert seen["finished drafts"] == seen["local"]


def test_only_this_machine_reaches_the_ray_that_was_started(seen):
    assert seen["ports"]
    assert set(seen["ports"]) <= {"127.0.0.1", "::ffff:127.0.0.1", "::1"}


def test_a_machine_with_another_file_at_the_path_of_a_lora_is_sent_the_pages(machines):
    assert len(set(machines["local"])) == 4
    assert machines["one machine"] == machines["local"]
    assert machines["sent to the first"] == [0, 1, 0]


def test_a_late_machine_is_sent_the_file_and_used(machines):
    assert machines["two machines"] == machines["local"]
    assert machines["sent to both"] == [0, 1, 1]


def test_the_tiles_of_a_lost_machine_are_made_elsewhere_with_the_same_bytes(machines):
    assert machines["the machine ended"]
    assert machines["lost machine"] == machines["local"]
