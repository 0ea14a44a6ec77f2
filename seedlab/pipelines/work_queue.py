"""A queue of work for one thread, in which visitors take turns."""

from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain, zip_longest
from threading import Lock
from typing import Any, TypeVar

from seedlab.core.priority import Priority

POLL_SECONDS = 0.2
"""How often a caller that waits for a thread gets a report, and the chance to leave."""

T = TypeVar("T")


class WorkQueue:
    """Runs one piece of work at a time. Each visitor has one place in the circle, however much work they submit.

    A visitor's own work is done in the order in which it came. Less urgent work is done while nothing else waits.
    """

    def __init__(self, name: str = "pipelines") -> None:
        """Make an empty queue.

        Args:
            name: of its thread.
        """
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._waiting: dict[Priority, Circle] = {priority: OrderedDict() for priority in Priority}
        self._running: _Piece | None = None
        self._next: _Piece | None = None  # what the running piece gives way to
        self._lock = Lock()

    def submit(
        self,
        work: Callable[[], T],
        visitor: Hashable = None,
        priority: Priority = Priority.REQUEST,
        size: float = 0.0,
    ) -> Future[T]:
        """Queue a piece of work.

        Args:
            work: is called in the queue's thread.
            visitor: whose turn it takes.
            priority: what it waits for.
            size: how much work it is, in any unit that all pieces share.
        """
        piece = _Piece(Future(), work, visitor, priority, size)
        with self._lock:
            self._executor.submit(self._run_next)
            self._waiting[priority].setdefault(visitor, deque()).append(piece)
        return piece.future

    def count_ahead(self, future: Future[Any]) -> int:
        """Count the pieces that are run before this one, if no more are submitted."""
        with self._lock:
            order = [piece.future for piece in self._list_order()]
        return order.index(future) if future in order else 0

    def choose_next(self, left: float) -> bool:
        """Choose what the running piece gives way to, and return whether there is anything.

        That is the smallest of the most urgent pieces that wait: more urgent ones, or for a request a smaller request.
        Requests of the same size are done one after another: if they gave way to each other, all would end late.

        Args:
            left: how much is left of the running piece.
        """
        with self._lock:
            running = Priority.REQUEST if self._running is None else self._running.priority
            urgent = [circle for priority, circle in self._waiting.items() if priority < max(running, Priority.LIVE)]
            first = (pieces[0] for circle in urgent for pieces in self._list_unfinished(circle))
            wanted = (piece for piece in first if piece.size < left or piece.priority < running)
            self._next = min(wanted, key=lambda piece: (piece.priority, piece.size), default=None)
            return self._next is not None

    def close(self) -> None:
        """Begin nothing more."""
        self._executor.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            for circle in self._waiting.values():
                for piece in chain.from_iterable(circle.values()):
                    piece.future.cancel()

    def _run_next(self) -> None:
        piece = self._take_next()
        if piece is None:
            return
        piece.run()
        with self._lock:
            self._running = None
            for circle in self._waiting.values():
                if piece.visitor in circle:
                    circle.move_to_end(piece.visitor)

    def _take_next(self) -> "_Piece | None":
        with self._lock:
            while (piece := self._pop_next()) is not None:
                if piece.future.set_running_or_notify_cancel():
                    self._running = piece
                    return piece
            return None

    def _pop_next(self) -> "_Piece | None":
        """Take out what comes next, which may have been cancelled."""
        wanted, self._next = self._next, None
        circle = next(filter(None, self._waiting.values()), None)
        if circle is None:
            return None
        visitor = next(iter(circle)) if wanted is None or wanted.visitor not in circle else wanted.visitor
        piece = circle[visitor].popleft()
        if not circle[visitor]:
            del circle[visitor]
        return piece

    def _list_order(self) -> "Iterator[_Piece]":
        """Yield the unfinished pieces in the order of their turns."""
        if self._running is not None:
            yield self._running
        for circle in self._waiting.values():
            for turns in zip_longest(*self._list_unfinished(circle)):
                yield from (piece for piece in turns if piece is not None)

    def _list_unfinished(self, circle: "Circle") -> "list[list[_Piece]]":
        """Return each visitor's unfinished pieces, if any. The next turn of the running piece's visitor comes last."""
        ordered = circle.copy()
        if self._running is not None and self._running.visitor in ordered:
            ordered.move_to_end(self._running.visitor)
        unfinished = ([piece for piece in pieces if not piece.future.done()] for pieces in ordered.values())
        return [pieces for pieces in unfinished if pieces]


@dataclass(frozen=True, eq=False)
class _Piece:
    future: Future[Any]
    work: Callable[[], Any]
    visitor: Hashable
    priority: Priority
    size: float

    def run(self) -> None:
        try:
            result = self.work()
        except BaseException as error:
            self.future.set_exception(error)
        else:
            self.future.set_result(result)


Circle = OrderedDict[Hashable, "deque[_Piece]"]
"""The pieces that wait, by visitor, in the order of the visitors' turns."""


class StoppedError(Exception):
    """Raised inside a pipeline's call to end it at once: diffusers' own `_interrupt` would still decode a picture."""
