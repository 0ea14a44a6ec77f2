"""The models and LoRAs that were used on this machine, by their paths: pictures name them without their folders."""

import json
import logging
from collections.abc import Iterable
from pathlib import Path
from threading import Lock

from seedlab.core.files import write_atomically

LOGGER = logging.getLogger(__name__)
MAX_FILES = 200
MAX_BYTES = 1_000_000


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
            self._write()

    def list_paths(self) -> tuple[str, ...]:
        """Return the paths, the last used first. Some may not exist any more."""
        with self._lock:
            return tuple(dict.fromkeys((*self._paths, *self._read())))

    def _read(self) -> list[str]:
        if self._file is None:
            return []
        try:
            with self._file.open(encoding="utf-8") as stream:
                paths = json.loads(stream.read(MAX_BYTES))
        except (OSError, ValueError, RecursionError):
            return []
        return [path for path in paths if isinstance(path, str)] if isinstance(paths, list) else []

    def _write(self) -> None:
        if self._file is None:
            return
        text = json.dumps(self._paths)
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(self._file, lambda temporary: temporary.write_text(text, encoding="utf-8"))
        except OSError:
            LOGGER.info("The paths of models and LoRAs could not be kept.", exc_info=True)
