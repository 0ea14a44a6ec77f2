"""What the measurements share: where they run, how long they may take, and a clock."""

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch

Line = dict[str, object]
"""One result: the values of a line of JSON."""


@dataclass(frozen=True)
class Bench:
    """Where the measurements run.

    Attributes:
        device: "cuda" or "cpu".
        tiny: whether models have a few channels, to try the program itself.
        seconds: in which everything has to be done.
    """

    device: str
    tiny: bool
    seconds: float
    started: float = field(default_factory=time.monotonic)

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.started

    @property
    def left(self) -> float:
        """Seconds that are left; below 0 if there are none."""
        return self.seconds - self.elapsed

    @property
    def has_gpu(self) -> bool:
        """Whether this is a real GPU, with a clock, libraries and graphs of its own."""
        return self.device == "cuda" and torch.version.cuda is not None

    def choose_dtype(self, name: str) -> torch.dtype:
        """Return a dtype; on a CPU always float32, because half precision is emulated there."""
        return torch.float32 if self.device == "cpu" else getattr(torch, name)

    def wait(self) -> None:
        """Wait until the device has done its work."""
        if self.has_gpu:
            torch.cuda.synchronize()

    def clock(self, work: Callable[[], object], count: int = 10) -> float:
        """Return the median time of some work, in ms, after a few runs to warm up."""
        count, warm = (1, 1) if self.tiny else (count, 3)
        with torch.inference_mode():
            for _ in range(warm):
                work()
            return round(1e3 * statistics.median(self._time(work) for _ in range(count)), 3)

    def _time(self, work: Callable[[], object]) -> float:
        self.wait()
        started = time.perf_counter()
        work()
        self.wait()
        return time.perf_counter() - started

    def measure_peak(self) -> float:
        """Return the most memory that tensors have taken since `forget_peak`, in GiB; 0 without a GPU."""
        return round(torch.cuda.max_memory_allocated() / 2**30, 2) if self.has_gpu else 0

    def forget_peak(self) -> None:
        """Free unused memory, and begin to measure anew."""
        if self.has_gpu:
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()

    @contextmanager
    def leave_free(self, gib: float) -> Iterator[None]:
        """Take all memory of the GPU but this many GiB inside the context, as another program would."""
        torch.cuda.empty_cache()
        free, _ = torch.cuda.mem_get_info()
        filler = torch.empty(max(0, int(free - gib * 2**30)), dtype=torch.uint8, device=self.device)
        try:
            yield
        finally:
            del filler
            torch.cuda.empty_cache()
