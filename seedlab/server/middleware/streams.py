"""Streams: how many a client may have, that somebody listens to each, and that an idle tab costs nothing."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from urllib.parse import parse_qs
from weakref import WeakValueDictionary

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from seedlab.core.clients import name_client
from seedlab.server.clients import find_client, wait_for_end
from seedlab.server.install import cancel, repeat
from seedlab.server.middleware.calls import CALL, Call
from seedlab.server.middleware.paths import DATA, HEARTBEAT, JOIN
from seedlab.server.refusals import BUSY, make_refusal
from seedlab.ui.running_page import OpenStream, RunningPage

SESSION_STREAMS = 8
"""Streams of one tab: its pictures, lookups of a model, and some verifications."""

CLIENT_STREAMS = 16
"""Streams of one address while half of all places are taken. Below that, a class behind one address may have more."""

UNHEARD_SECONDS = 8.0
"""How long a stream goes on that nobody reads. A page starts to read within a second of its event."""

MAX_UNREAD = 500
"""Messages of a stream that its reader does not fetch. Gradio holds them in memory."""

CHECK_SECONDS, BEAT_SECONDS = 1.0, 15.0

SESSION_FULL = "This page waits for several things already: more can be asked for when one of them is done."
CLIENT_FULL = "Others are waiting, and pages from your address have taken their share: close some, or wait a little."
FULL = "Many people are using this server: your pictures begin as soon as there is room."


class Streams:
    """Knows who listens to which streams. Used from one event loop.

    Args:
        page: the running page.
        session_streams, client_streams, unheard_seconds: see the constants.
    """

    def __init__(
        self,
        page: RunningPage,
        session_streams: int = SESSION_STREAMS,
        client_streams: int = CLIENT_STREAMS,
        unheard_seconds: float = UNHEARD_SECONDS,
    ) -> None:
        self._page, self._unheard_seconds = page, unheard_seconds
        self._session_streams, self._client_streams = session_streams, client_streams
        self._listeners: Counter[str] = Counter()
        self._visits: WeakValueDictionary[str, asyncio.Event] = WeakValueDictionary()

    def check(self, session: str, client: str) -> Response | None:
        """Return the refusal of one more stream, or None if there is a place for it."""
        streams = self._page.list_streams()
        if sum(stream.session == session for stream in streams) >= self._session_streams:
            return make_refusal(429, SESSION_FULL, BUSY)
        held = sum(name_client(stream.address) == client for stream in streams)
        if held >= self._client_streams and len(streams) >= self._page.places // 2:
            return make_refusal(429, CLIENT_FULL, BUSY)
        # Gradio would let it wait without a word.
        return make_refusal(429, FULL, BUSY) if len(streams) >= self._page.places else None

    @asynccontextmanager
    async def listen(self, session: str) -> AsyncIterator[None]:
        """Count a reader of a tab's streams."""
        self._listeners[session] += 1
        try:
            yield
        finally:
            self._listeners[session] -= 1
            if not self._listeners[session]:
                del self._listeners[session]

    def visit(self, session: str) -> None:
        """Note that a tab has sent an event."""
        if (visit := self._visits.get(session)) is not None:
            visit.set()

    def await_visit(self, session: str) -> asyncio.Event | None:
        """Return an event that is set when a tab sends its first event; None if it has sent one."""
        return None if self._page.has_session(session) else self._visits.setdefault(session, asyncio.Event())

    async def end_unheard(self) -> None:
        """End the streams that nobody reads, so that their work stops."""
        now = time.monotonic()
        for session in {stream.session for stream in self._page.list_streams() if self._is_unheard(stream, now)}:
            await self._page.end_streams(session)

    def watch(self) -> AbstractAsyncContextManager[None]:
        """End unheard streams for the time of a block."""
        return repeat(self.end_unheard, CHECK_SECONDS)

    def _is_unheard(self, stream: OpenStream, now: float) -> bool:
        silent = not self._listeners[stream.session] and now - stream.started > self._unheard_seconds
        return silent or stream.unread > MAX_UNREAD


class StreamLimits:
    """Middleware that refuses (429) streams beyond a client's share, and notes who listens.

    Gradio makes a session for every heartbeat that ends, to run the page's unload event in it: a heartbeat of a tab
    that never sent an event is answered here.
    """

    def __init__(self, app: ASGIApp, streams: Streams) -> None:
        self._app, self._streams = app, streams

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        call: Call | None = scope.get(CALL)
        if call is not None:
            self._streams.visit(call.session)
        if scope["type"] == "http" and scope["path"].startswith(HEARTBEAT):
            await self._beat(scope, receive, send)
        elif scope["type"] == "http" and scope["path"] == DATA:
            session = parse_qs(scope["query_string"].decode("latin-1")).get("session_hash", [""])[0]
            async with self._streams.listen(session):
                await self._stream(session, scope, receive, send)
        else:
            is_stream = call is not None and scope["path"] == JOIN
            refusal = self._streams.check(call.session, find_client(scope)) if call and is_stream else None
            await (refusal or self._app)(scope, receive, send)

    async def _stream(self, session: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a stream on. Gradio tells a tab without events so, and then raises a 404 although the answer began.

        Of two streams of a tab that is closed, the second finds its session gone.
        """
        try:
            await self._app(scope, receive, send)
        except KeyError as error:
            if error.args != (session,):
                raise
        except RuntimeError as error:
            if not isinstance(error.__cause__, HTTPException):
                raise
            await send({"type": "http.response.body", "body": b""})

    async def _beat(self, scope: Scope, receive: Receive, send: Send) -> None:
        visit = self._streams.await_visit(scope["path"].removeprefix(HEARTBEAT))
        if visit is None:
            await self._app(scope, receive, send)
            return
        headers = [(b"content-type", b"text/event-stream; charset=utf-8")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        if await _beat_until(visit, receive, send):
            # Without compression, whose announcement would come too late.
            kept = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
            await self._app({**scope, "headers": kept}, receive, _drop_start(send))


async def _beat_until(visit: asyncio.Event, receive: Receive, send: Send) -> bool:
    """Send signs of life until a tab's first event. Returns whether it came before the tab was closed."""
    gone = asyncio.create_task(wait_for_end(receive))
    visited = asyncio.create_task(visit.wait())
    try:
        while not gone.done() and not visited.done():
            await send({"type": "http.response.body", "body": b"data: ALIVE\n\n", "more_body": True})
            await asyncio.wait((gone, visited), timeout=BEAT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        return not gone.done()
    finally:
        await cancel(gone)
        await cancel(visited)


def _drop_start(send: Send) -> Send:
    async def rest(message: Message) -> None:
        if message["type"] != "http.response.start":
            await send(message)

    return rest
