"""The users' own pictures that a batch starts from, in the sizes that it needs."""

from collections.abc import Callable, Mapping

from PIL.Image import Image

from seedlab.core.errors import SeedLabError
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.recipes.start import InputPicture
from seedlab.pipelines.sampling.stages import resize

LoadInput = Callable[[InputPicture], Image]
"""Returns the RGB pixels of a picture of the user's own; raises SeedLabError if it is not here, or not theirs."""


def refuse_input(_picture: InputPicture) -> Image:
    """Have no pictures.

    Raises:
        SeedLabError: always.
    """
    raise SeedLabError("Pictures cannot start from your own here.")


def fit_inputs(recipes: Mapping[int, Recipe], load: LoadInput) -> dict[int, Image | str]:
    """Return the users' own pictures that recipes start from, in the size of their first stages.

    Each is loaded and resized once.

    Args:
        recipes: by their index.

    Returns:
        The picture, or why there is none, by the index of the recipe; nothing for recipes that start from noise.
    """
    loaded: dict[InputPicture, Image | str] = {}
    fitted: dict[tuple[InputPicture, int, int], Image | str] = {}
    found: dict[int, Image | str] = {}
    for index, recipe in recipes.items():
        picture, first = recipe.input_picture, recipe.stages[0]
        if picture is None:
            continue
        if picture not in loaded:
            loaded[picture] = _load(picture, load)
        key, whole = (picture, first.width, first.height), loaded[picture]
        if key not in fitted:
            fitted[key] = whole if isinstance(whole, str) else resize(whole, first)
        found[index] = fitted[key]
    return found


def _load(picture: InputPicture, load: LoadInput) -> Image | str:
    try:
        return load(picture)
    except SeedLabError as error:
        return str(error)
