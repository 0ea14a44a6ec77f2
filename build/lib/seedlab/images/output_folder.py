"""A command's pictures in a folder that is its user's: named for people, and nothing of theirs is overwritten."""

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from PIL.Image import Image

from seedlab import __version__
from seedlab.core.checksums import Checksums
from seedlab.core.environment import Environment
from seedlab.core.errors import SeedLabError
from seedlab.core.picture import Picture
from seedlab.core.recipe import Recipe
from seedlab.images.metadata import Metadata, read_metadata, write_picture
from seedlab.images.png import read_chunks, write_png

MAX_STEM_BYTES = 160
MAX_SLUG_BYTES = 60
"""Disks allow 255 bytes for a name; a number and the ending need room too."""

GRID_CHUNK = "Software"
"""The PNG specification's own keyword. A grid has no recipe; it says only whose it is, so that it can be made anew."""


class OutputFolder:
    """Finds and keeps pictures under the names that they were promised, as `seedlab.images.store.Store` does.

    Attributes:
        found: the files that were there already, and are what would have been made.
    """

    def __init__(
        self,
        files: Mapping[Recipe, Path],
        observe: Callable[[Recipe], Environment],
        *,
        given: Mapping[Recipe, Path],
        lineage: Sequence[str] = (),
        overwrite: bool = False,
    ) -> None:
        """Make an album; nothing is read or written yet.

        Args:
            files: where each recipe's picture belongs.
            observe: says in which environment a recipe would be made now.
            given: pictures that are only read, as they are.
            lineage: the suffixes that lead to the given picture.
            overwrite: whether pictures that are there already are made anew.
        """
        self._files, self._observe, self._given = dict(files), observe, dict(given)
        self._lineage, self._overwrite = tuple(lineage), overwrite
        self.found: tuple[Path, ...] = ()

    def find(self, recipe: Recipe) -> Picture | None:
        """Return the picture of this recipe if it is there already, from the present environment.

        Raises:
            SeedLabError: the environment cannot be observed.
        """
        if recipe in self._given:
            return Picture(self._given[recipe])
        metadata = None if self._overwrite else _try_to_read(self._files[recipe])
        if metadata is None or (metadata.recipe, metadata.environment) != (recipe, self._observe(recipe)):
            return None
        self.found = (*self.found, self._files[recipe])
        return Picture(self._files[recipe], metadata.notice)

    def keep(
        self,
        image: Image,
        recipe: Recipe,
        environment: Environment,
        *,
        suffixes: Sequence[str],
        notice: str,
        proof: Checksums | None = None,
    ) -> Picture:
        """Write a finished picture.

        Raises:
            SeedLabError: it cannot be written; the sentence says why.
        """
        lineage = (*self._lineage, *suffixes)
        metadata = Metadata(recipe=recipe, environment=environment, suffixes=lineage, notice=notice, proof=proof)
        write_picture(self._files[recipe], image, metadata)
        return Picture(self._files[recipe], notice)


def write_grid(file: Path, image: Image) -> None:
    """Write a grid of pictures.

    Raises:
        SeedLabError: it cannot be written; the sentence says why.
    """
    write_png(file, image, {GRID_CHUNK: f"SeedLab v{__version__}"})


def check_room(files: Mapping[Recipe, Path], grid: Path, *, settled: bool = True) -> None:
    """See that nothing is in the way but what would be written anyway: these recipes' pictures, and a grid of ours.

    Args:
        files: where each recipe's picture belongs.
        grid: where the grid belongs.
        settled: whether it is known already which dtype and which commit the recipes will have.

    Raises:
        SeedLabError: something else is in the way.
    """
    for recipe, file in files.items():
        metadata = _try_to_read(file)
        there = metadata and (metadata.recipe if settled else _unsettle(metadata.recipe, recipe))
        if there != recipe and os.path.lexists(file):
            raise _something_is_in_the_way(file)
    if os.path.lexists(grid) and not _is_our_grid(grid):
        raise _something_is_in_the_way(grid)


def _unsettle(there: Recipe, recipe: Recipe) -> Recipe:
    return replace(there, dtype=recipe.dtype, revision=recipe.revision)


def check_folder(folder: Path) -> None:
    """See that a folder can be written to, or made, without making it.

    Raises:
        SeedLabError: it cannot.
    """
    nearest = folder.absolute()
    try:
        while not nearest.exists() and nearest != nearest.parent:
            nearest = nearest.parent
    except OSError as error:
        raise SeedLabError(f"The folder “{folder}” cannot be made: choose another.") from error
    if not nearest.is_dir():
        raise SeedLabError(f"“{nearest}” is not a folder: choose another.")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise SeedLabError(f"The folder “{nearest}” cannot be written to: choose another.")


def name_grid(stem: str) -> str:
    """Make the file name, without its ending, of the grid of a parent's variations."""
    return f"{_shorten(stem, MAX_STEM_BYTES)}-grid"


def name_variations(stem: str, suffixes: Sequence[str]) -> tuple[str, ...]:
    """Make file names, without their ending, of a parent's name and suffixes.

    They are safe on every disk, and no two are the same, nor the parent's or the grid's, in upper or lower case.
    """
    names: list[str] = []
    taken = {stem.casefold(), name_grid(stem).casefold()}
    for suffix in suffixes:
        # What is no letter or digit, in whatever script, would mean something to a shell or a disk.
        slug = re.sub(r"[\W_]+", "-", suffix.casefold()).strip("-") or "variation"
        name = f"{_shorten(stem, MAX_STEM_BYTES)}-{_shorten(slug, MAX_SLUG_BYTES)}"
        candidates = (name, *(f"{name}-{number}" for number in range(2, len(suffixes) + 3)))
        names.append(next(each for each in candidates if each.casefold() not in taken))
        taken.add(names[-1].casefold())
    return tuple(names)


def _shorten(name: str, limit_bytes: int) -> str:
    return name.encode(errors="ignore")[:limit_bytes].decode(errors="ignore")


def _try_to_read(file: Path) -> Metadata | None:
    try:
        return read_metadata(file)
    except SeedLabError:
        return None


def _is_our_grid(file: Path) -> bool:
    try:
        return read_chunks(file).get(GRID_CHUNK, "").startswith("SeedLab ")
    except SeedLabError:
        return False


def _something_is_in_the_way(file: Path) -> SeedLabError:
    return SeedLabError(
        f"“{file}” is there already and is something else: choose another folder with --out, or add --overwrite."
    )
