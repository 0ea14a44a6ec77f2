"""Reads what the fields of the page ask for, and checks it before any work starts."""

from collections.abc import Sequence

from seedlab.core.errors import RecipeError, SeedLabError
from seedlab.core.models.model import Model
from seedlab.core.recipes.recipe import Recipe
from seedlab.rules.registry import find_variation
from seedlab.rules.rule import Rule
from seedlab.ui.blocks.form import RULE_FIELDS, Form, read_model_id, read_rule_field
from seedlab.ui.handlers.variation import drop_present
from seedlab.workflow.notices import describe_marks, describe_unknown_words
from seedlab.workflow.page_services import PageServices
from seedlab.workflow.trails.trail import Round, Tile


class FormReader:
    """Reads the fields of the form, and those of the rule that is chosen."""

    def __init__(self, services: PageServices) -> None:
        self._services = services

    def find_model(self, model_id: str) -> Model:
        """Return the model at an address.

        Raises:
            RecipeError: there is none, or it cannot be used; the error is the model field's.
        """
        try:
            return self._services.find_model(model_id)
        except RecipeError:
            raise
        except SeedLabError as error:
            raise RecipeError("model_id", str(error)) from error

    def make_recipe(self, form: Form, seed: int) -> tuple[Model, Recipe]:
        """Make the recipe that the form asks for.

        Raises:
            SeedLabError: a value is invalid, or the model cannot be had or run.
        """
        model = self._services.resolve_model(self.find_model(read_model_id(form.model_id)))
        # A hidden field may hold text, which the user could not correct.
        has_loras = self._services.local and not model.unconditional
        loras = self._services.read_loras((form.loras if has_loras else "") or "")
        recipe = form.make_recipe(model, seed, loras)
        self._services.check(recipe)
        return model, recipe

    def read_rule(self, tile: Tile, name: str | None, texts: Sequence[str | float | None]) -> tuple[Rule, str]:
        """Read the rule that varies a tile. Returns it without what the tile has already, and a notice about that.

        Args:
            texts: of `RULE_FIELDS`.

        Raises:
            SeedLabError: a value is invalid, or the rule is not one for the tile's model.
        """
        rule = find_variation(name)
        self.check_rule(tile, rule)
        parsed = rule.parse(dict(zip(RULE_FIELDS, map(read_rule_field, texts), strict=True)))
        return drop_present(parsed, tile.recipe)

    def check_rule(self, tile: Tile, rule: type[Rule]) -> None:
        """Check that a rule is one for a tile's model.

        Raises:
            SeedLabError: it is not.
        """
        model = self._services.find_model(tile.recipe.model_address)
        if reason := rule.refuse(model):
            raise SeedLabError(f"{model.name} {reason}.")

    def check_round(self, round_: Round) -> None:
        """Check that a round's model can make all of its pictures.

        Raises:
            SeedLabError: it cannot.
        """
        for tile in round_.tiles:
            self._services.find_model(tile.recipe.model_address).check(tile.recipe)

    def format_notice(self, form: Form) -> str:
        """Format what the model does not know, or may not mean, of the prompts; "" for nothing."""
        model_id, prompt = (form.model_id or "").strip(), form.prompt or ""
        name = self._services.names.get(model_id, model_id).split(" (")[0]
        unknown = describe_unknown_words(self._services, model_id, name, [prompt], "see “All known words” below")
        return " ".join(filter(None, (unknown, describe_marks(prompt, form.negative_prompt or ""))))


class PageHandlers:
    """What the handlers of each part of the page have in common."""

    def __init__(self, services: PageServices) -> None:
        self._services, self._reader = services, FormReader(services)
