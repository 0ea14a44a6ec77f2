"""Limits of request bodies, before anything parses them."""

import asyncio
from collections.abc import AsyncIterator

from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from seedlab.core.uploads import MEGABYTE, PUBLIC_UPLOAD, format_too_large
from seedlab.server.clients import Shares, find_client
from seedlab.server.middleware.paths import UPLOAD
from seedlab.server.refusals import BUSY, make_refusal

MAX_BODY = 8 * MEGABYTE
"""Bytes of a request other than an upload. The largest has a trail of 5 million characters (`MAX_SAVED`)."""

FORM_BYTES = 64 * 2**10
"""What a form adds to its files."""

SHARE_BYTES, TOTAL_BYTES = 16 * MEGABYTE, 64 * MEGABYTE
"""Bytes in memory of the bodies of one client, and of all clients, until they are answered."""

MAX_SECONDS = 60.0
"""How long a body may take to arrive. Uploads have no limit of time: they are not held in memory."""

TOO_LARGE = "This request is larger than {} MB: make the text shorter."
TOO_MANY = "SeedLab is busy with large requests: try again in a few seconds."
TOO_SLOW = "The request took too long to arrive: try again."


class BodyTooLargeError(Exception):
    """A body has more bytes than its limit."""


class BodyLimit:
    """Middleware that refuses large bodies (413), and holds only so many of the others in memory (429).

    A body is read whole before the app sees it, so that it is parsed only if all of it is within the limit. Uploads are
    passed on as they arrive; reading one beyond its limit raises BodyTooLargeError.
    """

    def __init__(self, app: ASGIApp, max_body: int = MAX_BODY, max_upload: int = PUBLIC_UPLOAD) -> None:
        self._app, self._max_body, self._max_upload = app, max_body, max_upload
        self._memory = Shares(TOTAL_BYTES, SHARE_BYTES)

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
        await app(scope, _limit(receive, limit, sentence), send)

    async def _pass_whole(self, scope: Scope, receive: Receive, send: Send) -> None:
        client, chunks = find_client(scope), list[bytes]()
        try:
            refusal = await self._read(scope, client, receive, chunks)
            body = b"".join(chunks)
            await (refusal or self._app)(scope, replay(body, receive), send)
        finally:
            self._memory.give_back(client, sum(map(len, chunks)))

    async def _read(self, scope: Scope, client: str, receive: Receive, chunks: list[bytes]) -> Response | None:
        """Read a whole body. Returns the refusal if it cannot be taken."""
        too_large = make_refusal(413, TOO_LARGE.format(max(self._max_body // MEGABYTE, 1)))
        if _read_length(scope) > self._max_body:
            return too_large
        try:
            async with asyncio.timeout(MAX_SECONDS):
                async for chunk in _stream(_limit(receive, self._max_body)):
                    if not self._memory.take(client, len(chunk)):
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
