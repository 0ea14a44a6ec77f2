"""Event handlers of the panel's main buttons: a round of seeds, or a round of the locked picture. See `handlers`."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import gradio as gr

from seedlab.core.errors import RecipeError, SeedLabError
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.recipes.seeds import has_random_seeds, write_seeds
from seedlab.rules.own_picture import describe_start
from seedlab.rules.registry import VARIATIONS
from seedlab.ui.blocks.form import (
    ADVANCED,
    ERROR_PLACES,
    FIELDS,
    FORM,
    RULE_FIELDS,
    Form,
    read_model_id,
    read_start,
    write_start,
)
from seedlab.ui.handlers.outputs import Outputs, lose, run_action
from seedlab.ui.handlers.reading import PageHandlers
from seedlab.ui.handlers.variation import (
    NO_NEW_SEEDS,
    NOTHING_NEW,
    OTHER_SIZE,
    Variation,
    adopt,
    find_edits,
    is_same_model,
    make_edit,
)
from seedlab.ui.page_session import PageSession
from seedlab.ui.views.browser_state import read_text, write_advanced, write_drafts
from seedlab.ui.views.subject import Place, Subject, write_root_seeds
from seedlab.workflow.trails.trail import UNFINISHED, Tile, Trail

FOLLOWERS = ("generate", *FORM)
"""The outputs of `follow`: the panel's button and its fields."""


