"""A Space on ZeroGPU makes the pictures that any other SeedLab makes, and says in words where it cannot."""

import pytest

from seedlab.pipelines.zerogpu.durations import FIRST_SECONDS, MIN_SECONDS
from seedlab.pipelines.zerogpu.executor import WAITING
from seedlab.pipelines.zerogpu.refusals import KILLED, OVER, SPACE_IS_OVER, TOO_LONG
from tests.pipelines.workers import Worker
from tests.pipelines.zerogpu.host import TOKEN

STEPS = 3


class RemoteSpace:
    """The Space's process, in which `spaces` is imported first."""

    def __init__(self, folder) -> None:
        self._worker = Worker({})
        self.placed = self._call("place_weights", str(folder))
        self._call("start", str(folder))
        self.first = self.ask("make")
        self.usual = self.ask("make_usual")["pictures"]

    def ask(self, name: str, *arguments: object, **options: object):
        return self._call("ask", name, arguments, options)

    def close(self) -> None:
        self._worker.close()

    def _call(self, function: str, *arguments: object):
        code = f"from tests.pipelines.zerogpu import space; answer(space.{function}(*argument))"
        return self._worker.ask(code, arguments)


@pytest.fixture(scope="module")
def space(tmp_path_factory):
    space = RemoteSpace(tmp_path_factory.mktemp("space"))
    yield space
    space.close()


def test_a_round_has_the_bytes_of_any_other_seedlab(space):
    assert len(set(space.usual)) == 4
    assert space.first["pictures"] == space.usual
    assert space.first["failures"] == []


def test_progress_and_previews_stream_back(space):
    seen = space.ask("make_long")
    assert len({step for _, step in seen["steps"]}) > 4
    assert seen["previews"] > 4 * 4


def test_a_round_takes_one_call_of_an_estimated_duration(space):
    (first,), (second,) = space.first["durations"], space.ask("make")["durations"]
    assert FIRST_SECONDS <= first < FIRST_SECONDS + MIN_SECONDS
    assert second == MIN_SECONDS


def test_pictures_name_the_gpu_that_made_them(space):
    assert space.first["devices"] == ["GPU 0"]
    assert space.first["known device"] == "GPU 0"


def test_weights_are_placed_in_the_main_thread_alone(space):
    assert space.placed["device"] == space.placed["placed on"] == "cuda"
    assert space.placed["loaded in another thread"] == 0
    assert space.placed["has preview"]
    assert space.placed["bytes"] > space.placed["bytes of weights"] > 10**6


def test_the_gpu_time_is_that_of_the_visitor(space):
    assert space.ask("pass_token", TOKEN) == [TOKEN]


def test_a_round_goes_on_in_another_call_where_the_time_was_too_short(space):
    made = space.ask("make_in_short_calls", [0])
    assert made["pictures"] == space.usual
    assert len(made["durations"]) == STEPS
    assert sorted(made["steps"]) == [[index, step] for index in range(4) for step in range(1, STEPS + 1)]


def test_another_gpu_does_not_continue_what_this_one_began(space):
    made = space.ask("make_in_short_calls", [0, 1])
    assert made["pictures"] == space.usual
    assert len(made["durations"]) == STEPS + 1
    assert made["devices"] == ["GPU 1"]
    assert made["known device"] == "GPU 1"


def test_a_draft_is_finished_by_another_process(space):
    seen = space.ask("finish_drafts")
    assert sorted(seen["drafts"]["steps"]) == [[index, 1] for index in range(4)]
    assert min(step for _, step in seen["finished"]["steps"]) == 2
    assert seen["finished"]["pictures"] == space.usual


@pytest.mark.parametrize(
    ("left", "wait", "token", "words"),
    [
        (4, 12_000, TOKEN, "(10 s needed, 4 s left): make fewer pictures at a time, try again in 3 h 20 min, "),
        (9, 0, TOKEN, OVER),
        (9, -1, TOKEN, TOO_LONG),
        (4, 12_000, "", SPACE_IS_OVER),
    ],
)
def test_a_refusal_is_said_in_words(space, left, wait, token, words):
    failures = space.ask("refuse", left, wait, token)["failures"]
    assert len(failures) == 4
    assert words in failures[0]


def test_a_killed_process_is_said_in_words_and_the_next_round_is_made(space):
    killed = space.ask("kill")
    assert killed["failures"] == [KILLED] * 4
    assert space.ask("make")["pictures"] == space.usual


@pytest.mark.parametrize("closes", [True, False], ids=["closed", "stopped"])
def test_stop_releases_the_gpu_within_a_step(space, closes):
    stopped = space.ask("stop", closes)
    assert stopped["ended"] < 1
    assert stopped["released"] < 2
    assert max(step for _, step in stopped["steps"]) < 50
    assert stopped["failures"] == []
    assert space.ask("make")["pictures"] == space.usual


def test_a_tile_says_that_it_waits_for_a_gpu(space):
    waiting = space.ask("wait_for_gpu")
    assert WAITING in waiting["sentences"]
    assert waiting["pictures"] == space.usual


def test_closing_leaves_no_process(space):
    assert space.ask("close") == []
