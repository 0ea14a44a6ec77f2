"""The models and LoRAs that were used on this machine, by their paths: pictures name them without their folders."""

from collections.abc import Iterable
from pathlib import Path
from threading import Lock

from seedlab.core.storage.json_file import read_json, write_json

MAX_FILES = 200


class KnownFiles:
    """Paths of files and folders, the last used first. Any thread, and several processes, may use it."""

    def __init__(self, file: Path | None) -> None:
        """Remember nothing yet.

        Args:
            file: keeps the paths from one process to the next; None to keep them in memory.
        """
        self._file = file
        self._paths: tuple[str, ...] = ()
        self._lock = Lock()

    def add(self, paths: Iterable[str]) -> None:
        """Remember absolute paths."""
        new = tuple(dict.fromkeys(paths))
        with self._lock:
            if set(new) <= set(self._paths):
                return
            self._paths = tuple(dict.fromkeys((*new, *self._paths, *self._read())))[:MAX_FILES]
            write_json(self._file, self._paths)

    def list_paths(self) -> tuple[str, ...]:
        """Return the paths, the last used first. Some may not exist any more."""
        with self._lock:
            return tuple(dict.fromkeys((*self._paths, *self._read())))

    def _read(self) -> list[str]:
        paths = read_json(self._file)
        return [path for path in paths if isinstance(path, str)] if isinstance(paths, list) else []
