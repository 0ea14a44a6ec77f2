"""What the panel's button makes of the locked picture: what was edited in the fields, or the chosen rule's round."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from seedlab.core.errors import RecipeError
from seedlab.core.models.model import Model
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.texts.file_names import is_path
from seedlab.core.texts.text import quote
from seedlab.rules.kinds.edit import LABELS, SETTINGS, Edit
from seedlab.rules.kinds.sweep import Sweep
from seedlab.rules.kinds.wordings.words import Words
from seedlab.rules.rule import Rule
from seedlab.rules.settings import FIELD
from seedlab.ui.blocks.form import Form

NOTHING_NEW = (
    "Nothing new: these pictures are on the page already. Change the prompt, a setting or the fields of the variation; "
    "for other seeds, press “New round of seeds”."
)
NO_NEW_SEEDS = "Nothing new: this round is on the page already. Change the prompt, the seeds or a setting."
OTHER_SIZE = "Another size changes the composition: at {}×{}, seed {} is another picture. “Larger” keeps it."


@dataclass(frozen=True)
class Variation:
    """A round of the locked picture.

    Attributes:
        rule: what makes it.
        places: where errors are shown, by the fields that they are about.
        notice: what to know about it; "" for nothing.
    """

    rule: Rule
    places: Mapping[str, str] = field(default_factory=dict)
    notice: str = ""


def is_same_model(model: Model, recipe: Recipe) -> bool:
    """Whether the model that is chosen is that of a recipe, which may name a commit."""
    return model.model_id == recipe.model_id and model.revision in (None, recipe.revision)


def adopt(model: Model, recipe: Recipe) -> Model:
    """Return the model with the commit and the precision of a recipe, which stay locked."""
    return replace(model, revision=recipe.revision, dtype=recipe.dtype)


def find_edits(form: Form, model: Model, locked: Recipe) -> dict[str, Any]:
    """Return the fields that the form gives another value than the locked picture has; prompts as they are typed.

    Args:
        model: the one that is chosen in the form, resolved if it is not that of the picture.

    Raises:
        RecipeError: a value is invalid, or the model does not support it.
    """
    asked = form.make_recipe(model, locked.seed)
    typed, before = _write(asked), _write(locked)
    edits = {name: value for name, value in typed.items() if value != before[name]}
    if "model_id" in edits and is_path(asked.model_id):
        raise RecipeError("model_id", "A locked picture cannot change to a local model: press “New round of seeds”.")
    return edits


def _write(recipe: Recipe) -> dict[str, Any]:
    """Return what may be edited of a recipe; prompts as they are typed."""
    prompts = {name: recipe.write_prompt(name) for name in ("prompt", "negative_prompt")}
    return {name: getattr(recipe, name) for name in LABELS} | prompts


def make_edit(edits: Mapping[str, Any], locked: Recipe) -> Variation:
    """Return the round of a locked picture's edits: a prompt is the rule of words, a setting a sweep."""
    notice = ""
    if "width" in edits or "height" in edits:
        size = edits.get("width", locked.width), edits.get("height", locked.height)
        notice = OTHER_SIZE.format(*size, locked.seed)
    if set(edits) == {"prompt"} and edits["prompt"]:
        return Variation(Words((edits["prompt"],)), {"words": "prompt"})
    if set(edits) <= {"width", "height"}:
        return Variation(Sweep((("size", *size),)), {FIELD: "width"}, notice)
    if len(edits) == 1 and (name := next(iter(edits))) in SETTINGS:
        return Variation(Sweep(((SETTINGS[name], edits[name]),)), {FIELD: name})
    return Variation(Edit.of(locked, edits), notice=notice)


def drop_present(rule: Rule, locked: Recipe) -> tuple[Rule, str]:
    """Return the rule without what the picture has already, and a notice about that; "" for nothing.

    Raises:
        RecipeError: nothing is left.
    """
    left, dropped = rule.drop_present(locked)
    if not dropped:
        return left, ""
    words = ", ".join(quote(each, 40) for each in dropped)
    return left, f"Left out, because the prompt has it already: {words}."
