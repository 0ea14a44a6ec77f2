"""Verify: a picture's recipe run again, alone, and held against the picture."""

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from PIL.Image import Image

from seedlab.core.checksums import Checksums
from seedlab.core.environment import Environment
from seedlab.core.errors import SeedLabError
from seedlab.core.recipe import Recipe
from seedlab.core.reports import Failed, Finished, Generate, Report
from seedlab.images.compare import compare, hash_pixels
from seedlab.images.metadata import MetadataError, read_metadata
from seedlab.images.png import read_pixels


@dataclass(frozen=True, kw_only=True)
class Original:
    """A picture, and what it says about itself.

    Attributes:
        environment, proof: None where it does not say.
    """

    pixels: Image
    recipe: Recipe
    environment: Environment | None
    proof: Checksums | None


@dataclass(frozen=True, kw_only=True)
class VerificationResult:
    """What came out when a picture's recipe was run again, alone.

    Attributes:
        sha256, original_sha256: of the RGB pixels of the new and of the old picture, 3 bytes each, row by row; in hex.
        l_infinity: the largest difference of a colour value, 0...255.
        share: the part of the colour values that differ, 0...1.
        latents: whether the finished latents are equal; None where one of the two does not tell.
        total, original_total: the guide's `np.abs(image).sum()`; None where it is not known.
        causes: what differs between the environments, as parts of a sentence ("torch 2.13.0 instead of 2.12.0").
        environment_known: whether the picture says in which environment it was made.
    """

    sha256: str
    original_sha256: str
    l_infinity: int
    share: float
    latents: bool | None
    total: float | None
    original_total: float | None
    causes: tuple[str, ...]
    environment_known: bool = True

    @property
    def is_equal(self) -> bool:
        """Whether the two are the same, byte for byte."""
        return self.sha256 == self.original_sha256


def read_original(file: Path, recipe: Recipe | None = None) -> Original:
    """Read a picture that is to be verified.

    Args:
        recipe: what it was made of, where that is known; it counts more than what the file says.

    Raises:
        SeedLabError: the file cannot be read, or does not say what it was made of.
    """
    pixels = read_pixels(file)
    try:
        metadata = read_metadata(file)
    except MetadataError:
        if recipe is None:
            raise
        return Original(pixels=pixels, recipe=recipe, environment=None, proof=None)
    if recipe not in (None, metadata.recipe):
        raise SeedLabError("This file says that it was made of another recipe: make the picture again.")
    return Original(pixels=pixels, recipe=metadata.recipe, environment=metadata.environment, proof=metadata.proof)


def verify(original: Original, generate: Generate, stop: Event) -> Generator[Report | VerificationResult, None, None]:
    """Run a picture's recipe again, alone: yields reports, and in the end a verdict, or Failed.

    Nothing comes from the store. A stopped run yields no verdict.
    """
    with closing(generate((original.recipe,), stop)) as reports:
        for report in reports:
            if isinstance(report, Finished):
                yield _judge(original, report)
            else:
                yield report


def _judge(original: Original, made: Finished) -> VerificationResult | Failed:
    try:
        comparison = compare(made.image, original.pixels)
    except SeedLabError as error:
        return Failed(made.index, str(error))
    ours, theirs = made.proof, original.proof
    told = bool(ours and theirs and ours.latents and theirs.latents)
    return VerificationResult(
        sha256=hash_pixels(made.image),
        original_sha256=hash_pixels(original.pixels),
        l_infinity=comparison.l_infinity,
        share=comparison.share,
        latents=ours.latents == theirs.latents if told and ours and theirs else None,
        total=ours.total if ours else None,
        original_total=theirs.total if theirs else None,
        causes=made.environment.differences(original.environment) if original.environment else (),
        environment_known=original.environment is not None,
    )


def format_result(verdict: VerificationResult) -> str:
    """Say in a sentence or two whether a picture is what its recipe gives, and if not, how far off and why."""
    if verdict.is_equal:
        return "Byte for byte the same: L∞ = 0."
    share = f"{verdict.share:.0%}" if verdict.share >= 0.01 else "less than 1%"
    sentence = f"Not the same bytes: up to {verdict.l_infinity} of 255 off, in {share} of the colour values."
    if not verdict.environment_known:
        return f"{sentence} The picture does not say in which environment it was made: it may have been another."
    if verdict.causes:
        return f"{sentence} It was made elsewhere: here it is {', '.join(verdict.causes)}."
    if verdict.latents:
        return f"{sentence} The latents are the same, so that the file's pixels were changed after it was made."
    return f"{sentence} The environment is the same, so that the file was changed, or says what it was not made of."
