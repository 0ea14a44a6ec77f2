"""Parses the fields of the panel into a recipe and its seeds."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from seedlab.core import canonical
from seedlab.core.errors import RecipeError
from seedlab.core.models.model import Model
from seedlab.core.recipes.additions import Lora
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.recipes.start import InputPicture
from seedlab.core.texts.numbers import read_number, read_whole
from seedlab.rules.kinds.seeds import Seeds
from seedlab.rules.own_picture import FIELD, add_start, read_start_strength
from seedlab.rules.registry import list_parameters
from seedlab.workflow.drafts import choose_draft_steps

RULE_FIELDS = tuple(parameter.name for parameter in list_parameters())
"""The parameters of all rules that can vary a locked tile."""

START_STRENGTH = FIELD
"""How much of the user's own picture may change from which a round of seeds starts."""

FIELDS = (
    "prompt",
    "seeds",
    "draft_steps",
    START_STRENGTH,
    *RULE_FIELDS,
    "model_id",
    "negative_prompt",
    "num_inference_steps",
    "guidance_scale",
    "scheduler",
    "width",
    "height",
    "generator_device",
    "seed_variety",
    "loras",
)
"""The fields that can have an error, in the order of the panel."""

ADVANCED = FIELDS[FIELDS.index("model_id") + 1 :]

STARTING = ("start", START_STRENGTH)
"""The hidden field with the user's own picture, as `write_picture` writes it, and its strength."""

_OTHERS = (name for name in FIELDS[2:] if name not in (*RULE_FIELDS, START_STRENGTH))
FORM = (*FIELDS[:2], "drafts", *_OTHERS, *STARTING)
"""The inputs of a round of seeds, in the order of `Form`."""

MAX_START = 2_000
"""Characters of the hidden field."""

Number = TypeVar("Number", int, float)

ERROR_PLACES = (*FIELDS, "page")
"""Where errors are shown: under a field, or above the columns ("page") if no field is to blame."""


@dataclass(frozen=True)
class Form:
    """Raw user input; "" means the model's default. The order is that of the event's inputs."""

    prompt: str | None
    seeds: str | None
    drafts: bool | None
    draft_steps: str | None
    model_id: str | None
    negative_prompt: str | None
    num_inference_steps: str | None
    guidance_scale: str | None
    scheduler: str | None
    width: str | None
    height: str | None
    generator_device: str | None
    seed_variety: str | None
    loras: str | None
    start: str | None = ""
    start_strength: str | None = ""

    def read_rule(self) -> Seeds:
        """Return the rule of the first round. Random seeds are drawn anew at each call.

        Raises:
            RecipeError: no seeds, too many, or a seed that is not a number.
        """
        return Seeds.parse({"seeds": self.seeds or ""})

    def make_recipe(self, model: Model, seed: int, loras: tuple[Lora, ...] = ()) -> Recipe:
        """Make the recipe of one seed.

        Args:
            loras: the parsed field `loras`.

        Raises:
            RecipeError: a value is invalid, or this model does not support it.
        """
        shared = {"scheduler": self.scheduler or None, "generator_device": self.generator_device or None}
        steps = self._read("num_inference_steps", read_whole)
        if model.unconditional:
            # The other fields may hold input for another model.
            return model.make_recipe(prompt="", seed=seed, num_inference_steps=steps, **shared)
        ignored = model.ignores  # these fields, too, may hold input for another model
        return model.make_recipe(
            prompt=(self.prompt or "").strip(),
            seed=seed,
            num_inference_steps=steps,
            negative_prompt="" if "negative_prompt" in ignored else (self.negative_prompt or "").strip(),
            guidance_scale=None if "guidance_scale" in ignored else self._read("guidance_scale", read_number),
            width=model.snap(self._read("width", read_whole)),
            height=model.snap(self._read("height", read_whole)),
            seed_variety=self._read("seed_variety", read_number) if model.step_embeddings else None,
            loras=loras,
            **shared,
        )

    def add_start(self, model: Model, recipe: Recipe) -> Recipe:
        """Let a recipe of `make_recipe` start from the user's own picture, if there is one.

        Without a width and height, it has about the picture's shape.

        Raises:
            RecipeError: the model takes none, the strength is invalid, or no step would be left.
        """
        picture = read_start(self.start)
        if picture is None:
            return recipe
        width, height, steps = (
            bool((text or "").strip()) for text in (self.width, self.height, self.num_inference_steps)
        )
        strength = read_start_strength(self.start_strength or "")
        return add_start(recipe, model, picture, strength, keep_size=width or height, keep_steps=steps)

    def read_draft_steps(self, model: Model, recipe: Recipe) -> int | None:
        """Return after how many steps the pictures are paused; None for whole pictures.

        Raises:
            RecipeError: this is not a number, or no step would be left.
        """
        if not self.drafts or recipe.start is not None:
            return None
        return choose_draft_steps(model, recipe, self._read("draft_steps", read_whole))

    def format_snapped_size(self, model: Model, recipe: Recipe) -> str:
        """Format a notice if the width or height was rounded to one the model supports, else ""."""
        if model.unconditional:
            return ""  # the fields are ignored
        return model.format_snapped_size(recipe, self._read("width", read_whole), self._read("height", read_whole))

    def _read(self, field: str, read: Callable[[str, str], Number]) -> Number | None:
        """Read a field; None if it is empty, which means the model's default."""
        text = (getattr(self, field) or "").strip()
        return read(field, text) if text else None


def write_picture(picture: InputPicture | None) -> str:
    """Return the value of the hidden field for the user's own picture; "" for none."""
    return "" if picture is None else canonical.to_json(canonical.to_dict(picture))


def read_start(text: str | None) -> InputPicture | None:
    """Read the hidden field, which is untrusted; None if it is empty.

    Raises:
        RecipeError: it is not what `write_picture` wrote.
    """
    if not text:
        return None
    try:
        return InputPicture(**json.loads(text[:MAX_START]))
    except (ValueError, TypeError, RecursionError) as error:
        raise RecipeError(START_STRENGTH, "This picture cannot be read: open it again.") from error


def write_start(recipe: Recipe) -> dict[str, str]:
    """Return the values of `STARTING` for a recipe."""
    start = recipe.stages[0].start
    if start is None or start.picture is None:
        return {"start": ""}
    return {"start": write_picture(start.picture), START_STRENGTH: f"{start.strength:g}"}


def read_model_id(text: str | None) -> str:
    """Return the model id without surrounding spaces.

    Raises:
        RecipeError: the field is empty.
    """
    model_id = (text or "").strip()
    if not model_id:
        raise RecipeError("model_id", "No model is selected: choose one.")
    return model_id


def read_rule_field(value: str | float | None) -> str:
    """Return the text for a rule's parameter: a slider's number is a percentage."""
    return value or "" if isinstance(value, str | None) else f"{value:g}%"
