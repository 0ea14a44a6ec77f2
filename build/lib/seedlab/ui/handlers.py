"""The page's events: they translate between gradio's values and a visit. The work lives in the session.

Every handler that asks for something takes the visit and what the browser kept of it: a server that was restarted has
forgotten the one and makes it again of the other. What goes on with work or ends it has nothing to do without a visit.
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
from seedlab.rounds import GUIDE_SUFFIXES, parse_suffixes
from seedlab.ui.captions import format_model_notes, format_unknown_words, name_picture
from seedlab.ui.columns import Shelf
from seedlab.ui.fields import FITTED, fit_fields
from seedlab.ui.form import ADVANCED, FIELDS, FORM, PLACES, Form, read_model_id
from seedlab.ui.remembered import (
    find_first_recipe,
    read_numbers,
    read_saved,
    read_text,
    restore_fields,
    write_advanced,
)
from seedlab.ui.restorer import Restorer
from seedlab.ui.studio import Studio
from seedlab.ui.visit import Visit
from seedlab.workflow.trail import State, Tile, Trail

LOGGER = logging.getLogger(__name__)

Outputs = tuple[Any, ...]


class Handlers:
    """The events of one page, for a studio."""

    def __init__(self, studio: Studio) -> None:
        self._studio, self._shelf, self._restorer = studio, Shelf(), Restorer(studio)
        # For `leave`, which gradio calls with no state; the visits themselves live in gr.State.
        self._visits: WeakValueDictionary[str, Visit] = WeakValueDictionary()
        self._lock = Lock()

    def open(self, request: gr.Request, saved: object) -> Outputs:
        """Begin a visit, with the trail that the browser kept; returns visit, view."""
        visit = self._begin(saved, request)
        return visit, visit.see()

    def explore(self, request: gr.Request, visit: Visit | None, saved: object, *values: Any) -> Outputs:
        """Ask for a round of seeds; returns visit, view, saved, notice, advanced, sentences."""
        visit = visit or self._begin_again(saved, request)
        form = Form(*values)
        snapped = ""

        def ask() -> None:
            nonlocal snapped
            seeds = form.read_seeds()
            model = self._studio.settle(self._describe(read_model_id(form.model_id)))
            # A field that is not shown may hold something all the same: who cannot see it cannot correct it.
            has_loras = self._studio.local and not model.unconditional
            loras = self._studio.read_loras((form.loras if has_loras else "") or "")
            recipe = form.make_recipe(model, seeds[0], loras)
            self._studio.check(recipe)
            snapped = form.format_snapped_size(model, recipe)
            visit.session.explore(recipe, seeds)

        field, sentences = _try(ask)
        advanced = gr.update(open=True) if field in ADVANCED else gr.skip()
        notice = " ".join(filter(None, (self._notice(form), snapped)))
        return visit, visit.see(), visit.save(), notice, advanced, *sentences

    def choose_tile(
        self, request: gr.Request, event: gr.EventData, visit: Visit | None, saved: object, suffixes: str | None
    ) -> Outputs:
        """Lock a finished tile, or try a failed one again; returns visit, view, saved, sentences."""
        visit = visit or self._begin_again(saved, request)

        def ask() -> None:
            round_id, index = read_numbers(event, "round", "index")
            self._refuse_words(visit.session.trail.tile(round_id, index))
            # To try again takes no suffixes, so their mistakes do not matter; the guide's stand in for them.
            again = visit.session.trail.tile(round_id, index).state in (State.FAILED, State.STOPPED)
            visit.session.lock(round_id, index, GUIDE_SUFFIXES if again else parse_suffixes(suffixes or ""))

        # A prompt that becomes too long here does so by its suffix.
        _, sentences = _try(ask, rename={"prompt": "suffixes"})
        return visit, visit.see(), visit.save(), *sentences

    def revisit(self, request: gr.Request, event: gr.EventData, visit: Visit | None, saved: object) -> Outputs:
        """Show a round that was made before; returns visit, view, saved, sentences."""
        visit = visit or self._begin_again(saved, request)

        def ask() -> None:
            visit.session.revisit(*read_numbers(event, "round"))

        _, sentences = _try(ask)
        return visit, visit.see(), visit.save(), *sentences

    def wake(self, request: gr.Request, visit: Visit | None, saved: object) -> Outputs:
        """Look again, after a sleep that cut the stream; returns visit, view."""
        visit = visit or self._begin_again(saved, request)
        return visit, visit.see()

    def develop(self, visit: Visit | None) -> Iterator[Any]:
        """Work on what is asked for; yields views."""
        if visit is None:
            yield gr.skip()
            return
        yield from visit.develop()

    def stop(self, visit: Visit | None) -> Any:
        """End the work; returns the view."""
        if visit is None:
            return gr.skip()
        visit.stop()
        return visit.see()

    def verify(self, request: gr.Request, event: gr.EventData, visit: Visit | None, saved: object) -> Iterator[Outputs]:
        """Make a picture again, alone, and compare; yields visit, view."""
        visit = visit or self._begin_again(saved, request)
        try:
            round_id, index = read_numbers(event, "round", "index")
            with closing(visit.verify(round_id, index, self._studio.verify)) as views:
                yield from ((visit, view) for view in views)
        except SeedLabError:
            # Its tile is gone, so there is no place to say so; the page shows what is there.
            yield visit, visit.see()

    def write_script(self, request: gr.Request, event: gr.EventData, visit: Visit | None, saved: object) -> Outputs:
        """Write a picture, or where no `index` is named its whole round, as a script; returns visit, view, sentence."""
        visit = visit or self._begin_again(saved, request)
        sentence = ""
        try:
            (round_id,) = read_numbers(event, "round")
            self._write_script(visit, round_id, event._data.get("index"))
        except SeedLabError as error:
            sentence = str(error)
        return visit, visit.see(), sentence

    def _write_script(self, visit: Visit, round_id: int, index: object) -> None:
        round_ = visit.session.trail.round(round_id)
        if index is None:
            visit.show_script(self._studio.write_script([tile.recipe for tile in round_.tiles]), round_.title)
            return
        if not isinstance(index, int):
            raise SeedLabError("That picture is not here any more: generate it again.")
        tile = visit.session.trail.tile(round_id, index)
        visit.show_script(self._studio.write_script([tile.recipe]), name_picture(tile))

    def open_picture(self, request: gr.Request, visit: Visit | None, saved: object, path: str | None) -> Outputs:
        """Take up a picture that was dropped; returns visit, view, saved, notice, fields, sentences."""
        visit = visit or self._begin_again(saved, request)
        fields: dict[str, Any] = {}
        notice = ""

        def ask() -> None:
            nonlocal notice
            if not path:
                raise SeedLabError("That file could not be read: choose a PNG file.")
            notice = self._restorer.take_up(Path(path), visit.session, fields)

        _, sentences = _try(ask, rename=dict.fromkeys(FIELDS, "page"))
        updates = [fields.get(name, gr.skip()) for name in FORM]
        return visit, visit.see(), visit.save(), notice, *updates, *sentences

    def restore_root(self, visit: Visit | None, served: Sequence[str], values: Sequence[str | None]) -> Outputs:
        """Return prompt, seeds, model as `restore_fields` does."""
        trail = Trail() if visit is None else visit.session.trail
        return restore_fields(trail, self._studio.names, served, values)

    def restore_advanced(self, visit: Visit | None) -> Outputs:
        """Return the fields under Advanced as they were for the newest first round; "" where it took the default."""
        recipe = None if visit is None else find_first_recipe(visit.session.trail)
        try:
            model = None if recipe is None else self._describe(recipe.model_address)
        except SeedLabError:
            model = None
        if recipe is None or model is None:
            return (gr.skip(),) * len(ADVANCED)
        return tuple(write_advanced(recipe, model, local=self._studio.local).values())

    def leave(self, request: gr.Request) -> None:
        """End the work of a tab that was closed, or that sleeps: then it goes on when it wakes."""
        end_visit(self._visits.get(request.session_hash or ""))

    def choose_model(self, model_id: str | None) -> Iterator[Outputs]:
        """Fit the panel to a model; yields updates of `FITTED`, what is wrong with it, and what to know of it."""
        unchanged = (gr.skip(),) * len(FITTED)
        known = model_id in self._studio.names
        yield *unchanged, "", gr.skip() if known else "Looking at the model…"
        try:
            model = self._describe(read_model_id(model_id))
            # What is offered is known well; of others its pipeline has to be looked at.
            model = model if known else self._studio.settle(model)
        except SeedLabError as error:
            yield *unchanged, str(error), ""
            return
        yield *fit_fields(model, local=self._studio.local), "", format_model_notes(model)

    def list_words(self, model_id: str | None) -> Outputs:
        """List the words of a model that knows few; returns updates of the words and of what they fold away in."""
        kinds = self._studio.list_words((model_id or "").strip())
        return {kind: list(phrases) for kind, phrases in kinds.items()}, gr.update(visible=bool(kinds))

    def add_phrase(self, event: gr.EventData, prompt: str | None) -> str:
        """Put a phrase that was clicked into the prompt; returns the prompt."""
        prompt, phrase = prompt or "", read_text(event, "phrase")
        # No recipe has a longer prompt, and to look through it would only take time.
        fits = len(prompt) <= MAX_PROMPT_CHARACTERS
        return self._studio.add_phrase(prompt, phrase) if phrase and fits else prompt

    def _begin(self, saved: object, request: gr.Request) -> Visit:
        """Begin a visit, or find the one that an event of the same tab began a moment ago."""
        with self._lock:
            visit = self._visits.get(request.session_hash or "")
            if visit is None:
                visit = Visit(self._studio.make_session(read_saved(saved)), self._studio.names, self._shelf)
            if request.session_hash:
                self._visits[request.session_hash] = visit
            return visit

    def _begin_again(self, saved: object, request: gr.Request) -> Visit:
        visit = self._begin(saved, request)
        # Nothing of it is asked for yet, so this only takes from the store what the click is about.
        for _ in visit.session.develop():
            pass
        return visit

    def _describe(self, model_id: str) -> Model:
        try:
            return self._studio.describe(model_id)
        except RecipeError:
            raise
        except SeedLabError as error:
            raise RecipeError("model_id", str(error)) from error

    def _refuse_words(self, tile: Tile) -> None:
        """Raise where a finished tile's model takes no words, so that there is nothing to vary."""
        model = self._studio.describe(tile.recipe.model_address)
        if model.unconditional and tile.state is State.DONE:
            raise SeedLabError(f"{model.name} takes no words, so there is nothing to vary: its seeds are all there is.")

    def _notice(self, form: Form) -> str:
        model_id, prompt = (form.model_id or "").strip(), form.prompt or ""
        name = self._studio.names.get(model_id, model_id).split(" (")[0]
        some = next(iter(self._studio.list_words(model_id).values()), ())[:4]
        return format_unknown_words(name, self._studio.unknown_words(model_id, prompt), some)


def end_visit(visit: Visit | None) -> None:
    """End a visit's work for now; also what gradio does when it drops the state of a tab."""
    if visit is not None:
        visit.leave()


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
