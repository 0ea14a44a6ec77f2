"""`seedlab finish`: makes whole pictures of drafts."""

import argparse
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from seedlab.cli.common.options import MakeServices, add_places, make_places, parse_whole, read_compute
from seedlab.cli.common.output import FAILED, KEEPING, add_output_options, show_progress, write_result
from seedlab.core.errors import SeedLabError
from seedlab.images.metadata import Metadata
from seedlab.workflow.jobs.drafts import check_drafts, choose_different, finish_drafts, read_drafts
from seedlab.workflow.jobs.job import Draft
from seedlab.workflow.services import Services

FINISH = """\
Make the whole pictures of drafts: seed-2-draft.png gives seed-2.png. The work goes on where the draft was stopped, and
the bytes are those of the whole picture made at once. Where that is not known any more, as on another machine, it
begins with the first step."""

ELSEWHERE = "These may differ from their drafts, which were made in another environment; here: {}."


def add_finish(commands: Any) -> None:
    """Add the command to those of `seedlab.cli.main.make_parser`."""
    parser = commands.add_parser("finish", help="make the whole pictures of drafts", description=FINISH, epilog=KEEPING)
    words = "a draft that SeedLab made; other pictures are skipped, so that *-draft.png may be given"
    parser.add_argument("picture", metavar="DRAFT.png", type=Path, nargs="+", help=words)
    parser.add_argument("--out", metavar="FOLDER", type=Path, help="where to write the pictures (each draft's folder)")
    words = "finish only those N of the drafts that differ most; the same drafts give the same choice"
    parser.add_argument("--different", metavar="N", type=parse_whole, help=words)
    add_places(parser)
    add_output_options(parser)
    parser.set_defaults(run=run_finish)


def run_finish(given: argparse.Namespace, make_services: MakeServices) -> int:
    """Finish drafts."""
    drafts, skipped = read_drafts(given.picture, given.out)
    if not drafts:
        raise SeedLabError(" ".join(skipped))
    if given.different is not None:
        drafts, sentence = choose_different(drafts, given.different)
        skipped.append(sentence)
    with closing(make_services(read_compute(given))) as services:
        located = [replace(each, metadata=_locate(each, given, services)) for each in drafts]
        check_drafts(located, services, overwrite=given.overwrite)
        sys.stderr.write("".join(f"{sentence}\n" for sentence in skipped))
        with show_progress() as show:
            result = finish_drafts(located, services, show, overwrite=given.overwrite)
    write_result(result, given, ELSEWHERE)
    return FAILED if result.failures else 0


def _locate(draft: Draft, given: argparse.Namespace, services: Services) -> Metadata:
    return services.locate(draft.metadata, make_places(given, draft.source))
