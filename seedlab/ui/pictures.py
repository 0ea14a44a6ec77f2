"""Serves files to the browser: pictures, from the store or from where a visitor's file was uploaded, and downloads."""

import hmac
import secrets
from collections import OrderedDict
from pathlib import Path
from threading import Lock

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

PREFIX = "seedlab/pictures"
"""Below the path that `seedlab.server.middleware.paths` keeps open."""
MAX_ADDRESSES = 50_000
"""Addresses that are remembered, about 20 MB."""

DOWNLOADS = {".html": "text/html", ".zip": "application/zip"}
"""What is saved and not shown. A page of a visitor's texts is no page of this server: it gets no rights of one."""

HEADERS = {"Cache-Control": "private, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}


class PictureServer:
    """Gives each shown picture an address that cannot be guessed, and serves it there.

    Only files that a page has shown have an address. It is valid until the process ends. Beyond `MAX_ADDRESSES` the
    oldest are forgotten, and given again when the picture is shown again. Methods may be called from any thread.
    """

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._files: OrderedDict[str, Path] = OrderedDict()
        self._lock = Lock()

    def address(self, file: Path) -> str:
        """Return the address of a PNG file, or of one to download, relative to the page."""
        digest = hmac.new(self._key, str(file).encode("utf-8", "surrogateescape"), "sha256").hexdigest()[:40]
        name = digest + (file.suffix if file.suffix in DOWNLOADS else ".png")
        with self._lock:
            self._files[name] = file
            self._files.move_to_end(name)
            while len(self._files) > MAX_ADDRESSES:
                self._files.popitem(last=False)
        return f"{PREFIX}/{name}"

    @property
    def route(self) -> Route:
        """The route to add to the page's server."""
        return Route(f"/{PREFIX}/{{name}}", self._respond)

    def _respond(self, request: Request) -> Response:
        file = self._files.get(request.path_params["name"])
        if file is None or not file.is_file():
            return PlainTextResponse("This picture does not exist any more.", 404)
        kind = DOWNLOADS.get(file.suffix)
        if kind is None:
            return FileResponse(file, media_type="image/png", headers=HEADERS)
        headers = {
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "sandbox",
        }
        return FileResponse(file, media_type=kind, filename=file.name, headers=headers)
