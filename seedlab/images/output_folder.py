"""The pictures of a command in a user's folder: readable names, and no file of the user is overwritten."""

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeGuard

from PIL.Image import Image

from seedlab import __version__
from seedlab.core.errors import SeedLabError
from seedlab.core.machine.environment import Environment
from seedlab.core.picture import Picture
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.reports import Finished
from seedlab.images.metadata import Metadata, read_metadata, write_picture
from seedlab.images.png import read_chunks, write_png
from seedlab.rules.change import Lineage

MAX_STEM_BYTES = 160
MAX_SLUG_BYTES = 60
"""File systems allow names of 255 bytes; a number and the extension need room too."""

DRAFT_ENDING = "-draft"
"""Ends the name of a draft's file."""

GRID_CHUNK, GRID_MAKER = "Software", "SeedLab "
"""A keyword of the PNG specification. A grid has no recipe; this marks it as ours, so that it may be replaced."""


class OutputFolder:
    """Finds and keeps pictures under given names; the counterpart of `seedlab.images.store.Store`.

    Attributes:
        found: the files that existed already and are what would have been made.
    """

    def __init__(
        self,
        files: Mapping[Recipe, Path],
        observe: Callable[[Recipe], Environment],
        *,
        given: Mapping[Recipe, Path],
        lineage: Lineage = (),
        overwrite: bool = False,
        draft_steps: int | None = None,
    ) -> None:
        """Set up the folder; nothing is read or written yet.

        Args:
            files: the file of each recipe's picture.
            observe: returns the environment in which a recipe would be made now.
            given: files of pictures that are only read.
            lineage: of the given picture.
            overwrite: whether existing pictures are replaced.
            draft_steps: the number of denoising steps after which the pictures are paused; None for whole pictures.
        """
        self._files, self._observe, self._given = dict(files), observe, dict(given)
        self._lineage, self._overwrite, self._draft_steps = tuple(lineage), overwrite, draft_steps
        self.found: tuple[Path, ...] = ()

    def find(self, recipe: Recipe, _: int | None = None) -> Picture | None:
        """Return the picture or draft of this recipe if it exists and comes from the current environment.

        Raises:
            SeedLabError: the environment cannot be observed.
        """
        if recipe in self._given and recipe not in self._files:
            return Picture(self._given[recipe])
        # A round may have the given picture itself.
        for file in filter(None, (self._given.get(recipe), self._files[recipe])):
            metadata = None if self._overwrite else _try_to_read(file)
            if _is_of(metadata, recipe, self._draft_steps) and metadata.environment == self._observe(recipe):
                self.found = (*self.found, file)
                return Picture(file, metadata.notice, metadata.draft_steps)
        return None

    def keep(self, recipe: Recipe, finished: Finished, lineage: Lineage) -> Picture:
        """Write a finished picture or a draft.

        Raises:
            SeedLabError: it cannot be written; the message says why.
        """
        metadata = Metadata.describe(recipe, finished, (*self._lineage, *lineage))
        write_picture(self._files[recipe], finished.image, metadata, finished.png)
        return Picture(self._files[recipe], finished.notice, finished.draft_steps)


def write_grid(file: Path, image: Image) -> None:
    """Write a grid of pictures.

    Raises:
        SeedLabError: it cannot be written; the message says why.
    """
    write_png(file, image, {GRID_CHUNK: f"{GRID_MAKER}v{__version__}"})


def check_room(
    files: Mapping[Recipe, Path], grid: Path | None = None, *, resolved: bool = True, draft_steps: int | None = None
) -> None:
    """Check that only files that would be written anyway exist: these recipes' pictures, and a grid of ours.

    Args:
        files: the file of each recipe's picture.
        grid: the file of the grid, if there is to be one.
        resolved: whether the dtype and the commit of the recipes are final.
        draft_steps: as for `OutputFolder`.

    Raises:
        SeedLabError: another file exists.
    """
    for recipe, file in files.items():
        metadata = _try_to_read(file)
        if metadata is not None and not resolved:
            metadata = replace(metadata, recipe=_ignore_resolved(metadata.recipe, recipe))
        if not _is_of(metadata, recipe, draft_steps) and os.path.lexists(file):
            raise _make_collision_error(file)
    if grid is not None and os.path.lexists(grid) and not is_grid(grid):
        raise _make_collision_error(grid)


