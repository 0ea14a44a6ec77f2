"""The events that a page sends: checked for their form before gradio sees them."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from seedlab.server.middleware.bodies import replay
from seedlab.server.middleware.paths import JOIN, PREDICT, SESSION
from seedlab.server.refusals import make_refusal
from seedlab.ui.running_page import FORGED, Function

NOT_AN_EVENT = "This is not an event of SeedLab's page: reload the page."
OTHER_PAGE = "This page is from another version of SeedLab: reload it."
CALL = "seedlab.call"


@dataclass(frozen=True)
class Call:
    """An event.

    Attributes:
        session: the tab that sent it.
        function: the number of the function it calls.
    """

    session: str
    function: int


class EventCalls:
    """Middleware that refuses (400, 404) events that the page cannot have sent, and notes the others in the scope.

    Args:
        list_functions: returns the functions of the page, by number.
    """

    def __init__(self, app: ASGIApp, list_functions: Callable[[], Mapping[int, Function]]) -> None:
        self._app, self._list_functions = app, list_functions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http" or scope["path"] not in (PREDICT, JOIN):
            await self._app(scope, receive, send)
            return
        body = await Request(scope, receive).body()
        call = self._read(body, queued=scope["path"] == JOIN)
        if isinstance(call, Response):
            await call(scope, receive, send)
            return
        token = FORGED.set([])
        try:
            await self._app({**scope, CALL: call}, replay(body, receive), _mark_forged(send))
        finally:
            FORGED.reset(token)

    def _read(self, body: bytes, *, queued: bool) -> Call | Response:
        try:
            data = json.loads(body)
        except (ValueError, RecursionError):
            data = None
        call = _parse(data)
        if call is None:
            return make_refusal(400, NOT_AN_EVENT)
        function = self._list_functions().get(call.function)
        if function is None:
            return make_refusal(404, OTHER_PAGE)
        if len(data["data"]) != function.inputs or function.queued != queued:
            return make_refusal(400, OTHER_PAGE)
        return call


def _parse(data: Any) -> Call | None:
    if not isinstance(data, dict) or data.get("batched") or data.get("simple_format"):
        return None
    session, function = data.get("session_hash"), data.get("fn_index")
    if not isinstance(session, str) or not SESSION.fullmatch(session):
        return None
    if type(function) is not int or not isinstance(data.get("data"), list):
        return None
    return Call(session, function)


def _mark_forged(send: Send) -> Send:
    """Turn gradio's answer to a value that no field can have sent, a 500, into a 400."""

    async def marked(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] == 500 and FORGED.get():
            message = {**message, "status": 400}
        await send(message)

    return marked
