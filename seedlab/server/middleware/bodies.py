"""Limits of request bodies, before anything parses them."""

import asyncio
import time
from collections.abc import AsyncIterator

from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from seedlab.core.storage.uploads import MEGABYTE, PUBLIC_UPLOAD, format_too_large
from seedlab.server.clients import Held, Shares, find_client
from seedlab.server.middleware.paths import UPLOAD
from seedlab.server.refusals import BUSY, make_refusal

MAX_BODY = 8 * MEGABYTE
"""Bytes of a request other than an upload. The largest has a trail of 5 million characters (`MAX_SAVED`)."""

FORM_BYTES = 64 * 2**10
"""What a form adds to its files."""

SMALL_BODY = 256 * 2**10
"""Bytes of a request that has room of its own, such as a click: however many large ones are under way, it is taken."""

SMALL_SHARE, SMALL_TOTAL = 2 * MEGABYTE, 64 * MEGABYTE
SHARE_BYTES, TOTAL_BYTES = 16 * MEGABYTE, 64 * MEGABYTE
"""Bytes in memory of the small and of the large bodies of a client, and of all clients, until the app has read them."""

WORKED_SHARE, WORKED_TOTAL = 128 * MEGABYTE, 512 * MEGABYTE
"""The same of bodies that the app has read, until they are answered: a program's may be a picture to start from."""

MAX_SECONDS = 60.0
"""How long a body may take to arrive. Uploads have no such limit: they are not held in memory."""

UPLOAD_STEP, STEP_SECONDS = 64 * 2**10, 30.0
"""An upload that brings fewer bytes than this in so many seconds is given up: it has one of few places."""

TOO_LARGE = "This request is larger than {} MB: make the text shorter."
TOO_MANY = "SeedLab is busy with large requests: try again in a few seconds."
TOO_SLOW = "The request took too long to arrive: try again."


class BodyTooLargeError(Exception):
    """A body has more bytes than its limit."""


class BodyLimit:
    """Middleware that refuses large bodies (413), and holds only so many of the others in memory (429).

    A body is read whole before the app sees it, so that it is parsed only if all of it is within the limit. Uploads are
    passed on as they arrive; reading one raises BodyTooLargeError beyond its limit, and TimeoutError if nothing comes.
    """

    def __init__(self, app: ASGIApp, max_body: int = MAX_BODY, max_upload: int = PUBLIC_UPLOAD) -> None:
        self._app, self._max_body, self._max_upload = app, max_body, max_upload
        self._small, self._large = Shares(SMALL_TOTAL, SMALL_SHARE), Shares(TOTAL_BYTES, SHARE_BYTES)
        self._worked = Shares(WORKED_TOTAL, WORKED_SHARE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD"):
            await self._app(scope, receive, send)
        elif scope["path"] == UPLOAD:
            await self._pass_upload(scope, receive, send)
        else:
            await self._pass_whole(scope, receive, send)

    async def _pass_upload(self, scope: Scope, receive: Receive, send: Send) -> None:
        limit, sentence = self._max_upload + FORM_BYTES, f"This file {format_too_large(self._max_upload)}"
        is_too_large = _read_length(scope) > limit
        # Text: gradio's page shows all of the answer to an upload.
        app = PlainTextResponse(sentence, 413) if is_too_large else self._app
        await app(scope, _end_if_slow(_limit(receive, limit, sentence)), send)

    async def _pass_whole(self, scope: Scope, receive: Receive, send: Send) -> None:
        shares = self._small if 0 < _read_length(scope) <= SMALL_BODY else self._large
        held, chunks = Held(shares, find_client(scope)), list[bytes]()

        async def receive_rest() -> Message:
            held.move(self._worked)  # who asks for more has read the body
            return await receive()

        try:
            refusal = await self._read(scope, receive, held, chunks)
            replayed = replay(b"".join(chunks), receive_rest)
            chunks.clear()
            await (refusal or self._app)(scope, replayed, send)
        finally:
            held.give_back()

    async def _read(self, scope: Scope, receive: Receive, held: Held, chunks: list[bytes]) -> Response | None:
        """Read a whole body. Returns the refusal if it cannot be taken."""
        too_large = make_refusal(413, TOO_LARGE.format(max(self._max_body // MEGABYTE, 1)))
        if _read_length(scope) > self._max_body:
            return too_large
        try:
            async with asyncio.timeout(MAX_SECONDS):
                async for chunk in _stream(_limit(receive, self._max_body)):
                    if not held.take(len(chunk)):
                        return make_refusal(429, TOO_MANY, BUSY)
                    chunks.append(chunk)
        except BodyTooLargeError:
            return too_large
        except (TimeoutError, ClientDisconnect):
            return make_refusal(408, TOO_SLOW)
        return None


def _read_length(scope: Scope) -> int:
    """Return the declared length of a body, or 0. The server has checked that it is a number."""
    values = [value for name, value in scope["headers"] if name == b"content-length"]
    return int(values[0]) if values and values[0].isdigit() else 0


def _limit(receive: Receive, limit: int, sentence: str = "") -> Receive:
    received = 0

    async def limited() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > limit:
            raise BodyTooLargeError(sentence)
        return message

    return limited


def _end_if_slow(receive: Receive) -> Receive:
    received, due = 0, time.monotonic() + STEP_SECONDS

    async def ended() -> Message:
        nonlocal received, due
        async with asyncio.timeout(due - time.monotonic()):
            message = await receive()
        received += len(message.get("body", b""))
        if received >= UPLOAD_STEP:
            received, due = 0, time.monotonic() + STEP_SECONDS
        return message

    return ended


async def _stream(receive: Receive) -> AsyncIterator[bytes]:
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        yield message.get("body", b"")
        more = message.get("more_body", False)


def replay(body: bytes, receive: Receive) -> Receive:
    """Return a channel that gives a body that was read before, and then what the client still sends."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return messages.pop() if messages else await receive()

    return replay
