"""Varies several pictures of a round at once: they are the columns of a matrix, and a rule's variations its rows."""

from collections.abc import Sequence

from seedlab.core.errors import SeedLabError
from seedlab.rules.kinds.matrix import Matrix
from seedlab.rules.rule import Rule
from seedlab.workflow.trails.trail import State, Trail

UNFINISHED = "These pictures are not finished: vary them when they are."

Plan = tuple[tuple[int, int], Rule]
"""The place of the tile to lock, and the rule that makes the round."""


def plan_variations(trail: Trail, round_id: int, indices: Sequence[int], rule: Rule) -> Plan:
    """Return which tile to lock, and by which rule, so that all of these tiles are varied.

    Args:
        round_id: of the tiles.
        indices: of the tiles; at least one.
        rule: varies each of them.

    Raises:
        SeedLabError: there is no such tile, one is not finished, or a matrix cannot have these pictures or variations.
    """
    if any(trail.tile(round_id, index).state is not State.DONE for index in indices):
        raise SeedLabError(UNFINISHED)
    if len(indices) == 1:
        return (round_id, indices[0]), rule
    round_ = trail.round(round_id)
    chosen = type(round_.rule)(tuple(round_.tiles[index].value for index in indices))
    place = round_.parent if round_.parent is not None else (round_id, indices[0])
    return place, Matrix.of(chosen, rule)
