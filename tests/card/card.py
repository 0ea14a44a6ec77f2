"""A CUDA card made of the machine's own memory, for what has to be tested with a card and without one.

torch believes in it: its dispatcher and the bound of the memory are real, tensors of two devices are refused, and each
kernel is the CPU's. So it shows where a pipeline's parts are put and what is done when its memory runs out, and says
nothing of a real card's bits or pace. A process has it from the start or never: what is tested on it runs in a process
of its own.
"""

import ctypes
import importlib.util
import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_name("card.cpp")
WHOLE = 80 * 10**9
"""Bytes of the card's memory, where a test does not make it smaller; nothing is taken that is not used."""


def build_card(folder: Path) -> Path:
    """Compile the card for the torch that is here, in about 15 s; returns the library.

    Raises:
        FileNotFoundError: there is no g++.
    """
    from torch.utils.cpp_extension import include_paths, library_paths

    library = folder / "card.so"
    flags = ["-std=c++20", "-O1", "-shared", "-fPIC", "-w", *(f"-I{path}" for path in include_paths())]
    libraries = [f"-L{path}" for path in library_paths()] + ["-ltorch_cpu", "-lc10"]
    subprocess.run(["g++", *flags, str(SOURCE), "-o", str(library), *libraries], check=True)
    return library


def too_small_for(folder: Path) -> int:
    """Return bytes of a card on which the weights of a pipeline do not fit whole, in any dtype of two bytes."""
    from seedlab.pipelines.devices.memory import ACTIVATION_BYTES, choose_weights, estimate_size
    from seedlab.pipelines.loaded.hashes import list_files

    return ACTIVATION_BYTES + estimate_size(choose_weights(list_files(folder)), "float16") // 2


class Card:
    """The card of this process."""

    def __init__(self, library: Path) -> None:
        """Plug it in, which has to come before torch is imported: torch asks once what there is."""
        parts = Path(str(importlib.util.find_spec("torch").origin)).parent / "lib"
        for name in ("libc10.so", "libtorch_cpu.so"):
            ctypes.CDLL(str(parts / name), mode=ctypes.RTLD_GLOBAL)
        ctypes.CDLL(str(library))
        import torch

        self._operators = torch.ops.card
        self.capability = (9, 0)
        self.resize(WHOLE)
        self._tell(torch.cuda)

    def _tell(self, cuda: object) -> None:
        """Answer for the part of torch that a build without CUDA lacks."""
        answers = {
            "_lazy_init": None,
            "device_count": 1,
            "current_device": 0,
            "empty_cache": None,
            "synchronize": None,
            "is_available": True,
            "is_initialized": True,
            "get_device_name": "A card of memory",
        }
        for name, answer in answers.items():
            setattr(cuda, name, lambda *_, answer=answer: answer)
        cuda.get_device_capability = lambda *_: self.capability
        cuda.memory_reserved = cuda.memory_allocated = lambda *_: self.used
        cuda.get_rng_state = lambda *_: self._operators.rng_state()
        cuda.mem_get_info = lambda *_: (self.size - self.used, self.size)

    def resize(self, size: int) -> None:
        """Give it so many bytes of memory, even less than are in use."""
        self.size = size
        self._operators.resize(size)

    @property
    def used(self) -> int:
        """Bytes that tensors take on it."""
        return self._operators.used()

    @property
    def peak(self) -> int:
        """The most bytes that were used since `restart_peak`."""
        return self._operators.peak()

    def restart_peak(self) -> None:
        self._operators.restart_peak()
