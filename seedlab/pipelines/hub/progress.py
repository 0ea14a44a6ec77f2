"""The progress of downloads, in bytes."""

from collections.abc import Callable
from typing import Any

from tqdm import tqdm

OnProgress = Callable[[int, int], None]
"""Called with the bytes downloaded so far and the total, from several threads; raises to end the download."""

UNITS = ((10**9, "GB"), (10**6, "MB"), (10**3, "kB"))


def format_bytes(done: int, total: int) -> str:
    """Return the progress in words: "2.1 of 4.3 GB"."""
    size, unit = next((each for each in UNITS if total >= each[0]), (1, "bytes"))
    digits = 1 if size == 10**9 else 0
    return f"{done / size:.{digits}f} of {total / size:.{digits}f} {unit}"


class SilentBar(tqdm):  # type: ignore[misc]
    """A progress bar that shows nothing in the terminal."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **(kwargs | {"disable": True}))
