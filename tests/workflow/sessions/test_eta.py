"""The time left is said in words, and only where the work is long."""

import pytest

from seedlab.workflow.sessions.eta import Clock, format_duration


def say(clock, tile, fraction):
    clock.note(tile, fraction)
    return clock.format_time_left()


def test_time_left_is_said_from_the_second_step_on_and_only_for_long_work():
    now = 0.0
    clock = Clock([0.0] * 4, now=lambda: now)
    assert say(clock, 0, 0.25) == ""
    now = 10.0
    assert say(clock, 0, 0.5) == "about 2 min left"
    assert say(Clock([0.0], now=lambda: now), 0, 0.9) == ""


def test_tiles_of_other_rounds_wait_too():
    now = 0.0
    clock = Clock([0.0], now=lambda: now)
    clock.note(0, 0.25)
    now = 5.0
    clock.note(0, 0.5)
    assert clock.format_time_left() == "about 10 s left"
    assert clock.format_time_left(more=2.5) == "about 1 min left"


def test_tiles_that_are_made_at_once_are_done_at_once():
    now = 0.0
    clock = Clock([0.0] * 4, now=lambda: now)
    assert [say(clock, tile, 0.25) for tile in range(4)] == [""] * 4
    now = 20.0
    assert [say(clock, tile, 0.5) for tile in range(4)][-1] == "about 40 s left"


def test_nothing_is_known_while_each_tile_has_made_its_first_step_alone():
    now = 0.0
    clock = Clock([0.0] * 4, now=lambda: now)
    for tile in range(4):
        now = float(tile)
        assert say(clock, tile, 1 / 12) == ""


def test_tiles_that_are_made_one_by_one_add_up():
    now = 0.0
    clock = Clock([0.0] * 2, now=lambda: now)
    for second in range(11):
        now = float(second)
        clock.note(0, (second + 1) / 11)
    assert say(clock, 1, 1 / 11) == "about 10 s left"


def test_drafts_that_are_to_be_finished_have_only_the_rest_of_their_steps_left():
    now = 0.0
    clock = Clock([0.5, 0.5, 0.5], now=lambda: now)
    clock.note(0, 0.6)
    now = 20.0
    assert say(clock, 0, 0.8) == "about 2 min left"  # 1.2 pictures at 0.01 a second


@pytest.mark.parametrize(
    ("seconds", "words"), [(1, "about 5 s"), (43, "about 45 s"), (59, "about 1 min"), (200, "about 3 min")]
)
def test_durations_are_said_as_people_do(seconds, words):
    assert format_duration(seconds) == words
