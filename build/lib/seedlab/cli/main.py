"""SeedLab without a browser: `python -m seedlab grid` and `refine`, and the commands of `seedlab.cli.inspection`."""

import argparse
import os
import re
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from seedlab import __version__
from seedlab.cli.inspection import add_device, add_inspections, parse_device, write_json
from seedlab.cli.jobs import Job, Manager, Outcome, Studio, make
from seedlab.core.errors import SeedLabError
from seedlab.core.model import Model
from seedlab.core.recipe import DTYPES, GENERATOR_DEVICES, Lora, Recipe
from seedlab.core.schedulers import SCHEDULERS
from seedlab.core.seeds import parse_seeds
from seedlab.images.metadata import read_metadata
from seedlab.images.output_folder import check_folder, check_room
from seedlab.rounds import GUIDE_SEEDS, GUIDE_SUFFIXES, parse_suffixes
from seedlab.workflow.trail import Round, State

FAILED, BAD_INPUT, INTERRUPTED = 1, 2, 130
PROGRAM = "python -m seedlab"
DESCRIPTION = """\
Explore seeds without a browser, as the diffusers guide on deterministic generation does by hand: make one picture for
each of several seeds, choose one, and make it again with the same seed and a longer prompt."""

EXAMPLES = """\
examples:
  python -m seedlab grid "Labrador in the style of Vermeer" --seeds 0-3 --out labrador
  python -m seedlab refine labrador/seed-2.png
  python -m seedlab refine labrador/seed-2.png --suffix ", artsy" --suffix ", at night"
  python -m seedlab verify labrador/seed-2-artsy.png
  python -m seedlab script labrador/seed-2-artsy.png"""

KEEPING = """\
A picture that is in the folder already, and is what would be made, stays and is not made again, so that an
interrupted command goes on where it was. Any other file of the same name stops the command before it begins.
Grids are always made anew.

exit codes: 0 all is made; 1 a picture failed; 2 bad input, nothing was begun; 130 stopped by Ctrl+C."""


def main(arguments: Sequence[str] | None = None, studio: Studio | None = None) -> int:
    """Run a command; returns the exit code: 0, 1 for a failed picture, 2 for bad input, 130 for Ctrl+C.

    Args:
        arguments: as after `python -m seedlab`; None for those of the process.
        studio: None for the real one.
    """
    try:
        given = make_parser().parse_args(arguments)
        return int(given.run(given, studio or make_studio()))
    except SeedLabError as error:
        sys.stderr.write(f"{error}\n")
        return BAD_INPUT
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped.\n")
        return INTERRUPTED


def make_studio() -> Studio:
    """Join the commands to the pipeline manager; torch is imported by the manager's first work."""
    from seedlab.images.grid import make_grid
    from seedlab.pipelines.loaded.loras import read_loras
    from seedlab.pipelines.manager import PipelineManager
    from seedlab.pipelines.models.catalog import describe

    # Read by huggingface_hub as it is imported: what is made here is nobody's business.
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    return Studio(describe=describe, make_manager=PipelineManager, make_grid=make_grid, read_loras=read_loras)


def run_grid(given: argparse.Namespace, studio: Studio) -> int:
    """Make a round of seeds."""
    seeds = parse_seeds(given.seeds)
    # Which dtype is the default depends on the device, and to ask for that torch has to be imported: first the rest.
    guess = replace(studio.describe(given.model), dtype=given.dtype or DTYPES[0])
    loras = studio.read_loras("\n".join(given.lora))
    job = Job(folder=given.out, parent=_make_recipe(given, guess, seeds[0], loras), seeds=seeds)
    _check(job, given, settled=False)
    with closing(studio.make_manager(parse_device(given.device))) as manager:
        model = manager.describe(given.model)
        recipe = _make_recipe(given, model, seeds[0], loras)
        return _run(replace(job, parent=recipe), given, studio, manager, model.format_snapped_size(recipe, *given.size))