def _is_of(metadata: Metadata | None, recipe: Recipe, draft_steps: int | None) -> TypeGuard[Metadata]:
    return metadata is not None and metadata.is_of(recipe) and metadata.draft_steps == draft_steps


def _ignore_resolved(there: Recipe, recipe: Recipe) -> Recipe:
    return there.replace_shared(dtype=recipe.dtype, revision=recipe.revision)


def find_round(picture: Path, recipe: Recipe) -> list[Recipe]:
    """Return the recipes of the pictures in a picture's folder that differ from its own in their seed alone.

    Args:
        recipe: of the picture.

    Returns:
        The picture's own among them, sorted by their seeds.
    """
    found = (_try_to_read(file) for file in sorted(picture.absolute().parent.glob("*.png")))
    seeds = {each.recipe.seed for each in found if each and each.is_of(replace(recipe, seed=each.recipe.seed))}
    return [replace(recipe, seed=seed) for seed in sorted({recipe.seed, *seeds})]


def check_folder(folder: Path) -> None:
    """Check that a folder can be written to or created, without creating it.

    Raises:
        SeedLabError: it cannot be.
    """
    nearest = folder.absolute()
    try:
        while not nearest.exists() and nearest != nearest.parent:
            nearest = nearest.parent
    except OSError as error:
        raise SeedLabError(f"The folder “{folder}” cannot be created: choose another.") from error
    if not nearest.is_dir():
        raise SeedLabError(f"“{nearest}” is not a folder: choose another.")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise SeedLabError(f"The folder “{nearest}” cannot be written to: choose another.")


def name_grid(stem: str) -> str:
    """Return the file name, without extension, of the grid of a parent's variations."""
    return f"{_shorten(stem, MAX_STEM_BYTES)}-grid"


def name_draft(stem: str) -> str:
    """Return the file name, without extension, of a picture's draft."""
    return f"{stem}{DRAFT_ENDING}"


def name_finished(stem: str) -> str:
    """Return the file name, without extension, of the picture that a draft becomes.

    Args:
        stem: the name of the draft, which may have been renamed.
    """
    name = stem.removesuffix(DRAFT_ENDING)
    return name if name not in ("", stem) else f"{_shorten(stem, MAX_STEM_BYTES)}-finished"


def name_variations(stem: str, captions: Sequence[str]) -> tuple[str, ...]:
    """Return file names, without extensions, made from a parent's name and its tiles' captions.

    They are safe on every file system. No two are equal, whatever their case, nor equal to the parent's or the grid's.
    """
    names: list[str] = []
    taken = {stem.casefold(), name_grid(stem).casefold()}
    for caption in captions:
        # Letters and digits of all scripts are safe; other characters may mean something to a shell or a file system.
        slug = re.sub(r"[\W_]+", "-", caption.casefold()).strip("-") or "variation"
        name = f"{_shorten(stem, MAX_STEM_BYTES)}-{_shorten(slug, MAX_SLUG_BYTES)}"
        candidates = (name, *(f"{name}-{number}" for number in range(2, len(captions) + 3)))
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


def is_grid(file: Path) -> bool:
    """Whether a file is a grid that SeedLab wrote."""
    try:
        return read_chunks(file).get(GRID_CHUNK, "").startswith(GRID_MAKER)
    except SeedLabError:
        return False


def _make_collision_error(file: Path) -> SeedLabError:
    return SeedLabError(f"“{file}” exists and is another file: choose another folder with --out, or add --overwrite.")
