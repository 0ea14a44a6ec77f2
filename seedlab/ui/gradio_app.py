"""What the server needs of gradio beyond its public interface, all in one place: these names may change with gradio."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import gradio as gr
from gradio import routes
from gradio.blocks import BlocksConfig
from gradio.context import LocalContext
from gradio.tunneling import CURRENT_TUNNELS

from seedlab.ui.running_page import FORGED, Function, OpenStream

WRONG_VALUE = "A field has a value that it cannot have: reload the page."


GRACE_SECONDS = 0.3
"""How long answers may take that are under way when the server ends."""


class GradioApp:
    """The app that gradio makes of a page; see `RunningPage`."""

    def __init__(self, blocks: gr.Blocks) -> None:
        self._blocks = blocks
        blocks._queue.max_size = None  # on ZeroGPU, gradio lets one event wait and refuses all others
        self.places = max((_read_limit(fn) for fn in blocks.fns.values() if fn.queue), default=0)
        _refuse_forged_values(blocks)
        blocks.default_config.__class__ = _PageConfig

    def list_functions(self) -> Mapping[int, Function]:
        """Return the functions of the page, by number."""
        return {index: Function(len(fn.inputs), bool(fn.queue)) for index, fn in self._blocks.fns.items()}

    def has_session(self, session: str) -> bool:
        """Whether a tab has sent an event, and its state is still kept."""
        return session in self._blocks.app.state_holder

    def list_streams(self) -> list[OpenStream]:
        """Return all queued events that are not finished."""
        queue = self._blocks._queue
        unread = {session: messages.qsize() for session, messages in queue.pending_messages_per_session.items()}
        return [
            OpenStream(
                session=event.session_hash,
                address=event.request.client.host if event.request.client else "",
                started=event.enqueue_time,
                unread=unread.get(event.session_hash, 0),
            )
            for event in queue.event_ids_to_events.values()
        ]

    async def end_streams(self, session: str) -> None:
        """End the queued events of a tab: waiting ones at once, and running ones at their next message."""
        queue = self._blocks._queue
        await queue.clean_events(session_hash=session)
        messages = queue.pending_messages_per_session.get(session)
        while messages is not None and not messages.empty():
            messages.get_nowait()

    def close(self) -> None:
        """End the server and the public link within a second. Open connections are cut."""
        for tunnel in CURRENT_TUNNELS:
            tunnel.kill()  # type: ignore[no-untyped-call]
        self._blocks._queue.close()  # type: ignore[no-untyped-call]
        self._blocks.is_running = False
        self._blocks.app.stop_event.set()
        # uvicorn calls each cut connection an error.
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        server = self._blocks.server
        server.config.timeout_graceful_shutdown = GRACE_SECONDS  # type: ignore[assignment]
        with _hush_cancelled_events():
            server.should_exit = True
            server.thread.join(timeout=1.0)


_NOTHING: dict[str, Any] = {}


class _PageConfig(BlocksConfig):
    """The description of the page, of which each tab has a copy.

    Gradio also keeps each component's settings and value with it, for deep links, which this page has not: half a
    megabyte and 20 ms for each tab.
    """

    def __copy__(self) -> BlocksConfig:
        tab: Any = super().__copy__()  # type: ignore[no-untyped-call]
        tab.config_for_block = lambda *_arguments, **_options: _NOTHING
        return tab  # type: ignore[no-any-return]


def note_request(request: Any) -> None:
    """Let ZeroGPU know for whom this task works: it reads the request where gradio keeps that of an event.

    Args:
        request: a request of starlette, or None for a caller on this machine.
    """
    LocalContext.request.set(request)


@contextmanager
def _hush_cancelled_events() -> Iterator[None]:
    """Print no traceback of events that are cut off. Gradio does so by itself, without logging."""
    module: Any = routes
    printing, module.traceback = module.traceback, SimpleNamespace(print_exc=lambda: None)
    try:
        yield
    finally:
        module.traceback = printing


def _read_limit(fn: Any) -> int:
    return fn.concurrency_limit if isinstance(fn.concurrency_limit, int) else 0


def _refuse_forged_values(blocks: gr.Blocks) -> None:
    """Give values that no component can have sent one short error. Gradio would log a traceback with the values."""
    preprocess = blocks.preprocess_data

    async def checked(*arguments: Any, **options: Any) -> Any:
        try:
            return await preprocess(*arguments, **options)
        except Exception as error:  # pydantic's, gradio's and Python's own
            sentence = str(error) if isinstance(error, gr.Error) else WRONG_VALUE
            FORGED.get([]).append(sentence)
            raise gr.Error(sentence, print_exception=False) from error

    blocks.preprocess_data = checked  # type: ignore[method-assign]
