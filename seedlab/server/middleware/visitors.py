"""Gives each browser that opens the page of a public host a secret, by which its pictures are found again."""

import secrets

from starlette.datastructures import MutableHeaders
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from seedlab.core.visitors import COOKIE, TOKEN

SECONDS = 365 * 24 * 3600


class VisitorCookie:
    """Middleware that sets the cookie with the answer to the page itself.

    Args:
        on_space: whether the page is embedded in the Hub's: then the cookie is one of a third party, which browsers
            keep for this pair of pages alone (CHIPS, https://developer.mozilla.org/docs/Web/Privacy/Guides/
            Privacy_sandbox/Partitioned_cookies).
    """

    def __init__(self, app: ASGIApp, on_space: bool) -> None:
        self._app, self._on_space = app, on_space

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; if it is for the page, complete its answer."""
        if scope["type"] != "http" or scope["method"] != "GET" or scope["path"] != "/":
            await self._app(scope, receive, send)
            return
        token = _read_token(scope)

        async def complete(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).append("set-cookie", self._write(token, scope["scheme"]))
            await send(message)

        await self._app(scope, receive, complete)

    def _write(self, token: str, scheme: str) -> str:
        # Sent with each visit, so that it lasts for a year after the last one.
        common = f"{COOKIE}={token}; Max-Age={SECONDS}; Path=/; HttpOnly"
        if self._on_space:
            return f"{common}; SameSite=None; Secure; Partitioned"
        return f"{common}; SameSite=Lax" + ("; Secure" if scheme == "https" else "")


def _read_token(scope: Scope) -> str:
    """Return the secret that a browser has, or a new one."""
    for name, value in scope["headers"]:
        if name == b"cookie":
            token = cookie_parser(value.decode("latin-1")).get(COOKIE, "")
            if TOKEN.fullmatch(token):
                return token
    return secrets.token_urlsafe(24)
