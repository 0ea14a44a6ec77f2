"""An MCP server, by the protocol's Python SDK: https://modelcontextprotocol.io. Agents explore seeds with it.

The SDK is an extra, so this module is imported only where a server is wanted; see `seedlab.server.programs.extras`.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from pathlib import Path
from typing import Annotated, Any, TypeVar

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from mcp.server.fastmcp import Context, FastMCP, Image
from mcp.server.transport_security import TransportSecuritySettings
from pydantic import Field
from starlette.routing import BaseRoute, Route

from seedlab.server.middleware.paths import PREFIX
from seedlab.server.programs.running import MAX_CALLS, run_work
from seedlab.workflow.jobs.rounds import Grid
from seedlab.workflow.programs.progress import Progress, Work
from seedlab.workflow.programs.tools import MAX_PICTURES, Tools, write_json

T = TypeVar("T")

PATH = f"{PREFIX}mcp"
INSTRUCTIONS = """\
SeedLab explores seeds of text-to-image models. Make a grid of seeds, look at it, choose a picture, and refine it: its
seed stays, and what you name varies. A picture is named by its id. The same recipe gives the same bytes: verify shows
it, and script writes a diffusers script that makes the picture."""

IDLE_SECONDS = 600
MAX_SESSIONS = 100

MakeTools = Callable[[Any], Tools]
"""Makes the tools for a request; None for a caller on this machine."""

Caller = Context[Any, Any, Any]
Picture = Annotated[str, Field(description="the id of a picture")]
Pictures = Annotated[list[str], Field(description=f"the ids of at most {MAX_PICTURES} pictures")]
Prompt = Annotated[str, Field(description="what to make pictures of")]
Seeds = Annotated[str, Field(description='such as "0-3", "7, 42" or "random 4"')]
ModelId = Annotated[str, Field(description="one that models lists; empty for the default")]
Negative = Annotated[str, Field(description="what to keep out of the pictures")]
Steps = Annotated[int | None, Field(description="denoising steps; null for the model's default")]
VARIETY = "noise of the seed in the prompt embedding, 0 to 2, for few-step models, whose seeds change little"
Variety = Annotated[float | None, Field(description=VARIETY)]
Guidance = Annotated[float | None, Field(description="how closely to follow the prompt, 0 to 100")]
Side = Annotated[int | None, Field(description="in pixels; null for the model's default")]
Scheduler = Annotated[str | None, Field(description='such as "DDIM" or "Euler a"; null for the model\'s default')]
Draft = Annotated[bool, Field(description="only the first steps of each, to look at many seeds")]
Start = Annotated[str, Field(description="a PNG, JPEG or WebP file to start from, in Base64; empty for noise")]
STRENGTH = 'how much of that picture may change, above 0 to 1, or "subtle" or "strong"; null for 0.5'
Strength = Annotated[float | str | None, Field(description=STRENGTH)]
Variations = Annotated[
    dict[str, str | list[str]] | None,
    Field(
        description='one kind of variation by name, such as {"suffix": [", artsy"]}, {"words": "a red boat"}, '
        '{"sweep": "guidance 1.5, 2"}, {"nudge": "subtle"}, {"shapes": "landscape"} or {"seeds": "4-7"}; null for four '
        "suffixes"
    ),
]


def make_server(make_tools: MakeTools) -> FastMCP:
    """Make a server with SeedLab's tools."""
    with _keep_logging():
        server = FastMCP(
            "SeedLab",
            INSTRUCTIONS,
            streamable_http_path=PATH,
            session_idle_timeout=IDLE_SECONDS,
            max_sessions=MAX_SESSIONS,
            # `seedlab.server.middleware.hosts` checks them.
            transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
        )
    box = _Toolbox(make_tools)
    for tool in (box.models, box.grid, box.refine, box.finish, box.look, box.recipe, box.verify, box.script):
        server.add_tool(tool, structured_output=False)
    server.resource("seedlab://picture/{picture}", mime_type="image/png")(box.picture)
    return server


