"""Garbage collection, which looks through all objects in memory while every other thread waits."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def keep_all_objects() -> Iterator[None]:
    """Collect no garbage inside the context, and leave what is there at its end out of every later collection.

    Libraries stay for ever, and are half a million objects. Looking through them again and again takes a fifth of the
    time of their import, and later a third of a second each time, in the middle of somebody's pictures
    (https://docs.python.org/3/library/gc.html#gc.freeze).
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()
