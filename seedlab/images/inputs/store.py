"""Keeps the users' own pictures, so that others can be made from them again."""

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngImageFile

from seedlab.core.errors import SeedLabError
from seedlab.core.recipes.start import InputPicture
from seedlab.core.storage.files import delete_abandoned, delete_least_used, is_full, mark_used, write_atomically
from seedlab.core.texts.text import quote
from seedlab.images.compare import hash_pixels
from seedlab.images.containers.files import BROKEN, DECODING
from seedlab.images.index.search import NOBODY, OPERATOR
from seedlab.images.inputs.reading import MAX_PIXELS, ReadPicture, measure_input, read_input

TOTAL_BYTES, OWNER_BYTES = 2**30, 2**28
"""The size limits of all pictures and of those of one visitor. The least recently used ones are deleted."""

OURS = re.compile(r"([0-9a-f]{32}-)?[0-9a-f]{64}-\d{1,5}x\d{1,5}\.png", re.ASCII)

SHOWN_DIGITS = 12
OPEN_IT = "open that picture here, choose “Start from this picture”, and try again"

STRANGER = (
    "This browser keeps no cookies, so a picture of your own cannot be kept here: allow cookies for this page, and "
    "reload it."
)


@dataclass(frozen=True)
class InputStore:
    """Pictures in a folder, as PNGs without metadata. The folder is created with the first one.

    Every picture belongs to the visitor who uploaded it, and nobody else can use it, not even by its hash. Two who
    upload the same one have a copy each.

    Attributes:
        folder: None for a store that keeps nothing.
        others: folders where the operator's pictures are looked for too.
    """

    folder: Path | None
    others: tuple[Path, ...] = ()
    total_bytes: int = TOTAL_BYTES
    owner_bytes: int = OWNER_BYTES

    def take(self, file: Path, owner: str) -> ReadPicture:
        """Read a picture from an untrusted file, and keep it.

        Args:
            owner: who brought it; see `seedlab.images.index.search`.

        Raises:
            SeedLabError: as `read_input`, it cannot be written, or the visitor is not known.
        """
        if owner == NOBODY:
            raise SeedLabError(STRANGER)
        found = read_input(file)
        self.keep(found, owner)
        return found

    def keep(self, found: ReadPicture, owner: str) -> None:
        """Keep a picture, in place of a damaged copy. If there is too much, others are deleted.

        Raises:
            SeedLabError: it cannot be written.
        """
        if self.folder is None or self._read(found.picture, owner) is not None:
            return
        file = self.folder / _name(found.picture, owner)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            # At level 1, as photographs are large, and hardly shrink at higher ones.
            write_atomically(file, lambda temporary: found.image.save(temporary, "PNG", compress_level=1))
        except OSError as error:
            why = "free some space on the disk" if is_full(error) else "allow writing into its folder"
            raise SeedLabError(f"{quote(found.picture.file, 80)} cannot be kept: {why}.") from error
        self._make_room(file, owner)

    def has(self, picture: InputPicture, owner: str) -> bool:
        """Whether a visitor's picture is here."""
        return self.find(picture, owner) is not None

    def load(self, picture: InputPicture, owner: str) -> Image.Image:
        """Return the RGB pixels of a visitor's picture.

        Raises:
            SeedLabError: this visitor has no such picture here.
        """
        image = self._read(picture, owner)
        if image is None:
            raise SeedLabError(describe_missing(picture))
        return image

    def _read(self, picture: InputPicture, owner: str) -> Image.Image | None:
        """Return the pixels of a visitor's picture, and mark it as used; None if it is not here, or damaged."""
        file = self.find(picture, owner)
        if file is None:
            return None
        mark_used(file)
        image = _read_kept(file)
        return image if image is not None and hash_pixels(image) == picture.sha256 else None

    def find_among(self, picture: InputPicture, files: Iterable[Path]) -> ReadPicture | None:
        """Return the picture if it is one of these files, whatever they are called."""
        for file in files:
            with suppress(SeedLabError):
                if measure_input(file) == (picture.width, picture.height):
                    found = read_input(file, picture.file)
                    if found.picture.is_same(picture):
                        return found
        return None

    def find(self, picture: InputPicture, owner: str) -> Path | None:
        """Return the file of a visitor's picture, a PNG; None if it is not here."""
        folders = (self.folder, *(self.others if owner == OPERATOR else ()))
        files = (folder / _name(picture, owner) for folder in folders if folder is not None)
        return next((file for file in files if owner != NOBODY and file.is_file()), None)

    def _make_room(self, kept: Path, owner: str) -> None:
        assert self.folder is not None
        delete_abandoned(self.folder)
        if owner != OPERATOR:
            delete_least_used(self.folder, lambda name: name.startswith(f"{owner}-"), self.owner_bytes, kept=kept)
        delete_least_used(self.folder, OURS.fullmatch, self.total_bytes, kept=kept)


def describe_missing(picture: InputPicture, advice: str = OPEN_IT) -> str:
    """Say that a picture is not here.

    Args:
        advice: what to do; the end of a sentence.
    """
    known = f"{quote(picture.file, 80)} ({picture.width}×{picture.height}, SHA-256 {picture.sha256[:SHOWN_DIGITS]}…)"
    return f"This picture starts from {known}, which is not here: {advice}."


def _read_kept(file: Path) -> Image.Image | None:
    """Return the pixels of a file of the store; None if it is damaged. It may be larger than what users may open."""
    try:
        with DECODING, file.open("rb") as stream:
            image = PngImageFile(stream)
            return image.convert("RGB") if image.width * image.height <= MAX_PIXELS else None
    except BROKEN:
        return None


def _name(picture: InputPicture, owner: str) -> str:
    own = "" if owner == OPERATOR else f"{owner}-"
    return f"{own}{picture.sha256}-{picture.width}x{picture.height}.png"
