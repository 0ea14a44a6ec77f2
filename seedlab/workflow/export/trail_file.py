"""A trail as one file: a ZIP archive of its JSON and its pictures. What comes back is untrusted.

`trail.json` is what `trail_json` writes; `pictures/NAME.png` has the SHA-256 of the picture's recipe as its name, and
"-draft" at its end for a draft; `inputs/NAME.png` is a user's own picture that others start from, named by the SHA-256
of its pixels. The JSON alone, as a file, is a trail too.
"""

import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from seedlab.core.errors import SeedLabError
from seedlab.core.recipes.start import InputPicture
from seedlab.core.storage.files import is_full, write_atomically
from seedlab.core.texts.text import quote
from seedlab.images.containers.files import MAX_FILE_BYTES
from seedlab.images.metadata import read_metadata
from seedlab.workflow.export.trail_parts import hide_trail
from seedlab.workflow.pictures.own import list_inputs, list_recipes
from seedlab.workflow.trails.tile import Tile, show_draft, show_picture
from seedlab.workflow.trails.trail import Trail
from seedlab.workflow.trails.trail_json import read_known, write_trail

TRAIL, PICTURES, INPUTS = "trail.json", "pictures", "inputs"
MAX_TRAIL_BYTES = 5_000_000
MAX_PICTURES_BYTES = 2 * 2**30
MAX_EXPANSION = 2
"""An archive unpacks to at most so many times its own bytes, beside its JSON: pictures are compressed already, and a
small file must not fill a disk."""

MAX_DIRECTORY_BYTES = 2**21
"""The list of 4,000 pictures has 0.6 MB."""

END = struct.Struct("<4s4H2LH")
END_SIGNATURE, MAX_COMMENT = b"PK\5\6", 2**16
"""The end of central directory record (APPNOTE.TXT 6.3.10, section 4.3.16), and the longest comment after it."""

LOCATOR_BYTES, LOCATOR_SIGNATURE = 20, b"PK\6\7"
"""What stands before that end in archives of 4 GB or 65,535 files (section 4.3.15). It leads to another length."""

BROKEN = (zipfile.BadZipFile, OSError, ValueError, EOFError, KeyError, RuntimeError, struct.error, zlib.error)
"""What zipfile raises for damaged, encrypted and unknown archives."""

MAX_INPUTS = 8
"""Users' own pictures that are taken out of a trail."""

OPENED = "Opened from a file. Verify compares the bytes."


@dataclass(frozen=True)
class Imported:
    """A trail from a file.

    Attributes:
        pictures: how many of its tiles show a picture from the file.
        left_out: rounds of a kind that this version does not know.
        inputs: files with the users' own pictures that its pictures start from. They may be anything.
    """

    trail: Trail
    pictures: int
    left_out: int
    inputs: tuple[Path, ...] = ()


FindInput = Callable[[InputPicture], Path | None]


def export_trail(trail: Trail, file: Path, find_input: FindInput = lambda _: None) -> int:
    """Write a trail and its pictures into one file. It has no paths of this machine.

    Pictures that do not say how they were made are left out; they can be made again.

    Args:
        find_input: returns the file of a user's own picture; None if it is not here, or not theirs.

    Returns:
        The number of pictures.

    Raises:
        SeedLabError: the file cannot be written.
    """
    pictures = dict(_list_pictures(trail))
    inputs = {each: found for each in list_inputs(list_recipes(trail)) if (found := find_input(each)) is not None}

    def write(temporary: Path) -> None:
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:  # PNGs are compressed
            archive.writestr(TRAIL, write_trail(hide_trail(trail)), zipfile.ZIP_DEFLATED)
            for name, picture in pictures.items():
                archive.writestr(zipfile.ZipInfo(f"{PICTURES}/{name}.png"), picture.read_bytes())
            for each, found in inputs.items():
                if found.stat().st_size <= MAX_FILE_BYTES:
                    archive.writestr(zipfile.ZipInfo(_name_input(each)), found.read_bytes())

    try:
        write_atomically(file, write)
    except OSError as error:
        why = "the disk is full" if is_full(error) else "choose another folder, or allow writing there"
        raise SeedLabError(f"{quote(file.name, 80)} cannot be written: {why}.") from error
    return len(pictures)


def import_trail(file: Path, folder: Path) -> Imported:
    """Read a trail from a file that `export_trail` wrote, or from its JSON alone.

    Args:
        file: untrusted.
        folder: where its pictures are written. Not the store: nobody knows whether their pixels are what they say.

    Raises:
        SeedLabError: it is another kind of file, damaged, too large, or of a newer SeedLab.
    """
    try:
        with file.open("rb") as stream:
            if stream.read(2) != b"PK":
                stream.seek(0)
                trail, left_out = read_known(_read_bounded(stream, MAX_TRAIL_BYTES).decode())
                return Imported(hide_trail(trail), 0, left_out)
            _check_directory(stream)
            with zipfile.ZipFile(stream) as archive:
                _check_sizes(archive.infolist(), file.stat().st_size)
                return _read_archive(archive, folder)
    except BROKEN as error:
        sentence = f"{quote(file.name, 80)} is not a trail that SeedLab exported, or it is damaged: export it again."
        raise SeedLabError(sentence) from error


