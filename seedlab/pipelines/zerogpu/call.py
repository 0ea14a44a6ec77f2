"""A call of the function that ZeroGPU runs, read in a thread of its own."""

from collections.abc import Generator
from contextlib import closing
from contextvars import copy_context
from queue import SimpleQueue
from threading import Event, Thread

from seedlab.pipelines.turns import TurnClock
from seedlab.pipelines.zerogpu.messages import Message


class Call:
    """Reads messages, for which ZeroGPU may let the reader wait for a minute.

    The thread has the context of whoever makes the call: there gradio keeps the request, by whose headers ZeroGPU knows
    whose GPU time is used.
    """

    def __init__(self, messages: Generator[Message, None, None]) -> None:
        """Begin to read."""
        self._messages = messages
        self._queue: SimpleQueue[Message | BaseException | None] = SimpleQueue()
        self._left = Event()
        self._clock = TurnClock()
        context = copy_context()
        Thread(target=context.run, args=[self._read], name="zerogpu", daemon=True).start()

    def take(self, timeout: float) -> Message | None:
        """Return the next message; None at the end.

        Raises:
            queue.Empty: there is none after this time, in seconds.
            Exception: what ended the call.
        """
        self._clock.hear()
        item = self._queue.get(timeout=timeout)
        if isinstance(item, BaseException):
            raise item
        return item

    def leave(self) -> None:
        """End the call: the GPU is released within a step. Returns at once."""
        self._left.set()

    def _read(self) -> None:
        try:
            with closing(self._messages) as messages:
                for message in messages:
                    if self._left.is_set() or not self._clock.is_heard:
                        break
                    self._queue.put(message)
        except BaseException as error:
            self._queue.put(error)
        else:
            self._queue.put(None)
