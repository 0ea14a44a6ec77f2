"""Two trails in one: nothing is lost while there is room."""

from seedlab.rules.seeds import Seeds
from seedlab.rules.suffixes import Suffixes
from seedlab.workflow.trail import Trail
from seedlab.workflow.trail_joining import join_trails
from seedlab.workflow.trail_json import read_trail, write_trail
from tests.examples import RECIPE


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