def _list_pictures(trail: Trail) -> Iterator[tuple[str, Path]]:
    for round_ in hide_trail(trail).rounds:
        for index, hidden in enumerate(round_.tiles):
            tile = trail.tile(round_.id, index)
            if tile.file is not None and _is_picture(tile.file, hidden, tile.draft_steps):
                yield _name(hidden, tile.draft_steps), tile.file


def _is_picture(file: Path, tile: Tile, draft_steps: int | None) -> bool:
    """Whether a file is the picture of a tile, and has no paths of this machine."""
    try:
        metadata = read_metadata(file)
    except SeedLabError:
        return False
    is_of = metadata.is_of(tile.recipe) and metadata.draft_steps == draft_steps
    return is_of and metadata.hide_folders() == metadata


def _name(tile: Tile, draft_steps: int | None) -> str:
    return tile.recipe.fingerprint + ("" if draft_steps is None else "-draft")


def _check_directory(stream: IO[bytes]) -> None:
    """Check how long the list of an archive's files is, of which zipfile would read any length."""
    size = stream.seek(0, 2)
    stream.seek(max(0, size - MAX_COMMENT - END.size - LOCATOR_BYTES))
    tail = stream.read()
    start = tail.rfind(END_SIGNATURE)
    if start < 0 or END.unpack_from(tail, start)[5] > MAX_DIRECTORY_BYTES:
        raise ValueError("an archive without an end, or of too many files")
    if tail[max(0, start - LOCATOR_BYTES) : start].startswith(LOCATOR_SIGNATURE):
        raise ValueError("an archive of too many files, or of too many bytes")
    stream.seek(0)


def _read_archive(archive: zipfile.ZipFile, folder: Path) -> Imported:
    with archive.open(TRAIL) as stream:
        known, left_out = read_known(_read_bounded(stream, MAX_TRAIL_BYTES).decode())
    trail, files = hide_trail(known), {each.filename: each for each in archive.infolist()}
    pictures = 0
    for round_ in trail.rounds:
        tiles = [_show(archive, files, folder, tile) for tile in round_.tiles]
        pictures += sum(tile.file is not None for tile in tiles)
        trail = trail.with_round(round_.id, tiles=tuple(tiles))
    return Imported(trail, pictures, left_out, tuple(_extract_inputs(archive, files, folder, trail)))


def _check_sizes(listed: list[zipfile.ZipInfo], archive_bytes: int) -> None:
    unpacked = sum(each.file_size for each in listed)
    if unpacked > MAX_PICTURES_BYTES:
        raise SeedLabError(
            f"This trail has pictures of more than {MAX_PICTURES_BYTES // 2**30} GB: import a part of it."
        )
    if unpacked > MAX_EXPANSION * archive_bytes + MAX_TRAIL_BYTES:
        raise ValueError("an archive that unpacks to much more than its own size")


def _extract_inputs(
    archive: zipfile.ZipFile, files: dict[str, zipfile.ZipInfo], folder: Path, trail: Trail
) -> Iterator[Path]:
    for each in list_inputs(list_recipes(trail))[:MAX_INPUTS]:
        info = files.get(_name_input(each))
        if info is not None and info.file_size <= MAX_FILE_BYTES:
            yield _extract(archive, info, folder / f"input-{each.sha256}.png")


def _name_input(picture: InputPicture) -> str:
    return f"{INPUTS}/{picture.sha256}.png"


def _show(archive: zipfile.ZipFile, files: dict[str, zipfile.ZipInfo], folder: Path, tile: Tile) -> Tile:
    """Return a tile with its picture or its draft, if the archive has it and it is what it says."""
    for name in (_name(tile, None), _name(tile, 0)):
        info = files.get(f"{PICTURES}/{name}.png")
        if info is not None and info.file_size <= MAX_FILE_BYTES:
            with suppress(SeedLabError):
                return _show_file(tile, _extract(archive, info, folder / f"{name}.png"), name)
    return tile


def _show_file(tile: Tile, file: Path, name: str) -> Tile:
    """Return a tile with a picture or a draft. What is neither is deleted: nothing else may fill the disk.

    Raises:
        SeedLabError: the file is neither.
    """
    try:
        metadata = read_metadata(file)
        if not metadata.is_of(tile.recipe) or name != _name(tile, metadata.draft_steps):
            raise SeedLabError("The file is not the tile's picture.")
    except SeedLabError:
        file.unlink()
        raise
    if metadata.draft_steps is None:
        return replace(tile, **show_picture(file, OPENED))
    return replace(tile, **show_draft(tile, file, OPENED, metadata.draft_steps))


def _extract(archive: zipfile.ZipFile, info: zipfile.ZipInfo, file: Path) -> Path:
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(info) as stream:
            data = _read_bounded(stream, MAX_FILE_BYTES)
        write_atomically(file, lambda temporary: temporary.write_bytes(data))
    return file


def _read_bounded(stream: IO[bytes], limit: int) -> bytes:  # what an archive says about sizes may be wrong
    data = stream.read(limit + 1)
    if len(data) > limit:
        raise ValueError("a file that is too large")
    return data
