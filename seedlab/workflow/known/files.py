"""The models and LoRAs that were used on this machine, by their paths: pictures name them without their folders."""

from collections.abc import Iterable
from pathlib import Path
from threading import Lock

from seedlab.core.storage.json_file import read_json, write_json

MAX_FILES = 200
RECENT = 20
"""Of so many paths that this process used last, the order on the disk may be an older one.

Otherwise a model and its LoRAs, which are used in turns, would be written at every picture.
"""


class KnownFiles:
    """Paths of files and folders, the last used first. Any thread, and several processes, may use it."""

    def __init__(self, file: Path | None) -> None:
        """Remember nothing yet.

        Args:
            file: keeps the paths from one process to the next; None to keep them in memory.
        """
        self._file = file
        self._paths: tuple[str, ...] = ()  # that this process used
        self._lock = Lock()

    def add(self, paths: Iterable[str]) -> None:
        """Remember absolute paths as those that were used last."""
        new = tuple(paths)
        with self._lock:
            is_recent = set(new) <= set(self._paths[:RECENT])
            self._paths = tuple(dict.fromkeys((*new, *self._paths)))[:MAX_FILES]
            if not is_recent:
                write_json(self._file, self._list()[:MAX_FILES])

    def list_paths(self) -> tuple[str, ...]:
        """Return the paths, the last used first. Some may not exist any more."""
        with self._lock:
            return self._list()

    def _list(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self._paths, *self._read())))

    def _read(self) -> list[str]:
        paths = read_json(self._file)
        return [path for path in paths if isinstance(path, str)] if isinstance(paths, list) else []
