"""What the page shows, as plain data made of a trail. A pure function: the same trail, the same view."""

import base64
import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from PIL.Image import Image

from seedlab.core.recipe import Recipe
from seedlab.ui.captions import (
    clean_suffix,
    format_progress,
    format_seed,
    format_settings,
    name_download,
    name_root,
    name_tile,
    share_prompt,
    split_prompt,
)
from seedlab.ui.checks import Check
from seedlab.workflow.trail import UNFINISHED, Round, State, Tile, Trail

HINT = "Click the one you like: its seed is locked."

SMALL = 32
"""Pixels a side up to which a preview is sent as PNG."""


FindCheck = Callable[[Path | None], Check | None]


def view(
    trail: Trail,
    version: int,
    names: Mapping[str, str] | None = None,
    *,
    find_check: FindCheck = lambda _: None,
    is_known: Callable[[Tile], bool] = lambda _: True,
) -> dict[str, Any]:
    """Make the page's data of a trail.

    Args:
        trail: what to show: the rounds on its path.
        version: grows from view to view; the page drops a view that is older than the one it shows.
        names: what people call the models, by model id.
        find_check: tells what Verify found out about a picture.
        is_known: tells whether it is known what became of a tile; one that is still looked for is shown as waiting.
    """
    stored, trail = trail, _await_unknown(trail, is_known)
    visible = trail.visible
    working = tuple(round_ for round_ in visible if _is_unfinished(round_))
    focus = _find_focus(trail)
    status = format_progress(working or tuple(each for each in visible if each.id == focus))
    return {
        "version": version,
        "focus": focus,
        "working": bool(working),
        "status": status if trail is stored else "",  # while pictures are looked for, none can be counted
        "hint": HINT if _needs_hint(trail) else "",
        "roots": _list_roots(trail),
        "rounds": [_show_round(trail, round_, names or {}, find_check) for round_ in visible],
    }


def _await_unknown(trail: Trail, is_known: Callable[[Tile], bool]) -> Trail:
    """Let the tiles on the path of which nothing is known wait; the very same trail where there are none."""
    for round_ in trail.visible:
        for index, tile in enumerate(round_.tiles):
            if not is_known(tile):
                trail = trail.with_tile(round_.id, index, state=State.WAITING)
    return trail


def _is_unfinished(round_: Round) -> bool:
    return any(tile.state in UNFINISHED for tile in round_.tiles)


def _find_focus(trail: Trail) -> int | None:
    """Return the round to scroll to: the one asked for last, where it is on the screen."""
    if not trail.path:
        return None
    return trail.newest.id if trail.newest.id in trail.path else trail.path[-1]


def _list_roots(trail: Trail) -> list[dict[str, Any]]:
    roots = trail.roots
    if len(roots) < 2:
        return []
    return [{"id": each.id, "label": name_root(each), "current": each.id in trail.path} for each in roots]


def _needs_hint(trail: Trail) -> bool:
    """Whether the visitor has pictures and has never locked one."""
    tiles = [tile for round_ in trail.rounds for tile in round_.tiles]
    never_locked = all(round_.parent is None for round_ in trail.rounds)
    shown = [tile.recipe for round_ in trail.visible for tile in round_.tiles]
    return never_locked and all(tile.state is State.DONE for tile in tiles) and any(map(_takes_words, shown))


def _takes_words(recipe: Recipe) -> bool:
    # A model without words has neither of the two; one with words that has neither here can do without a hint.
    return bool(recipe.prompt or recipe.guidance_scale)


def _list_siblings(trail: Trail, round_: Round) -> list[int]:
    """List the rounds that hang from the same tile, oldest first; other suffixes were tried there."""
    siblings = sorted(each.id for each in trail.rounds if each.parent == round_.parent)
    return siblings if round_.parent is not None and len(siblings) > 1 else []


def _split_title(trail: Trail, round_: Round) -> list[str]:
    """Split a round's prompt into what can be cut short and what tells it from the round before."""
    if round_.parent is None:
        return [share_prompt(trail, round_), ""]
    return list(split_prompt(trail, trail.round(round_.parent[0]), trail.tile(*round_.parent)))


def _show_round(trail: Trail, round_: Round, names: Mapping[str, str], find_check: FindCheck) -> dict[str, Any]:
    return {
        "id": round_.id,
        "title": round_.title,
        "prompt": _split_title(trail, round_),
        "parent": list(round_.parent) if round_.parent is not None else None,
        "locked": trail.locked(round_.id),
        "siblings": _list_siblings(trail, round_),
        "tiles": [
            _show_state(tile)
            | _show_recipe(trail, round_, tile, names)
            | {
                "download": name_download(trail, round_, index),
                "varied": any(each.parent == (round_.id, index) for each in trail.rounds),
                "check": _show_check(find_check(tile.file)),
            }
            for index, tile in enumerate(round_.tiles)
        ],
    }


def _show_state(tile: Tile) -> dict[str, Any]:
    return {
        "name": name_tile(tile),
        "state": tile.state.value,
        "fraction": round(tile.fraction, 3),
        "sentence": tile.sentence,
        "preview": encode_preview(tile.preview) if _shows_preview(tile) else None,
        "file": str(tile.file) if tile.file is not None else None,
    }


def _show_recipe(trail: Trail, round_: Round, tile: Tile, names: Mapping[str, str]) -> dict[str, Any]:
    recipe = tile.recipe
    lead, tail = split_prompt(trail, round_, tile)
    return {
        "seed": recipe.seed,
        "suffix": clean_suffix(tile.suffix),
        "width": recipe.width,
        "height": recipe.height,
        "lead": lead,
        "tail": tail,
        "negative": recipe.negative_prompt,
        "seed_words": format_seed(recipe),
        "settings": format_settings(recipe, names),
    }


def _show_check(check: Check | None) -> dict[str, Any] | None:
    return None if check is None else {"state": check.state, "words": check.words, "details": list(check.details)}


def _shows_preview(tile: Tile) -> bool:
    # A finished tile sends its file and no preview: the last message of a stream repeats the whole view.
    return tile.preview is not None and tile.state in UNFINISHED


def encode_preview(image: Image | None) -> str | None:
    """Encode a small picture as a data URI."""
    if image is None:
        return None
    # JPEG's blocks are as large as the smallest previews.
    kind = "png" if max(image.size) <= SMALL else "jpeg"
    buffer = io.BytesIO()
    image.convert("RGB").save(buffer, kind)
    return f"data:image/{kind};base64," + base64.b64encode(buffer.getvalue()).decode()
