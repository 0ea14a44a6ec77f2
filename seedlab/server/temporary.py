"""The folder of temporary files of one process: uploads, and the copies that gradio makes."""

import logging
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import rmtree

from filelock import FileLock, Timeout

from seedlab.core.errors import SeedLabError

LOGGER = logging.getLogger(__name__)
PREFIX, LOCK = "seedlab-", ".lock"
YOUNG_SECONDS = 60.0
"""A folder without a lock that is younger was just created."""

MAX_AGE = 24 * 60 * 60.0
MAX_BYTES = 2**30
"""The limits of a file's age, in seconds, and of all files together."""

SWEEP_SECONDS = 300.0


@contextmanager
def use_temporary_folder() -> Iterator[Path]:
    """Make a folder that only this user can read, have gradio and Python use it, and delete it at the end.

    It is made in GRADIO_TEMP_DIR, if that is set, or in the system's folder for temporary files. Folders of processes
    that were killed are deleted first.

    Raises:
        SeedLabError: no folder can be made.
    """
    parent = Path(os.environ.get("GRADIO_TEMP_DIR") or tempfile.gettempdir())
    before = tempfile.tempdir, os.environ.get("GRADIO_TEMP_DIR")
    folder, lock = _make_folder(parent)
    os.environ["GRADIO_TEMP_DIR"] = tempfile.tempdir = str(folder)
    try:
        yield folder
    finally:
        tempfile.tempdir = before[0]
        _restore_variable(before[1])
        lock.release()
        rmtree(folder, ignore_errors=True)


def sweep(folder: Path, max_age: float = MAX_AGE, max_bytes: int = MAX_BYTES) -> None:
    """Delete files that are older than `max_age` seconds, and the oldest of the others beyond `max_bytes` bytes.

    Folders are deleted with their last file, and after `max_age` if they never got one, as for a download that failed.
    """
    files = sorted(_list_files(folder), reverse=True)
    total, now = 0, time.time()
    for changed, size, file in files:
        total += size
        if total > max_bytes or now - changed > max_age:
            with suppress(OSError):
                file.unlink()
                file.parent.rmdir()  # unless other files are in it
    for each in (Path(path) for path, _, _ in os.walk(folder, topdown=False)):
        with suppress(OSError):
            if each != folder and now - each.stat().st_mtime > max_age:
                each.rmdir()  # unless something is in it


def _make_folder(parent: Path) -> tuple[Path, FileLock]:
    try:
        parent.mkdir(parents=True, exist_ok=True)
        _delete_abandoned(parent)
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))  # mode 0700
        lock = FileLock(folder / LOCK)
        lock.acquire(timeout=0)
    except OSError as error:
        raise SeedLabError(
            f"The folder for temporary files, “{parent}”, cannot be written to ({error.strerror}): "
            "free some space, or set TMPDIR to another folder."
        ) from error
    return folder, lock


def _delete_abandoned(parent: Path) -> None:
    for folder in parent.glob(f"{PREFIX}*"):
        with suppress(OSError):  # another user's, or deleted meanwhile
            if (folder / LOCK).exists() and time.time() - folder.stat().st_mtime > YOUNG_SECONDS:
                _delete_unlocked(folder)


def _delete_unlocked(folder: Path) -> None:
    """Delete the folder of a process that ended: the system releases a process's locks, even if it was killed."""
    with suppress(Timeout):
        with FileLock(folder / LOCK, timeout=0):
            pass
        rmtree(folder, ignore_errors=True)


def _list_files(folder: Path) -> Iterator[tuple[float, int, Path]]:
    """List files as (time of the last change in s, bytes, file)."""
    # Unlike Path.rglob, this goes on where a folder is deleted meanwhile, by another sweep or by the page.
    for parent, _, names in os.walk(folder):
        for file in (Path(parent, name) for name in names if name != LOCK):
            with suppress(OSError):  # deleted meanwhile
                status = file.lstat()
                yield status.st_mtime, status.st_size, file


def _restore_variable(value: str | None) -> None:
    if value is None:
        os.environ.pop("GRADIO_TEMP_DIR", None)
    else:
        os.environ["GRADIO_TEMP_DIR"] = value
