"""Opening a picture: SeedLab's own with its recipe and ancestors, or one of another tool."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import BoundedSemaphore

from seedlab.core.errors import SeedLabError
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.texts.text import quote
from seedlab.images.containers.texts import read_hidden_texts, read_texts
from seedlab.images.foreign.metadata import ForeignMetadata, UnreadableError
from seedlab.images.foreign.registry import TOOLS, read_foreign
from seedlab.images.metadata import CHUNK, Metadata
from seedlab.images.output_folder import GRID_CHUNK, GRID_MAKER
from seedlab.rules.change import Change, pair_children
from seedlab.rules.registry import find_rule

READING = BoundedSemaphore(2)
"""Held while a picture is read, so that many at a time take the memory of a few: each may hold 8 MB of text."""


class SilentPictureError(SeedLabError):
    """A picture does not say how it was made."""


@dataclass(frozen=True, kw_only=True)
class Restored:
    """A picture of SeedLab whose lineage was checked."""

    metadata: Metadata

    @property
    def recipes(self) -> tuple[Recipe, ...]:
        """The recipes of its ancestors, the oldest first, and its own."""
        return (*(change.parent for change in self.metadata.lineage), self.metadata.recipe)


def restore(file: Path) -> Restored | ForeignMetadata:
    """Read what an untrusted picture says about how it was made, and check its lineage. No other file is opened.

    Whether its model may be used here is for the caller to check.

    Args:
        file: a PNG, JPEG or WebP file.

    Raises:
        SeedLabError: as `read`, and if its history was changed.
    """
    found = read(file)
    return _restore(found) if isinstance(found, Metadata) else found


def read(file: Path) -> Metadata | ForeignMetadata:
    """Read what an untrusted picture says about how it was made.

    Args:
        file: a PNG, JPEG or WebP file.

    Raises:
        SilentPictureError: it says nothing that can be used.
        SeedLabError: it is another kind of file, damaged, too large, changed, or of a newer SeedLab.
    """
    with READING:
        return _read(file)


def _read(file: Path) -> Metadata | ForeignMetadata:
    texts = read_texts(file)
    if CHUNK in texts:
        return Metadata.from_json(texts[CHUNK])
    try:
        found = read_foreign(texts) or read_foreign(read_hidden_texts(file))
    except UnreadableError as error:
        name = quote(file.name, 80)
        raise SeedLabError(f"{name} was made with {error.tool}, but its settings cannot be read: {error}.") from error
    if found is None:
        raise SilentPictureError(_describe_silence(file, texts))
    return found


def _describe_silence(file: Path, texts: Mapping[str, str]) -> str:
    name = quote(file.name, 80)
    if not texts:
        removed = "Websites, chat programs and editors often remove such data."
        return f"{name} does not say how it was made: choose the file as its program saved it. {removed}"
    if texts.get(GRID_CHUNK, "").startswith(GRID_MAKER):
        return f"{name} is a grid: choose one of its pictures, which are files of their own."
    keys = ", ".join(quote(key, 30) for key in list(texts)[:5])
    known = ", ".join(("SeedLab", *TOOLS))
    return f"{name} does not say how it was made in a way that SeedLab reads. It has only {keys}. Known are: {known}."


def _restore(metadata: Metadata) -> Restored:
    for change, child in pair_children(metadata.lineage, metadata.recipe):
        _check_change(change, child)
    return Restored(metadata=metadata)


def _check_change(change: Change, child: Recipe) -> None:
    if child == change.parent or not find_rule(change.rule).leads(change.parent, change.value, child):
        raise SeedLabError("This picture's history does not lead to its recipe: use the original file.")
