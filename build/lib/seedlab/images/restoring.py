"""A picture that comes back: its recipe and where it came from, or what another tool wrote into it."""

from dataclasses import dataclass
from pathlib import Path

from seedlab.core.errors import RecipeError, SeedLabError
from seedlab.core.recipe import Recipe
from seedlab.images.foreign import ForeignMetadata, read_infotext
from seedlab.images.infotext import INFOTEXT_CHUNK
from seedlab.images.metadata import CHUNK, Metadata
from seedlab.images.png import read_chunks
from seedlab.rounds import find_ancestors


@dataclass(frozen=True, kw_only=True)
class Restored:
    """A picture of SeedLab.

    Attributes:
        ancestors: the recipes of its parents, that of the first round first; () for a picture of a first round.
    """

    metadata: Metadata
    ancestors: tuple[Recipe, ...]

    @property
    def recipes(self) -> tuple[Recipe, ...]:
        """The recipes of the way to it, its own last."""
        return (*self.ancestors, self.metadata.recipe)


def restore(file: Path) -> Restored | ForeignMetadata:
    """Read what a stranger's picture says of how it was made. Nothing but this file is opened, and nothing is believed
    unchecked; whether its model may be used here is for the caller to ask.

    Raises:
        SeedLabError: it is no PNG, damaged, too large, changed, too new, or says nothing that can be used.
    """
    chunks = read_chunks(file)
    if CHUNK in chunks:
        return _restore(Metadata.from_json(chunks[CHUNK]))
    borrowed = read_infotext(chunks.get(INFOTEXT_CHUNK, ""))
    if borrowed is None:
        raise SeedLabError(
            f"“{file.name[:80]}” does not say how it was made: choose a picture as SeedLab or AUTOMATIC1111 saved it. "
            "Many websites and chat programs take such data out."
        )
    return borrowed


def _restore(metadata: Metadata) -> Restored:
    unfit = SeedLabError("This picture's suffixes are not those of its prompt: use the original file.")
    if not all(suffix.strip() for suffix in metadata.suffixes):
        raise unfit  # nothing would be a suffix of every prompt, as often as one likes
    try:
        ancestors = find_ancestors(metadata.recipe, metadata.suffixes)
    except RecipeError as error:
        raise unfit from error
    return Restored(metadata=metadata, ancestors=ancestors)
