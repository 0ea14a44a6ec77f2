"""Marks of pictures: kept, rejected, stars. They are saved with the trail, and nothing is deleted."""

import json

import pytest

from seedlab.core.errors import SeedLabError
from seedlab.rules.kinds.seeds import Seeds
from seedlab.workflow.trails.mark import UNMARKED, Mark
from seedlab.workflow.trails.trail import Trail
from seedlab.workflow.trails.trail_json import write_trail
from tests.examples import read_trail
from tests.workflow.painter import RECIPE, Painter, develop

MARKS = {0: Mark(kept=True), 1: Mark(kept=False, stars=2)}


def test_marks_outlive_a_restart():
    session = Painter().session()
    round_ = session.explore(RECIPE, Seeds((0, 1, 2))).newest
    develop(session)
    session.mark(round_.id, MARKS)
    read = read_trail(write_trail(session.trail)).newest
    assert [tile.mark for tile in read.tiles] == [MARKS[0], MARKS[1], UNMARKED]


def test_a_trail_without_marks_is_written_as_before():
    written = json.loads(write_trail(Trail().explore(RECIPE, Seeds((0,)))))
    assert set(written["rounds"][0]["tiles"][0]) == {"value", "recipe"}


def test_a_round_is_marked_as_a_whole_or_not_at_all():
    session = Painter().session()
    round_ = session.explore(RECIPE, Seeds((0, 1))).newest
    with pytest.raises(SeedLabError, match="no longer exists"):
        session.mark(round_.id, {0: Mark(stars=1), 2: Mark(stars=1)})
    assert session.trail.tile(round_.id, 0).mark == UNMARKED


@pytest.mark.parametrize(
    "data",
    [{"kept": 1}, {"stars": 6}, {"stars": True}, {"stars": "5"}, {"stars": -1}, {"loved": True}, [], None, "kept"],
)
def test_a_forged_mark_is_refused(data):
    with pytest.raises(SeedLabError):
        Mark.from_dict(data)
