"""Joins two trails, such as those that two versions of SeedLab kept in one browser."""

from dataclasses import replace

from seedlab.workflow.trail import MAX_ROUNDS, MAX_TILES, Round, Trail, count_tiles


def join_trails(newer: Trail, older: Trail) -> Trail:
    """Return a trail with the rounds of both, and the path of the newer one.

    The ids of the newer one's rounds change: ids grow with time. Where there are too many rounds, the oldest trees are
    left out.
    """
    first = max((each.id for each in older.rounds), default=0)
    both = Trail(rounds=(*older.rounds, *(_shift(each, first) for each in newer.rounds)))
    kept = both.rounds
    for root in older.roots:
        if len(kept) <= MAX_ROUNDS and count_tiles(kept) <= MAX_TILES:
            break
        kept = tuple(each for each in kept if both.root_of(each.id) != root.id)
    path = tuple(round_id + first for round_id in newer.path)
    joined = Trail(rounds=kept, path=path)
    return joined if path or not older.path else joined.revisit(older.path[-1])


def _shift(round_: Round, by: int) -> Round:
    parent = round_.parent
    return replace(round_, id=round_.id + by, parent=None if parent is None else (parent[0] + by, parent[1]))
