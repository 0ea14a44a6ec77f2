"""The commands that look at finished pictures: `python -m seedlab recipe`, `verify` and `script`."""

import argparse
import json
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from threading import Event
from typing import Any

from seedlab import __version__
from seedlab.cli.jobs import Manager, Studio
from seedlab.core.errors import SeedLabError
from seedlab.core.model import Model
from seedlab.core.recipe import GENERATOR_DEVICES
from seedlab.core.reports import Failed, Generate
from seedlab.images.metadata import read_metadata
from seedlab.workflow.script import write_script
from seedlab.workflow.verification import Original, VerificationResult, format_result, read_original, verify

EQUAL, DIFFERENT = 0, 1

VERIFY = """\
Make a picture again of the recipe that is in it, alone, and hold the two against each other: the largest difference of
a colour value (L-infinity), the SHA-256 of the pixels and of the finished latents, and np.abs(image).sum(), which the
diffusers guide on reproducible pipelines prints.

exit codes: 0 the same bytes; 1 other bytes, or the picture failed; 2 bad input, nothing was begun; 130 stopped."""

SCRIPT = """\
Write a script that needs diffusers alone and makes a picture byte for byte. Several pictures of one round, which differ
in seed and prompt alone, are one script."""


def add_inspections(commands: Any) -> None:
    """Add the commands to those of `seedlab.cli.main.make_parser`."""
    raw = argparse.RawDescriptionHelpFormatter
    recipe = commands.add_parser("recipe", help="print what a picture was made of, as JSON")
    check = commands.add_parser("verify", help="make a picture again and compare the bytes")
    script = commands.add_parser("script", help="write a picture as a diffusers script")
    check.description, script.description = VERIFY, SCRIPT
    check.formatter_class = script.formatter_class = raw
    _add(recipe, run_recipe)
    _add(check, run_verify)
    _add(script, run_script, nargs="+")
    add_device(check)
    check.add_argument("--json", action="store_true", help="print a report for programs")
    script.add_argument("--out", metavar="SCRIPT.py", type=Path, help="a new file to write it to (standard output)")


def _add(parser: argparse.ArgumentParser, run: Callable[..., int], **options: Any) -> None:
    words = "a picture that SeedLab made"
    parser.add_argument("picture", metavar="PICTURE.png", type=Path, help=words, **options)
    parser.set_defaults(run=run)


def run_recipe(given: argparse.Namespace, _: Studio) -> int:
    """Print a picture's recipe."""
    write_json(read_metadata(given.picture).recipe.to_dict())
    return 0


def run_verify(given: argparse.Namespace, studio: Studio) -> int:
    """Make a picture again and compare."""
    original = read_original(given.picture)
    studio.describe(original.recipe.model_address).check(original.recipe)
    with closing(studio.make_manager(parse_device(given.device))) as manager:
        manager.describe(original.recipe.model_address)  # raises where the device is not there
        if not given.json:
            _write(_say_environment(original, manager))
        outcome = _run_again(original, manager.generate)
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
        _write(_say_details(outcome))
    return EQUAL if outcome.is_equal else DIFFERENT


def _run_again(original: Original, generate: Generate) -> VerificationResult | Failed:
    # Closed, not only left, on Ctrl+C: that is what ends the work within a step.
    with closing(verify(original, generate, Event())) as reports:
        for report in reports:
            if isinstance(report, VerificationResult | Failed):
                return report
    return Failed(0, "The picture was not made again: try once more.")


def _say_environment(original: Original, manager: Manager) -> str:
    if original.environment is None:
        return "It does not say in which environment it was made."
    try:
        causes = manager.environment(original.recipe).differences(original.environment)
    except SeedLabError:
        return "Its model is not here yet: it is downloaded first, or it is said why it cannot be."
    return f"Here it is {', '.join(causes)}: the bytes may differ." if causes else "Made in this environment."


def _say_details(verdict: VerificationResult) -> str:
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


def run_script(given: argparse.Namespace, studio: Studio) -> int:
    """Print or write a script."""
    pictures = [read_metadata(file) for file in given.picture]
    environment = pictures[0].environment
    if any(picture.environment != environment for picture in pictures):
        raise SeedLabError("These pictures were made in more than one environment: write a script of each.")
    recipes = [picture.recipe for picture in pictures]
    script = write_script(recipes, environment, _describe(recipes[0].model_address, studio))
    if given.out is None:
        _write(script.rstrip("\n"))
    else:
        _write_new(given.out, script)
    return 0


def _describe(address: str, studio: Studio) -> Model:
    """Say what is known of a model: where the catalogue can only guess, its pipeline is looked at, as for a picture."""
    model = studio.describe(address)
    if not model.any_scheduler:
        return model
    with closing(studio.make_manager(None)) as manager:
        model = manager.describe(address)
    if model.any_scheduler:
        sentence = f"{model.name} is not known here: the script calls it as a Stable Diffusion is called."
        sys.stderr.write(f"{sentence}\n")
    return model


def _write_new(file: Path, text: str) -> None:
    try:
        with file.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError as error:
        raise SeedLabError(f"“{file}” is there already: choose another name.") from error
    except OSError as error:
        raise SeedLabError(f"“{file}” cannot be written: choose another place.") from error


def add_device(parser: argparse.ArgumentParser) -> None:
    """Add the flag that `parse_device` reads."""
    devices = ("auto", *GENERATOR_DEVICES)
    parser.add_argument("--device", choices=devices, default="auto", help="where to compute (%(default)s)")


def parse_device(device: str) -> str | None:
    """Return the device that is wished for; None for "auto"."""
    return None if device == "auto" else device


def write_json(data: dict[str, Any]) -> None:
    """Print data as JSON."""
    # As it is where that can be written, which a console of another encoding than Unicode's cannot.
    _write(json.dumps(data, indent=2, ensure_ascii=not _is_unicode()))


def _write(text: str) -> None:
    plain = text.replace("∞", "-infinity").encode("ascii", "replace").decode()
    sys.stdout.write((text if _is_unicode() else plain) + "\n")


def _is_unicode() -> bool:
    return (sys.stdout.encoding or "").lower().startswith("utf")
