"""`seedlab app`: the page in the browser."""

import argparse
import os
from typing import Any, NoReturn

from seedlab.cli.common.options import MakeServices
from seedlab.flags import DESCRIPTION, add_flags
from seedlab.settings import make_settings


def add_app(commands: Any) -> None:
    """Add the command to those of `seedlab.cli.main.make_parser`."""
    parser = commands.add_parser("app", help="serve the page in the browser", description=DESCRIPTION)
    add_flags(parser, os.environ)
    parser.set_defaults(run=run_app)


def run_app(given: argparse.Namespace, _: MakeServices) -> NoReturn:
    """Serve the page until the process ends."""
    from seedlab.server.main import run

    run(make_settings(given))
