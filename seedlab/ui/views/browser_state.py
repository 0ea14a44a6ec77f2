"""Reads untrusted data from the browser (event data, the saved trail), and restores the fields from a trail."""

import re
from collections.abc import Container, Sequence
from functools import reduce
from typing import Any

import gradio as gr

from seedlab.core.errors import SeedLabError
from seedlab.core.models.model import Model
from seedlab.core.recipes.additions import Lora
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.recipes.seeds import write_seeds
from seedlab.rules.rule import MAX_VALUES
from seedlab.ui.blocks.form import ADVANCED
from seedlab.ui.views.differences import MOST as MOST_COMPARED
from seedlab.workflow.drafts import choose_draft_steps
from seedlab.workflow.trails.joining import join_trails
from seedlab.workflow.trails.mark import Mark
from seedlab.workflow.trails.trail import Round, Trail
from seedlab.workflow.trails.trail_json import VERSION, read_known

MAX_SAVED = 5_000_000
"""Characters. SeedLab never saves a longer trail."""
MAX_WORKING = 20_000
"""Characters, too."""
WORKING = re.compile(r"\d{1,16}(:\d{1,3}(\.\d{1,3})*)?(,\d{1,16}(:\d{1,3}(\.\d{1,3})*)?)*", re.ASCII)

STORAGE_KEYS = (*(f"seedlab-rounds-{version}" for version in range(VERSION, 2, -1)), "seedlab-rounds")
"""Where the browser keeps trails, the first one for the present version. Each version has a place of its own from 3 on:
an older SeedLab, which could not read the trail, does not overwrite it."""


def read_numbers(event: gr.EventData, *names: str) -> tuple[int, ...]:
    """Return non-negative integers from an event's data. The session checks that the tile exists.

    Raises:
        SeedLabError: a number is missing or invalid.
    """
    numbers = tuple(_read_data(event).get(name) for name in names)
    if any(not isinstance(number, int) or isinstance(number, bool) or number < 0 for number in numbers):
        raise SeedLabError("This picture no longer exists: generate it again.")
    return numbers  # type: ignore[return-value]


def read_text(event: gr.EventData, name: str) -> str:
    """Return a string from an event's data, or ""."""
    text = _read_data(event).get(name)
    return text if isinstance(text, str) else ""


def read_version(event: gr.EventData) -> tuple[object, object]:
    """Return the run and the version of the page, which are untrusted, from an event's data."""
    data = _read_data(event)
    return data.get("run"), data.get("version")


def read_indices(event: gr.EventData) -> tuple[int, ...] | None:
    """Return the indices of tiles from an event's data; None for all tiles. The session checks that they exist.

    Raises:
        SeedLabError: an index is invalid.
    """
    indices = _read_data(event).get("indices")
    if indices is None:
        return None
    if not isinstance(indices, list) or len(indices) > MAX_VALUES or not all(type(index) is int for index in indices):
        raise SeedLabError("These pictures no longer exist: generate them again.")
    return tuple(indices)


def read_marks(event: gr.EventData) -> dict[int, Mark]:
    """Return the marks of tiles, by their indices, from an event's data. The session checks that they exist.

    Raises:
        SeedLabError: an index or a mark is invalid.
    """
    marks = _read_data(event).get("marks")
    if not isinstance(marks, list) or len(marks) > MAX_VALUES:
        raise SeedLabError("These pictures no longer exist: generate them again.")
    if not all(isinstance(each, list) and len(each) == 2 and type(each[0]) is int for each in marks):
        raise SeedLabError("These pictures no longer exist: generate them again.")
    return {int(index): Mark.from_dict(mark) for index, mark in marks}


def read_places(event: gr.EventData) -> tuple[tuple[int, int], ...]:
    """Return the places of pictures to compare, as (round id, index), from an event's data.

    Raises:
        SeedLabError: there are too few or too many, or one is invalid.
    """
    places = _read_data(event).get("places")
    if not isinstance(places, list) or not 2 <= len(places) <= MOST_COMPARED:
        raise SeedLabError(f"Choose from two to {MOST_COMPARED} pictures to compare.")
    if not all(isinstance(place, list) and len(place) == 2 and all(type(n) is int for n in place) for place in places):
        raise SeedLabError("These pictures no longer exist: generate them again.")
    return tuple((round_id, index) for round_id, index in places)


