"""The hashes of large files, kept for the next process: reading a model once more takes longer than loading it."""

import re
import time
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from seedlab.core.storage.files import find_cache
from seedlab.core.storage.json_file import read_json, write_json

MIN_BYTES = 2**24
"""Smaller files are hashed faster than the cache is read."""

MAX_ENTRIES = 1000
SETTLED_SECONDS = 2
"""A file that was changed less than this ago may be changed once more without another time stamp."""


class State(NamedTuple):
    """What changes with a file's contents; the size is in bytes, the times of the last changes in ns."""

    inode: int
    size: int
    mtime: int
    ctime: int


_LOCK = Lock()


def find_hash(file: Path, state: State, start: int) -> str:
    """Return the SHA-256, in hex, that an earlier process computed for a file in this state; "" if there is none."""
    entry = _read().get(_name(file, start)) if state.size >= MIN_BYTES else None
    if not isinstance(entry, list) or len(entry) != 2 or entry[0] != list(state):
        return ""
    return entry[1] if isinstance(entry[1], str) and re.fullmatch("[0-9a-f]{64}", entry[1]) else ""


def keep_hash(file: Path, state: State, start: int, sha256: str) -> None:
    """Keep the hash of a file that is large and was not changed just now. Failing to write it costs only time."""
    if state.size < MIN_BYTES or time.time() - state.ctime / 1e9 < SETTLED_SECONDS:
        return
    with _LOCK:
        entries = {**_read(), _name(file, start): [list(state), sha256]}
        write_json(_find_file(), dict(list(entries.items())[-MAX_ENTRIES:]))


def _name(file: Path, start: int) -> str:
    return f"{start} {file.resolve()}"


def _find_file() -> Path | None:
    return find_cache("hashes.json")


def _read() -> dict[str, object]:
    data = read_json(_find_file())
    return data if isinstance(data, dict) else {}
