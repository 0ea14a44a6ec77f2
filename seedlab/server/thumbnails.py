"""Serves the thumbnails of the gallery. Each visitor gets those of their own pictures alone."""

from collections.abc import Callable, Mapping
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from seedlab.core.errors import SeedLabError
from seedlab.workflow.gallery.thumbnail_addresses import PREFIX

HEADERS = {"Cache-Control": "private, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}


def make_thumbnail_route(find: Callable[[str, Mapping[str, str]], Path]) -> Route:
    """Return the route to add to the page's server.

    Args:
        find: returns the file of a thumbnail by the last part of its address and the visitor's cookies, and raises
            SeedLabError if it is not theirs or not there.
    """

    def respond(request: Request) -> Response:
        try:
            file = find(request.path_params["name"], request.cookies)
        except SeedLabError:
            # The same answer for what is not there and for what is another's.
            return PlainTextResponse("This picture does not exist any more.", 404)
        return FileResponse(file, media_type="image/webp", headers=HEADERS)

    return Route(f"/{PREFIX}/{{name}}", respond)
