"""The trail as JSON, as browsers keep it. What comes back is untrusted.

Version 4 has recipes that start from the user's own pictures; links and files without any are written as version 3.
Version 3 writes integers that JavaScript would round as {"int": "18446744073709551615"}. Version 2 keeps each round's
rule, and of each recipe only what differs from the parent's. Version 1 knew rounds of seeds and of suffixes, and kept
whole recipes.
"""

import json
import re
from collections.abc import Mapping, Sequence, Set
from typing import Any

from seedlab.core.errors import SeedLabError
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.recipes.recipe_checks import MAX_STEPS
from seedlab.core.validation import check_int
from seedlab.rules.kinds.seeds import Seeds
from seedlab.rules.kinds.wordings.suffixes import Suffixes, cut_suffix
from seedlab.rules.registry import RULES, read_rule
from seedlab.rules.rule import MAX_VALUES, Rule, Value, read_value
from seedlab.workflow.trails.mark import UNMARKED, Mark
from seedlab.workflow.trails.trail import MAX_PATH_TILES, MAX_ROUNDS, MAX_TILES, Round, State, Tile, Trail, count_tiles

VERSION, VERSION_WITHOUT_INPUTS = 4, 3
MAX_EXACT = 2**53 - 1
"""JavaScript's largest exact integer, Number.MAX_SAFE_INTEGER."""

MAX_OPENINGS, MAX_COMMAS = 250_000, 1_000_000
"""Brackets and commas, also those in prompts: forged data could have millions, which take seconds to parse."""

BROKEN = (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError, RecursionError)


def write_trail(trail: Trail) -> str:
    """Return a trail as JSON, without pictures: these are in the store, found by their recipes."""
    rounds = [write_round(trail, round_) for round_ in trail.rounds]
    version = VERSION if has_inputs(trail) else VERSION_WITHOUT_INPUTS
    return json.dumps({"version": version, "rounds": rounds, "path": trail.path}, ensure_ascii=False)


def has_inputs(trail: Trail) -> bool:
    """Whether a picture of a trail starts from one of the user's own."""
    return any(tile.recipe.input_picture is not None for round_ in trail.rounds for tile in round_.tiles)


def read_known(text: str) -> tuple[Trail, int]:
    """Read a trail from untrusted JSON. Every tile is STOPPED until its picture is found or made again.

    Returns:
        The trail, and the number of rounds that are left out because their rule is unknown here.

    Raises:
        SeedLabError: this is not a trail, or a newer version wrote it.
    """
    try:
        if text.count("{") + text.count("[") > MAX_OPENINGS or text.count(",") > MAX_COMMAS:
            raise ValueError("more values than a trail has")
        return _read(json.loads(text, object_hook=_unescape))
    except BROKEN as error:
        raise SeedLabError("This is not a SeedLab trail.") from error


def write_round(trail: Trail, round_: Round) -> dict[str, Any]:
    """Return a round as JSON data, as `write_trail` writes it."""
    first = trail.base_of(round_)
    base = {} if round_.parent else {"base": first.to_dict()}
    drafts = {} if round_.draft_steps is None else {"draft_steps": round_.draft_steps}
    tiles = [_write_tile(tile, first) for tile in round_.tiles]
    body = {"rule": round_.rule.to_dict(), **base, **drafts, "tiles": tiles}
    return {"id": round_.id, "parent": round_.parent, **escape(body)}


def _write_tile(tile: Tile, first: Recipe) -> dict[str, Any]:
    mark = {} if tile.mark == UNMARKED else {"mark": tile.mark.to_dict()}
    return {"value": tile.value, "recipe": tile.recipe.list_changes(first), **mark}


def escape(data: Any) -> Any:
    """Return JSON data in which integers that JavaScript would round are {"int": "..."}."""
    if isinstance(data, Mapping):
        return {name: escape(value) for name, value in data.items()}
    if isinstance(data, list | tuple):
        return [escape(value) for value in data]
    if isinstance(data, int) and abs(data) > MAX_EXACT:
        return {"int": str(data)}
    return data


def _unescape(data: dict[str, Any]) -> Any:
    """Return the integer that an object stands for, or the object itself."""
    if data.keys() != {"int"}:
        return data
    digits = data["int"]
    if not isinstance(digits, str) or not re.fullmatch("-?[1-9][0-9]{15,19}", digits) or abs(int(digits)) <= MAX_EXACT:
        raise ValueError("an integer that needs no escape")
    return int(digits)


def _read(data: Mapping[str, Any]) -> tuple[Trail, int]:
    version = data.get("version", 1)
    if version not in range(1, VERSION + 1):
        raise SeedLabError("This trail was written by a newer SeedLab: update SeedLab to open it.")
    # Parents come first in the order of ids, not in that of the list, which says what was asked for last.
    listed = _drop_oldest(data["rounds"][:MAX_ROUNDS])
    read: dict[int, Round] = {}
    unknown: set[int] = set()
    for each in sorted(listed, key=lambda each: int(each["id"])):
        if _is_unknown(each, unknown):
            unknown.add(int(each["id"]))
            continue
        round_ = _read_old_round(each, read) if version == 1 else _read_round(each, read)
        if round_.id in read or not round_.tiles:
            raise ValueError("a round twice, or empty")
        read[round_.id] = round_
    trail = Trail(rounds=tuple(read[int(each["id"])] for each in listed if int(each["id"]) not in unknown))
    left_out = {int(each["id"]) for each in data["rounds"]} - read.keys()
    path = tuple(int(each) for each in data["path"] if int(each) not in left_out)
    trail = trail.revisit(path[-1]) if path else trail
    if count_tiles(trail.visible) > MAX_PATH_TILES:
        raise ValueError("a path with too many tiles")
    return trail, len(unknown)


