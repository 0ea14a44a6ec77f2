"""What comes back from browsers, where anybody may have written it: events' data, and the trail that was kept."""

from collections.abc import Container, Sequence
from typing import Any

import gradio as gr

from seedlab.core.errors import SeedLabError
from seedlab.core.model import Model
from seedlab.core.recipe import Lora, Recipe
from seedlab.core.seeds import parse_seeds
from seedlab.ui.form import ADVANCED
from seedlab.workflow.trail import Trail

MAX_SAVED = 5_000_000
"""Characters of a trail that the browser kept; a longer one is not ours."""


def read_numbers(event: gr.EventData, *names: str) -> tuple[int, ...]:
    """Read whole numbers from an event's data.

    Raises:
        SeedLabError: one is missing, or no such number.
    """
    # Anybody can send an event: only whole numbers pass, and the session looks whether there is such a tile.
    numbers = tuple(_read_data(event).get(name) for name in names)
    if any(not isinstance(number, int) or isinstance(number, bool) or number < 0 for number in numbers):
        raise SeedLabError("That picture is not here any more: generate it again.")
    return numbers  # type: ignore[return-value]


def read_text(event: gr.EventData, name: str) -> str:
    """Read a text from an event's data; "" where it has none."""
    text = _read_data(event).get(name)
    return text if isinstance(text, str) else ""


def _read_data(event: gr.EventData) -> dict[str, Any]:
    return event._data if isinstance(event._data, dict) else {}


def read_saved(saved: object) -> Trail | None:
    """Read the trail that a browser kept; None where it is none."""
    if not isinstance(saved, str) or not saved or len(saved) > MAX_SAVED:
        return None
    try:
        return Trail.from_json(saved)
    except SeedLabError:
        return None


def restore_fields(
    trail: Trail, names: Container[str], served: Sequence[str], values: Sequence[str | None]
) -> tuple[Any, ...]:
    """Return prompt, seeds and model as they were for the newest first round; what has no root stays as it is.

    Args:
        names: the models that are offered; such a one was chosen by its id, and its commit was found for it.
        served: what the three fields held when the page was served.
        values: what they hold now; what was typed meanwhile stays.
    """
    recipe = find_first_recipe(trail)
    if recipe is None:
        return (gr.skip(),) * 3
    model = recipe.model_id if recipe.model_id in names else recipe.model_address
    fields = (recipe.prompt, _write_seeds([tile.recipe.seed for tile in trail.visible[0].tiles]), model)
    held = zip(fields, served, values, strict=True)
    return tuple(field if value == first else gr.skip() for field, first, value in held)


def find_first_recipe(trail: Trail) -> Recipe | None:
    """Return the recipe of the first tile on the screen."""
    return trail.visible[0].tiles[0].recipe if trail.path else None


def write_advanced(recipe: Recipe, model: Model, *, local: bool) -> dict[str, str]:
    """Write the fields under Advanced as they were for a recipe; "" where it took the model's default.

    Args:
        local: whether visitors may name files of this machine: where they may not, there is no field for LoRAs.
    """
    given = {name: getattr(recipe, name) for name in ADVANCED}
    if not local:
        given["loras"] = ()
    return {name: "" if value == getattr(model, name, "") else write(value) for name, value in given.items()}


def write(value: str | float | tuple[Lora, ...]) -> str:
    """Write a value as a field of the panel shows it."""
    if isinstance(value, tuple):
        return "\n".join(f"{lora.file} {lora.weight:g}" for lora in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _write_seeds(seeds: list[int]) -> str:
    short = f"{seeds[0]}-{seeds[-1]}"
    if len(seeds) > 1 and seeds[0] < seeds[-1] and parse_seeds(short, limit=2**33) == tuple(seeds):
        return short
    return ", ".join(str(seed) for seed in seeds)
