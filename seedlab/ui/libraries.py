"""Serves the JavaScript libraries that are bundled with the page. Each has its licence next to it."""

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from seedlab.ui.theme import STATIC

PREFIX = "seedlab/libraries"
"""Below the path that `seedlab.server.paths` keeps open."""
LIBRARIES = STATIC / "libraries"
TYPES = {".js": "text/javascript", ".css": "text/css"}
"""Not guessed: some systems call JavaScript plain text, which browsers do not run."""

# The name of a library's folder has its version.
HEADERS = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}


def make_library_route() -> Route:
    """Return the route to add to the page's server."""
    files = {f"{each.parent.name}/{each.name}": each for each in LIBRARIES.glob("*/*") if each.suffix in TYPES}

    def respond(request: Request) -> Response:
        file = files.get(request.path_params["path"])
        if file is None:
            return PlainTextResponse("There is nothing at this address.", 404)
        return FileResponse(file, media_type=TYPES[file.suffix], headers=HEADERS)

    return Route(f"/{PREFIX}/{{path:path}}", respond)
