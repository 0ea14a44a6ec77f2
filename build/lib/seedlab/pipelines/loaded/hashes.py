"""Hashes of weight files."""

import hashlib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

Signature = tuple[tuple[str, int, int], ...]
"""Name, size in bytes and time of the last change, in ns, of each file of a model."""


def hash_weights(path: Path, config: Path | None = None) -> str:
    """Return the SHA-256, in hex, over the names and contents of a pipeline's weights and configurations.

    Tokenizers and configurations decide the picture as much as weights do, so every file of the components counts.

    Args:
        path: a diffusers folder, or a checkpoint in one file.
        config: the folder of configurations that the checkpoint is read with; its weights do not count.
    """
    whole = hashlib.sha256()
    for name, file in list_files(path, config):
        whole.update(name.encode() + b"\0")
        with file.open("rb") as stream:
            whole.update(hashlib.file_digest(stream, "sha256").digest())
    return whole.hexdigest()


def sign_weights(path: Path, config: Path | None = None) -> Signature:
    """Return what changes when one of these files is replaced; cheap. The arguments are those of `hash_weights`."""
    stats = ((name, file.stat()) for name, file in list_files(path, config))
    return tuple((name, stat.st_size, stat.st_mtime_ns) for name, stat in stats)


def list_files(path: Path, config: Path | None = None) -> Iterator[tuple[str, Path]]:
    """Name the files that `hash_weights` is over, and say where they are. The arguments are its own."""
    if config is not None:
        yield "", path
    folder = path if config is None else config
    endings = (".json", ".txt", ".model") if config else (".safetensors", ".json", ".txt", ".model")
    # The first pipelines, of one network alone, have their files in the root.
    for file in sorted((*folder.glob("*"), *folder.glob("*/*"))):
        if file.suffix in endings:
            yield file.relative_to(folder).as_posix(), file


def add_hashes(weights: str, others: Sequence[str]) -> str:
    """Return the hash, in hex, of weights that others were added to, in this order; their own where there are none."""
    return hashlib.sha256(" ".join((weights, *others)).encode()).hexdigest() if others else weights


def hash_file(file: Path) -> str:
    """Return the SHA-256 of a file, in hex; it is asked for every picture, and read again only when it has changed."""
    stat = file.stat()
    return _hash(file, (stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns))


@lru_cache(maxsize=100)
def _hash(file: Path, _state: tuple[int, ...]) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
