"""Event handlers of the page. They convert between Gradio values and a `PageSession`, which does the work.

After a restart of the server the page session is None. The handlers do nothing then: the page sends the trail that it
has saved with `reopen`, and the event again.

Outputs named "update" go to the columns (see `seedlab.ui.views.updates`), "errors" to `ERROR_PLACES` in order.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Lock
from typing import Any
from weakref import WeakValueDictionary

import gradio as gr

from seedlab.core.errors import SeedLabError
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.visitors import name_owner
from seedlab.images.index.search import NOBODY
from seedlab.rules.kinds.develop import LARGER
from seedlab.ui.blocks.form import ERROR_PLACES, FIELDS, FORM
from seedlab.ui.endpoints import name_visitor
from seedlab.ui.handlers.exploring import ExploringHandlers, find_places
from seedlab.ui.handlers.likely import LikelyHandlers
from seedlab.ui.handlers.live import LiveHandlers
from seedlab.ui.handlers.opening import PictureOpener, format_dropped
from seedlab.ui.handlers.outputs import Outputs, lose, run_action
from seedlab.ui.handlers.panel import PanelHandlers
from seedlab.ui.handlers.proof import ProofHandlers
from seedlab.ui.handlers.start import can_start
from seedlab.ui.page_session import PageSession
from seedlab.ui.views.browser_state import (
    read_count,
    read_indices,
    read_marks,
    read_numbers,
    read_places,
    read_saved,
    read_text,
    read_version,
    read_working,
)
from seedlab.ui.views.updates import LOST
from seedlab.workflow.page_services import PageServices
from seedlab.workflow.trails.trail import State
from seedlab.workflow.trails.vary_all import plan_variations

CHOSEN = 4
"""How many drafts are chosen that differ: a grid of the diffusers guide."""


class Handlers(PanelHandlers, ExploringHandlers, LiveHandlers, LikelyHandlers, ProofHandlers):
    """The event handlers of one page.

    Args:
        address: returns where the browser finds a picture.
    """

    def __init__(self, services: PageServices, address: Callable[[Path], str]) -> None:
        super().__init__(services)
        self._address, self._opener = address, PictureOpener(services)
        # By session hash, for `leave`: Gradio calls it without state. gr.State owns the page sessions.
        self._pages: WeakValueDictionary[str, PageSession] = WeakValueDictionary()
        self._lock = Lock()

    def open(self, request: gr.Request, old_saved: object, saved: object, older: object, working: object) -> Outputs:
        """Start a page session from the trail that the browser saved. Outputs: page, update.

        Args:
            old_saved: the trail where earlier versions of SeedLab saved it.
            saved: the trail, or "".
            older: a trail that an earlier version saved since, or "".
            working: the rounds that were unfinished when the page was reloaded; see `read_working`.
        """
        page = self._find_or_make_page(request, saved or old_saved, older)
        page.resume({} if older else read_working(working))  # joined trails have other ids
        return page, page.update(since=0)

    def reopen(self, request: gr.Request, event: gr.EventData) -> Outputs:
        """Start a page session of a page that is open, after the server restarted. Outputs: page, update."""
        page = self._find_or_make_page(request, read_text(event, "saved"))
        page.session.look_up()  # for the pictures that the next click may be about
        page.resume(read_working(read_text(event, "working")))
        return page, page.update(since=0)

    def choose_tile(
        self, event: gr.EventData, page: PageSession | None, rule: str | None, *texts: str | float | None
    ) -> Outputs:
        """Lock a finished tile, finish a draft, or resume the round of a failed or stopped tile.

        Outputs: update, notice, errors.
        """
        notice = ""

        def action(page: PageSession) -> None:
            nonlocal notice
            round_id, index = read_numbers(event, "round", "index")
            tile = page.session.trail.tile(round_id, index)
            if tile.state is State.DONE:
                page.relock()
                varied, notice = self._reader.read_rule(tile, rule, texts)
                page.session.lock(round_id, index, varied, self._reader.check_round)
            elif tile.state is State.DRAFT:
                page.session.finish(round_id, (index,))
            elif page.session.is_known(tile):
                page.session.resume(round_id)

        if page is None:
            return lose(1 + len(ERROR_PLACES))
        update, *errors = _act(page, action, rename=find_places(rule))
        return update, notice, *errors

    def vary_all(
        self, event: gr.EventData, page: PageSession | None, rule: str | None, *texts: str | float | None
    ) -> Outputs:
        """Vary several finished tiles of a round: they are the columns of a matrix. Outputs: update, notice, errors."""
        notice = ""

        def action(page: PageSession) -> None:
            nonlocal notice
            (round_id,), indices = read_numbers(event, "round"), read_indices(event)
            if not indices:
                raise SeedLabError("No pictures are selected: select those to vary.")
            trail = page.session.trail
            tile = trail.tile(round_id, indices[0])
            varied, notice = self._reader.read_rule(tile, rule, texts)
            place, planned = plan_variations(trail, round_id, indices, varied)
            page.relock()
            page.session.lock(*place, planned, self._reader.check_round)

        if page is None:
            return lose(1 + len(ERROR_PLACES))
        update, *errors = _act(page, action, rename=dict.fromkeys(FIELDS, "page") | find_places(rule))
        return update, notice, *errors

    def enlarge(self, event: gr.EventData, page: PageSession | None) -> Outputs:
        """Lock a finished tile, and make its picture twice as large. Outputs: update, errors."""

        def action(page: PageSession) -> None:
            round_id, index = read_numbers(event, "round", "index")
            tile = page.session.trail.tile(round_id, index)
            if tile.state is State.DONE:
                self._reader.check_rule(tile, type(LARGER))
            page.relock()
            page.session.lock(round_id, index, LARGER, self._reader.check_round)

        return _act(page, action, rename=dict.fromkeys(FIELDS, "page"))

    def finish(self, event: gr.EventData, page: PageSession | None) -> Outputs:
        """Finish drafts of a round, or all of them if the event has no `indices`. Outputs: update, errors."""
        return _act(page, lambda page: page.session.finish(read_numbers(event, "round")[0], read_indices(event)))

    def choose_different(self, event: gr.EventData, page: PageSession | None) -> Outputs:
        """Choose the drafts of a round that differ most. Outputs: update, errors."""
        return _act(page, lambda page: page.choose_different(read_numbers(event, "round")[0], CHOSEN))

    def compare(self, event: gr.EventData, page: PageSession | None) -> Outputs:
        """Find what differs between pictures. Outputs: update, errors."""
        return _act(page, lambda page: page.compare(read_places(event)))

    def mark(self, event: gr.EventData, page: PageSession | None) -> Outputs:
        """Mark pictures of a round as kept or rejected, or with stars. Outputs: update, errors."""
        return _act(page, lambda page: page.mark(read_numbers(event, "round")[0], read_marks(event)))

    def revisit(self, event: gr.EventData, page: PageSession | None) -> Outputs:
        """Show an earlier round. Outputs: update, errors."""
        return _act(page, lambda page: page.revisit(read_numbers(event, "round")[0]))

    def wake(self, event: gr.EventData, page: PageSession | None) -> Any:
        """Refresh a page that missed updates, e.g. on a phone that slept. Outputs: update."""
        return LOST if page is None else page.refresh(*read_version(event))

    def develop(self, page: PageSession | None, seen: object = "") -> Iterator[Any]:
        """Generate the requested pictures. Yields: update.

        Args:
            seen: the update that the page has; see `PageSession.acknowledge`.
        """
        if page is None:
            yield gr.skip()
            return
        page.acknowledge(seen)
        yield from page.develop()

    def stop(self, page: PageSession | None) -> Any:
        """Stop all work of the page. Outputs: update."""
        if page is None:
            return LOST
        page.stop()
        return page.update()

    def open_picture(
        self, page: PageSession | None, model_id: str | None, path: str | None, dropped: object = ""
    ) -> Outputs:
        """Open an uploaded picture. Outputs: update, notice, one value per `FORM` field, errors.

        Args:
            dropped: how many files were dropped together, as text; the picture is the first of them.
        """
        if page is None:
            return lose(1 + len(FORM) + len(ERROR_PLACES))
        fields: dict[str, Any] = {}
        notice = ""

        def action() -> None:
            nonlocal notice
            if not path:
                raise SeedLabError("That file could not be read: choose a PNG, JPEG or WebP file.")
            opened = self._opener.open(Path(path), page.session, (model_id or "").strip(), fields, page.owner)
            page.is_revisiting = page.session.trail is not before
            notice = " ".join(filter(None, (opened, format_dropped(Path(path), read_count(dropped)))))

        before = page.session.trail
        _, errors = run_action(action, rename=dict.fromkeys(FIELDS, "page"))
        # A picture of SeedLab is varied instead: that keeps its recipe.
        is_other = bool(path) and page.session.trail is before
        page.offered = Path(path) if path and is_other and can_start(Path(path)) else None
        updates = [fields.get(name, gr.skip()) for name in FORM]
        return page.update(), notice, *updates, *errors

    def leave(self, request: gr.Request) -> None:
        """Pause the work of a tab that was closed, or that sleeps; it resumes with `wake`. No outputs."""
        end_session(self._pages.get(request.session_hash or ""))

    def _find_or_make_page(self, request: gr.Request, *saved: object) -> PageSession:
        """Return the tab's page session, or make one. Two events of a tab may arrive at the same time."""
        with self._lock:
            page = self._pages.get(request.session_hash or "")
            if page is None:
                visitor = name_visitor(request)
                trail, note = read_saved(*saved)
                cookies = getattr(request, "cookies", {})
                session = self._services.make_session(trail, visitor, name_owner(cookies, NOBODY))
                about = visitor, note, self._can_enlarge, self._services.find_gallery(cookies)
                page = PageSession(session, self._services.names, self._address, *about)
            if request.session_hash:
                self._pages[request.session_hash] = page
            return page

    def _can_enlarge(self, recipe: Recipe) -> bool:
        try:
            model = self._services.find_model(recipe.model_address)
            for larger in LARGER.make(recipe):
                model.check(larger)
        except SeedLabError:
            return False
        return not type(LARGER).refuse(model)


def _act(
    page: PageSession | None, action: Callable[[PageSession], object], rename: dict[str, str] | None = None
) -> Outputs:
    """Run an action on a page. Outputs: update, errors."""
    if page is None:
        return lose(len(ERROR_PLACES))
    _, errors = run_action(lambda: action(page), rename)
    return page.update(), *errors


def end_session(page: PageSession | None) -> None:
    """Pause a page's work. Gradio also calls this when it drops the state of a tab."""
    if page is not None:
        page.leave()
