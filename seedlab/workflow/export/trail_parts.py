"""Parts of a trail: one round or one picture with its ancestors, and trails without the folders of local files."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from seedlab.core.texts.file_names import hide_folders
from seedlab.images.metadata import Metadata
from seedlab.rules.kinds.seeds import Seeds
from seedlab.rules.registry import find_rule
from seedlab.workflow.trails.tile import Tile, show_draft, show_picture
from seedlab.workflow.trails.trail import Round, State, Trail


def take_round(trail: Trail, round_id: int) -> Trail:
    """Return a trail of one round and of the pictures that led to it, without their other variations.

    Raises:
        SeedLabError: there is no such round.
    """
    kept = [trail.round(round_id)]
    while (place := kept[0].parent) is not None:
        # From here on, the ancestor has the locked tile alone.
        kept[0] = replace(kept[0], parent=(place[0], 0))
        kept.insert(0, _take_tile(trail.round(place[0]), place[1]))
    return Trail(rounds=tuple(kept)).revisit(round_id)


def take_picture(trail: Trail, round_id: int, index: int) -> Trail:
    """Return a trail of one picture and of those that led to it.

    Raises:
        SeedLabError: there is no such tile.
    """
    trail.tile(round_id, index)
    round_ = trail.round(round_id)
    tile = round_.tiles[index]
    return take_round(trail.with_round(round_id, tiles=(tile,), rule=type(round_.rule)((tile.value,))), round_id)


def make_trail(file: Path, metadata: Metadata) -> Trail:
    """Return the trail of a picture from a file: its ancestors and itself.

    Raises:
        SeedLabError: its lineage does not lead to its recipe.
    """
    return Trail().restore(metadata.recipe, metadata.lineage, file, "", metadata.draft_steps)


def arrange(pictures: Mapping[Path, Metadata]) -> Trail:
    """Return a trail of pictures from files, in the order of how often they were varied.

    Pictures that were made from the same one by the same rule are a round, and so are those that differ in their seed
    alone. A picture that is not among them has no round.

    Raises:
        SeedLabError: a picture was made by a rule that this version does not know.
    """
    groups: dict[tuple[object, ...], dict[Path, Metadata]] = {}
    for file, metadata in sorted(pictures.items(), key=lambda each: (len(each[1].lineage), each[1].recipe.seed)):
        groups.setdefault(_name_round(metadata), {})[file] = metadata
    rounds: tuple[Round, ...] = ()
    for group in groups.values():
        rounds = (*rounds, _make_round(group, rounds))
    trail = Trail(rounds=rounds)
    return trail.revisit(rounds[-1].id) if rounds else trail


def _name_round(metadata: Metadata) -> tuple[object, ...]:
    if metadata.lineage:
        last = metadata.lineage[-1]
        return last.parent, last.rule
    return (replace(metadata.recipe, seed=0),)


def _make_round(group: Mapping[Path, Metadata], before: tuple[Round, ...]) -> Round:
    tiles = tuple(_make_tile(file, metadata) for file, metadata in group.items())
    first = next(iter(group.values()))
    base = first.lineage[-1].parent if first.lineage else first.recipe
    rule = find_rule(first.lineage[-1].rule) if first.lineage else Seeds
    places = ((each.id, index) for each in before for index, tile in enumerate(each.tiles) if tile.recipe == base)
    parent = next(places, None) if first.lineage else None
    return Round(
        id=len(before) + 1, rule=rule(tuple(tile.value for tile in tiles)), tiles=tiles, base=base, parent=parent
    )


def _make_tile(file: Path, metadata: Metadata) -> Tile:
    tile = Tile(recipe=metadata.recipe, value=metadata.lineage[-1].value if metadata.lineage else metadata.recipe.seed)
    if metadata.draft_steps is not None:
        return replace(tile, **show_draft(tile, file, metadata.notice, metadata.draft_steps))
    return replace(tile, **show_picture(file, metadata.notice))


def hide_trail(trail: Trail) -> Trail:
    """Return a trail that names local files without their folders, and shows no pictures."""
    return replace(trail, rounds=tuple(map(_hide_round, trail.rounds)))


def _take_tile(round_: Round, index: int) -> Round:
    tile = round_.tiles[index]
    return replace(round_, tiles=(tile,), rule=type(round_.rule)((tile.value,)))


def _hide_round(round_: Round) -> Round:
    tiles = tuple(
        Tile(recipe=hide_folders(each.recipe), value=each.value, state=State.STOPPED) for each in round_.tiles
    )
    return replace(round_, tiles=tiles, base=hide_folders(round_.base))
