"""The fields of the left panel, read into a recipe and its seeds."""

import re
from dataclasses import dataclass

from seedlab.core.errors import RecipeError
from seedlab.core.model import Model
from seedlab.core.recipe import Lora, Recipe
from seedlab.core.seeds import parse_seeds

FIELDS = (
    "prompt",
    "seeds",
    "suffixes",
    "model_id",
    "negative_prompt",
    "num_inference_steps",
    "guidance_scale",
    "scheduler",
    "width",
    "height",
    "generator_device",
    "loras",
)
"""The fields that a sentence can stand under, in the order of the panel."""

ADVANCED = FIELDS[4:]

FORM = tuple(name for name in FIELDS if name != "suffixes")
"""The fields that decide a round of seeds, in the order of `Form`."""

PLACES = (*FIELDS, "page")
"""Where a sentence can stand: under a field, or above the columns for what has no field."""


@dataclass(frozen=True)
class Form:
    """What the visitor filled in; "" means the model's default. The order is that of the event's inputs."""

    prompt: str | None
    seeds: str | None
    model_id: str | None
    negative_prompt: str | None
    num_inference_steps: str | None
    guidance_scale: str | None
    scheduler: str | None
    width: str | None
    height: str | None
    generator_device: str | None
    loras: str | None

    def read_seeds(self) -> tuple[int, ...]:
        """Return the seeds.

        Raises:
            RecipeError: the text names none, or too many.
        """
        return parse_seeds(self.seeds or "")

    def make_recipe(self, model: Model, seed: int, loras: tuple[Lora, ...] = ()) -> Recipe:
        """Make the recipe of one seed.

        Args:
            loras: what the field `loras` names.

        Raises:
            RecipeError: a field is bad in itself, or for this model.
        """
        shared = {"scheduler": self.scheduler or None, "generator_device": self.generator_device or None}
        steps = read_number("num_inference_steps", self.num_inference_steps)
        if model.unconditional:
            # What was typed for another model stays typed; this one does not read it.
            return model.make_recipe(prompt="", seed=seed, num_inference_steps=steps, **shared)
        ignored = model.ignores  # what was typed for another model stays typed here too
        return model.make_recipe(
            prompt=(self.prompt or "").strip(),
            seed=seed,
            num_inference_steps=steps,
            negative_prompt="" if "negative_prompt" in ignored else (self.negative_prompt or "").strip(),
            guidance_scale=read_number("guidance_scale", None if "guidance_scale" in ignored else self.guidance_scale),
            width=model.snap(read_number("width", self.width)),
            height=model.snap(read_number("height", self.height)),
            loras=loras,
            **shared,
        )

    def format_snapped_size(self, model: Model, recipe: Recipe) -> str:
        """Say in a sentence which size was made another; "" for none."""
        if model.unconditional:
            return ""  # it does not read them
        return model.format_snapped_size(recipe, read_number("width", self.width), read_number("height", self.height))


def read_model_id(text: str | None) -> str:
    """Read a model's id.

    Raises:
        RecipeError: there is none.
    """
    model_id = (text or "").strip()
    if not model_id:
        raise RecipeError("model_id", "The model is missing: choose one.")
    return model_id


def read_number(field: str, text: str | None) -> int | float | None:
    """Read a number as people write it, whole where it is written so; None where nothing is written.

    Raises:
        RecipeError: this is not a number.
    """
    text = (text or "").strip()
    if not text:
        return None
    if re.fullmatch(r"[0-9]{1,9}", text):
        return int(text)
    if re.fullmatch(r"[-+]?[0-9]{0,9}[.,]?[0-9]{1,9}", text):
        return float(text.replace(",", "."))
    raise RecipeError(field, f"“{text[:40]}” is not a number: correct it, or leave it empty for the model's default.")
