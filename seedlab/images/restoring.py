"""Opening a picture: SeedLab's own with its recipe and ancestors, or one of another tool."""

from dataclasses import dataclass
from pathlib import Path

from seedlab.core.errors import SeedLabError
from seedlab.core.recipe import Recipe
from seedlab.core.text import quote
from seedlab.images.foreign import ForeignMetadata, read_infotext
from seedlab.images.infotext import INFOTEXT_CHUNK
from seedlab.images.metadata import CHUNK, Metadata
from seedlab.images.png import read_chunks
from seedlab.rules.change import Change, pair_children
from seedlab.rules.registry import find_rule


@dataclass(frozen=True, kw_only=True)
class Restored:
    """A picture of SeedLab whose lineage was checked."""

    metadata: Metadata

    @property
    def recipes(self) -> tuple[Recipe, ...]:
        """The recipes of its ancestors, the oldest first, and its own."""
        return (*(change.parent for change in self.metadata.lineage), self.metadata.recipe)


def restore(file: Path) -> Restored | ForeignMetadata:
    """Read what an untrusted picture says about how it was made. No other file is opened.

    Whether its model may be used here is for the caller to check.

    Raises:
        SeedLabError: it is not a PNG; it is damaged, too large, changed or too new; or it says nothing that can be
            used.
    """
    chunks = read_chunks(file)
    if CHUNK in chunks:
        return _restore(Metadata.from_json(chunks[CHUNK]))
    foreign = read_infotext(chunks.get(INFOTEXT_CHUNK, ""))
    if foreign is None:
        raise SeedLabError(
            f"{quote(file.name, 80)} does not say how it was made: choose a picture as SeedLab or AUTOMATIC1111 saved "
            "it. Many websites and chat programs remove such data."
        )
    return foreign


def _restore(metadata: Metadata) -> Restored:
    for change, child in pair_children(metadata.lineage, metadata.recipe):
        _check_change(change, child)
    return Restored(metadata=metadata)


def _check_change(change: Change, child: Recipe) -> None:
    if child == change.parent or not find_rule(change.rule).leads(change.parent, change.value, child):
        raise SeedLabError("This picture's history does not lead to its recipe: use the original file.")
