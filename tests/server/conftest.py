"""A real server for all tests of this folder: gradio's app behind SeedLab's middleware, and fake pictures."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from seedlab.server.address import check_address
from seedlab.server.edge import make_edge
from seedlab.server.main import VARIABLES
from seedlab.server.middleware.streams import Streams
from seedlab.server.temporary import use_temporary_folder
from seedlab.settings import Settings
from tests.ui.fakes import Painter, make_services


@dataclass(frozen=True)
class Served:
    """A server that runs in this process.

    Attributes:
        url: its address, without a slash at the end.
        temporary: its folder of temporary files.
        painter: makes its pictures.
        functions: the number and the number of inputs of the page's functions, by name; the first of each name.
        page: the running page; see `seedlab.ui.running_page`.
    """

    url: str
    temporary: Path
    painter: Painter
    functions: dict[str, tuple[int, int]]
    page: object

    def call(self, name: str, session: str, values: dict[int, object] | None = None, **more: object) -> dict:
        """Return the body of an event as the page sends it."""
        function, inputs = self.functions[name]
        data = [(values or {}).get(index) for index in range(inputs)]
        return {"fn_index": function, "session_hash": session, "data": data, "event_data": None} | more


@contextmanager
def launch(
    painter: Painter, temporary: Path, settings: Settings, places: int = 64, **limits: float
) -> Iterator[Served]:
    """Serve the page with fake pictures, as `seedlab.server.main.start` does with real ones."""
    from seedlab.ui.blocks.layout import build_blocks, launch_options
    from seedlab.ui.gradio_app import GradioApp
    from seedlab.ui.pictures import PictureServer

    # Without a running event loop Gradio creates some and never closes them.
    async def start():
        pictures = PictureServer()
        blocks = build_blocks(make_services(painter), pictures)
        page = GradioApp(blocks)
        page.places = places
        options = launch_options(local=not settings.public) | {
            "app_kwargs": make_edge(page, settings, temporary, streams=Streams(page, **limits), routes=[pictures.route])
        }
        # A free port: gradio does not close the sockets with which it looks for one.
        blocks.launch(prevent_thread_lock=True, quiet=True, server_port=check_address(settings.host, 0), **options)
        return blocks, page

    with ThreadPoolExecutor(1) as executor:
        blocks, page = executor.submit(lambda: asyncio.run(start())).result()
    functions = {fn.name: (index, len(fn.inputs)) for index, fn in reversed(blocks.fns.items())}
    try:
        yield Served(blocks.local_url.rstrip("/"), temporary, painter, functions, page)
    finally:
        page.close()


@pytest.fixture(scope="package", autouse=True)
def variables():
    with pytest.MonkeyPatch.context() as patch:
        for name, value in VARIABLES.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="package")
def served(tmp_path_factory, variables):
    """A server as a user starts it."""
    painter = Painter(tmp_path_factory.mktemp("pictures"), pause=0.02)
    with use_temporary_folder() as temporary, launch(painter, temporary, Settings()) as served:
        yield served


@pytest.fixture(scope="package")
def client(served):
    """A client without a browser."""
    with httpx2.Client(base_url=served.url, timeout=20) as client:
        yield client
