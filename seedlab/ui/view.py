"""Converts a trail to the JSON data that the page renders. Pure functions."""

import base64
import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from PIL.Image import Image

from seedlab.core.recipe import Recipe
from seedlab.ui.captions import (
    format_progress,
    format_seed,
    format_settings,
    name_download,
    name_root,
    name_tile,
    split_prompt,
)
from seedlab.ui.verifications import VerificationStatus
from seedlab.workflow.trail import UNFINISHED, Round, State, Tile, Trail

HINT = "Click the picture you like to lock its seed."

MAX_PNG_SIDE = 32
"""Pixels per side up to which previews are encoded as PNG, above as JPEG."""

FindVerification = Callable[[Path | None], VerificationStatus | None]


def build_view(
    trail: Trail,
    version: int,
    names: Mapping[str, str] | None = None,
    *,
    find_verification: FindVerification = lambda _: None,
    is_known: Callable[[Tile], bool] = lambda _: True,
) -> dict[str, Any]:
    """Build the view of a trail.

    Args:
        trail: the rounds on its path are shown.
        version: grows with each view; the page drops a view older than the one it shows.
        names: labels of the models, by model id.
        find_verification: returns the verification status of a picture's file, or None.
        is_known: whether the store has been searched for a tile's picture. Until then the tile is shown as waiting.
    """
    stored, trail = trail, _show_unknown_as_waiting(trail, is_known)
    visible = trail.visible
    working = tuple(round_ for round_ in visible if _is_unfinished(round_))
    focus = _find_focus(trail)
    status = format_progress(working or tuple(each for each in visible if each.id == focus))
    return {
        "version": version,
        "focus": focus,
        "working": bool(working),
        "status": status if trail is stored else "",  # no count until the store has been searched
        "hint": HINT if _needs_hint(trail) else "",
        "roots": _list_roots(trail),
        "rounds": [_build_round(trail, round_, names or {}, find_verification) for round_ in visible],
    }


def _show_unknown_as_waiting(trail: Trail, is_known: Callable[[Tile], bool]) -> Trail:
    """Mark unknown tiles on the path as waiting. Returns the same object if there are none."""
    for round_ in trail.visible:
        for index, tile in enumerate(round_.tiles):
            if not is_known(tile):
                trail = trail.with_tile(round_.id, index, state=State.WAITING)
    return trail


def _is_unfinished(round_: Round) -> bool:
    return any(tile.state in UNFINISHED for tile in round_.tiles)


def _find_focus(trail: Trail) -> int | None:
    """Return the id of the round to scroll to: the last requested one, or the end of the path if it is not shown."""
    if not trail.path:
        return None
    return trail.newest.id if trail.newest.id in trail.path else trail.path[-1]


def _list_roots(trail: Trail) -> list[dict[str, Any]]:
    roots = trail.roots
    if len(roots) < 2:
        return []
    return [{"id": each.id, "label": name_root(each), "current": each.id in trail.path} for each in roots]


def _needs_hint(trail: Trail) -> bool:
    """Whether all pictures are done, the user has never locked one, and one with a prompt is shown."""
    tiles = [tile for round_ in trail.rounds for tile in round_.tiles]
    never_locked = all(round_.parent is None for round_ in trail.rounds)
    shown = [tile.recipe for round_ in trail.visible for tile in round_.tiles]
    return never_locked and all(tile.state is State.DONE for tile in tiles) and any(map(_has_prompt, shown))


def _has_prompt(recipe: Recipe) -> bool:
    # A recipe does not say whether its model is unconditional; those have neither prompt nor guidance.
    return bool(recipe.prompt or recipe.guidance_scale)


def _list_siblings(trail: Trail, round_: Round) -> list[int]:
    """Return ids of all rounds with the same parent tile, oldest first; [] if it is the only one."""
    siblings = sorted(each.id for each in trail.rounds if each.parent == round_.parent)
    return siblings if round_.parent is not None and len(siblings) > 1 else []


def _split_title(trail: Trail, round_: Round) -> list[str]:
    """Split a round's prompt into the part that may be truncated and the part that its parent tile added."""
    if round_.parent is None:
        return [trail.share_prompt(round_), ""]
    return list(split_prompt(trail, trail.round(round_.parent[0]), trail.tile(*round_.parent)))


def _build_round(
    trail: Trail, round_: Round, names: Mapping[str, str], find_verification: FindVerification
) -> dict[str, Any]:
    return {
        "id": round_.id,
        "title": round_.title,
        "prompt": _split_title(trail, round_),
        "parent": list(round_.parent) if round_.parent is not None else None,
        "locked": trail.locked(round_.id),
        "siblings": _list_siblings(trail, round_),
        "tiles": [
            _build_state(tile, round_.caption(index))
            | _build_recipe(trail, round_, tile, names)
            | {
                "download": name_download(trail, round_, index),
                "varied": any(each.parent == (round_.id, index) for each in trail.rounds),
                "check": _build_verification(find_verification(tile.file)),
            }
            for index, tile in enumerate(round_.tiles)
        ],
    }


def _build_state(tile: Tile, caption: str) -> dict[str, Any]:
    return {
        "name": name_tile(tile, caption),
        "caption": caption,
        "state": tile.state.value,
        "fraction": round(tile.fraction, 3),
        "sentence": tile.sentence,
        "preview": encode_preview(tile.preview) if _shows_preview(tile) else None,
        "file": str(tile.file) if tile.file is not None else None,
    }


def _build_recipe(trail: Trail, round_: Round, tile: Tile, names: Mapping[str, str]) -> dict[str, Any]:
    recipe = tile.recipe
    lead, tail = split_prompt(trail, round_, tile)
    return {
        "seed": recipe.seed,
        "width": recipe.width,
        "height": recipe.height,
        "lead": lead,
        "tail": tail,
        "negative": recipe.negative_prompt,
        "seed_text": format_seed(recipe),
        "settings": format_settings(recipe, names),
    }


def _build_verification(check: VerificationStatus | None) -> dict[str, Any] | None:
    return None if check is None else {"state": check.state, "message": check.message, "details": list(check.details)}


def _shows_preview(tile: Tile) -> bool:
    # Finished tiles have a file instead; views are sent whole, so a preview would be sent again each time.
    return tile.preview is not None and tile.state in UNFINISHED


def encode_preview(image: Image | None) -> str | None:
    """Encode a small picture as a data URI."""
    if image is None:
        return None
    # JPEG's 8x8 blocks would show in the smallest previews.
    kind = "png" if max(image.size) <= MAX_PNG_SIDE else "jpeg"
    buffer = io.BytesIO()
    image.convert("RGB").save(buffer, kind)
    return f"data:image/{kind};base64," + base64.b64encode(buffer.getvalue()).decode()
