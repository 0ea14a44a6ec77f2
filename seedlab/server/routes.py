"""The routes of SeedLab's own. Add new ones here; `seedlab.server.paths` lists those of gradio that stay open."""

from starlette.routing import BaseRoute, Route

from seedlab.server.paths import UPLOAD
from seedlab.server.uploads import Uploads


def make_routes(uploads: Uploads) -> list[BaseRoute]:
    """Return the routes that come before gradio's. The first part of a path is `seedlab.server.paths.PREFIX`."""
    return [Route(UPLOAD, uploads.receive, methods=["POST"])]
