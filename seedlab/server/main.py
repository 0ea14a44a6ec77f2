"""Starts and ends the web server."""

import os
import sys
from typing import NoReturn

from seedlab.application import Application
from seedlab.core.errors import SeedLabError
from seedlab.server.install import make_app_options
from seedlab.server.routes import make_routes
from seedlab.settings import Settings


def run(settings: Settings) -> NoReturn:
    """Serve the page and end the process.

    Raises:
        SeedLabError: the page cannot be served.
    """
    try:
        serve(settings)
    except OSError as error:
        raise SeedLabError(f"The page cannot be served: {error}") from error
    # A download may be under way in another thread, and the interpreter would wait for its end.
    sys.stdout.flush()
    os._exit(0)


def serve(settings: Settings) -> None:
    """Serve the page until the process ends. torch is imported, and the model loaded, once the page is up.

    Raises:
        SeedLabError: the default model does not exist.
        OSError: the port is taken.
    """
    # gradio and huggingface_hub read these when they are imported: nothing is reported to anybody.
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    from seedlab.ui.layout import build_blocks, launch_options

    application = Application(settings)
    blocks = build_blocks(application.page_services)
    blocks.launch(
        server_name=settings.host,
        server_port=settings.port,
        share=settings.share,
        inbrowser=settings.open_browser,
        prevent_thread_lock=True,
        app_kwargs=make_app_options(make_routes()),
        **launch_options(),
    )
    application.warm_up()
    try:
        blocks.block_thread()
    finally:
        application.close()