def make_mcp_route(server: FastMCP) -> tuple[BaseRoute, Callable[[], AbstractAsyncContextManager[None]]]:
    """Return the route of a server, and the service that has to run in the background."""
    (route,) = (each for each in server.streamable_http_app().routes if isinstance(each, Route))
    return route, server.session_manager.run


@contextmanager
def _keep_logging() -> Iterator[None]:
    """Undo what the SDK does to the process's logging; it also calls the end of a client's session an error."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.getLogger("mcp").setLevel(logging.CRITICAL)


class _Toolbox:
    """The tools as the SDK wants them: typed functions. Agents read their names, docstrings and descriptions."""

    def __init__(self, make_tools: MakeTools) -> None:
        self._make_tools = make_tools
        self._limiter = CapacityLimiter(MAX_CALLS)

    async def models(self, caller: Caller) -> str:
        """List the models that grid may name."""
        return write_json(await self._call(caller, Tools.list_models))

    async def grid(
        self,
        caller: Caller,
        prompt: Prompt,
        seeds: Seeds = "0-3",
        model: ModelId = "",
        negative_prompt: Negative = "",
        steps: Steps = None,
        guidance: Guidance = None,
        width: Side = None,
        height: Side = None,
        scheduler: Scheduler = None,
        draft: Draft = False,
        variety: Variety = None,
        start: Start = "",
        strength: Strength = None,
    ) -> str:
        """Make a picture for each seed of a prompt. Returns JSON: the id, seed, SHA-256 and URL of each picture."""
        wanted = Grid(
            prompt=prompt,
            seeds=seeds,
            model=model,
            negative_prompt=negative_prompt or None,
            steps=steps,
            guidance=guidance,
            width=width,
            height=height,
            scheduler=scheduler,
            draft=draft,
            variety=variety,
            strength=strength,
        )
        return await self._work(caller, lambda tools: tools.make_grid(wanted, start))

    async def refine(self, caller: Caller, picture: Picture, variations: Variations = None) -> str:
        """Lock a picture's seed and vary something else. Returns JSON as grid does."""
        return await self._work(caller, lambda tools: tools.refine(picture, variations or {}))

    async def finish(self, caller: Caller, picture: Picture) -> str:
        """Make the whole picture of a draft; its bytes are those of the whole run. Returns JSON as grid does."""
        return await self._work(caller, lambda tools: tools.finish(picture))

    async def look(self, caller: Caller, pictures: Pictures) -> Image:
        """Look at one picture, or at several side by side."""
        return Image(data=await self._call(caller, lambda tools: tools.look(pictures)), format="jpeg")

    async def recipe(self, caller: Caller, picture: Picture) -> str:
        """Return as JSON what decides a picture: its recipe and its environment."""
        return write_json(await self._call(caller, lambda tools: tools.read_recipe(picture)))

    async def verify(self, caller: Caller, picture: Picture) -> str:
        """Make a picture again, alone, and compare the bytes. Returns JSON."""
        return await self._work(caller, lambda tools: tools.verify(picture))

    async def script(self, caller: Caller, pictures: Pictures) -> str:
        """Write pictures of one round as a Python script that makes them with diffusers alone. Returns JSON."""
        return write_json(await self._call(caller, lambda tools: tools.write_script(pictures)))

    async def picture(self, picture: str) -> bytes:
        """Return a picture's PNG file, with its recipe."""
        file: Path = self._make_tools(None).find(picture)
        return await run_sync(file.read_bytes, limiter=self._limiter)

    async def _call(self, caller: Caller, function: Callable[[Tools], T]) -> T:
        tools = self._make_tools(caller.request_context.request)
        return await run_sync(function, tools, limiter=self._limiter)

    async def _work(self, caller: Caller, start: Callable[[Tools], Work[Any]]) -> str:
        work = start(self._make_tools(caller.request_context.request))

        async def report(progress: Progress) -> None:
            await caller.report_progress(progress.done, progress.total, progress.sentence)

        return write_json(await run_work(work, report, self._limiter))
