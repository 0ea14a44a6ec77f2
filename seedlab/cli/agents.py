"""`seedlab mcp`: the tools of agents, over standard input and output."""

import argparse
import os
import sys
from typing import Any

from seedlab.cli.common.options import MakeServices
from seedlab.flags import add_local_flags
from seedlab.images.output_folder import check_folder
from seedlab.settings import list_unknown_variables, make_local_settings, set_variables

MCP = """\
Serve agents on this machine by the Model Context Protocol, over standard input and output. A desktop application starts
it by itself: its command is "seedlab mcp". For agents elsewhere, use "seedlab app --mcp"."""


def add_mcp(commands: Any) -> None:
    """Add the command to those of `seedlab.cli.main.make_parser`."""
    parser = commands.add_parser("mcp", help="serve agents, by the Model Context Protocol", description=MCP)
    add_local_flags(parser, os.environ)
    parser.set_defaults(run=run_mcp)


def run_mcp(given: argparse.Namespace, _: MakeServices) -> int:
    """Serve until standard input ends."""
    from seedlab.application import Application
    from seedlab.server.programs.extras import import_mcp

    module, settings = import_mcp(), make_local_settings(given)
    for sentence in list_unknown_variables(os.environ):
        sys.stderr.write(f"{sentence}\n")  # standard output is the agent's
    check_folder(settings.store)
    set_variables()
    application = Application(settings)
    try:
        module.make_server(lambda _: application.make_tools(lambda file: file.resolve().as_uri())).run("stdio")
    finally:
        application.close()
    return 0
