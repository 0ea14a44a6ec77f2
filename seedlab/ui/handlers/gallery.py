"""Event handlers of the gallery, of named seeds, and of what is passed on. See `seedlab.ui.handlers.page`.

Each event has a `number`, and its answer repeats it, as answers may arrive in another order. An answer is JSON data for
`columns.make_gallery`; where something is wrong it has an `error`.
"""

import logging
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import gradio as gr

from seedlab.core.errors import SeedLabError
from seedlab.core.recipes.seeds import write_seeds
from seedlab.core.storage.files import is_full, write_atomically
from seedlab.rules.rule import MAX_VALUES
from seedlab.ui.blocks.form import ERROR_PLACES, FIELDS, FORM, write_start
from seedlab.ui.handlers.opening import PictureOpener, format_added
from seedlab.ui.handlers.outputs import Outputs, run_action
from seedlab.ui.page_session import PageSession
from seedlab.ui.views.browser_state import find_first_recipe, read_numbers, read_text, write_advanced, write_drafts
from seedlab.ui.views.captions import name_round
from seedlab.ui.views.gallery_data import (
    build_models,
    build_page,
    build_ranking,
    build_seeds,
    read_cursor,
    read_field,
    read_outcomes,
    read_search,
)
from seedlab.ui.views.updates import LOST
from seedlab.workflow.export.html_page import write_page
from seedlab.workflow.export.links import MAX_LINK, make_link, read_link
from seedlab.workflow.export.trail_file import export_trail
from seedlab.workflow.export.trail_parts import take_picture, take_round
from seedlab.workflow.gallery.gallery import Gallery, find_tile
from seedlab.workflow.gallery.marks import convert_mark, read_mark
from seedlab.workflow.gallery.pairs import rank_pictures
from seedlab.workflow.page_services import PageServices
from seedlab.workflow.pictures.own import list_recipes, name_inputs
from seedlab.workflow.trails.mark import Mark
from seedlab.workflow.trails.trail import Trail

LOGGER = logging.getLogger(__name__)
LOST_PAGE = "The server was restarted: try again in a moment."
FAILED = "Something went wrong. Nothing was lost: try again."
RENAME = dict.fromkeys(FIELDS, "page")
"""No field of the panel is to blame for what is wrong with a picture or a link."""

Answer = dict[str, Any]