class ExploringHandlers(PageHandlers):
    """The event handlers of Generate and its siblings."""

    def generate(self, page: PageSession | None, rule: str | None, *values: Any) -> Outputs:
        """Vary the locked picture, or request a round of seeds where none is locked. Outputs: as `explore`.

        Args:
            values: of `RULE_FIELDS` and `FORM`.
        """
        if page is None:
            return lose(3 + len(ERROR_PLACES))
        texts, form = values[: len(RULE_FIELDS)], values[len(RULE_FIELDS) :]
        page.hush()
        subject = page.subject
        if subject.place is None:
            return self.explore(page, *form)
        return self._vary(page, subject.place, rule, texts, Form(*form))

    def explore(self, page: PageSession | None, *values: Any) -> Outputs:
        """Request a round of seeds. Outputs: update, notice, advanced, seeds, errors."""
        if page is None:
            return lose(3 + len(ERROR_PLACES))
        form = Form(*values)
        notices = [self._reader.format_notice(form)]
        seeds: Any = gr.skip()

        def action() -> None:
            nonlocal seeds
            rule = form.read_rule()
            model, plain = self._reader.make_recipe(form, rule.seeds[0])
            recipe = form.add_start(model, plain)
            notices.extend(describe_start(recipe, drafts=bool(form.drafts)))
            page.confirm_download(model, is_here=self._services.is_here(model))
            notices.append(form.format_snapped_size(model, recipe))
            draft_steps = form.read_draft_steps(model, recipe)
            notices.append(_run_new(page, lambda: page.session.explore(recipe, rule, draft_steps), NO_NEW_SEEDS))
            if has_random_seeds(form.seeds or ""):
                seeds = write_seeds(rule.seeds)  # the next click asks for the same ones

        field, errors = run_action(action)
        advanced = gr.update(open=True) if field in ADVANCED else gr.skip()
        return page.update(), _join(notices), advanced, seeds, *errors

    def _vary(self, page: PageSession, place: Place, rule: str | None, texts: Sequence[Any], form: Form) -> Outputs:
        notices = [self._reader.format_notice(form)]
        places = find_places(rule)

        def action() -> None:
            tile = page.session.trail.tile(*place)
            variation = self._choose_variation(page, tile, rule, texts, form, places)
            notices.append(variation.notice)
            lock = partial(page.session.lock, *place, variation.rule, self._reader.check_round)
            notices.append(_run_new(page, lock, NOTHING_NEW))

        field, errors = run_action(action, places)
        advanced = gr.update(open=True) if field in ADVANCED else gr.skip()
        return page.update(), _join(notices), advanced, gr.skip(), *errors

    def _choose_variation(
        self,
        page: PageSession,
        tile: Tile,
        rule: str | None,
        texts: Sequence[Any],
        form: Form,
        places: dict[str, str],
    ) -> Variation:
        """Return what was edited, or else the round of the rule that is chosen.

        Args:
            places: where errors are shown; becomes that of the variation.

        Raises:
            SeedLabError: a value is invalid, or cannot be changed with the seed locked.
        """
        chosen = dict(places)
        places.clear()  # errors of the form's fields are shown under them
        edits = self._find_edits(page, form, tile.recipe)
        if edits:
            variation = make_edit(edits, tile.recipe)
            places |= variation.places
            return variation
        places |= chosen
        parsed, notice = self._reader.read_rule(tile, rule, texts)
        return Variation(parsed, notice=notice)

    def _find_edits(self, page: PageSession, form: Form, locked: Recipe) -> dict[str, Any]:
        model = self._reader.find_model(read_model_id(form.model_id))
        if is_same_model(model, locked):
            model = adopt(model, locked)
        else:
            model = self._services.resolve_model(model)
            page.confirm_download(model, is_here=self._services.is_here(model))
        edits = find_edits(form, model, locked)
        if self._services.local and not model.unconditional and "loras" not in model.ignores:
            self._check_loras(form, locked)
        return edits

    def _check_loras(self, form: Form, locked: Recipe) -> None:
        """Raise SeedLabError if the LoRAs were edited: a rule varies their weights, and cannot name other files."""
        if self._services.read_loras(form.loras or "") != locked.loras:
            raise RecipeError("loras", "A locked picture keeps its LoRAs: press “New round of seeds”.")

    def follow(self, event: gr.EventData, page: PageSession | None, *values: Any) -> Outputs:
        """Let the panel agree with the sheet. What the user edited stays, unless an earlier round is shown again.

        Outputs: `FOLLOWERS`.

        Args:
            values: of `FORM`.
        """
        if page is None:
            return (gr.skip(),) * len(FOLLOWERS)
        subject = page.subject
        button = gr.update(value=f"Vary {subject.name}" if subject.name else "Generate")
        is_opening = read_text(event, "why") == "open"
        fields = self._choose_fields(page, subject, dict(zip(FORM, values, strict=True)), is_opening=is_opening)
        updates = {"generate": button} | fields
        return tuple(updates.get(name, gr.skip()) for name in FOLLOWERS)

    def _choose_fields(
        self, page: PageSession, subject: Subject, present: dict[str, Any], *, is_opening: bool
    ) -> dict[str, Any]:
        overwrite, page.is_revisiting = page.is_revisiting, False
        wanted = self._write_fields(page.session.trail, subject)
        if is_opening:
            page.filling.adopt(wanted)
            return {}
        if not overwrite and self._agrees(present, subject):
            page.filling.adopt(present)
            return {}
        updates = page.filling.choose(wanted, present, overwrite=overwrite)
        page.is_other_model = "model_id" in updates
        return updates

    def _agrees(self, present: dict[str, Any], subject: Subject) -> bool:
        """Whether the fields say what the subject is already, in words of their own."""
        if subject.recipe is None:
            return True
        try:
            form = Form(**present)
            model = self._reader.find_model(read_model_id(form.model_id))
            if not is_same_model(model, subject.recipe) or read_start(form.start) != subject.recipe.input_picture:
                return False
            return not find_edits(form, adopt(model, subject.recipe), subject.recipe)
        except SeedLabError:
            return False

    def _write_fields(self, trail: Trail, subject: Subject) -> dict[str, Any]:
        recipe = subject.recipe
        if recipe is None:
            return {}
        try:
            model = self._reader.find_model(recipe.model_address)
        except SeedLabError:
            return {}
        known = recipe.model_id in self._services.names
        drafts, draft_steps = write_drafts(trail.visible[0], model)
        main = {
            "prompt": recipe.write_prompt("prompt"),
            "seeds": write_root_seeds(trail),
            "drafts": drafts,
            "draft_steps": draft_steps,
            "model_id": recipe.model_id if known else recipe.model_address,
        }
        return main | write_advanced(recipe, model, local=self._services.local) | write_start(recipe)

    def unlock(self, page: PageSession | None) -> Outputs:
        """Unlock the picture: the panel makes a round of seeds again. Outputs: update, errors."""
        if page is None:
            return lose(len(ERROR_PLACES))
        page.release()
        return page.update(), *run_action(lambda: None)[1]

    def warn_of_size(self, page: PageSession | None, width: str | None, height: str | None) -> Any:
        """Warn that another size of a locked seed is another picture. Outputs: notice."""
        subject = None if page is None else page.subject
        if subject is None or subject.place is None or subject.recipe is None:
            return gr.skip()
        recipe = subject.recipe
        try:
            model = adopt(self._reader.find_model(recipe.model_address), recipe)
            sides = [int(text) if text and text.strip() else None for text in (width, height)]
        except (SeedLabError, ValueError):
            return gr.skip()  # pressing the button says so
        size = model.snap(sides[0]) or model.width, model.snap(sides[1]) or model.height
        return "" if size == (recipe.width, recipe.height) else OTHER_SIZE.format(*size, recipe.seed)


def _run_new(page: PageSession, action: Callable[[], object], words: str) -> str:
    """Run what requests a round. Returns `words` if the page shows it already and there is nothing to make."""
    before = page.session.trail
    shown = before.path, before.rounds
    action()
    trail = page.session.trail
    is_new = (trail.path, trail.rounds) != shown or any(s in UNFINISHED for s in trail.newest.states)
    return "" if is_new else words


def find_places(rule: str | None) -> dict[str, str]:
    """Return where errors about a recipe's fields are shown while a rule makes it: under the rule's last field."""
    parameters = next((each.parameters for each in VARIATIONS if each.name == rule), ())
    own = [each.name for each in parameters]
    return {name: own[-1] for name in FIELDS if own and name not in own}


def _join(notices: Sequence[str]) -> str:
    return " ".join(filter(None, notices))
