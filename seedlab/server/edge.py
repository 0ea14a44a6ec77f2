"""Everything between the network and gradio, put together."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from typing import Any

from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from seedlab.core.storage.uploads import choose_max_upload
from seedlab.server.install import make_app_options, repeat
from seedlab.server.middleware.bodies import BodyLimit
from seedlab.server.middleware.calls import EventCalls
from seedlab.server.middleware.headers import SecurityHeaders, make_headers
from seedlab.server.middleware.hosts import HostAndOrigin, make_host_check
from seedlab.server.middleware.login import PasswordCheck
from seedlab.server.middleware.paths import OpenPaths
from seedlab.server.middleware.streams import StreamLimits, Streams
from seedlab.server.middleware.visitors import VisitorCookie
from seedlab.server.programs.registry import NO_PROGRAMS, Programs
from seedlab.server.routes import make_routes
from seedlab.server.temporary import SWEEP_SECONDS, sweep
from seedlab.server.uploads import Uploads
from seedlab.settings import Settings
from seedlab.ui.running_page import RunningPage


def make_edge(
    page: RunningPage,
    settings: Settings,
    temporary: Path,
    sweep_store: Callable[[], object] = lambda: None,
    streams: Streams | None = None,
    routes: Sequence[BaseRoute] = (),
    programs: Programs = NO_PROGRAMS,
) -> dict[str, Any]:
    """Return the value of `app_kwargs` for gradio's `Blocks.launch`: routes, middleware, background services.

    Args:
        page: the page, which is launched with this.
        temporary: the folder of temporary files.
        sweep_store: deletes what killed processes left in the store.
        streams: None for the usual limits.
        routes: the page's own, such as that of pictures.
        programs: what is served besides the page.
    """
    streams = streams or Streams(page)
    return make_app_options(
        [*routes, *programs.routes, *make_routes(Uploads(temporary))],
        [
            Middleware(SecurityHeaders, headers=make_headers(on_space=settings.on_space)),
            Middleware(HostAndOrigin, is_known=make_host_check(settings)),
            *([Middleware(PasswordCheck, login=settings.auth)] if settings.auth else []),
            *([Middleware(VisitorCookie, on_space=settings.on_space)] if settings.public else []),
            Middleware(OpenPaths, also=programs.open),
            Middleware(BodyLimit, max_upload=choose_max_upload(local=not settings.public)),
            Middleware(EventCalls, list_functions=page.list_functions),
            Middleware(StreamLimits, streams=streams),
        ],
        [streams.watch, partial(_sweep_often, (sweep_store, partial(sweep, temporary))), *programs.services],
    )


def _sweep_often(sweeps: Sequence[Callable[[], object]]) -> AbstractAsyncContextManager[None]:
    async def run() -> None:
        for each in sweeps:
            await asyncio.to_thread(each)

    return repeat(run, SWEEP_SECONDS)
