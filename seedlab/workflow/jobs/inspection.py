"""What is done with finished pictures in files: making them again, and writing them as scripts."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from threading import Event

from seedlab.core.errors import SeedLabError
from seedlab.core.models.model import Model
from seedlab.core.reports import Failed, Generate
from seedlab.core.texts.text import quote
from seedlab.images.foreign.metadata import ForeignMetadata
from seedlab.images.metadata import Metadata
from seedlab.images.restoring import read
from seedlab.workflow.jobs.job import NOT_MADE
from seedlab.workflow.pictures.local_files import Places
from seedlab.workflow.scripts.script import write_script
from seedlab.workflow.services import Services
from seedlab.workflow.verification import Original, VerificationResult, describe_original, verify

UNVERIFIABLE = """\
its settings do not decide every bit, so there is nothing to compare. "seedlab recipe" prints them."""

UNSCRIPTABLE = """\
no script can give its bytes. Make a picture from its settings first: "seedlab refine PICTURE --model MODEL"."""


def read_own(file: Path, refusal: str) -> Metadata:
    """Read the metadata of a picture that SeedLab made.

    Args:
        refusal: why a picture of another tool will not do.

    Raises:
        SeedLabError: another tool made it, or it cannot be read.
    """
    found = read(file)
    if isinstance(found, Metadata):
        return found
    raise SeedLabError(f"{name_maker(file, found)}: {refusal}")


def name_maker(file: Path, found: ForeignMetadata) -> str:
    """Say with which tool a picture was made."""
    return f"{quote(file.name, 80)} was made with {found.tool or 'another tool'}, not with SeedLab"


def locate_original(file: Path, metadata: Metadata, places: Places, services: Services) -> Original:
    """Return a picture that is to be made again; its size and its recipe are checked before any work starts.

    Args:
        places: where its local files may be.

    Raises:
        SeedLabError: it cannot be made here.
    """
    original = describe_original(file, metadata)
    original = replace(original, recipe=services.locate(metadata, places).recipe)
    services.find_model(original.recipe.model_address).check(original.recipe)
    return original


def run_again(original: Original, generate: Generate) -> VerificationResult | Failed:
    """Make a picture again, and compare."""
    # Closing the generator on Ctrl+C stops the work within a step.
    with closing(verify(original, generate, Event())) as reports:
        for report in reports:
            if isinstance(report, VerificationResult | Failed):
                return report
    return Failed(0, NOT_MADE)


def script_pictures(pictures: Sequence[Metadata], places: Sequence[Places], services: Services) -> tuple[str, Model]:
    """Write pictures of one round as a script; returns it and their model.

    Args:
        places: where the local files of each picture may be.

    Raises:
        SeedLabError: they cannot be written as one script.
    """
    environment = pictures[0].environment
    if any(picture.environment != environment for picture in pictures):
        raise SeedLabError("These pictures come from more than one environment: write a script for each.")
    # The script reads the user's own pictures when it runs.
    located = [replace(each, picture_advice="") for each in places]
    recipes = [services.locate(*each).recipe for each in zip(pictures, located, strict=True)]
    model = services.find_model(recipes[0].model_address)
    if model.any_scheduler:  # the catalogue can only guess
        model = services.resolve_model(model)
    return write_script(recipes, environment, model), model
