"""`seedlab develop`: makes a picture larger, with more details."""

import argparse
from pathlib import Path
from typing import Any

from seedlab.cli.common.options import MakeServices, add_places
from seedlab.cli.common.output import KEEPING, add_output_options
from seedlab.cli.rounds import run_refine
from seedlab.rules.kinds.develop import AUTO, Develop

DEVELOP = """\
Make a picture larger, with more details: it is resized, and goes through some of its steps again. Its recipe becomes
the first stage of the new one's, so that "seedlab verify" and "seedlab script" make both. seed-2.png gives
seed-2-512-512-0-2.png: width, height and strength. "in-tiles" and "latents" follow where it is made so."""


def add_develop(commands: Any) -> None:
    """Add the command to those of `seedlab.cli.main.make_parser`."""
    size, source, decoding, strength = Develop.parameters
    parser = commands.add_parser(
        "develop", help="make a picture larger, with more details", description=DEVELOP, epilog=KEEPING
    )
    words = "a picture that SeedLab made, or a PNG, JPEG or WebP picture of another tool"
    parser.add_argument("picture", metavar="PICTURE.png", type=Path, help=words)
    parser.add_argument("--size", metavar="SIZE", default=size.default, help=f"{size.help} (%(default)s)")
    words = f"{strength.help} (%(default)s)"
    parser.add_argument("--strength", metavar="NUMBER", default=AUTO, help=words)
    parser.add_argument("--enlarge", metavar="WHAT", default=source.default, help=f"{source.help} (%(default)s)")
    parser.add_argument("--decode", metavar="HOW", default=decoding.default, help=f"{decoding.help} (%(default)s)")
    parser.add_argument("--out", metavar="FOLDER", type=Path, help="where to write the picture (the picture's folder)")
    add_places(parser)
    add_output_options(parser)
    parser.set_defaults(run=run_develop)


def run_develop(given: argparse.Namespace, make_services: MakeServices) -> int:
    """Make larger pictures of one."""
    texts = {
        "develop_size": given.size,
        "develop_source": given.enlarge,
        "develop_decoding": given.decode,
        "develop_strength": given.strength,
    }
    given.matrix, given.varied = False, list(texts.items())
    return run_refine(given, make_services)
