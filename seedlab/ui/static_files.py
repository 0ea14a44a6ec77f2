"""Serves the page's JavaScript modules and the libraries bundled with them, each of which has its licence next to it.

The address of all files has a hash of their contents, so that no cache mixes the files of two versions.
"""

import hashlib
import json
from collections.abc import Sequence
from functools import cache
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from seedlab.ui.theme import STATIC

PREFIX = "seedlab/static"
"""Below the path that `seedlab.server.middleware.paths` keeps open."""
FOLDERS = "js", "libraries", "example"
TYPES = {".js": "text/javascript", ".css": "text/css", ".webp": "image/webp"}
"""Not guessed: some systems call JavaScript plain text, which browsers do not run."""

HEADERS = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}

LOADER = """
const locate = (path) => new URL(`${location.pathname.replace(/\\/?$/, '/')}%(base)s/${path}`, location.href).href;
import(locate('js/%(module)s')).then(
  ({ start }) => start({ element, props, trigger, watch }, %(settings)s),
  () => element.append('A part of the page could not be loaded: reload the page.'),
);
"""
"""Imports a module and calls its function `start`. The page may be served below a path that only the browser knows."""


def make_static_route() -> Route:
    """Return the route to add to the page's server."""
    base = find_base().removeprefix(f"{PREFIX}/")
    files = {f"{base}/{name}": content for name, content in read_files().items()}

    def respond(request: Request) -> Response:
        path = request.path_params["path"]
        if path not in files:
            return PlainTextResponse("There is nothing at this address.", 404)
        return Response(files[path], media_type=TYPES[path[path.rindex(".") :]], headers=HEADERS)

    return Route(f"/{PREFIX}/{{path:path}}", respond)


def write_loader(module: str, events: Sequence[str] = (), settings: dict[str, Any] | None = None) -> str:
    """Return the script of an HTML component that starts a module.

    Args:
        module: its name in static/js/.
        events: of the component. Gradio looks for their names in the script.
        settings: JSON data that `start` gets.
    """
    return LOADER % {
        "base": find_base(),
        "module": module,
        "settings": json.dumps({"events": events, **(settings or {})}),
    }


@cache
def find_base() -> str:
    """Return the address of static/, relative to the page."""
    digest = hashlib.sha256()
    for name, content in sorted(read_files().items()):
        digest.update(f"{name} {len(content)} ".encode() + content)
    return f"{PREFIX}/{digest.hexdigest()[:16]}"


@cache
def read_files() -> dict[str, bytes]:
    """Read the files that are served, by their paths in static/. They stay as they were when the process read them."""
    found = (file for folder in FOLDERS for file in (STATIC / folder).rglob("*") if file.suffix in TYPES)
    return {file.relative_to(STATIC).as_posix(): file.read_bytes() for file in found}
