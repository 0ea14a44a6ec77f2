"""Collects what diffusers, transformers and peft warn about, so that users see it and not only stderr."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from threading import get_ident
from typing import Any

LIBRARIES = ("diffusers", "transformers", "peft")
DEVELOPERS = (DeprecationWarning, PendingDeprecationWarning, FutureWarning)
"""Warnings for developers: they do not change the outcome."""


@contextmanager
def collect_warnings() -> Iterator[list[str]]:
    """Collect the warnings and log records of the libraries inside the context, in place of writing them to stderr.

    Only those of the current thread are collected; a message that repeats is collected once.

    Yields:
        A list that grows while the code in the context runs. The messages are the libraries' own words: translate
        them before users see them.
    """
    messages: list[str] = []
    handler = _Collector(messages)
    with warnings.catch_warnings(), _listen(handler):
        show, thread = warnings.showwarning, get_ident()

        def collect(message: Any, category: type[Warning], *args: Any, **kwargs: Any) -> None:
            if get_ident() == thread:
                _add(messages, str(message))
            else:
                show(message, category, *args, **kwargs)

        warnings.showwarning = collect
        warnings.simplefilter("always", UserWarning)
        warnings.simplefilter("always", RuntimeWarning)
        for developers in DEVELOPERS:
            warnings.simplefilter("ignore", developers)
        yield messages


@contextmanager
def _listen(handler: logging.Handler) -> Iterator[None]:
    """Let the libraries' loggers hand their warnings to a handler, and to nobody else."""
    loggers = [logging.getLogger(name) for name in LIBRARIES]
    before = [(logger, logger.level, logger.handlers, logger.propagate) for logger in loggers]
    _forget_earlier_warnings()
    try:
        for logger in loggers:
            logger.setLevel(logging.WARNING)
            logger.handlers, logger.propagate = [handler], False
        yield
    finally:
        for logger, level, handlers, propagate in before:
            logger.setLevel(level)
            logger.handlers, logger.propagate = handlers, propagate


def _forget_earlier_warnings() -> None:
    """Let `warning_once`, which transformers adds to loggers, warn again: each model has its own warnings."""
    once = getattr(logging.Logger, "warning_once", None)
    if once is not None and hasattr(once, "cache_clear"):
        once.cache_clear()


class _Collector(logging.Handler):
    def __init__(self, messages: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._messages, self._thread = messages, get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread:
            _add(self._messages, record.getMessage())


def _add(messages: list[str], message: str) -> None:
    if message not in messages:
        messages.append(message)
