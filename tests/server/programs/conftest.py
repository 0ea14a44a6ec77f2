"""The real app, with the interfaces for programs switched on and Sketch behind them."""

import asyncio
from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from seedlab.application import Application
from seedlab.server.address import check_address
from seedlab.server.main import start
from seedlab.settings import Settings

SMALL = {"steps": 2, "width": 64, "height": 64}
"""The quickest pictures that Sketch makes."""
LONG = SMALL | {"steps": 100}
LONG_STEPS = 400
"""Computations of Sketch's denoiser for 16 such pictures: four at a time."""


def encode_picture(size: tuple[int, int] = (96, 64), kind: str = "PNG") -> str:
    """Return a picture of one colour as programs send it: a file in Base64."""
    file = BytesIO()
    Image.new("RGB", size, "#3070c0").save(file, kind)
    return b64encode(file.getvalue()).decode()


@dataclass(frozen=True)
class Running:
    """The running app.

    Attributes:
        url: its address, without a slash at the end.
        store: the folder of its pictures.
        application: what makes them.
    """

    url: str
    store: Path
    application: Application

    @contextmanager
    def count_steps(self) -> Iterator[list[int]]:
        """Yield a list that gets the number of rows of each computation of Sketch's denoiser.

        Raises:
            ValueError: Sketch has made no picture yet.
        """
        (loaded,) = self.application.manager._executor._cache._loaded.values()
        rows: list[int] = []
        hook = loaded.pipeline.unet.register_forward_pre_hook(lambda _, args: rows.append(len(args[0])))
        yield rows
        hook.remove()


@pytest.fixture(scope="package")
def running(tmp_path_factory: pytest.TempPathFactory, variables: None) -> Iterator[Running]:
    store = tmp_path_factory.mktemp("store")
    settings = Settings(open_browser=False, store=store, mcp=True, api=True)
    temporary = tmp_path_factory.mktemp("temporary")
    application, port = Application(settings), check_address(settings.host, 0)

    # Without a running event loop Gradio creates some and never closes them.
    async def serve():
        return start(application, port, temporary)

    with ThreadPoolExecutor(1) as executor:  # Playwright may run an event loop in this thread
        stop = executor.submit(lambda: asyncio.run(serve())).result()
    try:
        yield Running(f"http://127.0.0.1:{port}", store, application)
    finally:
        application.close()
        stop()
