"""What event handlers give back to Gradio: errors in their places, and what a page without a session gets."""

import logging
from collections.abc import Callable
from typing import Any

import gradio as gr

from seedlab.core.errors import SeedLabError
from seedlab.ui.blocks.form import ERROR_PLACES
from seedlab.ui.views.updates import LOST

LOGGER = logging.getLogger(__name__)

Outputs = tuple[Any, ...]


def lose(others: int) -> Outputs:
    """Return the outputs of an event without a page session: the page sends its trail, and the event again."""
    return (LOST, *(gr.skip(),) * others)


def run_action(action: Callable[[], object], rename: dict[str, str] | None = None) -> tuple[str, tuple[str, ...]]:
    """Run an action. Returns the place of its error ("" for none), and the texts at all `ERROR_PLACES`."""
    errors = dict.fromkeys(ERROR_PLACES, "")
    place = ""
    try:
        action()
    except SeedLabError as error:
        # Not gr.Error: the page does not show it for events outside the queue.
        field = getattr(error, "field", "")
        place = (rename or {}).get(field, field)
        place = place if place in ERROR_PLACES else "page"
        errors[place] = str(error)
    except Exception:  # the edge: the page shows nothing when an event fails
        LOGGER.exception("An event handler failed.")
        place = "page"
        errors[place] = "Something went wrong. Nothing was lost: try again."
    return place, tuple(errors.values())
