"""Several pictures of a round are varied at once, as the columns of a matrix."""

import pytest

from seedlab.core.errors import SeedLabError
from seedlab.rules.kinds.seeds import Seeds
from seedlab.rules.kinds.wordings.suffixes import Suffixes
from seedlab.rules.kinds.wordings.words import Words
from seedlab.workflow.trails.trail import State
from seedlab.workflow.trails.vary_all import plan_variations
from tests.workflow.painter import RECIPE, Painter, develop

NIGHT = Suffixes((", at night", ", in snow"))


@pytest.fixture
def session():
    """With a round of seeds 0 to 3, all finished."""
    session = Painter().session()
    session.explore(RECIPE, Seeds((0, 1, 2, 3)))
    develop(session)
    return session


def vary(session, round_id, indices, rule):
    place, planned = plan_variations(session.trail, round_id, indices, rule)
    return session.lock(*place, planned).newest


def read(round_):
    return [(tile.recipe.seed, tile.recipe.prompt.removeprefix(RECIPE.prompt)) for tile in round_.tiles]


def test_selected_seeds_are_varied_seed_0_too(session):
    round_ = vary(session, 1, (0, 2), NIGHT)
    assert read(round_) == [(0, ", at night"), (2, ", at night"), (0, ", in snow"), (2, ", in snow")]
    assert round_.table.columns == ("Seed 0", "Seed 2")
    assert round_.parent == (1, 0)


def test_selected_variations_are_varied_further(session):
    suffixes = session.lock(1, 2, Suffixes((", artsy", ", trending", ", colorful"))).newest
    develop(session)
    round_ = vary(session, suffixes.id, (0, 2), NIGHT)
    assert read(round_) == [
        (2, ", artsy, at night"),
        (2, ", colorful, at night"),
        (2, ", artsy, in snow"),
        (2, ", colorful, in snow"),
    ]
    assert round_.parent == (1, 2), "they share the parent of their round"


def test_one_picture_is_varied_by_the_rule_alone(session):
    assert plan_variations(session.trail, 1, (3,), NIGHT) == ((1, 3), NIGHT)


def test_unfinished_pictures_and_those_of_a_matrix_are_refused(session):
    session.explore(RECIPE, Seeds((7, 8)))
    assert session.trail.newest.states == (State.WAITING,) * 2
    with pytest.raises(SeedLabError, match="not finished"):
        plan_variations(session.trail, session.trail.newest.id, (0, 1), NIGHT)
    session.revisit(1)
    matrix = vary(session, 1, (0, 1), NIGHT)
    develop(session)
    with pytest.raises(SeedLabError, match="Matrix cannot be the columns"):
        plan_variations(session.trail, matrix.id, (0, 1), Words(("a cat",)))
