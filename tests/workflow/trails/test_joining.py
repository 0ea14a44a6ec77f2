"""Two trails in one: nothing is lost while there is room."""

from seedlab.rules.kinds.seeds import Seeds
from seedlab.rules.kinds.wordings.suffixes import Suffixes
from seedlab.workflow.trails.joining import add_trail, join_trails
from seedlab.workflow.trails.mark import Mark
from seedlab.workflow.trails.tile import State, show_picture
from seedlab.workflow.trails.trail import Trail
from seedlab.workflow.trails.trail_json import write_trail
from tests.examples import RECIPE, read_trail


def test_the_older_rounds_come_first_and_the_newer_path_is_shown():
    older = Trail().explore(RECIPE, Seeds((0, 1))).lock(1, 1, Suffixes(("artsy",)))
    newer = Trail().explore(RECIPE, Seeds((5,))).lock(1, 0, Suffixes(("lake",)))
    joined = join_trails(newer, older)
    assert [(each.id, each.parent) for each in joined.rounds] == [(1, None), (2, (1, 1)), (3, None), (4, (3, 0))]
    assert joined.path == (3, 4)
    assert [each.tiles[0].recipe.seed for each in joined.roots] == [0, 5]
    assert read_trail(write_trail(joined)).path == joined.path


def test_beside_an_empty_trail_the_other_one_is_shown():
    trail = Trail().explore(RECIPE, Seeds((0, 1))).lock(1, 1, Suffixes(("artsy",)))
    assert join_trails(Trail(), trail) == trail
    assert join_trails(trail, Trail()) == trail


def test_where_there_are_too_many_the_oldest_trees_are_left_out():
    older = newer = Trail()
    for number in range(60):
        older = older.explore(RECIPE, Seeds(tuple(range(100 * number, 100 * number + 50))))
        older = older.lock(older.newest.id, 0, Suffixes(("artsy",)))
    for number in range(60, 90):
        newer = newer.explore(RECIPE, Seeds(tuple(range(100 * number, 100 * number + 50))))
    roots = [each.tiles[0].recipe.seed // 100 for each in join_trails(newer, older).roots]
    assert roots == list(range(11, 90)), "4,000 tiles and no more"


def test_an_added_trail_becomes_a_part_of_the_rounds_that_have_its_pictures():
    own = Trail().explore(RECIPE, Seeds((0, 1, 2))).explore(RECIPE, Seeds((7,)))
    link = Trail().explore(RECIPE, Seeds((1,))).lock(1, 0, Suffixes(("artsy", "lake")))
    added = add_trail(own, link)
    assert [(each.id, each.parent) for each in added.rounds] == [(1, None), (2, None), (3, (1, 1))]
    assert added.path == (1, 3)
    assert add_trail(added, link) == added
    assert add_trail(added, Trail()) == added


def test_an_added_trail_stays_and_the_oldest_trees_make_room():
    own = Trail()
    for number in range(80):
        own = own.explore(RECIPE, Seeds(tuple(range(100 * number, 100 * number + 50))))
    roots = add_trail(own, Trail().explore(RECIPE, Seeds((9_999,)))).roots
    assert [each.tiles[0].recipe.seed for each in (roots[0], roots[-1])] == [100, 9_999]


def test_a_tile_gets_the_picture_and_the_mark_that_it_lacks(tmp_path):
    trail = Trail().explore(RECIPE, Seeds((0, 1)))
    lacking = trail.with_tile(1, 0, state=State.STOPPED).with_tile(1, 1, mark=Mark(stars=2))
    given = trail
    for index in (0, 1):
        shown = show_picture(tmp_path / f"{index}.png", "Opened.")
        given = given.with_tile(1, index, **shown, mark=Mark(kept=True))
    first, second = add_trail(lacking, given).round(1).tiles
    assert (first.state, first.file, first.mark) == (State.DONE, tmp_path / "0.png", Mark(kept=True))
    assert (second.state, second.mark) == (State.WAITING, Mark(stars=2)), "it is being made"
