"""What of the interfaces for programs is served, by the settings."""

from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.routing import BaseRoute

from seedlab.core.clients import name_client
from seedlab.server.install import Service
from seedlab.server.programs.extras import import_mcp
from seedlab.server.programs.rest import PATHS, make_rest_routes
from seedlab.settings import Settings
from seedlab.workflow.programs.tools import Tools

MakeTools = Callable[[str, str], Tools]
"""Makes the tools of a visitor, who reaches the server at an address."""


@dataclass(frozen=True)
class Programs:
    """The interfaces that are served.

    Attributes:
        routes: to add to the app.
        services: to run in the background.
        open: (method, path) of what is open besides the page's paths.
    """

    routes: tuple[BaseRoute, ...] = ()
    services: tuple[Service, ...] = ()
    open: frozenset[tuple[str, str]] = frozenset()


NO_PROGRAMS = Programs()


def make_programs(settings: Settings, make_tools: MakeTools) -> Programs:
    """Return the interfaces that are switched on.

    Raises:
        SeedLabError: a package is missing.
    """

    def make(request: Request | None) -> Tools:
        from seedlab.ui.gradio_app import note_request

        note_request(request)
        if request is None:
            return make_tools("", "")
        return make_tools(name_client(request.client.host) if request.client else "", str(request.base_url))

    routes: list[BaseRoute] = []
    services: list[Service] = []
    opened: set[tuple[str, str]] = set()
    if settings.api:
        routes += make_rest_routes(make)
        opened |= {("POST", path) for path in PATHS}
    if settings.mcp:
        mcp = import_mcp()
        route, service = mcp.make_mcp_route(mcp.make_server(make))
        routes.append(route)
        services.append(service)
        opened |= {(method, mcp.PATH) for method in ("GET", "POST", "DELETE")}
    return Programs(tuple(routes), tuple(services), frozenset(opened))
