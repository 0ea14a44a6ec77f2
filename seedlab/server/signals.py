"""Ending the process: SIGTERM, which systemd, Docker and Spaces send, does what Ctrl+C does."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def interrupt_on_signals() -> Iterator[None]:
    """Have signals that end the process raise KeyboardInterrupt in the main thread, once.

    While the block cleans up, further ones are ignored: it must not take long. A signal that is ignored, such as SIGHUP
    under nohup, stays ignored.
    """
    names = [name for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name)]
    numbers = [getattr(signal, name) for name in names]
    caught = [number for number in numbers if signal.getsignal(number) not in (signal.SIG_IGN, None)]

    def interrupt(*_: object) -> None:
        for number in caught:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = [signal.signal(number, interrupt) for number in caught]
    try:
        yield
    finally:
        for number, handler in zip(caught, before, strict=True):
            signal.signal(number, handler)
