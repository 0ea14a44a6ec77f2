"""Files: written in one step, and recognised when they change."""

import errno
import os
import re
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from platformdirs import user_cache_path

TEMPORARY = re.compile(r"\.seedlab-(?:(?P<process>\d{1,10})-)?[0-9a-f]{32}\.tmp")
"""The name of a file that is being written; one that stays behind was left by a process that was killed."""

ABANDONED_SECONDS, ORPHANED_SECONDS = 3600.0, 2.0
"""After this time without a change, a temporary file of any process, and of one that does not run here, is abandoned.

A process of another machine, which writes to a shared folder, does not run here either.
"""

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

CACHE = "SEEDLAB_CACHE"
"""The environment variable that names the folder for what is found out once."""

Signature = tuple[tuple[str, int, int], ...]
"""Name, size in bytes and time of the last change, in ns, of each of several files."""


def find_cache(name: str) -> Path | None:
    """Return where a file or folder is kept for later processes; None if there is no place for it.

    It is in the folder of the variable SEEDLAB_CACHE, or else in one in the user's cache.
    """
    if folder := os.environ.get(CACHE):
        return Path(folder) / name
    cache = user_cache_path("seedlab", appauthor=False)
    # Without a home folder, "~" stays in the path.
    return cache / name if cache.is_absolute() else None


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
    temporary = file.with_name(f".seedlab-{os.getpid()}-{uuid.uuid4().hex}.tmp")
    try:
        write(temporary)
        temporary.replace(file)
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def mark_used(file: Path) -> None:
    """Mark a file as used, for `delete_least_used`. Many file systems do not record access times."""
    with suppress(OSError):
        os.utime(file)  # `Path.touch` would make an empty one of a file that was deleted meanwhile


def delete_abandoned(folder: Path) -> None:
    """Delete the temporary files that killed processes left in a folder. Nothing happens if it cannot be read."""
    with suppress(OSError):
        for file in folder.iterdir():
            if (match := TEMPORARY.fullmatch(file.name)) is not None:
                with suppress(OSError):  # deleted meanwhile
                    limit = ORPHANED_SECONDS if _has_ended(match["process"]) else ABANDONED_SECONDS
                    if time.time() - file.stat().st_mtime > limit:
                        file.unlink()


def delete_least_used(
    folder: Path, is_ours: Callable[[str], object], limit_bytes: int, kept: Path | None = None
) -> tuple[Path, ...]:
    """Delete the least recently used files of a folder while all of them together are larger than a limit.

    Args:
        folder: several processes may use it. Nothing happens if it cannot be read.
        is_ours: whether a file of this name counts, and may be deleted.
        kept: a file that counts and stays.

    Returns:
        The files that were deleted, here or by another process.
    """
    files = sorted(_list_by_use(folder, is_ours))
    excess = sum(size for _, size, _ in files) - limit_bytes
    deleted: list[Path] = []
    for _, size, file in files:
        if excess <= 0:
            break
        if file != kept:
            excess -= size
            with suppress(OSError):
                file.unlink(missing_ok=True)  # another process may have deleted it
                deleted.append(file)
    return tuple(deleted)


def _list_by_use(folder: Path, is_ours: Callable[[str], object]) -> Iterator[tuple[float, int, Path]]:
    """Yield (time of last use in s, bytes, file)."""
    with suppress(OSError):
        for file in folder.iterdir():
            with suppress(OSError):  # deleted meanwhile
                if is_ours(file.name):
                    status = file.stat()
                    yield status.st_mtime, status.st_size, file


def is_full(error: OSError) -> bool:
    """Whether an error says that a disk, or a user's share of it, is full."""
    return error.errno in FULL


def sign_files(files: Iterable[tuple[str, Path]]) -> Signature:
    """Return a value that changes when one of these files does. Only file attributes are read.

    Args:
        files: the name by which each file is known, and its path.

    Raises:
        OSError: a file does not exist or cannot be read.
    """
    stats = ((name, file.stat()) for name, file in files)
    return tuple((name, stat.st_size, stat.st_mtime_ns) for name, stat in stats)


def _has_ended(process: str | None) -> bool:
    """Whether a process of this machine is known to have ended."""
    if process is None or os.name != "posix":  # elsewhere signal 0 would end it
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False
