"""Which names the server answers to, and which pages may send to it.

A page of another site can point its own name at 127.0.0.1 (DNS rebinding), so that the browser takes this server for a
part of that site: https://owasp.org/www-community/attacks/DNS_Rebinding. The Host header tells.
"""

import ipaddress
import socket
from collections.abc import Callable
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from seedlab.flags import LOCAL
from seedlab.server.refusals import make_refusal
from seedlab.settings import Settings

EVERYWHERE = ("0.0.0.0", "::", "")
"""Addresses to serve on that stand for all of the machine's."""

SHARED = ".gradio.live"
FOREIGN_HOST = (
    "This server does not answer to that name: open it as localhost, or start it with --host NAME or --public."
)
FOREIGN_PAGE = "This request comes from a page of another site: open SeedLab itself."

IsKnown = Callable[[str], bool]


def make_host_check(settings: Settings) -> IsKnown:
    """Return a function that says whether the server answers to a host name, without a port."""
    if settings.public:
        return lambda name: True  # behind any proxy; strangers may use it anyway
    names = {*LOCAL, settings.host.casefold()}
    everywhere = settings.host in EVERYWHERE
    if everywhere:
        machine = socket.gethostname().casefold()
        names |= {machine, machine.partition(".")[0], f"{machine.partition('.')[0]}.local"}

    def is_known(name: str) -> bool:
        if name in names or (settings.share and name.endswith(SHARED)):
            return True
        # A site cannot make a browser send an address in place of its own name.
        return everywhere and _is_address(name)

    return is_known


class HostAndOrigin:
    """Middleware that refuses (403) other host names, and what pages of other sites send.

    Gradio does not get to see the Origin header, which it would reflect as allowed.
    """

    def __init__(self, app: ASGIApp, is_known: IsKnown) -> None:
        self._app, self._is_known = app, is_known

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if not self._is_known(_split_host(headers.get("host", ""))[0]):
            await make_refusal(403, FOREIGN_HOST)(scope, receive, send)
        elif scope["method"] not in ("GET", "HEAD") and _is_foreign(headers):
            await make_refusal(403, FOREIGN_PAGE)(scope, receive, send)
        else:
            kept = [(name, value) for name, value in scope["headers"] if name != b"origin"]
            await self._app({**scope, "headers": kept}, receive, send)


def _is_foreign(headers: Headers) -> bool:
    origin = headers.get("origin")
    if origin is None:
        return False  # not from a browser's page
    # A proxy may pass the name that the browser used in a header of its own, which a page of another site cannot set.
    forwarded = headers.get("x-forwarded-host", "").split(",")[0].strip()
    hosts = {_split_host(name) for name in (headers.get("host", ""), forwarded) if name}
    return _split_host(origin.partition("://")[2]) not in hosts


def _split_host(text: str) -> tuple[str, int | None]:
    """Return the name and the port of a host as browsers write it; None for a port that is usual or missing."""
    try:
        parts = urlsplit(f"//{text}")
        port = parts.port
    except ValueError:
        return "", None
    if parts.path or parts.query or parts.fragment or "@" in parts.netloc:
        return "", None
    return (parts.hostname or "").casefold(), None if port in (80, 443) else port


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
