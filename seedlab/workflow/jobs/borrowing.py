"""Recipes from other tools' pictures: the model that they name, or another, makes what can be taken over."""

import re
from pathlib import Path

from seedlab.core.errors import SeedLabError
from seedlab.core.models.model import Model
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.texts.text import quote
from seedlab.images.foreign.metadata import ForeignMetadata
from seedlab.workflow.pictures.borrowing import borrow
from seedlab.workflow.services import Services

NAME = re.compile(r"\w[\w.-]*(/\w[\w.-]*)?")
"""Names of models that are looked for: no paths, as pictures come from strangers."""


def borrow_recipe(file: Path, found: ForeignMetadata, model: str | None, services: Services) -> tuple[Recipe, str]:
    """Return the recipe of another tool's picture, and what was and was not taken over.

    Args:
        model: the address of the model to use; None for the one that the picture names.

    Raises:
        SeedLabError: the model is not to be had, or the picture has no seed that SeedLab takes.
    """
    resolved = services.resolve_model(_find_model(file, found, model, services))
    borrowed = borrow(found, resolved, services.find_lora, services.read_loras)
    if borrowed.seed is None:
        raise SeedLabError(
            f"{quote(file.name, 80)} has no seed that SeedLab can lock. Make pictures of other seeds with its prompt: "
            "seedlab grid PROMPT. “seedlab recipe” prints the prompt."
        )
    recipe = resolved.make_recipe(prompt=borrowed.prompt, seed=borrowed.seed, **borrowed.settings)
    services.check(recipe)
    return recipe, borrowed.describe()


def _find_model(file: Path, found: ForeignMetadata, model: str | None, services: Services) -> Model:
    if model:
        return services.find_model(model)
    advice = "choose a model with --model"
    if found.model is None:
        raise SeedLabError(f"{quote(file.name, 80)} does not name its model: {advice}.")
    try:
        if NAME.fullmatch(found.model):
            return services.find_model(found.model)
    except SeedLabError:
        pass
    raise SeedLabError(f"{quote(file.name, 80)} names the model {quote(found.model, 80)}, which is not here: {advice}.")
