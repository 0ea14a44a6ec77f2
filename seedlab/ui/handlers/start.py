"""Event handlers of the user's own picture, from which a round of seeds starts. See `seedlab.ui.handlers.page`."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import gradio as gr

from seedlab.core.errors import SeedLabError
from seedlab.core.recipes.start import InputPicture
from seedlab.core.texts.text import quote
from seedlab.images.inputs.reading import clean_name, measure_input
from seedlab.ui.blocks.form import ERROR_PLACES, FIELDS, read_start, write_picture
from seedlab.ui.handlers.outputs import Outputs, lose, run_action
from seedlab.ui.page_session import PageSession
from seedlab.workflow.page_services import PageServices

SHOWN = ("about", "use", "forget")
"""The components that `show_start` updates."""


def can_start(file: Path) -> bool:
    """Whether an uploaded file is a picture that others can start from. No pixels are decoded."""
    with suppress(SeedLabError):
        return bool(measure_input(file))
    return False


class StartHandlers:
    """The event handlers of the part of the panel with the user's own picture."""

    def __init__(self, services: PageServices) -> None:
        self._services = services

    def show_start(self, page: PageSession | None, start: str | None) -> Outputs:
        """Show the picture that a round of seeds starts from, and the one that is offered. Outputs: `SHOWN`.

        Args:
            start: the value of the hidden field.
        """
        picture = _try_to_read(start)
        offered = None if page is None else page.offered
        label = "" if offered is None else f"Start from {quote(clean_name(offered.name), 40)}"
        return (
            _describe(picture),
            gr.update(value=label or "Start from this picture", visible=_show(offered)),
            gr.update(visible=_show(picture)),
        )

    def use_picture(self, page: PageSession | None) -> Outputs:
        """Let the next round of seeds start from the picture that is offered.

        Outputs: update, notice, start, errors.
        """
        if page is None:
            return lose(2 + len(ERROR_PLACES))
        taken: list[Any] = []

        def action() -> None:
            if page.offered is None:
                raise SeedLabError("Open a picture first, then start from it.")
            taken.append(self._services.take_input(page.offered, page.owner))
            page.offered = None
            page.release()

        _, errors = run_action(action, rename=dict.fromkeys(FIELDS, "page"))
        if not taken:
            return page.update(), "", gr.skip(), *errors
        return page.update(), " ".join(taken[0].notices), write_picture(taken[0].picture), *errors

    def forget_picture(self) -> str:
        """Start from noise again. Outputs: start."""
        return ""


def _show(thing: object) -> Any:
    return True if thing else "hidden"


def _try_to_read(start: str | None) -> InputPicture | None:
    with suppress(SeedLabError):
        return read_start(start)
    return None


def _describe(picture: InputPicture | None) -> str:
    if picture is None:
        return ""
    size = f"{picture.width}×{picture.height}"
    return f"A round of seeds starts from {quote(picture.file, 80)}, {size}. Empty sizes take its shape."
