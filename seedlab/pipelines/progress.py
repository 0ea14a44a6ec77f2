"""How far a download is, in bytes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

Tell = Callable[[int, int], None]
"""Called with the bytes that are there, and those that there will be as far as is known."""

UNITS = ((10**9, "GB"), (10**6, "MB"), (10**3, "kB"))


def say_bytes(done: int, total: int) -> str:
    """Say how much of a download is there: "2.1 of 4.3 GB"."""
    size, unit = next((each for each in UNITS if total >= each[0]), (1, "bytes"))
    digits = 1 if size == 10**9 else 0
    return f"{done / size:.{digits}f} of {total / size:.{digits}f} {unit}"


@contextmanager
def watch_downloads(tell: Tell) -> Iterator[None]:
    """Let diffusers' downloads tell how far they are, as long as this lasts.

    The library that downloads takes a class of progress bars, and diffusers does not hand one on.
    """
    from diffusers.pipelines import pipeline_utils

    from seedlab.pipelines.slots import replace_attribute

    watched = partial(pipeline_utils.snapshot_download, tqdm_class=make_bar(tell))
    with replace_attribute(pipeline_utils, "snapshot_download", watched):
        yield


def make_bar(tell: Tell = lambda _done, _total: None) -> Any:
    """Make a class of progress bars that show nothing on the terminal, and tell how many bytes there are."""
    from tqdm import tqdm

    # One bar is for what came over the network and one for what was written; it is the latter that gets to the end.
    most = 0

    class Bar(tqdm):  # type: ignore[misc]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **(kwargs | {"file": _Nowhere(), "disable": False}))

        def update(self, n: float | None = 1) -> bool | None:
            nonlocal most
            shown: bool | None = super().update(n)
            if self.unit == "B" and self.n >= most:
                most = int(self.n)
                tell(most, max(most, int(self.total or 0)))
            return shown

    return Bar


class _Nowhere:
    """A file that keeps nothing."""

    def write(self, text: str) -> int:
        return len(text)

    def flush(self) -> None:
        pass
