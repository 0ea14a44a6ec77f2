"""Files: written in one step, and recognised when they change."""

import os
import re
import uuid
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from platformdirs import user_cache_path

TEMPORARY = re.compile(r"\.seedlab-[0-9a-f]{32}\.tmp")
"""The name of a file that is being written; one that stays behind was left by a process that was killed."""

CACHE = "SEEDLAB_CACHE"
"""The environment variable that names the folder for what is found out once."""

Signature = tuple[tuple[str, int, int], ...]
"""Name, size in bytes and time of the last change, in ns, of each of several files."""


def find_cache() -> Path | None:
    """Return the folder for what is found out once: SEEDLAB_CACHE, or one in the user's cache; None without one."""
    if folder := os.environ.get(CACHE):
        return Path(folder)
    cache = user_cache_path("seedlab", appauthor=False)
    # Without a home folder, "~" stays in the path.
    return cache if cache.is_absolute() else None


def write_atomically(file: Path, write: Callable[[Path], object]) -> None:
    """Write a file in one step: either all of it is there or nothing has changed.

    Args:
        file: the file to write; its folder must exist.
        write: called with a temporary path in the same folder, and writes the content there.

    Raises:
        OSError: the disk is full, or the folder is not writable.
    """
    # In the same folder, because only there renaming is atomic. The name is unique, because another process may be
    # writing the same file. Not `tempfile`, whose files only their owner may read.
    temporary = file.with_name(f".seedlab-{uuid.uuid4().hex}.tmp")
    try:
        write(temporary)
        temporary.replace(file)
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def sign_files(files: Iterable[tuple[str, Path]]) -> Signature:
    """Return a value that changes when one of these files does. Only file attributes are read.

    Args:
        files: the name by which each file is known, and its path.

    Raises:
        OSError: a file does not exist or cannot be read.
    """
    stats = ((name, file.stat()) for name, file in files)
    return tuple((name, stat.st_size, stat.st_mtime_ns) for name, stat in stats)
