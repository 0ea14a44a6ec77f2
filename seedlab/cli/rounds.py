"""`seedlab grid` and `seedlab refine`: rounds of pictures, written into a folder."""

import argparse
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from seedlab.cli.common.options import (
    MakeServices,
    add_places,
    make_places,
    parse_number,
    parse_size,
    parse_whole,
    read_compute,
)
from seedlab.cli.common.output import FAILED, KEEPING, add_output_options, show_progress, write_result
from seedlab.core.recipes.recipe_checks import DTYPES, GENERATOR_DEVICES
from seedlab.core.recipes.schedulers import SCHEDULERS
from seedlab.flags import MODEL_HELP
from seedlab.rules.kinds.develop import TILES
from seedlab.rules.kinds.seeds import GUIDE_SEEDS, Seeds
from seedlab.rules.own_picture import DEFAULT_STRENGTH
from seedlab.rules.parameter import Parameter
from seedlab.rules.registry import VARIATIONS, list_parameters
from seedlab.workflow.jobs.drafts import check_drafts, finish_drafts
from seedlab.workflow.jobs.job import Draft, Job, run_job
from seedlab.workflow.jobs.rounds import Grid, plan_grid, plan_refinement
from seedlab.workflow.jobs.variations import parse_rule
from seedlab.workflow.services import Services

ELSEWHERE = "These may differ from the picture by more than the variation; they have {}."


def add_rounds(commands: Any) -> None:
    """Add the commands to those of `seedlab.cli.main.make_parser`."""
    grid = commands.add_parser("grid", help="make a picture for each of several seeds", epilog=KEEPING)
    refine = commands.add_parser("refine", help="vary a picture, with its seed locked", epilog=KEEPING)
    _add_grid_options(grid)
    _add_refine_options(refine)
    for command in (grid, refine):
        add_output_options(command)


def run_grid(given: argparse.Namespace, make_services: MakeServices) -> int:
    """Make a round of seeds."""
    width, height = given.size
    grid = Grid(
        prompt=given.prompt,
        seeds=given.seeds,
        model=given.model,
        negative_prompt=given.negative_prompt,
        steps=given.steps,
        guidance=given.guidance,
        width=width,
        height=height,
        scheduler=given.scheduler,
        loras=tuple(given.lora),
        dtype=given.dtype,
        generator_device=given.generator_device,
        draft=given.draft,
        start=given.start,
        strength=given.strength,
        vae_tiling=given.decode == TILES,
        variety=given.variety,
    )
    with closing(make_services(read_compute(given))) as services:
        return _run(plan_grid(grid, given.out, services, overwrite=given.overwrite), given, services)


def run_refine(given: argparse.Namespace, make_services: MakeServices) -> int:
    """Make a round of variations of a picture."""
    rule = parse_rule(given.varied, matrix=given.matrix)
    places = make_places(given, given.picture)
    with closing(make_services(read_compute(given))) as services:
        job = plan_refinement(given.picture, rule, given.out, places, services, overwrite=given.overwrite)
        if job.draft is not None and not _finish(job.draft, given, services):
            return FAILED
        return _run(job, given, services)


def _finish(draft: Draft, given: argparse.Namespace, services: Services) -> bool:
    """Finish the draft that is to be varied. Returns whether that succeeded."""
    check_drafts((draft,), services, overwrite=given.overwrite)
    with show_progress() as show:
        result = finish_drafts((draft,), services, show, overwrite=given.overwrite)
    sentences = (*result.failures, *(f"{picture.file} is the finished draft." for picture in result.pictures))
    sys.stderr.write("".join(f"{sentence}\n" for sentence in sentences))
    return not result.failures


def _run(job: Job, given: argparse.Namespace, services: Services) -> int:
    # Before the work, which may be long.
    sys.stderr.write("".join(f"{notice}\n" for notice in job.notices))
    with show_progress() as show:
        result = run_job(job, services, show, overwrite=given.overwrite)
    write_result(result, given, ELSEWHERE)
    return FAILED if result.failures else 0


