"""A Space on ZeroGPU makes the pictures that any other SeedLab makes, and says in words where it cannot.

The program `space.py` does everything once, in a process where ZeroGPU's package has patched torch, and the tests look
at what came of it.
"""

import json

import pytest

from seedlab.pipelines.zerogpu.durations import FIRST_SECONDS, MIN_SECONDS
from seedlab.pipelines.zerogpu.executor import WAITING
from seedlab.pipelines.zerogpu.refusals import KILLED, OVER, SPACE_IS_OVER, TOO_LONG
from tests.pipelines.zerogpu.host import TOKEN
from tests.processes import run_python

STEPS = 3


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    folder = tmp_path_factory.mktemp("space")
    done = run_python("-m", "tests.pipelines.zerogpu.space", str(folder))
    assert (folder / "seen.json").exists(), done.stdout + done.stderr
    return json.loads((folder / "seen.json").read_text(encoding="utf-8"))


def list_paused(steps):
    """Return the steps after which a run was paused, of rounds in short calls: the last one's report may be merged."""
    return [step for step in steps if step[1] < STEPS]


def test_a_round_has_the_bytes_of_any_other_seedlab(seen):
    assert len(set(seen["usual"])) == 2
    assert seen["first"]["pictures"] == seen["usual"]
    assert seen["second"]["pictures"] == seen["usual"]


def test_a_round_takes_one_call_of_an_estimated_duration(seen):
    (first,), (second,) = seen["first"]["durations"], seen["second"]["durations"]
    assert FIRST_SECONDS <= first < FIRST_SECONDS + MIN_SECONDS
    assert second == MIN_SECONDS


def test_the_gpu_time_is_that_of_the_visitor(seen):
    assert seen["first"]["tokens"] == [TOKEN]
    assert seen["second"]["tokens"] == [None]


def test_pictures_name_the_gpu_that_made_them(seen):
    assert seen["first"]["devices"] == ["GPU 0"]
    assert seen["first"]["known device"] == "GPU 0"


def test_weights_are_placed_in_the_main_thread_alone(seen):
    placed = seen["placed"]
    assert placed["device"] == placed["placed on"] == "cuda"
    assert placed["loaded in another thread"] == 0
    assert placed["bytes"] > placed["bytes of weights"] > 10**6


def test_progress_and_previews_stream_back(seen):
    assert len(seen["watched"]["steps"]) > 4
    assert seen["watched"]["previews"] > 4


def test_a_round_goes_on_in_other_calls_where_the_time_was_too_short(seen):
    made = seen["short calls"]
    assert made["pictures"] == seen["usual"]
    assert list_paused(made["steps"]) == [[0, 1], [0, 2], [1, 1], [1, 2]]
    assert len(made["durations"]) == 2 * STEPS


def test_another_gpu_does_not_continue_what_this_one_began(seen):
    made = seen["another gpu"]
    assert made["pictures"] == seen["usual"][:1]
    assert len(made["durations"]) == STEPS + 1
    assert made["devices"] == ["GPU 1"]
    assert made["known device"] == "GPU 1"


def test_a_draft_is_finished_by_another_process(seen):
    assert seen["draft"]["drafts"] == [1]
    made = seen["finished"]
    assert list_paused(made["steps"]) == [[0, 2]]
    assert len(made["durations"]) == STEPS - 1
    assert made["pictures"] == seen["usual"][:1]


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        ("too little", "(10 s needed, 4 s left): make fewer pictures at a time, try again in 3 h 20 min, or sign in"),
        ("too often", OVER),
        ("too long", TOO_LONG),
        ("nobody's", SPACE_IS_OVER),
    ],
)
def test_a_refusal_is_said_in_words(seen, refusal, words):
    assert len(seen["refusals"][refusal]) == 2
    assert words in seen["refusals"][refusal][0]


def test_a_killed_process_is_said_in_words_and_the_next_round_is_made(seen):
    assert seen["killed"] == [KILLED]
    assert seen["after the kill"]["pictures"] == seen["usual"]


@pytest.mark.parametrize("way", ["stopped", "left"])
def test_stop_releases_the_gpu_within_a_step(seen, way):
    assert seen[way]["ended"] < 20
    assert seen[way]["released"] < 20
    assert seen[way]["steps"][-1][1] < 100, "of 400"
    assert (seen[way]["pictures"], seen[way]["failures"]) == ([""], [])
    assert seen["after the stop"]["pictures"] == seen["usual"]


def test_a_tile_says_that_it_waits_for_a_gpu(seen):
    assert WAITING in seen["after the stop"]["sentences"]


def test_closing_leaves_no_process(seen):
    assert seen["processes left"] == 0


def test_the_page_reports_its_start_before_it_is_served(seen):
    assert seen["page"]["reports of the start"] == 1


def test_an_event_takes_the_gpu_time_of_whoever_sent_it(seen):
    assert seen["page"]["event"]["pictures"] == 1
    assert [each["token"] for each in seen["page"]["event"]["calls"]] == [TOKEN]


def test_a_program_takes_the_gpu_time_of_whoever_runs_it(seen):
    assert seen["page"]["program"]["status"] == 200
    assert [each["token"] for each in seen["page"]["program"]["calls"]] == [TOKEN]


def test_an_agent_takes_the_gpu_time_of_whoever_runs_it(seen):
    assert seen["page"]["agent"]["pictures"] == 1
    assert [each["token"] for each in seen["page"]["agent"]["calls"]] == [TOKEN]
