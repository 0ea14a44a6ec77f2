"""Thumbnails of the store's pictures, made once."""

from contextlib import suppress
from pathlib import Path
from threading import BoundedSemaphore

from PIL import Image

from seedlab.core.errors import SeedLabError
from seedlab.core.storage.files import delete_abandoned, delete_least_used, write_atomically
from seedlab.images.png import read_pixels

SIDE = 256
"""The longer side of the largest thumbnail, in pixels."""

QUALITY = 80
ENDING = ".webp"
BYTES = 2**28
"""The size limit of all thumbnails: some 20,000."""

CHECKED_EVERY = 200
"""After so many new thumbnails the limit is checked: listing a large folder takes time."""

MAKING = BoundedSemaphore(2)
"""Held while a thumbnail is made: a gallery asks for many at a time, and each decodes a picture."""


class Thumbnails:
    """Thumbnails in a folder, as WebP. The folder is created with the first one. Several processes may share it.

    Attributes:
        limit_bytes: the total size above which the least recently made are deleted, now and then.
    """

    def __init__(self, folder: Path, limit_bytes: int = BYTES) -> None:
        self._folder, self.limit_bytes = folder, limit_bytes
        self._made = 0

    def find_or_make(self, picture: Path) -> Path:
        """Return the file of a picture's thumbnail, which is made if it is not there.

        Args:
            picture: a PNG in the store; its name says what its pixels are.

        Raises:
            SeedLabError: the picture is missing or damaged, or the thumbnail cannot be written.
        """
        file = self._folder / (picture.stem + ENDING)
        if not file.is_file():
            with MAKING:
                self._make(picture, file)
        return file

    def remove(self, names: tuple[str, ...]) -> None:
        """Delete the thumbnails of pictures that the store has deleted, by their names without an ending."""
        for name in names:
            with suppress(OSError):
                (self._folder / (name + ENDING)).unlink(missing_ok=True)

    def _make(self, picture: Path, file: Path) -> None:
        small = read_pixels(picture)
        small.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_atomically(file, lambda temporary: small.save(temporary, "WEBP", quality=QUALITY, method=4))
        except OSError as error:
            raise SeedLabError("The thumbnail cannot be written: free some space on the disk.") from error
        self._made += 1
        if self._made % CHECKED_EVERY == 0:
            delete_abandoned(self._folder)
            delete_least_used(self._folder, lambda name: name.endswith(ENDING), self.limit_bytes, kept=file)
