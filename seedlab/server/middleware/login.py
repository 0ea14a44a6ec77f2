"""An optional password, by HTTP's own Basic authentication: browsers ask for it, and programs can send it.

It covers everything that is served. The password travels as it is, so that other machines need HTTPS in front.
"""

import base64
import hmac
import time
from binascii import Error
from collections import OrderedDict
from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from seedlab.server.clients import find_client
from seedlab.server.middleware.paths import API
from seedlab.server.refusals import make_refusal

STARTUP = f"{API}/startup-events"
"""What gradio asks itself when it starts; it tells nothing."""

MAX_WRONG = 10
"""Wrong passwords of one client until it has to wait."""

PAUSE_SECONDS = 60.0
MAX_CLIENTS = 10_000
"""Clients with wrong passwords that are remembered."""

ASK = {"WWW-Authenticate": 'Basic realm="SeedLab", charset="UTF-8"'}
WRONG = "This SeedLab needs a name and a password."
TOO_MANY = "Too many wrong passwords: try again in a minute."


class PasswordCheck:
    """Middleware that asks for a name and a password (401). Many wrong ones of a client make it wait (429).

    Programs may send the password alone, as `Authorization: Bearer PASSWORD`.
    """

    def __init__(self, app: ASGIApp, login: str, now: Callable[[], float] = time.monotonic) -> None:
        """Wrap an app.

        Args:
            login: "name:password".
            now: returns the time in seconds.
        """
        self._app, self._now = app, now
        self._login = login.encode()
        self._password = login.partition(":")[2].encode()
        self._wrong: OrderedDict[str, list[float]] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] not in ("http", "websocket") or scope["path"] == STARTUP:
            await self._app(scope, receive, send)
            return
        client, given = find_client(scope), Headers(scope=scope).get("authorization", "")
        if len(self._list_wrong(client)) >= MAX_WRONG:
            await make_refusal(429, TOO_MANY, {"Retry-After": str(int(PAUSE_SECONDS))})(scope, receive, send)
        elif self._is_right(given):
            await self._app(scope, receive, send)
        else:
            if given:  # the first request of a browser has none
                self._note_wrong(client)
            await make_refusal(401, WRONG, ASK)(scope, receive, send)

    def _is_right(self, given: str) -> bool:
        scheme, _, value = given.partition(" ")
        if scheme.casefold() == "bearer":
            return hmac.compare_digest(value.strip().encode(), self._password)
        if scheme.casefold() != "basic":
            return False
        try:
            return hmac.compare_digest(base64.b64decode(value.strip(), validate=True), self._login)
        except Error:
            return False

    def _list_wrong(self, client: str) -> list[float]:
        recent = [when for when in self._wrong.get(client, []) if self._now() - when < PAUSE_SECONDS]
        if not recent:
            self._wrong.pop(client, None)
        return recent

    def _note_wrong(self, client: str) -> None:
        self._wrong[client] = [*self._list_wrong(client), self._now()]
        self._wrong.move_to_end(client)
        while len(self._wrong) > MAX_CLIENTS:
            self._wrong.popitem(last=False)