def run_refine(given: argparse.Namespace, studio: Studio) -> int:
    """Make a round of suffixes of a picture."""
    metadata = read_metadata(given.picture)
    recipe = metadata.recipe
    job = Job(
        folder=given.picture.parent if given.out is None else given.out,
        parent=recipe,
        seeds=(recipe.seed,),
        suffixes=parse_suffixes("\n".join(given.suffix or GUIDE_SUFFIXES)),
        source=given.picture,
        origin=metadata.environment,
        lineage=metadata.suffixes,
    )
    model = studio.describe(recipe.model_address)
    for variation in job.files:
        model.check(variation)
    _check(job, given)
    with closing(studio.make_manager(parse_device(given.device))) as manager:
        return _run(job, given, studio, manager)


def _check(job: Job, given: argparse.Namespace, *, settled: bool = True) -> None:
    check_folder(job.folder)
    if not given.overwrite:
        check_room(job.files, job.grid, settled=settled)


def _run(job: Job, given: argparse.Namespace, studio: Studio, manager: Manager, notice: str = "") -> int:
    _check(job, given)
    if notice:  # before the work, which may be long
        sys.stderr.write(f"{notice}\n")
    line = ProgressLine()
    try:
        outcome = make(job, manager, studio.make_grid, line.show, overwrite=given.overwrite)
    finally:
        line.clear()
    _say(outcome)
    if given.json:
        write_json({"seedlab": __version__, "command": given.command, **outcome.to_dict()})
    else:
        files = [picture.file for picture in outcome.pictures] + ([outcome.grid] if outcome.grid else [])
        sys.stdout.write("".join(f"{file}\n" for file in files))
    return FAILED if outcome.failures else 0


def _say(outcome: Outcome) -> None:
    for picture in outcome.pictures:
        if not picture.anew:
            sys.stderr.write(f"{picture.file} was there already.\n")
    sentences = [picture.notice for picture in outcome.pictures if picture.notice]
    if outcome.differences:
        listed = ", ".join(outcome.differences)
        sentences.append(f"These may differ from the picture by more than their suffixes; they have {listed}.")
    sys.stderr.write("".join(f"{sentence}\n" for sentence in dict.fromkeys((*sentences, *outcome.failures))))


def _make_recipe(given: argparse.Namespace, model: Model, seed: int, loras: tuple[Lora, ...]) -> Recipe:
    width, height = given.size
    return model.make_recipe(
        prompt=given.prompt,
        seed=seed,
        negative_prompt=given.negative_prompt,
        num_inference_steps=given.steps,
        guidance_scale=given.guidance,
        width=model.snap(width),
        height=model.snap(height),
        scheduler=given.scheduler,
        dtype=given.dtype,
        generator_device=given.generator_device,
        loras=loras,
    )


class ProgressLine:
    """One line on a terminal that says what is being done; nothing where stderr is no terminal."""

    def __init__(self) -> None:
        self._is_shown = sys.stderr.isatty()

    def show(self, round_: Round) -> None:
        """Say how many pictures are done, and how far the next is."""
        done = sum(tile.state is State.DONE for tile in round_.tiles)
        running = [tile for tile in round_.tiles if tile.state in (State.RUNNING, State.WAITING)]
        parts = [f"{done} of {len(round_.tiles)}"]
        if running:
            parts += [f"{round(100 * running[0].fraction)} %", running[0].sentence]
        self._write("  ".join(part for part in parts if part))

    def clear(self) -> None:
        """Take the line away."""
        self._write("")

    def _write(self, text: str) -> None:
        if self._is_shown:
            sys.stderr.write(f"\r\x1b[K{text}")
            sys.stderr.flush()


class Parser(argparse.ArgumentParser):
    """A parser whose complaints are one sentence and a way to help."""

    def __init__(self, **options: Any) -> None:
        super().__init__(formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False, **options)

    def error(self, message: str) -> NoReturn:
        """Raise SeedLabError in place of printing the usage and ending the process."""
        sentence = message.removeprefix("argument ").rstrip(".")
        raise SeedLabError(f"{sentence[:1].upper()}{sentence[1:]}. For help: {self.prog} --help")


