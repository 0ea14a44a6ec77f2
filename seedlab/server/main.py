"""Starts and ends the web server."""

import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from seedlab.application import Application
from seedlab.core.errors import SeedLabError
from seedlab.core.machine.garbage import keep_all_objects
from seedlab.images.output_folder import check_folder
from seedlab.server.address import check_address, format_taken
from seedlab.server.clients import PROXIES
from seedlab.server.edge import make_edge
from seedlab.server.programs.registry import make_programs
from seedlab.server.signals import interrupt_on_signals
from seedlab.server.temporary import use_temporary_folder
from seedlab.server.thumbnails import make_thumbnail_route
from seedlab.settings import PRIVACY, Settings, list_unknown_variables, set_variables
from seedlab.workflow.programs.tools import Tools

Stop = Callable[[], object]

VARIABLES = {
    **PRIVACY,
    # Gradio computes statistics of the last 10,000 events after every event, for its monitoring page, which is closed.
    "GRADIO_ANALYTICS_MAX_EVENTS": "1",
    "GRADIO_ANALYTICS_CACHE_FREQUENCY": str(2**62),
}


def run(settings: Settings) -> NoReturn:
    """Serve the page until a signal comes, and end the process with exit code 0.

    Raises:
        SeedLabError: the page cannot be served.
    """
    for sentence in list_unknown_variables(os.environ):
        sys.stderr.write(f"{sentence}\n")
    with suppress(KeyboardInterrupt), interrupt_on_signals(), use_temporary_folder() as temporary:
        serve(settings, temporary)
    # A download may be under way in another thread, and the interpreter would wait for its end.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def serve(settings: Settings, temporary: Path) -> None:
    """Serve the page until KeyboardInterrupt. torch is imported, and the model loaded, once the page is up.

    Args:
        temporary: the folder of temporary files.

    Raises:
        SeedLabError: the default model does not exist, the store cannot be written to, or the port is taken.
    """
    check_folder(settings.store)
    port = check_address(settings.host, settings.port)
    prepare_environment(settings)
    application = Application(settings)
    stop: Stop | None = None
    try:
        application.sweep()
        application.preload()
        stop = start(application, port, temporary)
        application.warm_up()
        while True:
            time.sleep(3600)
    finally:
        application.close()
        if stop is not None:
            stop()


def prepare_environment(settings: Settings) -> None:
    """Set what libraries read when they are imported or started."""
    # On a Space, uvicorn then knows visitors by their own addresses.
    set_variables(VARIABLES | ({"FORWARDED_ALLOW_IPS": PROXIES} if settings.on_space else {}))


def start(application: Application, port: int | None, temporary: Path) -> Stop:
    """Start serving in other threads. Returns a function that ends it within a second.

    Raises:
        SeedLabError: the port is taken.
    """
    with keep_all_objects():
        from seedlab.ui.blocks.layout import build_blocks, launch_options
        from seedlab.ui.gradio_app import GradioApp
        from seedlab.ui.pictures import PictureServer
        from seedlab.ui.static_files import make_static_route

    settings, pictures = application.settings, PictureServer()

    def make_tools(visitor: str, base: str = "") -> Tools:
        return application.make_tools(lambda file: base + pictures.address(file), visitor)

    blocks = build_blocks(application.page_services, pictures, make_tools)
    page = GradioApp(blocks)
    programs = make_programs(settings, make_tools)
    routes = [pictures.route, make_static_route(), make_thumbnail_route(application.find_thumbnail)]
    edge = make_edge(page, settings, temporary, application.tidy, routes=routes, programs=programs)
    options: dict[str, Any] = launch_options(local=not settings.public) | {"app_kwargs": edge}
    try:
        blocks.launch(
            server_name=f"[{settings.host}]" if ":" in settings.host else settings.host,
            server_port=port,
            share=settings.share,
            inbrowser=settings.open_browser,
            prevent_thread_lock=True,
            **options,
        )
    except OSError as error:
        raise SeedLabError(format_taken(port)) from error
    return page.close