def read_working(text: object) -> dict[int, tuple[int, ...]]:
    """Parse which rounds were unfinished: the tiles that were being finished, by the ids of the rounds.

    Args:
        text: untrusted, such as "3,7:0.12": round 3, and round 7, of which the drafts 0 and 12 were being finished.
    """
    if not isinstance(text, str) or len(text) > MAX_WORKING or not WORKING.fullmatch(text):
        return {}
    parts = [part.partition(":") for part in text.split(",")]
    return {int(round_id): tuple(map(int, filter(None, indices.split(".")))) for round_id, _, indices in parts}


def read_count(text: object) -> int:
    """Parse a number of things; 0 if it is invalid."""
    return int(text) if isinstance(text, str) and re.fullmatch(r"\d{1,6}", text, re.ASCII) else 0


def _read_data(event: gr.EventData) -> dict[str, Any]:
    return event._data if isinstance(event._data, dict) else {}


def read_saved(*saved: object) -> tuple[Trail | None, str]:
    """Parse the trails saved in the browser, and join them; missing and invalid ones count for nothing.

    Args:
        saved: the present version's trail, and those of older versions, the newest first.

    Returns:
        The trail, None for none; and a sentence about what is missing in it, "" for nothing.
    """
    read = [known for text in saved if (known := _read_saved(text)) is not None]
    trail = reduce(join_trails, [trail for trail, _ in read]) if read else None
    return trail, _describe_unknown(sum(unknown for _, unknown in read))


def _read_saved(text: object) -> tuple[Trail, int] | None:
    if not isinstance(text, str) or not text or len(text) > MAX_SAVED:
        return None
    try:
        return read_known(text)
    except SeedLabError:
        return None


def _describe_unknown(count: int) -> str:
    if not count:
        return ""
    rounds = "1 round is" if count == 1 else f"{count:,} rounds are"
    return f"{rounds} of a kind that this SeedLab does not know, and not shown. Their pictures stay in the store."


def restore_fields(
    trail: Trail, recipe: Recipe | None, names: Container[str], served: Sequence[str], values: Sequence[str | None]
) -> tuple[Any, ...]:
    """Return updates of prompt, seeds and model from what is on the screen.

    A field that the user edited since the page was served is skipped, and so are all three if the trail is empty.

    Args:
        trail: its first round has the seeds.
        recipe: has the prompt and the model; None for an empty trail.
        names: ids of the offered models. They are restored by id; others with the commit, if one was given.
        served: the values of the three fields when the page was served.
        values: their present values.
    """
    if recipe is None:
        return (gr.skip(),) * 3
    model = recipe.model_id if recipe.model_id in names else recipe.model_address
    seeds = write_seeds([tile.recipe.seed for tile in trail.visible[0].tiles])
    fields = (recipe.write_prompt("prompt"), seeds, model)
    updates = zip(fields, served, values, strict=True)
    return tuple(field if value == first else gr.skip() for field, first, value in updates)


def find_first_recipe(trail: Trail) -> Recipe | None:
    """Return the recipe of the first tile on the screen, or None."""
    return trail.visible[0].tiles[0].recipe if trail.path else None


def write_advanced(recipe: Recipe, model: Model, *, local: bool) -> dict[str, str]:
    """Return the values of the fields under Advanced for a recipe; "" where it has the model's default.

    Args:
        local: whether users may name files on this machine. If not, the LoRA field is hidden and stays empty.
    """
    values = {name: getattr(recipe, name) for name in ADVANCED}
    values["negative_prompt"] = recipe.write_prompt("negative_prompt")
    values["seed_variety"] = recipe.seed_variety or ""
    if not local:
        values["loras"] = ()
    return {name: "" if value == getattr(model, name, "") else write(value) for name, value in values.items()}


def write_drafts(round_: Round, model: Model) -> tuple[bool, str]:
    """Return the values of the fields for drafts: whether a round is one of drafts, and of how many steps."""
    if round_.draft_steps is None:
        return False, ""
    default = choose_draft_steps(model, round_.tiles[0].recipe)
    return True, "" if round_.draft_steps == default else str(round_.draft_steps)


def write(value: str | float | tuple[Lora, ...]) -> str:
    """Format a value for a text field of the panel."""
    if isinstance(value, tuple):
        return "\n".join(f"{lora.file} {lora.weight:g}" for lora in value)
    return f"{value:g}" if isinstance(value, float) else str(value)
