"""The commands that pass pictures on: `seedlab share` and `page`."""

import argparse
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from seedlab.cli.common.options import Compute, MakeServices, write_line
from seedlab.core.errors import SeedLabError
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.texts.text import quote
from seedlab.images.metadata import Metadata, read_metadata
from seedlab.images.output_folder import is_grid
from seedlab.workflow.export.html_page import write_page
from seedlab.workflow.export.links import make_link
from seedlab.workflow.export.trail_parts import arrange, make_trail
from seedlab.workflow.pictures.own import describe_inputs, list_recipes
from seedlab.workflow.scripts.script import write_script

URL = "http://127.0.0.1:7860"

SHARE = """\
Print a link to a picture's recipe and to those that led to it, or to the recipes of several pictures. They are in the
link itself: whoever opens it in their SeedLab makes the pictures again. "seedlab recipe LINK" prints them."""

PAGE = """\
Write one HTML file with pictures, recipes, hashes and scripts. It needs nothing else: it opens without a network, can
be sent as a file, and is a static Space on the Hugging Face Hub if its name there is index.html."""


def add_sharing(commands: Any) -> None:
    """Add the commands to those of `seedlab.cli.main.make_parser`."""
    share = commands.add_parser("share", help="print a link to the recipes of pictures", description=SHARE)
    share.add_argument("pictures", metavar="PICTURE.png", type=Path, nargs="+", help="pictures that SeedLab made")
    share.add_argument("--url", default=URL, help="the address of the page that opens it (%(default)s)")
    share.set_defaults(run=run_share)
    page = commands.add_parser("page", help="write pictures as one HTML file", description=PAGE)
    page.add_argument("pictures", metavar="PICTURE.png", type=Path, nargs="+", help="pictures that SeedLab made")
    page.add_argument("--out", metavar="PAGE.html", type=Path, required=True, help="a new file to write it to")
    page.add_argument("--title", metavar="TEXT", default="", help="its heading (the first prompt)")
    page.set_defaults(run=run_page)


def run_share(given: argparse.Namespace, _: MakeServices) -> int:
    """Print a link."""
    pictures = _read_all(given.pictures)
    trail = make_trail(*pictures.popitem()) if len(pictures) == 1 else arrange(pictures)
    write_line(make_link(given.url, trail))
    if needed := describe_inputs(list_recipes(trail)):
        sys.stderr.write(f"{needed}\n")
    return 0


def _read_all(files: Sequence[Path]) -> dict[Path, Metadata]:
    """Read pictures; grids, which a pattern such as *.png finds too, are left out."""
    pictures = {file: read_metadata(file) for file in files if not is_grid(file)}
    if not pictures:
        raise SeedLabError("These are grids: name the pictures themselves, such as seed-0.png.")
    return pictures


def run_page(given: argparse.Namespace, make_services: MakeServices) -> int:
    """Write an HTML page: pictures that differ in their seed alone are one round."""
    pictures = _read_all(given.pictures)
    environments = {each.recipe: each.environment for each in pictures.values()}
    with closing(make_services(Compute())) as services:

        def write(recipes: Sequence[Recipe]) -> str:
            return write_script(recipes, environments[recipes[0]], services.find_model(recipes[0].model_address))

        text = write_page(arrange(pictures), write, given.title)
    try:
        with given.out.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError as error:
        raise SeedLabError(f"{quote(str(given.out), 80)} exists: choose another name with --out.") from error
    except OSError as error:
        raise SeedLabError(f"{quote(str(given.out), 80)} cannot be written: choose another folder.") from error
    sys.stdout.write(f"{given.out}\n")
    return 0
