"""Event handlers of the panel: its fields, and what is said about the model. See `seedlab.ui.handlers.page`."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

import gradio as gr

from seedlab.core.errors import RecipeError, SeedLabError
from seedlab.core.models.fit import Fit
from seedlab.core.models.model import Model
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.recipes.recipe_checks import MAX_PROMPT_CHARACTERS
from seedlab.core.storage.uploads import choose_max_upload, format_too_large
from seedlab.core.texts.numbers import read_whole
from seedlab.core.texts.text import quote
from seedlab.rules.kinds.wordings.suffixes import parse_suffixes
from seedlab.ui.blocks.fields import MODEL_DEPENDENT, update_fields
from seedlab.ui.blocks.form import ADVANCED, ERROR_PLACES, STARTING, Form, read_model_id, write_start
from seedlab.ui.handlers.outputs import Outputs, run_action
from seedlab.ui.handlers.reading import PageHandlers
from seedlab.ui.page_session import PageSession
from seedlab.ui.views.browser_state import read_text, restore_fields, write_advanced, write_drafts
from seedlab.ui.views.captions import format_default_draft, format_model_notes, label_model
from seedlab.workflow.notices import describe_seeds
from seedlab.workflow.trails.trail import Trail


class PanelHandlers(PageHandlers):
    """The event handlers of the panel."""

    def restore_root(self, page: PageSession | None, served: Sequence[str], values: Sequence[str | None]) -> Outputs:
        """Restore the main fields; see `restore_fields`. Outputs: prompt, seeds, model."""
        trail = Trail() if page is None else page.session.trail
        recipe = None if page is None else page.subject.recipe
        return restore_fields(trail, recipe, self._services.names, served, values)

    def restore_advanced(self, page: PageSession | None) -> Outputs:
        """Restore other fields from the round on the screen. Outputs: drafts, draft_steps, `ADVANCED`, `STARTING`."""
        recipe = None if page is None else page.subject.recipe
        unchanged = (gr.skip(),) * (2 + len(ADVANCED) + len(STARTING))
        if page is None or recipe is None:
            return unchanged
        try:
            model = self._reader.find_model(recipe.model_address)
            drafts = write_drafts(page.session.trail.visible[0], model)
        except SeedLabError:
            return unchanged
        start = write_start(recipe)
        advanced = write_advanced(recipe, model, local=self._services.local).values()
        return *drafts, *advanced, *(start.get(name, gr.skip()) for name in STARTING)

    def choose_model(self, model_id: str | None, rule: str | None) -> Iterator[Outputs]:
        """Adapt the panel to a model. Yields: updates of `MODEL_DEPENDENT`, error, notes."""
        unchanged = (gr.skip(),) * len(MODEL_DEPENDENT)
        known = model_id in self._services.names
        yield *unchanged, "", gr.skip() if known else "Checking the model…"
        try:
            model = self._reader.find_model(read_model_id(model_id))
            # Listed models are known; for others the pipeline has to be inspected.
            model = model if known else self._services.resolve_model(model)
        except SeedLabError as error:
            yield *unchanged, str(error), ""
            return
        yield *update_fields(model, rule, local=self._services.local), "", self._format_about(model)

    def follow_model(self, page: PageSession | None, model_id: str | None, rule: str | None) -> Iterator[Outputs]:
        """Adapt the panel if the form followed a picture of another model. Yields: as `choose_model`."""
        if page is None or not page.is_other_model:
            yield (gr.skip(),) * (len(MODEL_DEPENDENT) + 2)
            return
        page.is_other_model = False
        yield from self.choose_model(model_id, rule)

    def rate_models(self) -> Any:
        """Order the listed models by whether they fit this machine. Outputs: model."""
        try:
            rated = [
                (self._services.rate_model(model := self._services.find_model(model_id)), label, model_id, model)
                for label, model_id in self._services.models
            ]
        except SeedLabError:
            return gr.skip()  # generating will say so
        rated.sort(key=lambda each: list(Fit).index(each[0]))
        return gr.update(
            choices=[(self._label_model(label, fit, model), model_id) for fit, label, model_id, model in rated]
        )

    def _label_model(self, label: str, fit: Fit, model: Model) -> str:
        return label_model(label, fit, model.card, self._services.find_seconds(model))

    def measure(self, page: PageSession | None, model_id: str | None) -> Iterator[Outputs]:
        """Measure how much a model leaves to the seed. Yields: notes about the model, error."""
        if page is None:
            yield gr.skip(), "This page has lost its connection: try again."
            return
        try:
            model = self._services.resolve_model(self._reader.find_model(read_model_id(model_id)))
            with closing(page.measurements.measure(model, self._services.measure)) as sentences:
                yield from ((sentence, "") for sentence in sentences)
            yield self._format_about(model), ""
        except SeedLabError as error:
            yield gr.skip(), str(error)

    def try_suffixes(self, page: PageSession | None, suffixes: str | None, *values: Any) -> Iterator[Outputs]:
        """Measure what each suffix changes in pictures of the prompt. Yields: what is known, errors."""
        unchanged = (gr.skip(),) * len(ERROR_PLACES)
        if page is None:
            yield "This page has lost its connection: try again.", *unchanged
            return
        found: list[tuple[Model, Recipe, tuple[str, ...]]] = []

        def read() -> None:
            words = parse_suffixes(suffixes or "")
            model, recipe = self._reader.make_recipe(Form(*values), seed=0)
            if model.unconditional:
                raise RecipeError("suffixes", f"{model.name} has no prompt: there are no words to measure.")
            found.append((model, recipe, words))

        _, errors = run_action(read)
        yield "", *errors
        try:
            for each in found:
                with closing(page.measurements.try_suffixes(*each, self._services.try_suffixes)) as sentences:
                    yield from ((sentence, *unchanged) for sentence in sentences)
        except SeedLabError as error:
            yield str(error), *unchanged

    def _format_about(self, model: Model) -> str:
        return format_model_notes(model, describe_seeds(self._services, model))

    def describe_drafts(self, model_id: str | None, steps: str | None) -> Any:
        """Name the model's own number of steps of a draft. Outputs: draft_steps."""
        try:
            model = self._reader.find_model(read_model_id(model_id))
            count = read_whole("", steps) if steps and steps.strip() else model.num_inference_steps
        except SeedLabError:
            return gr.skip()
        return gr.update(placeholder=format_default_draft(model, count))

    def refuse_file(self, event: gr.EventData) -> str:
        """Refuse a file that is too large to open. Outputs: error."""
        name = quote(read_text(event, "name"), 80)
        return f"{name} {format_too_large(choose_max_upload(local=self._services.local))}"

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
