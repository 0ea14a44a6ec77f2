"""The paths that are served. All others of gradio are closed: each is a part of the server that nobody needs."""

import re
from collections.abc import Set

from starlette.types import ASGIApp, Receive, Scope, Send

from seedlab.server.refusals import make_refusal

PREFIX = "/seedlab/"
"""The paths of SeedLab's own routes; see `seedlab.server.routes`."""

API = "/gradio_api"
UPLOAD, JOIN, PREDICT = f"{API}/upload", f"{API}/queue/join", f"{API}/run/predict"
DATA, HEARTBEAT = f"{API}/queue/data", f"{API}/heartbeat/"

SESSION = re.compile(r"[\w-]{1,64}", re.ASCII)
"""A tab's name for itself: gradio's `session_hash`."""

READABLE = re.compile(
    rf"/|/config|/theme\.css|/favicon\.ico|/robots\.txt|/manifest\.json|/pwa_icon(/\d{{1,4}})?"
    rf"|/(assets|static|svelte)/.+|{re.escape(PREFIX)}.*"
    rf"|{API}/(info|app_id|startup-events|theme\.css|upload_progress|queue/data|heartbeat/{SESSION.pattern})"
    # A local path: the same route also fetches addresses of the web.
    rf"|{API}/file=(?!(?i:https?):).*"
)
WRITABLE = re.compile(rf"{UPLOAD}|{JOIN}|{PREDICT}|{API}/cancel|{API}/reset|{re.escape(PREFIX)}.*")

RANGE = re.compile(r"bytes=(\d{1,15}-\d{0,15}|-\d{1,15})")
"""One range of bytes. Starlette fails on some others, and a server may ignore any."""

MISSING = "There is nothing at this address."


class OpenPaths:
    """Middleware that answers 404 on all paths that the page does not use."""

    def __init__(self, app: ASGIApp, also: Set[tuple[str, str]] = frozenset()) -> None:
        """Wrap an app.

        Args:
            also: methods and paths that are open besides.
        """
        self._app, self._also = app, also

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})
        elif scope["type"] == "http" and not self._is_open(scope["method"], scope["path"]):
            await make_refusal(404, MISSING)(scope, receive, send)
        else:
            await self._app({**scope, "headers": _drop_bad_range(scope)}, receive, send)

    def _is_open(self, method: str, path: str) -> bool:
        return (method, path) in self._also or is_open(method, path)


def is_open(method: str, path: str) -> bool:
    """Whether a path is served."""
    pattern = {"GET": READABLE, "HEAD": READABLE, "POST": WRITABLE}.get(method)
    return pattern is not None and pattern.fullmatch(path) is not None


def _drop_bad_range(scope: Scope) -> list[tuple[bytes, bytes]]:
    return [
        (name, value)
        for name, value in scope.get("headers", [])
        if name != b"range" or RANGE.fullmatch(value.decode("latin-1"))
    ]