class GalleryHandlers:
    """The event handlers of the gallery.

    Args:
        address: returns where the browser finds a file.
    """

    def __init__(self, services: PageServices, address: Callable[[Path], str]) -> None:
        self._services, self._address, self._opener = services, address, PictureOpener(services)

    def search(self, request: gr.Request, event: gr.EventData) -> Answer:
        """Find pictures: one page of them, with the first one the models too. Outputs: gallery."""

        def find(data: Mapping[str, Any]) -> Answer:
            gallery, cursor = self._open(request), read_cursor(data)
            page = build_page(gallery.find(read_search(data), cursor), self._services.names)
            return page if cursor else page | {"models": build_models(gallery.count_models(), self._services.names)}

        return _answer(event, find)

    def rate(self, request: gr.Request, event: gr.EventData, page: PageSession | None) -> Outputs:
        """Mark a picture of the gallery, and its tile if the trail has it. Outputs: gallery, update."""

        def mark(data: Mapping[str, Any]) -> Answer:
            name, given = read_field(data, "name"), Mark.from_dict(data.get("mark"))
            gallery = self._open(request)
            gallery.restore_marks({name: convert_mark(given)})
            entry = gallery.read(name)
            place = None if page is None else find_tile(page.session.trail, entry)
            if page is not None and place is not None:
                page.mark(place[0], {place[1]: read_mark(entry.mark)})
            return {"mark": given.to_dict()}

        return _answer(event, mark), LOST if page is None else page.update()

    def show(self, request: gr.Request, event: gr.EventData, page: PageSession | None, model_id: str | None) -> Outputs:
        """Show a picture of the gallery in its round, or open it. Outputs: gallery, update, notice, form, errors."""

        def find(page: PageSession, fields: dict[str, Any]) -> tuple[Answer, str]:
            gallery, trail = self._open(request), page.session.trail
            entry = gallery.read(read_text(event, "name"))
            place = find_tile(trail, entry)
            if place is not None:
                page.revisit(place[0])
                return {"place": list(place)}, ""
            file = gallery.find_file(entry.name)
            notice = self._opener.open(file, page.session, (model_id or "").strip(), fields)
            page.is_revisiting = True
            return {"place": [page.session.trail.newest.id, 0]}, notice

        return self._show(event, page, find)

    def receive(self, event: gr.EventData, page: PageSession | None) -> Outputs:
        """Show the recipes of a share link. Outputs: gallery, update, notice, form, errors."""

        def add(page: PageSession, fields: dict[str, Any]) -> tuple[Answer, str]:
            trail = read_link(read_text(event, "link")[: 2 * MAX_LINK + 1])
            page.session.add(trail)
            page.is_revisiting = True
            fields |= self._read_fields(page.session.trail)
            return {"place": [page.session.trail.path[-1], 0]}, format_added(trail, "link")

        return self._show(event, page, add)

    def copy_link(self, event: gr.EventData, page: PageSession | None) -> Outputs:
        """Write a link to a picture, or to a round if the event has no `index`. Outputs: gallery, error."""

        def write(page: PageSession, data: Mapping[str, Any]) -> Answer:
            trail, (round_id,) = page.session.trail, read_numbers(event, "round")
            whole = data.get("index") is None
            part = take_round(trail, round_id) if whole else take_picture(trail, *read_numbers(event, "round", "index"))
            title = trail.round(round_id).title if whole else f"Seed {part.newest.tiles[0].recipe.seed}"
            needed = name_inputs(list_recipes(part))
            title += f" · whoever opens it needs {needed}" if needed else ""
            return {"text": make_link(read_field(data, "address", 2_000), part), "title": f"Link: {title}"}

        return _answer_for_page(event, page, write)

    def pack(self, event: gr.EventData, page: PageSession | None) -> Outputs:
        """Write a round as a page, or the trail as a file, for the browser to download. Outputs: gallery, error."""

        def write(page: PageSession, data: Mapping[str, Any]) -> Answer:
            is_page = data.get("kind") == "page"
            trail = take_round(page.session.trail, *read_numbers(event, "round")) if is_page else page.session.trail
            file = Path(tempfile.mkdtemp(prefix="download-")) / (name_round(trail) + (".html" if is_page else ".zip"))
            if is_page:
                _pack_page(trail, file, self._services)
            else:
                export_trail(trail, file, lambda picture: self._services.find_input(picture, page.owner))
            _forget_download(page)
            page.download = file
            return {"url": self._address(file), "name": file.name}

        return _answer_for_page(event, page, write)

    def list_seeds(self, request: gr.Request, event: gr.EventData) -> Answer:
        """List the named seeds. Outputs: gallery."""
        return _answer(event, lambda _: self._list_seeds(self._open(request)))

    def name_seed(self, request: gr.Request, event: gr.EventData, page: PageSession | None) -> Answer:
        """Give the seed of a tile a name. Outputs: gallery."""

        def name(data: Mapping[str, Any]) -> Answer:
            if page is None:
                raise SeedLabError(LOST_PAGE)
            gallery, tile = self._open(request), page.session.trail.tile(*read_numbers(event, "round", "index"))
            gallery.name_seed(read_field(data, "label"), tile.recipe)
            return self._list_seeds(gallery)

        return _answer(event, name)

    def forget_seed(self, request: gr.Request, event: gr.EventData) -> Answer:
        """Remove the name of a seed. Outputs: gallery."""

        def forget(data: Mapping[str, Any]) -> Answer:
            gallery = self._open(request)
            gallery.forget_seed(read_field(data, "label"))
            return self._list_seeds(gallery)

        return _answer(event, forget)

    def rank(self, event: gr.EventData) -> Answer:
        """Rank pictures by which of two was better, and choose the next two. Outputs: gallery."""
        return _answer(event, lambda data: build_ranking(rank_pictures(*read_outcomes(data))))

    def _open(self, request: gr.Request) -> Gallery:
        return self._services.open_gallery(getattr(request, "cookies", {}))

    def _list_seeds(self, gallery: Gallery) -> Answer:
        return {"seeds": build_seeds(gallery.list_seeds(), self._services.names)}

    def _show(
        self,
        event: gr.EventData,
        page: PageSession | None,
        find: Callable[[PageSession, dict[str, Any]], tuple[Answer, str]],
    ) -> Outputs:
        """Show rounds. Outputs: gallery, update, notice, form, errors."""
        number = _read_number(event)
        if page is None:
            skipped = (gr.skip(),) * (1 + len(FORM) + len(ERROR_PLACES))
            return {"number": number, "error": LOST_PAGE, "lost": True}, LOST, *skipped
        fields: dict[str, Any] = {}
        found: list[tuple[Answer, str]] = []
        place, errors = run_action(lambda: found.append(find(page, fields)), rename=RENAME)
        answer, notice = found[0] if found else ({"error": errors[ERROR_PLACES.index(place)]}, "")
        updates = [fields.get(name, gr.skip()) for name in FORM]
        return {"number": number, "notice": notice, **answer}, page.update(), notice, *updates, *errors

    def _read_fields(self, trail: Trail) -> dict[str, Any]:
        """Return the values of the panel's fields with which Generate makes the first round on the screen."""
        recipe = find_first_recipe(trail)
        if recipe is None:
            return {}
        tiles = trail.visible[0].tiles
        fields: dict[str, Any] = {
            "prompt": recipe.write_prompt("prompt"),
            "seeds": write_seeds([tile.recipe.seed for tile in tiles][:MAX_VALUES]),
        }
        with suppress(SeedLabError):  # a model that this machine has not: its tiles say so
            model = self._services.find_model(recipe.model_address)
            fields |= {"model_id": recipe.model_address}
            fields |= write_advanced(recipe, model, local=self._services.local) | write_start(recipe)
            fields |= dict(zip(("drafts", "draft_steps"), write_drafts(trail.visible[0], model), strict=True))
        return fields


