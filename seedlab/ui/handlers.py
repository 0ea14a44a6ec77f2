"""The page's events: they translate between gradio's values and a page. The work lives in the session.

Every handler that asks for something takes the page and what the browser kept of it: a server that was restarted has
forgotten the one and makes it again of the other. What goes on with work or ends it has nothing to do without a page.
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
from seedlab.rules.registry import find_rule
from seedlab.rules.rule import Rule
from seedlab.rules.seeds import Seeds
from seedlab.ui.captions import format_model_notes, format_unknown_words, name_picture
from seedlab.ui.columns import ServedFiles
from seedlab.ui.fields import FITTED, fit_fields
from seedlab.ui.form import ADVANCED, FIELDS, FORM, PLACES, RULE_FIELDS, Form, read_model_id
from seedlab.ui.opening import PictureOpener
from seedlab.ui.page_session import PageSession
from seedlab.ui.remembered import (
    find_first_recipe,
    read_numbers,
    read_saved,
    read_text,
    restore_fields,
    write_advanced,
)
from seedlab.ui.services import PageServices
from seedlab.workflow.trail import State, Tile, Trail

LOGGER = logging.getLogger(__name__)

Outputs = tuple[Any, ...]


class Handlers:
    """The events of one page, for a services."""

    def __init__(self, services: PageServices) -> None:
        self._services, self._served, self._opener = services, ServedFiles(), PictureOpener(services)
        # For `leave`, which gradio calls with no state; the visits themselves live in gr.State.
        self._pages: WeakValueDictionary[str, PageSession] = WeakValueDictionary()
        self._lock = Lock()

    def open(self, request: gr.Request, saved: object) -> Outputs:
        """Begin a page, with the trail that the browser kept; returns page, view."""
        page = self._begin(saved, request)
        return page, page.see()

    def explore(self, request: gr.Request, page: PageSession | None, saved: object, *values: Any) -> Outputs:
        """Ask for a round of seeds; returns page, view, saved, notice, advanced, sentences."""
        page = page or self._begin_again(saved, request)
        form = Form(*values)
        snapped = ""

        def ask() -> None:
            nonlocal snapped
            rule = form.read_rule()
            model = self._services.resolve_model(self._describe(read_model_id(form.model_id)))
            # A field that is not shown may hold something all the same: who cannot see it cannot correct it.
            has_loras = self._services.local and not model.unconditional
            loras = self._services.read_loras((form.loras if has_loras else "") or "")
            recipe = form.make_recipe(model, rule.seeds[0], loras)
            self._services.check(recipe)
            snapped = form.format_snapped_size(model, recipe)
            page.session.explore(recipe, rule)

        field, sentences = _try(ask)
        advanced = gr.update(open=True) if field in ADVANCED else gr.skip()
        notice = " ".join(filter(None, (self._notice(form), snapped)))
        return page, page.see(), page.save(), notice, advanced, *sentences

    def choose_tile(
        self,
        request: gr.Request,
        event: gr.EventData,
        page: PageSession | None,
        saved: object,
        rule: str | None,
        *texts: str | None,
    ) -> Outputs:
        """Lock a finished tile, or try a failed one again; returns page, view, saved, sentences."""
        page = page or self._begin_again(saved, request)

        def ask() -> None:
            round_id, index = read_numbers(event, "round", "index")
            tile = page.session.trail.tile(round_id, index)
            # A retry uses no rule, so mistakes in its fields do not matter.
            is_retry = tile.state in (State.FAILED, State.STOPPED)
            page.session.lock(round_id, index, Seeds(()) if is_retry else self._read_rule(tile, rule, texts))

        _, sentences = _try(ask)
        return page, page.see(), page.save(), *sentences

    def revisit(self, request: gr.Request, event: gr.EventData, page: PageSession | None, saved: object) -> Outputs:
        """Show a round that was made before; returns page, view, saved, sentences."""
        page = page or self._begin_again(saved, request)

        def ask() -> None:
            page.session.revisit(*read_numbers(event, "round"))

        _, sentences = _try(ask)
        return page, page.see(), page.save(), *sentences

    def wake(self, request: gr.Request, page: PageSession | None, saved: object) -> Outputs:
        """Look again, after a sleep that cut the stream; returns page, view."""
        page = page or self._begin_again(saved, request)
        return page, page.see()

    def develop(self, page: PageSession | None) -> Iterator[Any]:
        """Work on what is asked for; yields views."""
        if page is None:
            yield gr.skip()
            return
        yield from page.develop()

    def stop(self, page: PageSession | None) -> Any:
        """End the work; returns the view."""
        if page is None:
            return gr.skip()
        page.stop()
        return page.see()

    def verify(
        self, request: gr.Request, event: gr.EventData, page: PageSession | None, saved: object
    ) -> Iterator[Outputs]:
        """Make a picture again, alone, and compare; yields page, view."""
        page = page or self._begin_again(saved, request)
        try:
            round_id, index = read_numbers(event, "round", "index")
            with closing(page.verify(round_id, index, self._services.verify)) as views:
                yield from ((page, view) for view in views)
        except SeedLabError:
            # Its tile is gone, so there is no place to say so; the page shows what is there.
            yield page, page.see()

    def write_script(
        self, request: gr.Request, event: gr.EventData, page: PageSession | None, saved: object
    ) -> Outputs:
        """Write a picture, or where no `index` is named its whole round, as a script; returns page, view, sentence."""
        page = page or self._begin_again(saved, request)
        sentence = ""
        try:
            (round_id,) = read_numbers(event, "round")
            self._write_script(page, round_id, event._data.get("index"))
        except SeedLabError as error:
            sentence = str(error)
        return page, page.see(), sentence

    def _write_script(self, page: PageSession, round_id: int, index: object) -> None:
        round_ = page.session.trail.round(round_id)
        if index is None:
            page.show_script(self._services.write_script([tile.recipe for tile in round_.tiles]), round_.title)
            return
        if not isinstance(index, int):
            raise SeedLabError("That picture is not here any more: generate it again.")
        tile = page.session.trail.tile(round_id, index)
        caption = round_.caption(index)
        page.show_script(self._services.write_script([tile.recipe]), name_picture(tile, caption))

    def open_picture(self, request: gr.Request, page: PageSession | None, saved: object, path: str | None) -> Outputs:
        """Take up a picture that was dropped; returns page, view, saved, notice, fields, sentences."""
        page = page or self._begin_again(saved, request)
        fields: dict[str, Any] = {}
        notice = ""

        def ask() -> None:
            nonlocal notice
            if not path:
                raise SeedLabError("That file could not be read: choose a PNG file.")
            notice = self._opener.open(Path(path), page.session, fields)

        _, sentences = _try(ask, rename=dict.fromkeys(FIELDS, "page"))
        updates = [fields.get(name, gr.skip()) for name in FORM]
        return page, page.see(), page.save(), notice, *updates, *sentences

    def restore_root(self, page: PageSession | None, served: Sequence[str], values: Sequence[str | None]) -> Outputs:
        """Return prompt, seeds, model as `restore_fields` does."""
        trail = Trail() if page is None else page.session.trail
        return restore_fields(trail, self._services.names, served, values)

    def restore_advanced(self, page: PageSession | None) -> Outputs:
        """Return the fields under Advanced as they were for the newest first round; "" where it took the default."""
        recipe = None if page is None else find_first_recipe(page.session.trail)
        try:
            model = None if recipe is None else self._describe(recipe.model_address)
        except SeedLabError:
            model = None
        if recipe is None or model is None:
            return (gr.skip(),) * len(ADVANCED)
        return tuple(write_advanced(recipe, model, local=self._services.local).values())

    def leave(self, request: gr.Request) -> None:
        """End the work of a tab that was closed, or that sleeps: then it goes on when it wakes."""
        end_session(self._pages.get(request.session_hash or ""))

    def choose_model(self, model_id: str | None, rule: str | None) -> Iterator[Outputs]:
        """Fit the panel to a model; yields updates of `FITTED`, what is wrong with it, and what to know of it."""
        unchanged = (gr.skip(),) * len(FITTED)
        known = model_id in self._services.names
        yield *unchanged, "", gr.skip() if known else "Looking at the model…"
        try:
            model = self._describe(read_model_id(model_id))
            # What is offered is known well; of others its pipeline has to be looked at.
            model = model if known else self._services.resolve_model(model)
        except SeedLabError as error:
            yield *unchanged, str(error), ""
            return
        yield *fit_fields(model, rule, local=self._services.local), "", format_model_notes(model)

    def list_words(self, model_id: str | None) -> Outputs:
        """List the words of a model that knows few; returns updates of the words and of what they fold away in."""
        kinds = self._services.list_words((model_id or "").strip())
        return {kind: list(phrases) for kind, phrases in kinds.items()}, gr.update(visible=bool(kinds))

    def add_phrase(self, event: gr.EventData, prompt: str | None) -> str:
        """Put a phrase that was clicked into the prompt; returns the prompt."""
        prompt, phrase = prompt or "", read_text(event, "phrase")
        # No recipe has a longer prompt, and to look through it would only take time.
        fits = len(prompt) <= MAX_PROMPT_CHARACTERS
        return self._services.add_phrase(prompt, phrase) if phrase and fits else prompt

    def _begin(self, saved: object, request: gr.Request) -> PageSession:
        """Begin a page, or find the one that an event of the same tab began a moment ago."""
        with self._lock:
            page = self._pages.get(request.session_hash or "")
            if page is None:
                page = PageSession(self._services.make_session(read_saved(saved)), self._services.names, self._served)
            if request.session_hash:
                self._pages[request.session_hash] = page
            return page

    def _begin_again(self, saved: object, request: gr.Request) -> PageSession:
        page = self._begin(saved, request)
        # Nothing of it is asked for yet, so this only takes from the store what the click is about.
        for _ in page.session.develop():
            pass
        return page

    def _describe(self, model_id: str) -> Model:
        try:
            return self._services.find_model(model_id)
        except RecipeError:
            raise
        except SeedLabError as error:
            raise RecipeError("model_id", str(error)) from error

    def _read_rule(self, tile: Tile, name: str | None, texts: Sequence[str | None]) -> Rule:
        """Return the rule that varies a tile; raises if it changes the prompt and the tile's model has none."""
        rule = find_rule(name)
        model = self._services.find_model(tile.recipe.model_address)
        if rule.needs_prompt and model.unconditional and tile.state is State.DONE:
            raise SeedLabError(f"{model.name} has no prompt, so there is no prompt to vary: choose another variation.")
        return rule.parse(dict(zip(RULE_FIELDS, (text or "" for text in texts), strict=True)))

    def _notice(self, form: Form) -> str:
        model_id, prompt = (form.model_id or "").strip(), form.prompt or ""
        name = self._services.names.get(model_id, model_id).split(" (")[0]
        some = next(iter(self._services.list_words(model_id).values()), ())[:4]
        return format_unknown_words(name, self._services.unknown_words(model_id, prompt), some)


def end_session(page: PageSession | None) -> None:
    """End a page's work for now; also what gradio does when it drops the state of a tab."""
    if page is not None:
        page.leave()


def _try(ask: Callable[[], None], rename: dict[str, str] | None = None) -> tuple[str, tuple[str, ...]]:
    """Do what a visitor asks for; return the place that is wrong ("" for none), and the sentences at all places."""
    sentences = dict.fromkeys(PLACES, "")
    place = ""
    try:
        ask()
    except SeedLabError as error:
        # No gr.Error: the page does not show that of an event that does not wait in the queue.
        field = getattr(error, "field", "")
        place = (rename or {}).get(field, field)
        place = place if place in PLACES else "page"
        sentences[place] = str(error)
    except Exception:  # the edge: the page shows nothing at all of an event that fails
        LOGGER.exception("What a visitor asked for failed.")
        place = "page"
        sentences[place] = "Something went wrong here. Nothing was lost: try again."
    return place, tuple(sentences.values())