def _drop_oldest(listed: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the rounds without the oldest trees, where they have too many tiles. Nothing is built yet.

    Raises:
        ValueError: the newest tree has too many.
    """
    roots: dict[int, int] = {}
    tiles: dict[int, int] = {}
    for each in sorted(listed, key=lambda each: int(each["id"])):
        round_id, parent = int(each["id"]), each["parent"]
        root = roots[round_id] = round_id if parent is None else roots[int(parent[0])]
        tiles[root] = tiles.get(root, 0) + len(each["tiles"])
    kept: set[int] = set()
    for root in dict.fromkeys(roots[int(each["id"])] for each in reversed(listed)):
        if sum(tiles[each] for each in kept) + tiles[root] > MAX_TILES:
            break
        kept.add(root)
    if listed and not kept:
        raise ValueError("a tree with too many tiles")
    return [each for each in listed if roots[int(each["id"])] in kept]


def _is_unknown(data: Mapping[str, Any], unknown: Set[int]) -> bool:
    """Whether a newer version's rule made this round, or one of its ancestors: it is left out."""
    name = data.get("rule", {}).get("name")
    parent = data["parent"]
    return (isinstance(name, str) and name not in RULES) or (parent is not None and int(parent[0]) in unknown)


def _read_round(data: Mapping[str, Any], read: Mapping[int, Round]) -> Round:
    parent = _read_parent(data["parent"], read)
    base = Recipe.from_dict(data["base"]) if parent is None else read[parent[0]].tiles[parent[1]].recipe
    rule = read_rule(data["rule"])
    fields = base.to_dict()
    tiles = tuple(_read_tile(each, base, fields, rule) for each in data["tiles"][:MAX_VALUES])
    # The values of the tiles were checked; those of the rule may be forged.
    return _make_round(data, type(rule)(tuple(tile.value for tile in tiles)), tiles, base, parent)


def _read_tile(data: Mapping[str, Any], base: Recipe, fields: Mapping[str, Any], rule: Rule) -> Tile:
    recipe, value = Recipe.from_dict({**fields, **data["recipe"]}), read_value(data["value"])
    if not rule.leads(base, value, recipe):
        raise ValueError("a value that does not lead to its recipe")
    return _make_tile(recipe, value, Mark.from_dict(data.get("mark", {})))


def _read_old_round(data: Mapping[str, Any], read: Mapping[int, Round]) -> Round:
    parent = _read_parent(data["parent"], read)
    recipes = [Recipe.from_dict(each["recipe"]) for each in data["tiles"][:MAX_VALUES]]
    suffixes = [each["suffix"] for each in data["tiles"][:MAX_VALUES]]
    for recipe, suffix in zip(recipes, suffixes, strict=True):
        _check_suffix(recipe, suffix)
    values = tuple(recipe.seed for recipe in recipes) if parent is None else tuple(suffixes)
    tiles = tuple(map(_make_tile, recipes, values))
    base = recipes[0] if parent is None else read[parent[0]].tiles[parent[1]].recipe
    return _make_round(data, Seeds(values) if parent is None else Suffixes(values), tiles, base, parent)


def _check_suffix(recipe: Recipe, suffix: object) -> None:
    if not isinstance(suffix, str):
        raise ValueError("a suffix that is not text")
    if suffix:
        cut_suffix(recipe.prompt, suffix)  # raises if the prompt does not end with it


def _make_tile(recipe: Recipe, value: Value, mark: Mark = UNMARKED) -> Tile:
    return Tile(recipe=recipe, value=value, state=State.STOPPED, mark=mark)


def _make_round(
    data: Mapping[str, Any], rule: Rule, tiles: tuple[Tile, ...], base: Recipe, parent: tuple[int, int] | None
) -> Round:
    round_id = int(data["id"])
    if not 0 < round_id < MAX_EXACT // 2:
        raise ValueError("an id that no browser can count")
    draft_steps = data.get("draft_steps")
    if draft_steps is not None:
        most = max(tile.recipe.num_inference_steps for tile in tiles) if tiles else MAX_STEPS
        check_int("draft_steps", draft_steps, "The number of steps of a draft", 1, most - 1)
    return Round(id=round_id, rule=rule, tiles=tiles, base=base, parent=parent, draft_steps=draft_steps)


def _read_parent(data: Sequence[Any] | None, read: Mapping[int, Round]) -> tuple[int, int] | None:
    if data is None:
        return None
    round_id, index = int(data[0]), int(data[1])
    # Children have greater ids than their parents, so there are no loops.
    if not 0 <= index < len(read[round_id].tiles):
        raise ValueError("a round whose parent is not there")
    return round_id, index
