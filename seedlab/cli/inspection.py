"""The commands that look at finished pictures: `seedlab recipe`, `verify` and `script`."""

import argparse
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

from seedlab import __version__
from seedlab.cli.common.options import (
    Compute,
    MakeServices,
    add_compute,
    add_places,
    make_places,
    read_compute,
    write_json,
    write_line,
)
from seedlab.core.errors import SeedLabError
from seedlab.core.reports import Failed
from seedlab.core.texts.text import quote
from seedlab.images.metadata import Metadata
from seedlab.images.restoring import read
from seedlab.workflow.drafts import format_draft
from seedlab.workflow.export.links import is_link, read_link
from seedlab.workflow.jobs.inspection import (
    UNSCRIPTABLE,
    UNVERIFIABLE,
    locate_original,
    name_maker,
    read_own,
    run_again,
    script_pictures,
)
from seedlab.workflow.services import Services
from seedlab.workflow.verification import Original, VerificationResult, format_result

EQUAL, DIFFERENT = 0, 1

VERIFY = """\
Make a picture again from the recipe inside it, alone, and compare the two: the largest difference of a colour value
(L-infinity), the SHA-256 of the pixels and of the final latents, and np.abs(image).sum(), which the diffusers guide on
reproducible pipelines prints. A draft is made again to the step where it was stopped.

exit codes: 0 equal bytes; 1 different bytes, or the picture failed; 2 bad input, nothing was begun; 130 stopped."""

SCRIPT = """\
Write a script that makes a picture byte for byte with diffusers alone. The pictures of one round fit into one
script. For a draft it makes the whole picture."""


def add_inspections(commands: Any) -> None:
    """Add the commands to those of `seedlab.cli.main.make_parser`."""
    raw = argparse.RawDescriptionHelpFormatter
    recipe = commands.add_parser("recipe", help="print what a picture was made of, as JSON")
    check = commands.add_parser("verify", help="make a picture again and compare the bytes")
    script = commands.add_parser("script", help="write a picture as a diffusers script")
    check.description, script.description = VERIFY, SCRIPT
    check.formatter_class = script.formatter_class = raw
    _add(recipe, run_recipe, "a picture of SeedLab, or a PNG, JPEG or WebP picture of another tool; or a share link")
    _add(check, run_verify)
    _add(script, run_script, nargs="+")
    add_compute(check)
    for parser in (check, script):
        add_places(parser)
    check.add_argument("--json", action="store_true", help="print a report for programs")
    script.add_argument("--out", metavar="SCRIPT.py", type=Path, help="a new file to write it to (standard output)")


def _add(
    parser: argparse.ArgumentParser, run: Callable[..., int], words: str = "a picture that SeedLab made", **options: Any
) -> None:
    parser.add_argument("picture", metavar="PICTURE.png", type=Path, help=words, **options)
    parser.set_defaults(run=run)


def run_recipe(given: argparse.Namespace, _: MakeServices) -> int:
    """Print a picture's recipe, or the settings that another tool wrote into it; or the recipes of a link."""
    if is_link(str(given.picture)):
        for tile in read_link(str(given.picture)).newest.tiles:
            write_json(tile.recipe.to_dict())
        return 0
    found = read(given.picture)
    if isinstance(found, Metadata):
        write_json(found.recipe.to_dict())
        _write_about_draft(given.picture, found, "This is the recipe of the whole picture.")
        return 0
    write_json(found.to_dict())
    sys.stderr.write(f"{name_maker(given.picture, found)}: these are its settings, not an exact recipe.\n")
    return 0


def _write_about_draft(file: Path, metadata: Metadata, sentence: str) -> None:
    if metadata.draft_steps is not None:
        steps = format_draft(metadata.draft_steps, metadata.recipe)
        sys.stderr.write(f"{quote(file.name, 80)} is a draft, stopped after {steps}. {sentence}\n")


def run_verify(given: argparse.Namespace, make_services: MakeServices) -> int:
    """Make a picture again and compare."""
    metadata = read_own(given.picture, UNVERIFIABLE)
    with closing(make_services(read_compute(given))) as services:
        original = locate_original(given.picture, metadata, make_places(given, given.picture), services)
        services.resolve_model(services.find_model(original.recipe.model_address))  # raises if the device is missing
        _write_about_draft(given.picture, metadata, "It is made again to that step, and the two drafts are compared.")
        if not given.json:
            write_line(_describe_environment(original, services))
        outcome = run_again(original, services.generate)
    if isinstance(outcome, Failed):
        sys.stderr.write(f"{outcome.sentence}\n")
        return DIFFERENT
    if given.json:
        write_json(
            {
                "seedlab": __version__,
                "command": "verify",
                "picture": str(given.picture),
                "equal": outcome.is_equal,
                **asdict(outcome),
            }
        )
    else:
        write_line(_format_details(outcome))
    return EQUAL if outcome.is_equal else DIFFERENT


def _describe_environment(original: Original, services: Services) -> str:
    if original.environment is None:
        return "The picture does not record its environment."
    try:
        causes = services.observe(original.recipe).differences(original.environment)
    except SeedLabError:
        return "Its model is not on this machine yet and will be downloaded first."
    return f"Here: {', '.join(causes)}. The bytes may differ." if causes else "Made in this environment."


def _format_details(verdict: VerificationResult) -> str:
    latents = {True: "equal", False: "different", None: "not known"}[verdict.latents]
    original_total = "not known" if verdict.original_total is None else f"{verdict.original_total:.4f}"
    total = "not known" if verdict.total is None else f"{verdict.total:.4f}"
    lines = (
        format_result(verdict),
        f"L-infinity              {verdict.l_infinity} of 255",
        f"SHA-256 of the picture  {verdict.original_sha256}",
        f"SHA-256 made again      {verdict.sha256}",
        f"latents                 {latents}",
        f"np.abs(image).sum()     {original_total}, made again {total}",
    )
    return "\n".join(lines)


def run_script(given: argparse.Namespace, make_services: MakeServices) -> int:
    """Print or write a script."""
    pictures = [read_own(file, UNSCRIPTABLE) for file in given.picture]
    places = [make_places(given, file) for file in given.picture]
    with closing(make_services(Compute())) as services:
        script, model = script_pictures(pictures, places, services)
    for file, picture in zip(given.picture, pictures, strict=True):
        _write_about_draft(file, picture, "The script makes the whole picture.")
    if model.any_scheduler:
        sys.stderr.write(f"{model.name} is not known here: the script calls it like a Stable Diffusion.\n")
    if given.out is None:
        write_line(script.rstrip("\n"))
    else:
        _write_new(given.out, script)
    return 0


def _write_new(file: Path, text: str) -> None:
    try:
        with file.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError as error:
        raise SeedLabError(f"“{file}” exists already: choose another name.") from error
    except OSError as error:
        raise SeedLabError(f"“{file}” cannot be written: choose another place.") from error
