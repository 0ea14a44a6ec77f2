"""Collects what diffusers, transformers and peft warn about, so that users see it and not only stderr."""

import logging
import warnings
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from threading import Lock, local
from typing import Any

LIBRARIES = ("diffusers", "transformers", "peft")
DEVELOPERS = (DeprecationWarning, PendingDeprecationWarning)
"""Warnings for developers, as Python has it. diffusers gives a FutureWarning where it changes a model's settings."""

USERS = (UserWarning, RuntimeWarning, FutureWarning)


class _Collected(local):
    """The messages that the current thread collects; None if it collects none."""

    messages: list[str] | None = None


_COLLECTED = _Collected()
_LOCK = Lock()
_LISTENING = ExitStack()
_count = 0


@contextmanager
def collect_warnings() -> Iterator[list[str]]:
    """Collect the warnings and log records of the libraries inside the context, in place of writing them to stderr.

    Only those of the current thread are collected, in the innermost context; a message that repeats is collected once.

    Yields:
        A list that grows while the code in the context runs. The messages are the libraries' own words: translate
        them before users see them.
    """
    outer, messages = _COLLECTED.messages, list[str]()
    with _listen():
        _COLLECTED.messages = messages
        try:
            yield messages
        finally:
            _COLLECTED.messages = outer


def repeat_warnings(messages: Iterable[str]) -> None:
    """Add messages that were collected earlier to what the current thread collects, if it collects any."""
    for message in messages:
        _add(message)


@contextmanager
def _listen() -> Iterator[None]:
    """Listen while any thread collects: what a process has only once is replaced once, and restored at the end."""
    global _count
    with _LOCK:
        if _count == 0:
            _LISTENING.enter_context(_listen_to_warnings())
            _LISTENING.enter_context(_listen_to_loggers())
        _count += 1
        _forget_earlier_warnings()
    try:
        yield
    finally:
        with _LOCK:
            _count -= 1
            if _count == 0:
                _LISTENING.close()


@contextmanager
def _listen_to_warnings() -> Iterator[None]:
    with warnings.catch_warnings():
        show = warnings.showwarning

        def collect(message: Any, category: type[Warning], *args: Any, **kwargs: Any) -> None:
            if not _add(str(message)):
                show(message, category, *args, **kwargs)

        warnings.showwarning = collect
        for users in USERS:
            warnings.simplefilter("always", users)
        for developers in DEVELOPERS:
            warnings.simplefilter("ignore", developers)
        yield


@contextmanager
def _listen_to_loggers() -> Iterator[None]:
    """Let the libraries' loggers hand their warnings to a handler, and to nobody else."""
    loggers = [logging.getLogger(name) for name in LIBRARIES]
    before = [(logger, logger.level, logger.handlers, logger.propagate) for logger in loggers]
    try:
        for logger in loggers:
            logger.handlers, logger.propagate = [_Collector(logging.WARNING)], False
            if logger.getEffectiveLevel() != logging.WARNING:  # setting it visits all loggers, which takes milliseconds
                logger.setLevel(logging.WARNING)
        yield
    finally:
        for logger, level, handlers, propagate in before:
            logger.handlers, logger.propagate = handlers, propagate
            if logger.level != level:
                logger.setLevel(level)


def _forget_earlier_warnings() -> None:
    """Let `warning_once`, which transformers adds to loggers, warn again: each model has its own warnings."""
    once = getattr(logging.Logger, "warning_once", None)
    if once is not None and hasattr(once, "cache_clear"):
        once.cache_clear()


class _Collector(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        _add(record.getMessage())


def _add(message: str) -> bool:
    """Add a message to what the current thread collects; returns whether it collects any."""
    messages = _COLLECTED.messages
    if messages is not None and message not in messages:
        messages.append(message)
    return messages is not None
