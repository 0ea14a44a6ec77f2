"""Real workers: a Ray of their own, in a process of its own, because Ray warns of what pytest takes for errors.

The program `rounds.py` makes every round once, and the tests look at what came of it.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("ray", reason="needs the extra “workers”")
pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[3]
LIMIT = 600
"""Seconds that all rounds may take on a busy machine."""


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ray")
    command = [sys.executable, "-m", "tests.pipelines.ray.rounds", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LIMIT)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads((folder / "seen.json").read_text(encoding="utf-8"))


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
