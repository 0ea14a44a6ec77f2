"""Stores with an index, and small pictures in them."""

from dataclasses import replace
from pathlib import Path

from PIL import Image

from seedlab.core.recipes.recipe import Recipe
from seedlab.images.index.search import OPERATOR
from seedlab.images.store import Store
from tests.examples import ENVIRONMENT, RECIPE, make_finished

IMAGE = Image.new("RGB", (8, 8), (200, 30, 30))


def keep(
    store: Store,
    *,
    owner: str = OPERATOR,
    draft_steps: int | None = None,
    image: Image.Image = IMAGE,
    **changes: object,
) -> str:
    """Keep a picture of the example's recipe with these changes; returns its name."""
    recipe: Recipe = replace(RECIPE, **changes)
    finished = replace(make_finished(image, ENVIRONMENT), draft_steps=draft_steps)
    return store.keep(recipe, finished, (), owner).file.stem


def list_index(folder: Path) -> list[str]:
    return sorted(file.name for file in (folder / "index").iterdir() if not file.name.endswith(("-wal", "-shm")))
