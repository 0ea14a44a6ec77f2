"""Verify: a recipe run again, alone, and held against the picture."""

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest
from PIL import Image

from seedlab.core.checksums import Checksums
from seedlab.core.errors import SeedLabError
from seedlab.core.reports import Failed, Finished, Progress, Report
from seedlab.images.metadata import Metadata, write_picture
from seedlab.images.png import write_png
from seedlab.workflow.verification import Original, VerificationResult, format_result, read_original, verify
from tests.examples import ENVIRONMENT, RECIPE

IMAGE = Image.effect_noise((8, 8), 50).convert("RGB")
PROOF = Checksums(latents="ab" * 32, total=12.5)
ORIGINAL = Original(pixels=IMAGE, recipe=RECIPE, environment=ENVIRONMENT, checksums=PROOF)


def generate(image=IMAGE, environment=ENVIRONMENT, checksums=PROOF):
    """What makes the picture again, as it is now."""

    def run(recipes, stop) -> Generator[Report, None, None]:
        assert recipes == (RECIPE,), "alone"
        yield Progress(0, 1, 1, None)
        if not stop.is_set():
            yield Finished(0, image, environment, "", checksums)

    return run


def judge(original=ORIGINAL, **now) -> VerificationResult:
    *_, verdict = verify(original, generate(**now), Event())
    return verdict


def change_pixel(image: Image.Image, by: int) -> Image.Image:
    changed = image.copy()
    red, green, blue = changed.getpixel((3, 3))
    changed.putpixel((3, 3), (red + by if red < 128 else red - by, green, blue))
    return changed


def test_the_same_again():
    reports = list(verify(ORIGINAL, generate(), Event()))
    assert reports[0] == Progress(0, 1, 1, None)
    verdict = reports[-1]
    assert verdict.is_equal
    assert (verdict.l_infinity, verdict.share, verdict.latents) == (0, 0.0, True)
    assert verdict.total == verdict.original_total == 12.5
    assert format_result(verdict) == "Equal, byte for byte: L∞ = 0."


def test_another_torch_is_named():
    now = replace(ENVIRONMENT, torch="2.14.0")
    verdict = judge(image=change_pixel(IMAGE, 3), environment=now, checksums=replace(PROOF, latents="cd" * 32))
    assert not verdict.is_equal
    assert (verdict.l_infinity, verdict.share, verdict.latents) == (3, 1 / 192, False)
    assert format_result(verdict) == (
        "Not equal: colour values differ by up to 3 of 255, in less than 1% of all values. "
        "It was made in another environment; here: torch 2.14.0 instead of 2.13.0."
    )


def test_another_torch_can_give_the_same_bytes():
    verdict = judge(environment=replace(ENVIRONMENT, torch="2.14.0"))
    assert verdict.is_equal
    assert verdict.causes == ("torch 2.14.0 instead of 2.13.0",)


def test_pixels_that_were_changed_afterwards_are_told_by_the_latents():
    verdict = judge(replace(ORIGINAL, pixels=change_pixel(IMAGE, 100)))
    assert format_result(verdict).endswith("so the file's pixels were changed after it was made.")


def test_a_picture_that_was_made_of_something_else():
    verdict = judge(replace(ORIGINAL, pixels=change_pixel(IMAGE, 9), checksums=replace(PROOF, latents="cd" * 32)))
    assert format_result(verdict).endswith("so the file was changed or its recipe is wrong.")


def test_without_proof_and_environment_the_pixels_are_compared():
    verdict = judge(replace(ORIGINAL, environment=None, checksums=None))
    assert verdict.is_equal
    assert (verdict.latents, verdict.original_total, verdict.causes) == (None, None, ())
    assert judge(checksums=replace(PROOF, latents="")).latents is None


def test_where_a_picture_does_not_say_its_environment_nothing_is_claimed_about_it():
    verdict = judge(replace(ORIGINAL, pixels=change_pixel(IMAGE, 9), environment=None, checksums=None))
    assert format_result(verdict).endswith("does not record its environment, so it may have been another.")


def test_a_picture_that_was_scaled_is_said():
    (failed,) = (
        r for r in verify(replace(ORIGINAL, pixels=IMAGE.resize((4, 4))), generate(), Event()) if isinstance(r, Failed)
    )
    assert "8×8 and 4×4" in failed.sentence


def test_a_stopped_run_has_no_verdict():
    stop = Event()
    stop.set()
    assert not any(isinstance(report, VerificationResult) for report in verify(ORIGINAL, generate(), stop))


def test_what_to_verify_is_read_from_the_file(tmp_path: Path):
    write_picture(tmp_path / "a.png", IMAGE, Metadata(recipe=RECIPE, environment=ENVIRONMENT, checksums=PROOF))
    original = read_original(tmp_path / "a.png")
    assert (original.recipe, original.environment, original.checksums) == (RECIPE, ENVIRONMENT, PROOF)
    assert original.pixels.tobytes() == IMAGE.tobytes()
    assert read_original(tmp_path / "a.png", RECIPE).recipe == RECIPE


def test_a_file_that_says_nothing_needs_a_recipe(tmp_path: Path):
    write_png(tmp_path / "a.png", IMAGE, {})
    assert read_original(tmp_path / "a.png", RECIPE).environment is None
    with pytest.raises(SeedLabError, match="There is no SeedLab recipe"):
        read_original(tmp_path / "a.png")


def test_a_file_of_another_recipe_is_refused(tmp_path: Path):
    write_picture(tmp_path / "a.png", IMAGE, Metadata(recipe=RECIPE, environment=ENVIRONMENT))
    with pytest.raises(SeedLabError, match="another recipe"):
        read_original(tmp_path / "a.png", replace(RECIPE, seed=1))
