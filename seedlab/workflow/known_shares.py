"""The seed shares that were measured on this machine, by the models' addresses."""

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from threading import Lock
from typing import Any

from seedlab.core.errors import SeedLabError
from seedlab.core.files import write_atomically
from seedlab.core.model import Model
from seedlab.core.seed_share import SeedShare

LOGGER = logging.getLogger(__name__)
MAX_MODELS = 200
MAX_BYTES = 1_000_000


class KnownShares:
    """Measured seed shares, the oldest first. Any thread, and several processes, may use it."""

    def __init__(self, file: Path | None) -> None:
        """Know nothing yet.

        Args:
            file: keeps the shares from one process to the next; None to keep them in memory.
        """
        self._file = file
        self._shares: dict[str, SeedShare] = {}
        self._lock = Lock()

    def add(self, model: Model, share: SeedShare) -> None:
        """Remember a measurement."""
        with self._lock:
            known = self._read() | self._shares
            known.pop(model.address, None)
            self._shares = dict([*known.items(), (model.address, share)][-MAX_MODELS:])
            self._write()

    def find(self, model: Model) -> SeedShare | None:
        """Return what was measured on this machine, else what is published about the model, else None."""
        with self._lock:
            known = self._shares if model.address in self._shares else self._read()
        published = model.card.seed_share if model.card else None
        return known.get(model.address, published)

    def _read(self) -> dict[str, SeedShare]:
        if self._file is None:
            return {}
        try:
            with self._file.open(encoding="utf-8") as stream:
                data = json.loads(stream.read(MAX_BYTES))
            return _parse(data)
        except (OSError, ValueError, RecursionError, SeedLabError):
            return {}

    def _write(self) -> None:
        if self._file is None:
            return
        text = json.dumps({address: asdict(share) for address, share in self._shares.items()})
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(self._file, lambda temporary: temporary.write_text(text, encoding="utf-8"))
        except OSError:
            LOGGER.info("A seed share could not be kept.", exc_info=True)


def _parse(data: Any) -> dict[str, SeedShare]:
    if not isinstance(data, Mapping):
        raise SeedLabError("These are no seed shares.")
    return {str(address): SeedShare.from_dict(share) for address, share in data.items()}