def _answer(event: gr.EventData, act: Callable[[Mapping[str, Any]], Answer]) -> Answer:
    data = event._data if isinstance(event._data, dict) else {}
    number = {"number": _read_number(event)}
    try:
        return number | act(data)
    except SeedLabError as error:
        return number | {"error": str(error)}
    except Exception:  # the edge: the page shows nothing when an event fails
        LOGGER.exception("An event handler failed.")
        return number | {"error": FAILED}


def _answer_for_page(
    event: gr.EventData, page: PageSession | None, act: Callable[[PageSession, Mapping[str, Any]], Answer]
) -> Outputs:
    """Answer an event about the trail. Outputs: gallery, error."""

    def run(data: Mapping[str, Any]) -> Answer:
        if page is None:
            raise SeedLabError(LOST_PAGE)
        return act(page, data)

    answer = _answer(event, run)
    return answer, answer.get("error", "")


def _read_number(event: gr.EventData) -> int:
    data = event._data if isinstance(event._data, dict) else {}
    number = data.get("number")
    return number if type(number) is int else 0


def _pack_page(trail: Trail, file: Path, services: PageServices) -> None:
    text = write_page(trail, services.write_script)
    try:
        write_atomically(file, lambda temporary: temporary.write_text(text, "utf-8"))
    except OSError as error:
        why = "the disk is full" if is_full(error) else "its folder for temporary files is gone"
        raise SeedLabError(f"The server cannot write the page: {why}.") from error


def _forget_download(page: PageSession) -> None:
    """Delete what was packed before, of which the browser has its copy."""
    if page.download is not None:
        page.download.unlink(missing_ok=True)
        with suppress(OSError):
            page.download.parent.rmdir()
