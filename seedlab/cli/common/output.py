"""What the commands that make pictures share: options about their files, the progress, and the report."""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from seedlab import __version__
from seedlab.cli.common.options import add_compute, write_json
from seedlab.cli.common.progress import ProgressLine
from seedlab.workflow.jobs.job import Result, Show

FAILED = 1

KEEPING = """\
An existing picture with the same recipe is kept and not made again, so an interrupted command continues where it was.
Any other file of the same name stops the command before it begins. Grids are always made anew.

exit codes: 0 everything was made; 1 a picture failed; 2 bad input, nothing was begun; 130 stopped by Ctrl+C."""


def add_output_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that all commands have which make pictures."""
    add_compute(parser)
    add = parser.add_argument
    add("--overwrite", action="store_true", help="replace files that are in the folder already")
    add("--json", action="store_true", help="print a report for programs: files, recipes, SHA-256 of the pixels, ...")


@contextmanager
def show_progress() -> Iterator[Show]:
    """Show the progress of a round on the terminal inside the context."""
    line = ProgressLine()
    try:
        yield line.show
    finally:
        line.clear()


def write_result(result: Result, given: argparse.Namespace, elsewhere: str) -> None:
    """Print what was made.

    Args:
        given: the arguments of the command.
        elsewhere: the sentence about pictures from another environment, with "{}" for the differences.
    """
    _write_notices(result, elsewhere)
    if given.json:
        write_json({"seedlab": __version__, "command": given.command, **result.to_dict()})
    else:
        files = [picture.file for picture in result.pictures] + ([result.grid] if result.grid else [])
        sys.stdout.write("".join(f"{file}\n" for file in files))


def _write_notices(result: Result, elsewhere: str) -> None:
    for picture in result.pictures:
        if not picture.anew:
            sys.stderr.write(f"{picture.file} was there already.\n")
    sentences = [picture.notice for picture in result.pictures if picture.notice]
    if result.differences:
        sentences.append(elsewhere.format(", ".join(result.differences)))
    sys.stderr.write("".join(f"{sentence}\n" for sentence in dict.fromkeys((*sentences, *result.failures))))
