"""Converts rounds and tiles to the JSON data that the page renders. Pure functions."""

import base64
import io
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from PIL.Image import Image

from seedlab.core.recipes.recipe import Recipe
from seedlab.ui.views.captions import (
    format_progress,
    format_seed,
    format_settings,
    mark_prompt,
    name_download,
    name_tile,
    split_prompt,
)
from seedlab.ui.views.verifications import VerificationStatus
from seedlab.workflow.drafts import format_draft
from seedlab.workflow.trails.trail import UNFINISHED, Round, State, Tile, Trail

HINT = "Click the picture you like to lock its seed."
DRAFT_HINT = "Click a finished picture to lock its seed."

PREVIEW_QUALITY = 80
"""WebP, of 0...100: a preview of 32x32 pixels takes 0.4 kB."""


CanEnlarge = Callable[[Recipe], bool]
"""Whether one click can make a recipe's picture larger."""


def build_summary(trail: Trail, unknown: Collection[int]) -> dict[str, Any]:
    """Build what concerns all rounds on the path.

    Args:
        unknown: ids of the rounds with tiles for whose pictures the store has not been searched. Until then they are
            shown as waiting.
    """
    visible = trail.visible
    working = tuple(each for each in visible if each.id in unknown or not UNFINISHED.isdisjoint(each.states))
    focus = find_focus(trail)
    return {
        "working": bool(working),
        # No count until the store has been searched.
        "status": "" if unknown else format_progress(working or tuple(each for each in visible if each.id == focus)),
        "hint": "" if unknown else _choose_hint(trail),
    }


def find_focus(trail: Trail) -> int | None:
    """Return the id of the round to scroll to: the last requested one, or the end of the path if it is not shown."""
    if not trail.path:
        return None
    return trail.newest.id if trail.newest.id in trail.path else trail.path[-1]


def _choose_hint(trail: Trail) -> str:
    """Return a hint if a finished picture with a prompt is shown, nothing is to be made, and none was ever locked."""
    if any(round_.parent is not None for round_ in trail.rounds):
        return ""
    states = {state for round_ in trail.rounds for state in round_.states}
    if not states <= {State.DONE, State.DRAFT}:
        return ""
    shown = [tile for round_ in trail.visible for tile in round_.tiles if tile.state is State.DONE]
    if not any(_has_prompt(tile.recipe) for tile in shown):
        return ""
    return DRAFT_HINT if State.DRAFT in states else HINT


def _has_prompt(recipe: Recipe) -> bool:
    # A recipe does not say whether its model is unconditional; those have neither prompt nor guidance.
    return bool(recipe.prompt or recipe.guidance_scale)


def build_header(trail: Trail, round_: Round) -> dict[str, Any]:
    """Build a round without its tiles, and without what the page finds in the tree: what is locked, and siblings."""
    parent = round_.parent
    return {
        "title": _build_title(trail, round_),
        "prompt": _split_title(trail, round_),
        "parent": list(parent) if parent is not None else None,
        "drafts": None if round_.draft_steps is None else format_draft(round_.draft_steps, round_.tiles[0].recipe),
        "table": _build_table(round_),
        "twins": _list_twins(trail, round_),
    }


def _build_title(trail: Trail, round_: Round) -> str:
    """Build a round's title with what led to its parent: "Seed 2 · artsy · 512×512"."""
    seed, dot, subject = round_.title.partition(" · ")
    captions = trail.captions_of(*round_.parent, 2) if round_.parent is not None else ()
    return " · ".join((seed, *captions, subject)) if dot and captions else round_.title


def _build_table(round_: Round) -> dict[str, list[str]] | None:
    """Build the headings of a round with two axes; None for other rounds."""
    table = round_.table
    if table is None or len(table.columns) * len(table.rows) != len(round_.tiles):
        return None
    return {"columns": list(table.columns), "rows": list(table.rows)}


def _list_twins(trail: Trail, round_: Round) -> list[int]:
    """List for each tile the one of its seed in the round before it, to compare with; [] if that is the locked one."""
    if round_.parent is None:
        return []
    locked = round_.parent[1]
    seeds = {tile.recipe.seed: index for index, tile in enumerate(trail.round(round_.parent[0]).tiles)}
    seeds[round_.base.seed] = locked
    twins = [seeds.get(tile.recipe.seed, locked) for tile in round_.tiles]
    return twins if set(twins) != {locked} else []


def _split_title(trail: Trail, round_: Round) -> list[str]:
    """Split a round's prompt into the part that may be truncated and the part that its parent tile added."""
    if round_.parent is None:
        return [trail.share_prompt(round_), ""]
    return list(split_prompt(trail, trail.round(round_.parent[0]), trail.tile(*round_.parent)))


def build_recipes(
    trail: Trail, round_: Round, names: Mapping[str, str], can_enlarge: CanEnlarge
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Build what never changes about the tiles of a round: (what they have in common, what is special about each)."""
    recipes = [_build_recipe(trail, round_, index, names, can_enlarge) for index in range(len(round_.tiles))]
    first = recipes[0]
    common = {name: value for name, value in first.items() if all(each[name] == value for each in recipes)}
    return common, [{name: value for name, value in each.items() if name not in common} for each in recipes]


def _build_recipe(
    trail: Trail, round_: Round, index: int, names: Mapping[str, str], can_enlarge: CanEnlarge
) -> dict[str, Any]:
    tile = round_.tiles[index]
    recipe = tile.recipe
    lead, parts = mark_prompt(round_, tile)
    return {
        "seed": str(recipe.seed),  # JavaScript would round large numbers
        "caption": round_.caption(index),
        "width": recipe.width,
        "height": recipe.height,
        "lead": lead,
        "parts": [[kind.value, text] for kind, text in parts],
        "negative": recipe.negative_prompt,
        "seed_text": format_seed(recipe),
        "settings": format_settings(recipe, names),
        "download": name_download(trail, round_, index),
        "larger": can_enlarge(recipe),
    }


def build_state(
    tile: Tile, caption: str, check: VerificationStatus | None, address: Callable[[Path], str]
) -> dict[str, Any]:
    """Build what changes about a tile while it is generated.

    Args:
        address: returns where the browser finds a picture.
    """
    return {
        "name": name_tile(tile, caption),
        "state": tile.state.value,
        "fraction": round(tile.fraction, 3),
        "sentence": tile.sentence,
        # A draft stays until its picture is finished: it shows more than a preview.
        "preview": encode_preview(tile.preview) if tile.state in UNFINISHED and tile.file is None else None,
        "url": address(tile.file) if tile.file is not None else None,
        "draft": None if tile.draft_steps is None else format_draft(tile.draft_steps, tile.recipe),
        "finishing": tile.finishing,
        "check": _build_verification(check),
        "mark": tile.mark.to_dict(),
    }


def _build_verification(check: VerificationStatus | None) -> dict[str, Any] | None:
    return None if check is None else {"state": check.state, "message": check.message, "details": list(check.details)}


def encode_preview(image: Image | None) -> str | None:
    """Encode a small picture as a data URI."""
    if image is None:
        return None
    buffer = io.BytesIO()
    image.convert("RGB").save(buffer, "webp", quality=PREVIEW_QUALITY)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode()