def make_parser() -> Parser:
    """Make the parser of the commands; what it parses has `run`, a function of it and a Studio."""
    parser = Parser(prog=PROGRAM, description=DESCRIPTION, epilog=EXAMPLES)
    parser.add_argument("--version", action="version", version=f"SeedLab {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    grid = commands.add_parser("grid", help="make a picture for each of several seeds", epilog=KEEPING)
    refine = commands.add_parser("refine", help="make a picture again, its prompt extended", epilog=KEEPING)
    _add_grid_options(grid)
    _add_refine_options(refine)
    for command in (grid, refine):
        _add_common_options(command)
    add_inspections(commands)
    return parser


def _add_grid_options(parser: argparse.ArgumentParser) -> None:
    parser.description = "Make seed-0.png, seed-1.png, ... and grid.png: one prompt, a picture for each seed."
    parser.set_defaults(run=run_grid)
    add = parser.add_argument
    add("prompt", metavar="PROMPT", help='what to make a picture of; "" for a model that takes none')
    add("--seeds", "--seed", default=GUIDE_SEEDS, help='as "0-3" or "7, 42, 100-103"; 0 to 4294967295 (%(default)s)')
    add("--out", metavar="FOLDER", type=Path, default=Path(), help="where the pictures go (this folder)")
    add(
        "--model",
        default="sketch",
        help="sketch, a Hub id as owner/name, a diffusers folder or a .safetensors file (%(default)s)",
    )
    add("--negative-prompt", metavar="TEXT", help="what to keep out of the picture")
    add("--steps", metavar="NUMBER", type=_read_whole, help="denoising steps; the model's default is a good one")
    add("--guidance", metavar="NUMBER", type=_read_number, help="how closely to follow the prompt, 0 to 100")
    words = "pixels, as 256 or, width first, 320x256; snaps to the model's steps"
    add("--size", type=_read_size, default=(None, None), help=words)
    add("--scheduler", metavar="NAME", help=f"one of: {', '.join(each.label for each in SCHEDULERS)}")
    words = "a LoRA, and after it its weight: style.safetensors:0.8; may be repeated"
    add("--lora", metavar="FILE[:WEIGHT]", action="append", default=[], help=words)
    add("--dtype", choices=DTYPES, help="the precision to compute in")
    words = "where noise is drawn: cpu gives the same on every machine; cuda, as in the guide's script, other noise"
    add("--generator-device", choices=GENERATOR_DEVICES, default="cpu", help=f"{words} (%(default)s)")


def _add_refine_options(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Make a picture again with its own seed and settings, its prompt extended by each suffix:\n"
        "seed-2.png gives seed-2-artsy.png, ... and seed-2-grid.png."
    )
    parser.set_defaults(run=run_refine)
    add = parser.add_argument
    add("picture", metavar="PICTURE.png", type=Path, help="a picture that SeedLab made; its recipe is read from it")
    listed = " ".join(f'"{suffix}"' for suffix in GUIDE_SUFFIXES)
    add("--suffix", metavar="TEXT", action="append", help=f"what to add to the prompt; may be repeated ({listed})")
    add("--out", metavar="FOLDER", type=Path, help="where the pictures go (the picture's folder)")


def _add_common_options(parser: argparse.ArgumentParser) -> None:
    add_device(parser)
    add = parser.add_argument
    add("--overwrite", action="store_true", help="make anew, and replace, whatever is in the folder already")
    add("--json", action="store_true", help="print a report for programs: files, recipes, SHA-256 of the pixels, ...")


def _read_whole(text: str) -> int:
    if re.fullmatch(r"[+-]?[0-9]{1,20}", text.strip()) is None:
        raise argparse.ArgumentTypeError(f"“{text[:40]}” is not a whole number")
    return int(text)


def _read_number(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"“{text[:40]}” is not a number") from error


def _read_size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"([0-9]{1,6})(?:[x×]([0-9]{1,6}))?", text.strip().lower())
    if match is None:
        raise argparse.ArgumentTypeError(f"“{text[:40]}” is not a size; write 256 or, width first, 320x256")
    return int(match[1]), int(match[2] or match[1])
