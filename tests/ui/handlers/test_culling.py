"""Marks, comparisons and scripts of selections, as the page asks for them."""

import json

import pytest

from tests.examples import read_trail


@pytest.fixture
def made(page):
    page.explore(seeds="0-3")
    page.develop()
    return page


def read_marks(page):
    return [(tile["mark"].get("kept"), tile["mark"].get("stars", 0)) for tile in page.view["rounds"][0]["tiles"]]


def test_a_mark_is_shown_and_said_and_saved(made):
    made.mark(1, {0: {"kept": True}, 2: {"kept": False, "stars": 3}})
    assert read_marks(made) == [(True, 0), (None, 0), (False, 3), (None, 0)]
    names = [tile["name"] for tile in made.view["rounds"][0]["tiles"]]
    assert names[0] == "Seed 0, kept, finished; lock this seed"
    assert names[2] == "Seed 2, rejected, 3 stars, finished; lock this seed"
    assert [tile.mark.stars for tile in read_trail(made.saved).newest.tiles] == [0, 0, 3, 0]
    made.mark(1, {2: {}})
    assert "mark" not in json.loads(made.saved)["rounds"][0]["tiles"][2]


@pytest.mark.parametrize("marks", [{7: {}}, {0: {"stars": 9}}, {0: None}])
def test_a_forged_mark_is_an_error_and_changes_nothing(made, marks):
    made.mark(1, marks)
    assert made.errors
    assert read_marks(made) == [(None, 0)] * 4


def test_what_differs_is_sent_once_it_is_asked_for(made):
    answer = made.compare((1, 0), (1, 2))
    assert answer["places"] == [[1, 0], [1, 2]]
    assert answer["fields"] == [{"label": "Seed", "values": [[["kept", "0"]], [["kept", "2"]]]}]
    assert made.compare((1, 0), (1, 2))["name"] != answer["name"]


@pytest.mark.parametrize("places", [[], [(1, 0)], [(1, 0)] * 5, [(1, 0), (1, 9)], [(1, 0), (1, "0")], [(1, 0), (1,)]])
def test_a_forged_comparison_is_an_error(made, places):
    assert made.compare(*places) is None
    assert made.errors


def test_a_script_of_a_selection_says_how_many_it_has(made):
    script = made.copy_script(round=1, indices=[1, 3])
    assert script["title"] == "Seeds 0–3, 2 of 4 pictures"
