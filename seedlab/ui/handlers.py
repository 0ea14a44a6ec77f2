"""Event handlers of the page. They convert between Gradio values and a `PageSession`, which does the work.

Handlers that request work take the page session and the trail saved in the browser. After a restart of the server the
page session is None; they make a new one from the saved trail. Handlers that only continue or stop work skip then.

Outputs named "view" go to the columns (see `seedlab.ui.view`), "saved" to the browser's storage, "errors" to
`ERROR_PLACES` in order.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from threading import Lock
from typing import Any
from weakref import WeakValueDictionary

import gradio as gr

from seedlab.core.errors import RecipeError, SeedLabError
from seedlab.core.model import Model
from seedlab.core.recipe import MAX_PROMPT_CHARACTERS
from seedlab.rules.registry import find_variation
from seedlab.rules.rule import Rule
from seedlab.rules.seeds import Seeds
from seedlab.ui.browser_state import (
    find_first_recipe,
    read_numbers,
    read_saved,
    read_text,
    restore_fields,
    write_advanced,
)
from seedlab.ui.captions import format_model_notes, name_picture
from seedlab.ui.columns import ServedFiles
from seedlab.ui.fields import MODEL_DEPENDENT, update_fields
from seedlab.ui.form import ADVANCED, ERROR_PLACES, FIELDS, FORM, RULE_FIELDS, Form, read_model_id
from seedlab.ui.opening import PictureOpener
from seedlab.ui.page_session import PageSession
from seedlab.ui.services import PageServices
from seedlab.workflow.notices import format_unknown_words
from seedlab.workflow.trail import State, Tile, Trail

LOGGER = logging.getLogger(__name__)

Outputs = tuple[Any, ...]


class Handlers:
    """The event handlers of one page."""

    def __init__(self, services: PageServices) -> None:
        self._services, self._served, self._opener = services, ServedFiles(), PictureOpener(services)
        # By session hash, for `leave`: Gradio calls it without state. gr.State owns the page sessions.
        self._pages: WeakValueDictionary[str, PageSession] = WeakValueDictionary()
        self._lock = Lock()

    def open(self, request: gr.Request, saved: object) -> Outputs:
        """Start a page session from the saved trail. Outputs: page, view."""
        page = self._find_or_make_page(saved, request)
        return page, page.build_view()

    def explore(self, request: gr.Request, page: PageSession | None, saved: object, *values: Any) -> Outputs:
        """Request a round of seeds. Outputs: page, view, saved, notice, advanced, errors."""
        page = page or self._recover_page(saved, request)
        form = Form(*values)
        snapped = ""

        def action() -> None:
            nonlocal snapped
            rule = form.read_rule()
            model = self._services.resolve_model(self._find_model(read_model_id(form.model_id)))
            # A hidden field may hold text, which the user could not correct.
            has_loras = self._services.local and not model.unconditional
            loras = self._services.read_loras((form.loras if has_loras else "") or "")
            recipe = form.make_recipe(model, rule.seeds[0], loras)
            self._services.check(recipe)
            snapped = form.format_snapped_size(model, recipe)
            page.session.explore(recipe, rule)

        field, errors = _run(action)
        advanced = gr.update(open=True) if field in ADVANCED else gr.skip()
        notice = " ".join(filter(None, (self._format_notice(form), snapped)))
        return page, page.build_view(), page.save(), notice, advanced, *errors

    def choose_tile(
        self,
        request: gr.Request,
        event: gr.EventData,
        page: PageSession | None,
        saved: object,
        rule: str | None,
        *texts: str | None,
    ) -> Outputs:
        """Lock a finished tile, or retry a failed or stopped one. Outputs: page, view, saved, errors."""
        page = page or self._recover_page(saved, request)

        def action() -> None:
            round_id, index = read_numbers(event, "round", "index")
            tile = page.session.trail.tile(round_id, index)
            # A retry uses no rule, so mistakes in its fields do not matter.
            is_retry = tile.state in (State.FAILED, State.STOPPED)
            page.session.lock(round_id, index, Seeds(()) if is_retry else self._read_rule(tile, rule, texts))

        _, errors = _run(action)
        return page, page.build_view(), page.save(), *errors

    def revisit(self, request: gr.Request, event: gr.EventData, page: PageSession | None, saved: object) -> Outputs:
        """Show an earlier round. Outputs: page, view, saved, errors."""
        page = page or self._recover_page(saved, request)

        def action() -> None:
            page.session.revisit(*read_numbers(event, "round"))

        _, errors = _run(action)
        return page, page.build_view(), page.save(), *errors

    def wake(self, request: gr.Request, page: PageSession | None, saved: object) -> Outputs:
        """Refresh a page whose stream was cut, e.g. on a phone that slept. Outputs: page, view."""
        page = page or self._recover_page(saved, request)
        return page, page.build_view()

    def develop(self, page: PageSession | None) -> Iterator[Any]:
        """Generate the requested pictures. Yields: view."""
        if page is None:
            yield gr.skip()
            return
        yield from page.develop()

    def stop(self, page: PageSession | None) -> Any:
        """Stop all work of the page. Outputs: view."""
        if page is None:
            return gr.skip()
        page.stop()
        return page.build_view()

    def verify(
        self, request: gr.Request, event: gr.EventData, page: PageSession | None, saved: object
    ) -> Iterator[Outputs]:
        """Generate a picture again on its own and compare the bytes. Yields: page, view."""
        page = page or self._recover_page(saved, request)
        try:
            round_id, index = read_numbers(event, "round", "index")
            with closing(page.verify(round_id, index, self._services.verify)) as views:
                yield from ((page, view) for view in views)
        except SeedLabError:
            # The tile does not exist, so there is no place for an error: only refresh the view.
            yield page, page.build_view()

    def write_script(
        self, request: gr.Request, event: gr.EventData, page: PageSession | None, saved: object
    ) -> Outputs:
        """Export a tile, or its round if the event has no `index`, as a script. Outputs: page, view, error."""
        page = page or self._recover_page(saved, request)
        message = ""
        try:
            (round_id,) = read_numbers(event, "round")
            self._write_script(page, round_id, event._data.get("index"))
        except SeedLabError as error:
            message = str(error)
        return page, page.build_view(), message

    def _write_script(self, page: PageSession, round_id: int, index: object) -> None:
        round_ = page.session.trail.round(round_id)
        if index is None:
            page.show_script(self._services.write_script([tile.recipe for tile in round_.tiles]), round_.title)
            return
        if not isinstance(index, int):
            raise SeedLabError("This picture no longer exists: generate it again.")
        tile = page.session.trail.tile(round_id, index)
        caption = round_.caption(index)
        page.show_script(self._services.write_script([tile.recipe]), name_picture(tile, caption))

    def open_picture(self, request: gr.Request, page: PageSession | None, saved: object, path: str | None) -> Outputs:
        """Open an uploaded picture. Outputs: page, view, saved, notice, one value per `FORM` field, errors."""
        page = page or self._recover_page(saved, request)
        fields: dict[str, Any] = {}
        notice = ""

        def action() -> None:
            nonlocal notice
            if not path:
                raise SeedLabError("That file could not be read: choose a PNG file.")
            notice = self._opener.open(Path(path), page.session, fields)

        _, errors = _run(action, rename=dict.fromkeys(FIELDS, "page"))
        updates = [fields.get(name, gr.skip()) for name in FORM]
        return page, page.build_view(), page.save(), notice, *updates, *errors

    def restore_root(self, page: PageSession | None, served: Sequence[str], values: Sequence[str | None]) -> Outputs:
        """Restore the main fields; see `restore_fields`. Outputs: prompt, seeds, model."""
        trail = Trail() if page is None else page.session.trail
        return restore_fields(trail, self._services.names, served, values)

    def restore_advanced(self, page: PageSession | None) -> Outputs:
        """Restore the fields under Advanced from the round on the screen. Outputs: one value per `ADVANCED` field."""
        recipe = None if page is None else find_first_recipe(page.session.trail)
        try:
            model = None if recipe is None else self._find_model(recipe.model_address)
        except SeedLabError:
            model = None
        if recipe is None or model is None:
            return (gr.skip(),) * len(ADVANCED)
        return tuple(write_advanced(recipe, model, local=self._services.local).values())

    def leave(self, request: gr.Request) -> None:
        """Pause the work of a tab that was closed, or that sleeps; it resumes with `wake`. No outputs."""
        end_session(self._pages.get(request.session_hash or ""))

    def choose_model(self, model_id: str | None, rule: str | None) -> Iterator[Outputs]:
        """Adapt the panel to a model. Yields: updates of `MODEL_DEPENDENT`, error, notes."""
        unchanged = (gr.skip(),) * len(MODEL_DEPENDENT)
        known = model_id in self._services.names
        yield *unchanged, "", gr.skip() if known else "Checking the model…"
        try:
            model = self._find_model(read_model_id(model_id))
            # Listed models are known; for others the pipeline has to be inspected.
            model = model if known else self._services.resolve_model(model)
        except SeedLabError as error:
            yield *unchanged, str(error), ""
            return
        yield *update_fields(model, rule, local=self._services.local), "", format_model_notes(model)

    def list_words(self, model_id: str | None) -> Outputs:
        """List the words of a model with a small vocabulary. Outputs: word list, word accordion."""
        kinds = self._services.list_words((model_id or "").strip())
        return {kind: list(phrases) for kind, phrases in kinds.items()}, gr.update(visible=bool(kinds))

    def add_phrase(self, event: gr.EventData, prompt: str | None) -> str:
        """Add a clicked phrase to the prompt, or remove it. Outputs: prompt."""
        prompt, phrase = prompt or "", read_text(event, "phrase")
        # Longer prompts are invalid anyway; do not spend time on parsing them.
        fits = len(prompt) <= MAX_PROMPT_CHARACTERS
        return self._services.add_phrase(prompt, phrase) if phrase and fits else prompt

    def _find_or_make_page(self, saved: object, request: gr.Request) -> PageSession:
        """Return the tab's page session, or make one. Two events of a tab may arrive at the same time."""
        with self._lock:
            page = self._pages.get(request.session_hash or "")
            if page is None:
                page = PageSession(self._services.make_session(read_saved(saved)), self._services.names, self._served)
            if request.session_hash:
                self._pages[request.session_hash] = page
            return page

    def _recover_page(self, saved: object, request: gr.Request) -> PageSession:
        page = self._find_or_make_page(saved, request)
        # Nothing is requested yet: this only finds the trail's pictures in the store.
        for _ in page.session.develop():
            pass
        return page

    def _find_model(self, model_id: str) -> Model:
        try:
            return self._services.find_model(model_id)
        except RecipeError:
            raise
        except SeedLabError as error:
            raise RecipeError("model_id", str(error)) from error

    def _read_rule(self, tile: Tile, name: str | None, texts: Sequence[str | None]) -> Rule:
        """Parse the rule that varies a tile. Raises SeedLabError, also if it needs a prompt and the model has none."""
        rule = find_variation(name)
        model = self._services.find_model(tile.recipe.model_address)
        if rule.needs_prompt and model.unconditional and tile.state is State.DONE:
            raise SeedLabError(f"{model.name} has no prompt to vary: choose another variation.")
        return rule.parse(dict(zip(RULE_FIELDS, (text or "" for text in texts), strict=True)))

    def _format_notice(self, form: Form) -> str:
        model_id, prompt = (form.model_id or "").strip(), form.prompt or ""
        name = self._services.names.get(model_id, model_id).split(" (")[0]
        examples = next(iter(self._services.list_words(model_id).values()), ())[:4]
        unknown = self._services.unknown_words(model_id, prompt)
        return format_unknown_words(name, unknown, examples, "see “All known words” below")


def end_session(page: PageSession | None) -> None:
    """Pause a page's work. Gradio also calls this when it drops the state of a tab."""
    if page is not None:
        page.leave()


def _run(action: Callable[[], None], rename: dict[str, str] | None = None) -> tuple[str, tuple[str, ...]]:
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
