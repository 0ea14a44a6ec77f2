"""Every finished picture once, as a PNG that is named by what made it. The folder is all there is: no index."""

import re
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from PIL.Image import Image

from seedlab.core.checksums import Checksums
from seedlab.core.environment import Environment
from seedlab.core.errors import SeedLabError
from seedlab.core.picture import Picture
from seedlab.core.recipe import Recipe
from seedlab.images.metadata import Metadata, read_metadata, write_picture
from seedlab.images.png import TEMPORARY, read_chunks, write_png

OURS = re.compile(r"[0-9a-f]{64}-[0-9a-f]{16}\.png")
ABANDONED_SECONDS = 3600.0
"""A temporary file that has not been renamed for this long never will be: whoever wrote it was killed."""


@dataclass(frozen=True)
class Store:
    """Finished pictures in a folder, which is made when the first is kept. Several processes may share it.

    Attributes:
        limit_bytes: the pictures' size, all together, from which on the least recently used are deleted; None for
            never. Files that are not the store's own are neither counted nor deleted.
        embed: whether pictures say in text chunks what made them. Without, a notice is not kept either.
    """

    folder: Path
    limit_bytes: int | None = None
    embed: bool = True

    def find(self, recipe: Recipe, environment: Environment) -> Picture | None:
        """Return the picture that this recipe gave in this environment; None if it is not here, or damaged."""
        file = self._name(recipe, environment)
        try:
            picture = Picture(file, self._check(file, recipe, environment))
        except SeedLabError:
            return None
        with suppress(OSError):
            file.touch()  # for the least recently used; the time of access is not kept on many disks
        return picture

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
        """Write a finished picture, and make room if there is a limit; the one just written always stays.

        Raises:
            SeedLabError: it cannot be written; the sentence says why.
        """
        file = self._name(recipe, environment)
        if self.embed:
            metadata = Metadata(
                recipe=recipe, environment=environment, suffixes=tuple(suffixes), notice=notice, proof=proof
            )
            write_picture(file, image, metadata)
        else:
            write_png(file, image, {})
        if self.limit_bytes is not None:
            self._make_room(file, self.limit_bytes)
        return Picture(file, notice)

    def _name(self, recipe: Recipe, environment: Environment) -> Path:
        return self.folder / f"{recipe.fingerprint}-{environment.digest[:16]}.png"

    def _check(self, file: Path, recipe: Recipe, environment: Environment) -> str:
        """Return the notice of a picture that is whole and is what its name says.

        Raises:
            SeedLabError: it is not.
        """
        if not self.embed:
            if read_chunks(file):
                raise SeedLabError("This picture says what made it, and here none should.")
            return ""
        metadata = read_metadata(file)
        if (metadata.recipe, metadata.environment) != (recipe, environment):
            raise SeedLabError("This picture is not what its name says.")
        return metadata.notice

    def _make_room(self, written: Path, limit_bytes: int) -> None:
        pictures = sorted(self._list(), key=lambda each: each[0])
        excess = sum(size for _, size, _ in pictures) - limit_bytes
        for _, size, file in pictures:
            if excess <= 0:
                return
            if file != written:
                excess -= size
                with suppress(OSError):  # another process made the same room
                    file.unlink()

    def _list(self) -> list[tuple[float, int, Path]]:
        """List our pictures as (time of last use in seconds, bytes, file), and sweep up abandoned temporary files."""
        pictures = []
        for file in self.folder.iterdir():
            with suppress(OSError):  # gone since
                status = file.stat()
                if OURS.fullmatch(file.name):
                    pictures.append((status.st_mtime, status.st_size, file))
                elif TEMPORARY.fullmatch(file.name) and time.time() - status.st_mtime > ABANDONED_SECONDS:
                    file.unlink()
        return pictures
