"""The hashes of large files, kept for the next process: reading a model once more takes longer than loading it."""

import json
import logging
import re
import time
from pathlib import Path
from threading import Lock

from seedlab.core.files import find_cache, write_atomically

LOGGER = logging.getLogger(__name__)
MIN_BYTES = 2**24
"""Smaller files are hashed faster than the cache is read."""

MAX_ENTRIES = 1000
SETTLED_SECONDS = 2
"""A file that was changed less than this ago may be changed once more without another time stamp."""

State = tuple[int, ...]
"""What changes with a file's contents: its inode, size, and the times of its last change."""

_LOCK = Lock()


def find_hash(file: Path, state: State, start: int) -> str:
    """Return the SHA-256, in hex, that an earlier process computed for a file in this state; "" if there is none."""
    entry = _read().get(_name(file, start))
    if not isinstance(entry, list) or len(entry) != 2 or entry[0] != list(state):
        return ""
    return entry[1] if isinstance(entry[1], str) and re.fullmatch("[0-9a-f]{64}", entry[1]) else ""


def keep_hash(file: Path, state: State, start: int, sha256: str) -> None:
    """Keep the hash of a file that is large and was not changed just now. Failing to write it costs only time."""
    folder = find_cache()
    if folder is None or file.stat().st_size < MIN_BYTES or time.time() - file.stat().st_ctime < SETTLED_SECONDS:
        return
    with _LOCK:
        entries = {**_read(), _name(file, start): [list(state), sha256]}
        text = json.dumps(dict(list(entries.items())[-MAX_ENTRIES:]))
        try:
            folder.mkdir(parents=True, exist_ok=True)
            write_atomically(folder / "hashes.json", lambda part: part.write_text(text, encoding="utf-8"))
        except OSError as error:
            LOGGER.info("The hash of a file could not be stored: %s", error)


def _name(file: Path, start: int) -> str:
    return f"{start} {file.resolve()}"


def _read() -> dict[str, object]:
    folder = find_cache()
    if folder is None:
        return {}
    try:
        data = json.loads((folder / "hashes.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}
