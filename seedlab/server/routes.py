"""The routes of SeedLab's own. Add new ones here; `seedlab.server.paths` lists those of gradio that stay open."""

from starlette.routing import BaseRoute

PREFIX = "/seedlab/"
"""The paths that never reach gradio."""


def make_routes() -> list[BaseRoute]:
    """Return the routes that come before gradio's."""
    return []
