"""Finds LoRAs by name and hash, as pictures of other programs name them."""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from seedlab.core.errors import SeedLabError
from seedlab.core.safetensors import read_header
from seedlab.pipelines.loaded.hashes import hash_file
from seedlab.pipelines.loaded.loras.files import is_lora_name, read_lora

MIN_DIGITS = 8
"""Shorter hashes are not trusted: AUTOMATIC1111 writes 12 digits, and Civitai 10."""

KOHYA_HASH = "sshs_model_hash"
"""The metadata of kohya's trainer with the SHA-256 of a file without its header, Civitai's AutoV3."""


def find_lora(name: str, digits: str, folders: Iterable[Path]) -> Path | None:
    """Return the LoRA with a name and a hash; None if it is in none of the folders.

    A file of the same name comes first, then one whose metadata has the hash; files of other names are not hashed.

    Args:
        name: its file name, with or without its ending; "" if unknown.
        digits: the beginning of a hash in hex, as Civitai (AutoV2, AutoV3) and AUTOMATIC1111 write it; "" if unknown,
            and then the name decides.
        folders: where to look; folders in them are not searched.
    """
    digits = digits.strip().lower()
    if digits and len(digits) < MIN_DIGITS:
        return None
    files = list(_list_files(folders))
    stem = name.strip().lower().removesuffix(".safetensors")
    named = [file for file in files if stem and file.stem.lower() == stem]
    if not digits:
        return named[0] if named else None
    matches = (file for file in named if any(each.startswith(digits) for each in _list_hashes(file)))
    others = (file for file in files if file not in named and _read_kohya_hash(file).startswith(digits))
    return next(matches, None) or next(others, None)


def _list_files(folders: Iterable[Path]) -> Iterator[Path]:
    for folder in dict.fromkeys(folders):
        try:
            files = sorted(file for file in folder.iterdir() if is_lora_name(file) and file.is_file())
        except OSError:
            continue
        yield from filter(_is_lora, files)


def _is_lora(file: Path) -> bool:
    try:
        read_lora(file)
    except SeedLabError:
        return False
    return True


def _list_hashes(file: Path) -> Iterator[str]:
    """Yield the hashes by which a file is known: its SHA-256, and that of the file without its header."""
    try:
        yield _read_kohya_hash(file)
        yield hash_file(file)
        yield _hash_weights(file)
    except OSError:
        return


def _read_kohya_hash(file: Path) -> str:
    try:
        return str(read_header(file).metadata.get(KOHYA_HASH, "")).lower()
    except (OSError, ValueError):
        return ""


def _hash_weights(file: Path) -> str:
    with file.open("rb") as stream:
        stream.seek(8 + int.from_bytes(stream.read(8), "little"))
        return hashlib.file_digest(stream, "sha256").hexdigest()
