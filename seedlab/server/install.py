"""Adds routes and middleware to the app that gradio makes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute

Service = Callable[[], AbstractAsyncContextManager[None]]
"""Runs in the background while the app is served, such as a periodic sweep."""


@asynccontextmanager
async def repeat(action: Callable[[], Awaitable[object]], seconds: float) -> AsyncIterator[None]:
    """Do something for the time of a block, at its start and every so many seconds."""

    async def run() -> None:
        while True:
            await action()
            await asyncio.sleep(seconds)

    task = asyncio.create_task(run())
    try:
        yield
    finally:
        await cancel(task)


async def cancel(task: "asyncio.Task[object]") -> None:
    """End a task, and wait until it has ended."""
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def make_app_options(
    routes: Sequence[BaseRoute] = (), middleware: Sequence[Middleware] = (), services: Sequence[Service] = ()
) -> dict[str, Any]:
    """Return the value of `app_kwargs` for gradio's `Blocks.launch`.

    Args:
        routes: these come before gradio's own and replace those with the same path.
        middleware: the first is the outermost. All are outside of gradio's own middleware, which answers cross-origin
            requests.
        services: entered when the app starts, and left when it ends.
    """

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        # Starlette has built the stack before this runs. `add_middleware` is too late, and earlier it would put these
        # inside of gradio's.
        assert app.middleware_stack is not None
        for each in reversed(middleware):
            app.middleware_stack = each.cls(app.middleware_stack, *each.args, **each.kwargs)
        async with AsyncExitStack() as stack:
            for service in services:
                await stack.enter_async_context(service())
            yield

    return {"routes": list(routes), "lifespan": lifespan}
