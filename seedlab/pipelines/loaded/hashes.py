"""Hashes of weight files."""

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path

from seedlab.core.storage.files import Signature, sign_files
from seedlab.pipelines.loaded.hash_cache import State, find_hash, keep_hash

THREADS = 4
"""How many files are hashed at a time."""

LENGTH_BYTES = 8
"""A safetensors file begins with the length of its header, in so many bytes."""


def hash_weights(path: Path, config: Path | None = None) -> str:
    """Return the SHA-256, in hex, over the names and contents of a pipeline's weights and configurations.

    Tokenizers and configurations affect the picture as much as weights do, so all files of the components count.

    Args:
        path: a diffusers folder or a single-file checkpoint.
        config: the folder with the checkpoint's configurations; its weights do not count.
    """
    whole, files = hashlib.sha256(), list(list_files(path, config))
    with ThreadPoolExecutor(THREADS) as executor:
        for (name, _), sha256 in zip(files, executor.map(lambda each: hash_file(each[1]), files), strict=True):
            whole.update(name.encode() + b"\0")
            whole.update(bytes.fromhex(sha256))
    return whole.hexdigest()


def sign_weights(path: Path, config: Path | None = None) -> Signature:
    """Return a value that changes when one of these files does; cheap. The arguments are those of `hash_weights`."""
    return sign_files(list_files(path, config))


def list_files(path: Path, config: Path | None = None) -> Iterator[tuple[str, Path]]:
    """Yield the name and path of each file that `hash_weights` reads. The arguments are the same."""
    if config is not None:
        yield "", path
    folder = path if config is None else config
    endings = (".json", ".txt", ".model") if config else (".safetensors", ".json", ".txt", ".model")
    # Some early pipelines, with a single network, have their files in the root.
    for file in sorted((*folder.glob("*"), *folder.glob("*/*"))):
        if file.suffix.lower() in endings:
            yield file.relative_to(folder).as_posix(), file


def add_hashes(weights: str, others: Sequence[str]) -> str:
    """Return the hash, in hex, of weights to which others were added in this order; `weights` if there are none."""
    return hashlib.sha256(" ".join((weights, *others)).encode()).hexdigest() if others else weights


def hash_file(file: Path) -> str:
    """Return the SHA-256 of a file, in hex. Called for each picture; the file is read only when it has changed."""
    return _hash(file, _read_state(file), start=0)


def hash_tensors(file: Path) -> str:
    """Return the SHA-256, in hex, of a safetensors file without its header; "" if it cannot be read.

    AUTOMATIC1111 and Civitai (AutoV3) know LoRAs by it: it stays when their metadata is edited.
    """
    try:
        with file.open("rb") as stream:
            length = int.from_bytes(stream.read(LENGTH_BYTES), "little")
        return _hash(file, _read_state(file), start=LENGTH_BYTES + length)
    except (OSError, OverflowError, ValueError):
        return ""


def _read_state(file: Path) -> State:
    stat = file.stat()
    return State(stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)


@lru_cache(maxsize=200)
def _hash(file: Path, state: State, *, start: int) -> str:
    if known := find_hash(file, state, start):
        return known
    with file.open("rb") as stream:
        stream.seek(start)
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    keep_hash(file, state, start, found)
    return found
