"""Whose own pictures are used: on a public host each visitor's for themselves, otherwise the operator's for all."""

from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from seedlab.core.recipes.recipe import Recipe
from seedlab.core.recipes.start import InputPicture
from seedlab.images.index.search import NOBODY, OPERATOR
from seedlab.images.inputs.reading import ReadPicture
from seedlab.images.inputs.store import InputStore


@dataclass(frozen=True)
class VisitorInputs:
    """A store of inputs, as visitors see it. Owners are those of `seedlab.images.index.search`.

    Attributes:
        public: whether the visitors are strangers.
    """

    store: InputStore
    public: bool

    def take(self, file: Path, owner: str) -> ReadPicture:
        """Read a picture from an untrusted file, and keep it for a visitor.

        Raises:
            SeedLabError: as `InputStore.take`.
        """
        return self.store.take(file, self._choose_owner(owner))

    def find(self, picture: InputPicture, owner: str) -> Path | None:
        """Return the file of a visitor's picture; None if they have none such."""
        return self.store.find(picture, self._choose_owner(owner))

    def load(self, picture: InputPicture, owner: str) -> Image.Image:
        """Return the RGB pixels of a visitor's picture.

        Raises:
            SeedLabError: they have no such picture here.
        """
        return self.store.load(picture, self._choose_owner(owner))

    def may_see(self, recipe: Recipe, owner: str) -> bool:
        """Whether a visitor may see pictures of a recipe: those that start from another's own are nobody else's."""
        picture = recipe.input_picture
        return not self.public or picture is None or self.find(picture, owner) is not None

    def _choose_owner(self, owner: str) -> str:
        """Return whose pictures are used: on a public host, the operator's are not for visitors."""
        return (owner or NOBODY) if self.public else OPERATOR
