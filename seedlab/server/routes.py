"""The routes of SeedLab's own. Add new ones here; `middleware/paths.py` lists those of gradio that stay open."""

from starlette.routing import BaseRoute, Route

from seedlab.server.middleware.paths import UPLOAD
from seedlab.server.uploads import Uploads


def make_routes(uploads: Uploads) -> list[BaseRoute]:
    """Return the routes that come before gradio's. The first part of a path is `PREFIX` of `middleware.paths`."""
    return [Route(UPLOAD, uploads.receive, methods=["POST"])]
