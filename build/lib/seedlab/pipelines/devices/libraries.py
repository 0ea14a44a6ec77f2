"""Importing torch and diffusers, which takes seconds, once and from one thread."""

from threading import Lock
from typing import Any

_IMPORTING = Lock()


def import_libraries() -> None:
    """Import torch and diffusers, which takes seconds; the first thread does it and the others wait.

    Both import in circles, so that two threads that begin at once could see half a module.
    """
    with _IMPORTING:
        import torch  # noqa: F401
        from diffusers import DiffusionPipeline  # noqa: F401

        _hush()


def find_class(name: str) -> Any:
    """Return the class of that name in diffusers; None where there is none."""
    with _IMPORTING:
        import diffusers

        return getattr(diffusers, name, None) if name.isidentifier() else None


def _hush() -> None:
    """Leave what the libraries say on stderr to what concerns the visitor: errors.

    Their bars for loading a few local files, and the advice to install torchvision (which is not needed), do not.
    """
    import diffusers.utils.logging
    import transformers.utils.logging

    for library in (diffusers, transformers):
        library.utils.logging.set_verbosity_error()
        library.utils.logging.disable_progress_bar()
