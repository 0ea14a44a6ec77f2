"""Verification: a picture's recipe is run again, alone, and compared with the picture."""

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event

from seedlab.core.checksums import Checksums
from seedlab.core.errors import SeedLabError
from seedlab.core.machine.environment import Environment
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.reports import Failed, Finished, Generate, Report
from seedlab.images.compare import compare, hash_pixels
from seedlab.images.containers.files import DECODING
from seedlab.images.metadata import Metadata, MetadataError, read_metadata
from seedlab.images.png import read_pixels, read_size

SIZE_MULTIPLE = 64
"""Models change the size that a recipe asks for by less than this, in pixels."""


@dataclass(frozen=True, kw_only=True)
class Original:
    """A picture's file and its metadata. Its pixels are decoded only when the new picture is there.

    Attributes:
        environment, checksums: None if the picture has none.
        draft_steps: the number of denoising steps after which a draft was paused; None for a finished picture.
    """

    file: Path
    recipe: Recipe
    environment: Environment | None
    checksums: Checksums | None
    draft_steps: int | None = None


@dataclass(frozen=True, kw_only=True)
class VerificationResult:
    """The result of running a picture's recipe again, alone, and from its first step.

    Attributes:
        sha256, original_sha256: of the RGB pixels of the new and the old picture, 3 bytes each, row by row; in hex.
        l_infinity: the largest difference of a colour value, 0...255.
        share: the fraction of colour values that differ, 0...1.
        latents: whether the final latents are equal; None if one of the two is unknown.
        total, original_total: the guide's `np.abs(image).sum()`; None if unknown.
        causes: the differences of the environments, as parts of a sentence ("torch 2.13.0 instead of 2.12.0").
        environment_known: whether the picture records its environment.
        draft_steps: as in `Original`. A draft is compared with a draft.
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
    draft_steps: int | None = None

    @property
    def is_equal(self) -> bool:
        """Whether the pixels are equal, byte for byte."""
        return self.sha256 == self.original_sha256


def read_original(file: Path, recipe: Recipe | None = None, draft_steps: int | None = None) -> Original:
    """Read a picture's metadata for verification, and check its size.

    Args:
        file: the picture.
        recipe: its recipe, if known; required for files without metadata.
        draft_steps: as in `Original`, for files without metadata.

    Raises:
        SeedLabError: the file cannot be read, has no recipe, has another recipe than the given one, or has another
            size than its recipe makes.
    """
    try:
        metadata = read_metadata(file)
    except MetadataError:
        if recipe is None:
            raise
    else:
        if recipe is not None and not metadata.is_of(recipe):
            raise SeedLabError("This file has another recipe: make the picture again.")
        original = describe_original(file, metadata)
        return original if recipe is None else replace(original, recipe=recipe)
    check_size(file, recipe)
    return Original(file=file, recipe=recipe, environment=None, checksums=None, draft_steps=draft_steps)


def describe_original(file: Path, metadata: Metadata) -> Original:
    """Describe a picture whose metadata was read already, and check its size.

    Raises:
        SeedLabError: the file cannot be read, or has another size than its recipe makes.
    """
    recipe = metadata.recipe
    check_size(file, recipe)
    return Original(
        file=file,
        recipe=recipe,
        environment=metadata.environment,
        checksums=metadata.checksums,
        draft_steps=metadata.draft_steps,
    )


def check_size(file: Path, recipe: Recipe) -> None:
    """Refuse a picture whose header says another size than its recipe makes. No pixels are decoded.

    Raises:
        SeedLabError: for this reason, or because the file cannot be read.
    """
    width, height = read_size(file)
    if max(abs(width - recipe.width), abs(height - recipe.height)) >= SIZE_MULTIPLE:
        raise SeedLabError(
            f"This picture has {width}×{height} pixels, but its recipe makes {recipe.width}×{recipe.height}: it was "
            "cropped or scaled afterwards. Use the original file."
        )


def verify(original: Original, generate: Generate, stop: Event) -> Generator[Report | VerificationResult, None, None]:
    """Run a picture's recipe again, alone. Yields reports, and finally a result or Failed.

    Neither the store nor a paused run is used. A stopped run yields no result.
    """
    with closing(generate((original.recipe,), stop, draft_steps=original.draft_steps, resume=False)) as reports:
        for report in reports:
            if isinstance(report, Finished):
                yield _compare(original, report)
            else:
                yield report


def _compare(original: Original, made: Finished) -> VerificationResult | Failed:
    try:
        with DECODING:
            pixels = read_pixels(original.file)
            comparison, original_sha256 = compare(made.image, pixels), hash_pixels(pixels)
    except SeedLabError as error:
        return Failed(made.index, str(error))
    ours, theirs = made.checksums, original.checksums
    known = bool(ours and theirs and ours.latents and theirs.latents)
    return VerificationResult(
        sha256=hash_pixels(made.image),
        original_sha256=original_sha256,
        l_infinity=comparison.l_infinity,
        share=comparison.share,
        latents=ours.latents == theirs.latents if known and ours and theirs else None,
        total=ours.total if ours else None,
        original_total=theirs.total if theirs else None,
        causes=made.environment.differences(original.environment) if original.environment else (),
        environment_known=original.environment is not None,
        draft_steps=original.draft_steps,
    )


def format_result(verdict: VerificationResult) -> str:
    """Describe the result: whether the bytes are equal, and if not, how much they differ and why."""
    if verdict.is_equal:
        return f"{'Equal' if verdict.draft_steps is None else 'Draft: equal'}, byte for byte: L∞ = 0."
    share = f"{verdict.share:.0%}" if verdict.share >= 0.01 else "less than 1%"
    start = "Not equal" if verdict.draft_steps is None else "Draft: not equal"
    sentence = f"{start}: colour values differ by up to {verdict.l_infinity} of 255, in {share} of all values."
    if not verdict.environment_known:
        return f"{sentence} The picture does not record its environment, so it may have been a different one."
    if verdict.causes:
        return f"{sentence} It was made in another environment; here: {', '.join(verdict.causes)}."
    if verdict.latents:
        return f"{sentence} The latents are equal, so the file's pixels were changed after it was made."
    return f"{sentence} The environment is the same, so the file was changed or its recipe is wrong."
