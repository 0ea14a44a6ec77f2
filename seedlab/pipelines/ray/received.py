"""The files that a worker was sent, in a bounded folder of its own that the workers of one machine share."""

import hashlib
import os
import platform
import re
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from seedlab.core.errors import SeedLabError
from seedlab.core.storage.files import mark_used
from seedlab.pipelines.ray.bundles import Bundle, BundleFile, Chunk, describe

LIMIT_BYTES = 32 * 2**30
"""The size of all copies above which the least recently used ones are deleted."""

IN_USE_SECONDS = 600.0
"""A copy that was used less than this ago may be in use, and stays. Work marks it with each message, every second."""

DIGEST = re.compile("[0-9a-f]{64}")


class ReceivedFiles:
    """Keeps the copies, each in a folder that is named by its hash. Several processes may use them.

    One copy at a time is received. It is written under a temporary name, and moved into place when its hash is right.
    """

    def __init__(self, folder: Path | None, limit_bytes: int = LIMIT_BYTES) -> None:
        """Describe the folder, which is created with the first copy.

        Args:
            folder: None to receive none.
            limit_bytes: as `LIMIT_BYTES`.
        """
        self._folder, self._limit_bytes = folder, limit_bytes
        self._name = f".{uuid.uuid4().hex}"
        self._sums: list[Any] = []

    def find(self, bundle: Bundle) -> Path | None:
        """Return where a bundle is on this machine, and mark it as used: at its own path, or as a copy.

        Returns:
            None if it is not here with the same contents.
        """
        self.touch(bundle)
        places = (Path(bundle.path), self._place(bundle))
        return next((place for place in places if place is not None and _is_same(place, bundle)), None)

    def touch(self, bundle: Bundle) -> None:
        """Mark a copy as in use."""
        if self._folder is not None:
            mark_used(self._folder / bundle.digest)

    def receive(self, bundle: Bundle, chunk: Chunk) -> str:
        """Keep the next chunk of a bundle; the first one begins it anew, and the last one completes it.

        Returns:
            "", or a sentence that says why the bundle cannot be kept.
        """
        if self._folder is None or not all(_is_inside(file.name) for file in bundle.files):
            return f"The worker on {platform.node()} cannot keep {bundle.title}: copy the page's file there."
        try:
            sentence = self._receive(bundle, chunk, self._folder)
        except OSError:
            sentence = _refuse(bundle)
        if sentence:
            self.discard()
        return sentence

    def discard(self) -> None:
        """Delete what has been received of a bundle that is not complete."""
        self._sums = []
        if self._folder is not None:
            shutil.rmtree(self._folder / self._name, ignore_errors=True)

    def _receive(self, bundle: Bundle, chunk: Chunk, folder: Path) -> str:
        if (chunk.number, chunk.offset) == (0, 0) and not self._begin(bundle, folder):
            return _refuse(bundle)
        if not self._sums:  # this process was started in the middle
            return _damaged(bundle)
        self._write(bundle.files[chunk.number], chunk, folder / self._name)
        is_last = chunk.number == len(bundle.files) - 1
        if not is_last or chunk.offset + len(chunk.data) < bundle.files[-1].size:
            return ""
        if [each.hexdigest() for each in self._sums] != [file.sha256 for file in bundle.files]:
            return _damaged(bundle)
        self._keep(folder / bundle.digest, folder / self._name)
        return ""

    def _begin(self, bundle: Bundle, folder: Path) -> bool:
        """Make room for a bundle; returns whether there is enough."""
        self.discard()
        place = self._place(bundle)
        if place is not None and not _is_same(place, bundle):
            _delete(folder / bundle.digest)  # damaged
        if not self._make_room(folder, bundle.size):
            return False
        (folder / self._name).mkdir(parents=True)
        self._sums = [hashlib.sha256() for _ in bundle.files]
        return True

    def _write(self, file: BundleFile, chunk: Chunk, partial: Path) -> None:
        target = partial / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("ab") as stream:
            stream.write(chunk.data)
        os.utime(partial)  # a sign of life
        self._sums[chunk.number].update(chunk.data)

    def _keep(self, place: Path, partial: Path) -> None:
        try:
            partial.rename(place)
        except OSError:
            if not place.is_dir():
                raise
            self.discard()  # another process was first

    def _place(self, bundle: Bundle) -> Path | None:
        return self._folder and self._folder / bundle.digest / bundle.files[0].name

    def _make_room(self, folder: Path, size: int) -> bool:
        copies = sorted(_list_by_use(folder))
        excess = sum(taken for _, taken, _ in copies) + size - self._limit_bytes
        for used, taken, copy in copies:
            is_whole = DIGEST.fullmatch(copy.name) is not None
            if time.time() - used > IN_USE_SECONDS and (excess > 0 or not is_whole):
                _delete(copy)
                excess -= taken
        return excess <= 0


def _is_same(place: Path, bundle: Bundle) -> bool:
    try:
        return describe(place, is_model=bundle.is_model).files == bundle.files
    except (SeedLabError, OSError, ValueError):
        return False


def _is_inside(name: str) -> bool:
    """Whether a file of this name, with "/", lies inside of the folder that it is put in, on this system."""
    parts = Path(name).parts
    return parts == tuple(name.split("/")) and ".." not in parts and "\0" not in name


def _list_by_use(folder: Path) -> Iterator[tuple[float, int, Path]]:
    """Yield (time of last use in s, bytes, folder)."""
    for each in folder.iterdir() if folder.is_dir() else ():
        with suppress(OSError):  # deleted meanwhile
            yield each.stat().st_mtime, sum(file.stat().st_size for file in each.rglob("*") if file.is_file()), each


def _delete(copy: Path) -> None:
    """Delete a folder as a whole: what another process deletes halfway is not found under its name."""
    hidden = copy.with_name(f".{uuid.uuid4().hex}")
    with suppress(OSError):
        copy.rename(hidden)
        shutil.rmtree(hidden, ignore_errors=True)


def _refuse(bundle: Bundle) -> str:
    return f"The worker on {platform.node()} has no room for {bundle.title}: free some space there."


def _damaged(bundle: Bundle) -> str:
    return f"{bundle.title} did not reach the worker on {platform.node()} as it is here: try again."
