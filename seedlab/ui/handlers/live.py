"""Event handlers of live words: with a picture locked, a draft follows the typing. See `seedlab.ui.handlers.page`."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import gradio as gr

from seedlab.core.errors import SeedLabError
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.reports import Failed, Finished, Progress, Report
from seedlab.ui.blocks.form import ERROR_PLACES, Form, read_model_id
from seedlab.ui.handlers.outputs import Outputs, run_action
from seedlab.ui.handlers.reading import PageHandlers
from seedlab.ui.handlers.variation import adopt, find_edits, is_same_model, make_edit
from seedlab.ui.page_session import PageSession
from seedlab.ui.views.browser_state import read_numbers
from seedlab.ui.views.view import encode_preview
from seedlab.workflow.drafts import format_draft
from seedlab.workflow.live import choose_live_steps
from seedlab.workflow.trails.trail import Tile

OTHER_MODEL = "Drafts follow the model of the locked picture. Press the button to make this one with another model."
NOT_HERE = "The model has to be downloaded first: press the button to make this picture."


@dataclass(frozen=True)
class _Draft:
    """What is to be drafted: a recipe, its steps, and how that is put in words."""

    recipe: Recipe
    draft_steps: int | None

    @property
    def words(self) -> str:
        steps = self.recipe.num_inference_steps
        return format_draft(steps if self.draft_steps is None else self.draft_steps, self.recipe)


class LiveHandlers(PageHandlers):
    """The event handlers of live words."""

    def follow_typing(self, event: gr.EventData, page: PageSession | None, *values: Any) -> Iterator[Outputs]:
        """Make a draft of the locked picture with what was typed. Yields: answer, notice, errors.

        An answer repeats the `number` of the question. Its `state` is "none" if there is nothing to draft, "wrong" if a
        field has an error, "waiting", "drafting", "draft" or "failed".

        Args:
            values: of `FORM`.
        """
        unchanged = (gr.skip(),) * (1 + len(ERROR_PLACES))
        try:
            (number,) = read_numbers(event, "number")
        except SeedLabError:
            return
        if page is None:
            yield {"number": number, "state": "none"}, *unchanged
            return
        draft, answer, outputs = self._plan(page, Form(*values))
        yield answer | {"number": number}, *outputs
        if draft is not None:
            with closing(page.follow_typing(number, draft.recipe, draft.draft_steps, self._services.draft)) as reports:
                for report in reports:
                    yield _build_answer(report, draft) | {"number": number}, *unchanged

    def hush(self, event: gr.EventData, page: PageSession | None) -> None:
        """End the draft of what was typed before; one that was asked for since goes on. No outputs."""
        try:
            (number,) = read_numbers(event, "number")
        except SeedLabError:
            return
        if page is not None:
            page.hush(number)

    def _plan(self, page: PageSession, form: Form) -> tuple[_Draft | None, dict[str, Any], Outputs]:
        """Return what to draft, the first answer, and the notice and errors that come with it."""
        draft: _Draft | None = None
        answer: dict[str, Any] = {"state": "none"}

        def action() -> None:
            nonlocal draft, answer
            place = page.subject.place
            if place is None:
                return
            try:
                draft = self._read_draft(form, page.session.trail.tile(*place))
            except _NoDraftError as reason:
                answer = {"state": "failed", "words": str(reason)}
            if draft is not None:
                answer = {"state": "waiting", "words": ""}

        wrong, errors = run_action(action)
        return draft, {"state": "wrong"} if wrong else answer, (self._reader.format_notice(form), *errors)

    def _read_draft(self, form: Form, tile: Tile) -> _Draft | None:
        """Return what to draft; None if nothing was edited.

        Raises:
            SeedLabError: a value is invalid.
            _NoDraftError: there are no drafts of this.
        """
        model = self._reader.find_model(read_model_id(form.model_id))
        if not is_same_model(model, tile.recipe):
            raise _NoDraftError(OTHER_MODEL)
        model = adopt(model, tile.recipe)
        edits = find_edits(form, model, tile.recipe)
        if not edits:
            return None
        (recipe,) = make_edit(edits, tile.recipe).rule.make(tile.recipe)
        model.check(recipe)
        self._services.check(recipe)
        try:
            draft_steps = choose_live_steps(model, recipe)
        except SeedLabError as error:
            raise _NoDraftError(str(error)) from error
        if not self._services.is_here(model):
            raise _NoDraftError(NOT_HERE)
        return _Draft(recipe, draft_steps)


class _NoDraftError(Exception):
    """There is no draft; the message says why."""


def _build_answer(report: Report, draft: _Draft) -> dict[str, Any]:
    """Build what the page shows of a draft."""
    match report:
        case Progress():
            shown = {"fraction": report.step / report.steps, "picture": encode_preview(report.preview)}
            return {"state": "drafting", "words": draft.words} | shown | _measure(draft.recipe)
        case Finished():
            shown = {"fraction": 1, "picture": encode_preview(report.image)}
            return {"state": "draft", "words": draft.words} | shown | _measure(draft.recipe)
        case Failed():
            return {"state": "failed", "words": report.sentence}
        case _:
            return {"state": "waiting", "words": report.sentence}


def _measure(recipe: Recipe) -> dict[str, Any]:
    return {"width": recipe.width, "height": recipe.height, "prompt": recipe.prompt}