def _add_grid_options(parser: argparse.ArgumentParser) -> None:
    parser.description = "Make seed-0.png, seed-1.png, ... and grid.png: one prompt, one picture for each seed."
    parser.set_defaults(run=run_grid)
    add = parser.add_argument
    add("prompt", metavar="PROMPT", help='what to make a picture of; "" for a model without prompts')
    add("--seeds", "--seed", default=GUIDE_SEEDS, help=f"{Seeds.parameters[0].help} (%(default)s)")
    words = (
        "make drafts, seed-0-draft.png, ...: stop each picture after K of its steps (the model's default). They show "
        'composition, light and colours, but not yet eyes, hands or letters; "seedlab finish" goes on from there'
    )
    add("--draft", metavar="K", nargs="?", type=_parse_draft_steps, const=True, default=False, help=words)
    add("--out", metavar="FOLDER", type=Path, default=Path(), help="where to write the pictures (this folder)")
    words = f"{MODEL_HELP} (%(default)s)"
    add("--model", default="sketch", help=words)
    add("--negative-prompt", metavar="TEXT", help="what to keep out of the picture")
    add("--steps", metavar="NUMBER", type=parse_whole, help="denoising steps (the model's default)")
    add("--guidance", metavar="NUMBER", type=parse_number, help="how closely to follow the prompt, 0 to 100")
    words = "noise of the seed in the prompt embedding, 0 to 2: for few-step models, whose seeds change little (0)"
    add("--variety", metavar="NUMBER", type=parse_number, help=words)
    words = "pixels, as 256 or, width first, 320x256; snaps to sizes that the model makes"
    add("--size", type=parse_size, default=(None, None), help=words)
    add("--scheduler", metavar="NAME", help=f"one of: {', '.join(each.label for each in SCHEDULERS)}")
    words = "a LoRA and its weight: style.safetensors:0.8; may be repeated"
    add("--lora", metavar="FILE[:WEIGHT]", action="append", default=[], help=words)
    add("--dtype", choices=DTYPES, help="the precision to compute in")
    words = "a picture of your own that all start from, in place of noise; without --size, they have about its shape"
    add("--from", metavar="PICTURE", type=Path, dest="start", help=words)
    words = f"how much of it may change: subtle (0.3), strong (0.6), or above 0 to 1 ({DEFAULT_STRENGTH:g})"
    add("--strength", metavar="NUMBER", help=words)
    words = "tiles decodes large pictures in tiles, which takes less memory and changes some bits (whole)"
    add("--decode", choices=("whole", TILES), default="whole", help=words)
    words = "where noise is drawn: cpu is the same on every machine; cuda, as in the guide's script, is other noise"
    add("--generator-device", choices=GENERATOR_DEVICES, default="cpu", help=f"{words} (%(default)s)")


def _parse_draft_steps(text: str) -> int:
    try:
        return parse_whole(text)
    except argparse.ArgumentTypeError as error:
        advice = "If it is the prompt, write it before --draft"
        raise argparse.ArgumentTypeError(f"{str(error).rstrip('.')}. {advice}.") from error


def _add_refine_options(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Generate variations of a picture with the same seed. Settings that you do not vary stay\n"
        "the same. Suffixes extend its prompt: seed-2.png gives seed-2-artsy.png, ... and\n"
        "seed-2-grid.png. A draft is finished first: seed-2-draft.png gives seed-2.png, too."
    )
    parser.set_defaults(run=run_refine)
    add = parser.add_argument
    words = "a picture that SeedLab made, or a PNG, JPEG or WebP picture of another tool"
    add("picture", metavar="PICTURE.png", type=Path, help=words)
    default = VARIATIONS[0].parameters[0]
    for each in (*Seeds.parameters, *list_parameters()):
        if each.flag:
            _add_variation(parser, each, f" ({_quote_lines(each.default)})" if each is default else "")
    words = "combine two of these options: the first in columns, the second in rows; two settings make two --sweep"
    add("--matrix", action="store_true", help=words)
    # As earlier versions called a sweep of steps.
    add("--steps", action="append", dest="varied", type=lambda text: ("sweep", f"steps {text}"), help=argparse.SUPPRESS)
    add("--out", metavar="FOLDER", type=Path, help="where to write the pictures (the picture's folder)")
    add_places(parser)


def _add_variation(parser: argparse.ArgumentParser, parameter: Parameter, default: str) -> None:
    parser.add_argument(
        parameter.flag,
        action="append",
        dest="varied",  # all in one list, which keeps their order
        default=[],
        type=lambda text: (parameter.name, text),
        metavar="TEXT",
        help=f"{parameter.help}{'; may be repeated' if parameter.lines > 1 else ''}{default}",
    )


def _quote_lines(text: str) -> str:
    return " ".join(f'"{line}"' for line in text.splitlines())
