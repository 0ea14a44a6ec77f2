"""The seed shares that were measured on this machine, by the models' addresses."""

from dataclasses import asdict
from pathlib import Path
from threading import Lock

from seedlab.core.errors import SeedLabError
from seedlab.core.models.model import Model
from seedlab.core.models.seed_share import SeedShare
from seedlab.core.storage.json_file import read_json, write_json

MAX_MODELS = 200


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
            write_json(self._file, {address: asdict(share) for address, share in self._shares.items()})

    def find(self, model: Model) -> SeedShare | None:
        """Return what was measured on this machine, else what is published about the model, else None."""
        with self._lock:
            known = self._shares if model.address in self._shares else self._read()
        published = model.card.seed_share if model.card else None
        return known.get(model.address, published)

    def _read(self) -> dict[str, SeedShare]:
        data = read_json(self._file)
        try:
            return {key: SeedShare.from_dict(each) for key, each in data.items()} if isinstance(data, dict) else {}
        except SeedLabError:
            return {}
