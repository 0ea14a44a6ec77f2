"""How long pictures took on this machine, by model and device."""

from pathlib import Path
from statistics import median
from threading import Lock

from seedlab.core.models.model import Model
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.reports import Finished
from seedlab.core.storage.json_file import read_json, write_json

MAX_KINDS = 200
KEPT = 5
"""How many measurements of a kind are kept: one alone may be of a busy machine."""


class KnownTimes:
    """The times of the last pictures of each model, size and device. Any thread and several processes may use it."""

    def __init__(self, file: Path | None) -> None:
        """Know nothing yet.

        Args:
            file: keeps the times from one process to the next; None to keep them in memory.
        """
        self._file = file
        self._times: dict[str, tuple[float, ...]] = {}
        self._lock = Lock()

    def add(self, recipe: Recipe, made: Finished, seconds: float) -> None:
        """Remember a measurement, unless it is of a draft, or of a picture with LoRAs or from another picture.

        Args:
            recipe: of the picture.
            made: where it was made.
            seconds: that it took, or its part of a batch's time.
        """
        if made.draft_steps is not None or recipe.start is not None or recipe.loras:
            return
        key = _write_key(recipe.model_id, recipe.width, recipe.height, made.environment.device)
        with self._lock:
            known = self._read() | self._times
            times = (*known.pop(key, ()), round(seconds / recipe.num_inference_steps, 5))[-KEPT:]
            self._times = dict([*known.items(), (key, times)][-MAX_KINDS:])
            write_json(self._file, self._times)

    def find(self, model: Model, device: str) -> float | None:
        """Return how many seconds a picture of a model takes, with its own settings; None if that is not known."""
        with self._lock:
            known = self._times or self._read()
        times = known.get(_write_key(model.model_id, model.width, model.height, device))
        return median(times) * model.num_inference_steps if times else None

    def _read(self) -> dict[str, tuple[float, ...]]:
        data = read_json(self._file)
        return {key: tuple(times) for key, times in data.items() if _are_times(times)} if isinstance(data, dict) else {}


def _write_key(model_id: str, width: int, height: int, device: str) -> str:
    return f"{model_id} {width}x{height} {device}"


def _are_times(data: object) -> bool:
    return isinstance(data, list) and bool(data) and all(type(each) in (int, float) and each > 0 for each in data)
