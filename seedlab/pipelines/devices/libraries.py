"""Imports torch and diffusers once, from one thread at a time."""

import logging
from threading import Event, Lock
from typing import Any

from seedlab.core.machine.garbage import keep_all_objects

_IMPORT_LOCK = Lock()
_IMPORTED = Event()
_THREADS: list[int] = []
"""The number of threads that was asked for last."""

VECTOR_FUNCTIONS = ("cos", "sin", "tan", "exp", "expm1", "log", "log1p", "log2", "log10", "sqrt", "tanh", "erf", "erfc")
"""The functions that torch computes with MKL's vector library on a CPU."""


def are_imported() -> bool:
    """Whether `import_libraries` has finished, so that it takes no time."""
    return _IMPORTED.is_set()


def use_threads(count: int) -> None:
    """Let one operation on the CPU have this many threads, from now on in this process. The number decides bytes."""
    with _IMPORT_LOCK:
        _THREADS[:] = [count]
        if _IMPORTED.is_set():
            _apply_threads()


def import_libraries() -> None:
    """Import torch and diffusers, which takes seconds; the first thread imports them and the others wait.

    Both have circular imports, so two threads that start at the same time could see partly initialised modules.
    """
    if _IMPORTED.is_set():  # without the lock: where a process is forked, another thread may hold it
        return
    with _IMPORT_LOCK:
        if _IMPORTED.is_set():  # another thread may be collecting warnings, which need the loggers as they are
            return
        with keep_all_objects():
            import torch  # noqa: F401
            from diffusers import DiffusionPipeline  # noqa: F401

            _silence_libraries()
        _apply_threads()
        initialize_functions()
        _IMPORTED.set()


def initialize_functions() -> None:
    """Call each of the `VECTOR_FUNCTIONS` once, for a single value.

    If the first call of one has many values, MKL computes them in several threads, and in 4 to 23 % of processes their
    last bits are others than in all later calls (the cosines of rotary embeddings, seen with torch 2.13).
    """
    import torch

    for name in VECTOR_FUNCTIONS:
        getattr(torch, name)(torch.ones(1))


def find_class(name: str) -> Any:
    """Return the diffusers class of that name; None if there is none."""
    with _IMPORT_LOCK:
        import diffusers

        return getattr(diffusers, name, None) if name.isidentifier() else None


def _apply_threads() -> None:
    import torch

    for count in _THREADS:
        torch.set_num_threads(count)


def _silence_libraries() -> None:
    """Limit what the libraries write to stderr to errors.

    Progress bars for loading local files, and the advice to install torchvision (which is not needed), are noise. Their
    loggers pass on warnings, which `collect_warnings` takes, and their handlers do not write them.
    """
    import diffusers.utils.logging
    import transformers.utils.logging

    for library in (diffusers, transformers):
        library.utils.logging.set_verbosity_warning()
        library.utils.logging.disable_progress_bar()
        for handler in logging.getLogger(library.__name__).handlers:
            handler.setLevel(logging.ERROR)
