"""The command line: `seedlab app`, `grid`, `finish`, `refine`, `develop`, `recipe`, `verify`, `script`, `find`, ..."""

import argparse
import shlex
import sys
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NoReturn

from seedlab import __version__
from seedlab.api.services import make_services
from seedlab.cli.agents import add_mcp
from seedlab.cli.app import add_app
from seedlab.cli.common.options import Compute, MakeServices
from seedlab.cli.developing import add_develop
from seedlab.cli.finishing import add_finish
from seedlab.cli.gallery import add_gallery
from seedlab.cli.inspection import add_inspections
from seedlab.cli.measuring import add_measures
from seedlab.cli.rounds import add_rounds
from seedlab.cli.sharing import add_sharing
from seedlab.core.errors import SeedLabError
from seedlab.core.texts.text import quote
from seedlab.workflow.services import Services

BAD_INPUT, INTERRUPTED = 2, 130
DESCRIPTION = """\
Explore the seeds of text-to-image models: make one picture for each of several seeds, choose one, and vary it with its
seed locked. `seedlab app` does it in the browser; the other commands do it in the terminal."""

EXAMPLES = """\
examples:
  seedlab app
  seedlab grid "Labrador in the style of Vermeer" --seeds 0-3 --out labrador
  seedlab grid "Labrador in the style of Vermeer" --seeds 0-31 --draft --out sheet
  seedlab finish sheet/seed-2-draft.png sheet/seed-17-draft.png
  seedlab refine labrador/seed-2.png
  seedlab refine labrador/seed-2.png --suffix ", artsy" --suffix ", at night"
  seedlab refine labrador/seed-2.png --sweep "guidance 1.5, 2, 3, 4"
  seedlab refine labrador/seed-2.png --matrix --seeds 0-3 --suffix ", artsy" --suffix ", at night"
  seedlab develop labrador/seed-2-artsy.png --size 512x512
  seedlab verify labrador/seed-2-artsy.png
  seedlab script labrador/seed-2-artsy.png
  seedlab find vermeer night --stars 3
  seedlab share labrador/seed-2-artsy.png
  seedlab page labrador/*.png --out labrador.html"""


def main(arguments: Sequence[str] | None = None, assemble: MakeServices | None = None) -> int:
    """Run a command; returns the exit code: 0, 1 for a failed picture, 2 for bad input, 130 for Ctrl+C.

    Args:
        arguments: those after `seedlab`; None for those of the process.
        assemble: makes the services; None for the real ones.
    """
    try:
        given = make_parser().parse_args(arguments)
        return int(given.run(given, assemble or _make_services))
    except SeedLabError as error:
        sys.stderr.write(f"{error}\n")
        return BAD_INPUT
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped.\n")
        return INTERRUPTED


def _make_services(compute: Compute) -> Services:
    return make_services(compute.device, compute.memory_format, compute.workers, compute.threads)


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one sentence and a way to get help."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(allow_abbrev=False, **options)
        self._given: tuple[str, ...] = ()

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse, and remember the arguments for the hints in errors."""
        self._given = tuple(sys.argv[1:] if args is None else args)
        return super().parse_known_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        """Raise SeedLabError instead of printing the usage and ending the process."""
        sentence = message.removeprefix("argument ").rstrip(".")
        hint = self._format_hint(sentence)
        raise SeedLabError(f"{sentence[:1].upper()}{sentence[1:]}.{hint} For help: {self.prog} --help")

    def _format_hint(self, sentence: str) -> str:
        """Return how to write a value that begins with a hyphen, which argparse takes for an option."""
        flags = sentence.removesuffix(": expected one argument").split("/")
        for flag, value in pairwise(self._given) if sentence.endswith(": expected one argument") else ():
            if flag in flags and value.startswith("-"):
                return f" If {quote(value)} is its value, write {flag}={shlex.quote(value)}."
        missing = sentence.removeprefix("the following arguments are required: ")
        taken = (value for value in self._given if value.startswith("-") and not self._is_option(value))
        if missing != sentence and (value := next(taken, "")):
            return f" If {quote(value)} is the {missing}, write it at the end, after --: -- {shlex.quote(value)}."
        return ""

    def _is_option(self, value: str) -> bool:
        return value == "--" or value.partition("=")[0] in self._option_string_actions


def make_parser() -> Parser:
    """Make the parser of the commands. Its results have `run`, a function of themselves and `MakeServices`."""
    parser = Parser(prog="seedlab", description=DESCRIPTION, epilog=EXAMPLES)
    parser.add_argument("--version", action="version", version=f"SeedLab {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    add_app(commands)
    add_mcp(commands)
    add_rounds(commands)
    add_develop(commands)
    add_finish(commands)
    add_inspections(commands)
    add_measures(commands)
    add_gallery(commands)
    add_sharing(commands)
    return parser
