"""Joins two trails: those that two versions of SeedLab kept in one browser, or a visitor's and one from a file."""

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from seedlab.core.errors import SeedLabError
from seedlab.workflow.trails.mark import UNMARKED
from seedlab.workflow.trails.trail import MAX_PATH_TILES, MAX_ROUNDS, MAX_TILES, Round, State, Tile, Trail, count_tiles


def join_trails(newer: Trail, older: Trail) -> Trail:
    """Return a trail with the rounds of both, and the path of the newer one.

    The ids of the newer one's rounds change: ids grow with time. Where there are too many rounds, the oldest trees are
    left out.
    """
    first = max((each.id for each in older.rounds), default=0)
    both = Trail(rounds=(*older.rounds, *(_shift(each, first) for each in newer.rounds)))
    kept = _leave_out_oldest(both, {each.id + first for each in newer.roots})
    path = tuple(round_id + first for round_id in newer.path)
    joined = replace(kept, path=path)
    return joined if path or not older.path else joined.revisit(older.path[-1])


def add_trail(trail: Trail, added: Trail) -> Trail:
    """Return a trail with the rounds of another, and show what that shows.

    A round whose pictures are all in one of the trail's own rounds becomes a part of it: its tiles get the pictures and
    the marks that they lack. Where there are too many rounds, the oldest trees are left out.

    Raises:
        SeedLabError: there would be too many pictures on the path.
    """
    places: dict[tuple[int, int], tuple[int, int]] = {}
    for round_ in sorted(added.rounds, key=lambda each: each.id):
        parent = None if round_.parent is None else places[round_.parent]
        trail, indices = _add_round(trail, replace(round_, parent=parent))
        places |= {(round_.id, index): place for index, place in enumerate(indices)}
    if not added.path:
        return trail
    shown = places[added.path[-1], 0][0]
    # The end of the rounds is the newest.
    rounds = (*(each for each in trail.rounds if each.id != shown), trail.round(shown))
    joined = _leave_out_oldest(replace(trail, rounds=rounds), {trail.root_of(place[0]) for place in places.values()})
    joined = joined.revisit(shown)
    if count_tiles(joined.visible) > MAX_PATH_TILES:
        raise SeedLabError(f"This path is full ({MAX_PATH_TILES:,} pictures): open it on a page without rounds.")
    return joined


def _add_round(trail: Trail, new: Round) -> tuple[Trail, list[tuple[int, int]]]:
    """Return a trail with a round, and where its tiles are there."""
    for round_ in trail.rounds:
        indices = {tile.recipe: index for index, tile in enumerate(round_.tiles)}
        if round_.parent == new.parent and all(tile.recipe in indices for tile in new.tiles):
            places = [(round_.id, indices[tile.recipe]) for tile in new.tiles]
            for place, tile in zip(places, new.tiles, strict=True):
                trail = trail.with_tile(*place, **_complete(trail.tile(*place), tile))
            return trail, places
    new_id = max((each.id for each in trail.rounds), default=0) + 1
    rounds = (*trail.rounds, replace(new, id=new_id))
    return replace(trail, rounds=rounds), [(new_id, index) for index in range(len(new.tiles))]


def _complete(tile: Tile, other: Tile) -> dict[str, Any]:
    """Return what changes about a tile that gets the picture and the mark of another, where it has none."""
    changes: dict[str, Any] = {"mark": other.mark} if tile.mark == UNMARKED else {}
    if tile.file is None and other.file is not None and tile.state in (State.STOPPED, State.FAILED):
        names = ("state", "fraction", "preview", "file", "sentence", "draft_steps", "finishing")
        changes |= {name: getattr(other, name) for name in names}
    return changes


def _leave_out_oldest(trail: Trail, needed: Collection[int]) -> Trail:
    """Return a trail without its oldest trees, where there are too many; those of the first rounds `needed` stay."""
    kept = trail.rounds
    for root in trail.roots:
        if len(kept) <= MAX_ROUNDS and count_tiles(kept) <= MAX_TILES:
            break
        if root.id not in needed:
            kept = tuple(each for each in kept if trail.root_of(each.id) != root.id)
    return Trail(rounds=kept)


def _shift(round_: Round, by: int) -> Round:
    parent = round_.parent
    return replace(round_, id=round_.id + by, parent=None if parent is None else (parent[0] + by, parent[1]))
