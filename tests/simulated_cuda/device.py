"""A CUDA device simulated in host memory, for tests of code that behaves differently with a device.

torch's dispatcher, its device checks and the memory limit are real: mixing tensors of two devices fails, and so does
allocating too much. Every kernel is the CPU's. The tests therefore show where a pipeline's parts are and what happens
when memory runs out; they say nothing about a real device's bits or speed. torch must be imported after the device is
loaded, so these tests run in a process of their own.
"""

import ctypes
import importlib.util
import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_name("device.cpp")
WHOLE = 80 * 10**9
"""Bytes of the device's memory by default. Only what is used is allocated."""


def build_library(folder: Path) -> Path:
    """Compile the device for the installed torch, which takes about 15 s; returns the library.

    Raises:
        FileNotFoundError: g++ is not installed.
    """
    from torch.utils.cpp_extension import include_paths, library_paths

    library = folder / "device.so"
    flags = ["-std=c++20", "-O1", "-shared", "-fPIC", "-w", *(f"-I{path}" for path in include_paths())]
    libraries = [f"-L{path}" for path in library_paths()] + ["-ltorch_cpu", "-lc10"]
    subprocess.run(["g++", *flags, str(SOURCE), "-o", str(library), *libraries], check=True)
    return library


def too_small_for(folder: Path) -> int:
    """Return a memory size in bytes that is too small for all weights of a pipeline at once, in a 2-byte dtype."""
    from seedlab.pipelines.devices.memory import ACTIVATION_BYTES, choose_weights, estimate_size
    from seedlab.pipelines.loaded.hashes import list_files

    return ACTIVATION_BYTES + estimate_size(choose_weights(list_files(folder)), "float16") // 2


class SimulatedDevice:
    """The simulated device of this process."""

    def __init__(self, library: Path) -> None:
        """Load the library. torch must not be imported yet: it looks for devices once."""
        parts = Path(str(importlib.util.find_spec("torch").origin)).parent / "lib"
        for name in ("libc10.so", "libtorch_cpu.so"):
            ctypes.CDLL(str(parts / name), mode=ctypes.RTLD_GLOBAL)
        ctypes.CDLL(str(library))
        import torch

        self._operators = torch.ops.simulated_cuda
        self.capability = (9, 0)
        self.resize(WHOLE)
        self._patch(torch.cuda)

    def _patch(self, cuda: object) -> None:
        """Replace the functions of `torch.cuda` that need a build with CUDA."""
        answers = {
            "_lazy_init": None,
            "device_count": 1,
            "current_device": 0,
            "empty_cache": None,
            "synchronize": None,
            "is_available": True,
            "is_initialized": True,
            "get_device_name": "Simulated CUDA device",
        }
        for name, answer in answers.items():
            setattr(cuda, name, lambda *_, answer=answer: answer)
        cuda.get_device_capability = lambda *_: self.capability
        cuda.memory_reserved = cuda.memory_allocated = lambda *_: self.used
        cuda.reset_peak_memory_stats = lambda *_: self.restart_peak()
        cuda.max_memory_allocated = lambda *_: self.peak
        cuda.get_rng_state = lambda *_: self._operators.rng_state()
        cuda.mem_get_info = lambda *_: (self.size - self.used, self.size)

    def resize(self, size: int) -> None:
        """Set the memory size in bytes; it may be less than is in use."""
        self.size = size
        self._operators.resize(size)

    @property
    def used(self) -> int:
        """Bytes allocated by tensors."""
        return self._operators.used()

    @property
    def peak(self) -> int:
        """The most bytes that were in use since `restart_peak`."""
        return self._operators.peak()

    def restart_peak(self) -> None:
        self._operators.restart_peak()
