"""Verify: a recipe run again, alone, and held against the picture."""

import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
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
from tests import examples
from tests.examples import ENVIRONMENT

RECIPE = replace(examples.RECIPE, width=8, height=8)
IMAGE = Image.effect_noise((8, 8), 50).convert("RGB")
PROOF = Checksums(latents="ab" * 32, total=12.5)
OTHER = replace(PROOF, latents="cd" * 32)


@pytest.fixture
def write(tmp_path):
    """Write a picture to verify; returns what is known about it."""

    def write(image: Image.Image = IMAGE, **changes) -> Original:
        write_png(tmp_path / "original.png", image, {})
        known = {"recipe": RECIPE, "environment": ENVIRONMENT, "checksums": PROOF}
        return Original(file=tmp_path / "original.png", **(known | changes))

    return write


def generate(image=IMAGE, environment=ENVIRONMENT, checksums=PROOF):
    """What makes the picture again, as it is now."""

    def run(recipes, stop, *, draft_steps=None, resume=True) -> Generator[Report, None, None]:
        assert recipes == (RECIPE,), "alone"
        assert not resume, "from the first step"
        yield Progress(0, 1, 1, None)
        if not stop.is_set():
            yield Finished(0, image, environment, "", checksums, draft_steps=draft_steps)

    return run


def judge(original: Original, **now) -> VerificationResult:
    *_, verdict = verify(original, generate(**now), Event())
    return verdict


def change_pixel(image: Image.Image, by: int) -> Image.Image:
    changed = image.copy()
    red, green, blue = changed.getpixel((3, 3))
    changed.putpixel((3, 3), (red + by if red < 128 else red - by, green, blue))
    return changed


def test_a_draft_is_compared_with_a_draft(write):
    verdict = judge(write(draft_steps=3))
    assert (verdict.is_equal, verdict.draft_steps) == (True, 3)
    assert format_result(verdict) == "Draft: equal, byte for byte: L∞ = 0."
    assert format_result(judge(write(change_pixel(IMAGE, 1), draft_steps=3))).startswith("Draft: not equal: colour")


def test_the_same_again(write):
    reports = list(verify(write(), generate(), Event()))
    assert reports[0] == Progress(0, 1, 1, None)
    verdict = reports[-1]
    assert verdict.is_equal
    assert (verdict.l_infinity, verdict.share, verdict.latents) == (0, 0.0, True)
    assert verdict.total == verdict.original_total == 12.5
    assert format_result(verdict) == "Equal, byte for byte: L∞ = 0."


def test_another_torch_is_named(write):
    now = replace(ENVIRONMENT, torch="2.14.0")
    verdict = judge(write(), image=change_pixel(IMAGE, 3), environment=now, checksums=OTHER)
    assert not verdict.is_equal
    assert (verdict.l_infinity, verdict.share, verdict.latents) == (3, 1 / 192, False)
    assert format_result(verdict) == (
        "Not equal: colour values differ by up to 3 of 255, in less than 1% of all values. "
        "It was made in another environment; here: torch 2.14.0 instead of 2.13.0."
    )


def test_another_torch_can_give_the_same_bytes(write):
    verdict = judge(write(), environment=replace(ENVIRONMENT, torch="2.14.0"))
    assert verdict.is_equal
    assert verdict.causes == ("torch 2.14.0 instead of 2.13.0",)


def test_pixels_that_were_changed_afterwards_are_told_by_the_latents(write):
    verdict = judge(write(change_pixel(IMAGE, 100)))
    assert format_result(verdict).endswith("so the file's pixels were changed after it was made.")


def test_a_picture_that_was_made_of_something_else(write):
    verdict = judge(write(change_pixel(IMAGE, 9), checksums=OTHER))
    assert format_result(verdict).endswith("so the file was changed or its recipe is wrong.")


def test_without_proof_and_environment_the_pixels_are_compared(write):
    verdict = judge(write(environment=None, checksums=None))
    assert verdict.is_equal
    assert (verdict.latents, verdict.original_total, verdict.causes) == (None, None, ())
    assert judge(write(), checksums=replace(PROOF, latents="")).latents is None


def test_where_a_picture_does_not_say_its_environment_nothing_is_claimed_about_it(write):
    verdict = judge(write(change_pixel(IMAGE, 9), environment=None, checksums=None))
    assert format_result(verdict).endswith("does not record its environment, so it may have been a different one.")


def test_a_picture_that_was_scaled_a_little_is_said(write):
    reports = verify(write(IMAGE.resize((4, 4))), generate(), Event())
    (failed,) = (report for report in reports if isinstance(report, Failed))
    assert "8×8 and 4×4" in failed.sentence


def test_a_picture_of_another_size_than_its_recipe_is_refused_before_it_is_decoded(tmp_path, monkeypatch):
    """A file of 50 kB can claim 4096 x 4096 pixels, which take 50 MB."""
    write_picture(tmp_path / "a.png", Image.new("RGB", (512, 512)), Metadata(recipe=RECIPE, environment=ENVIRONMENT))
    monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile.load", lambda _: pytest.fail("it was decoded"))
    for recipe in (None, RECIPE):
        with pytest.raises(
            SeedLabError, match="has 512×512 pixels, but its recipe makes 8×8: it was cropped or scaled"
        ):
            read_original(tmp_path / "a.png", recipe)


def test_the_original_is_decoded_when_the_new_picture_is_there_one_at_a_time(write, monkeypatch):
    decoded, at_once = [], []

    def decode(file):
        decoded.append(file)
        at_once.append(len(decoded))
        time.sleep(0.02)
        decoded.pop()
        return IMAGE

    monkeypatch.setattr("seedlab.workflow.verification.read_pixels", decode)
    original = write()
    runs = [verify(original, generate(), Event()) for _ in range(4)]
    assert [next(run) for run in runs] == [Progress(0, 1, 1, None)] * 4
    assert at_once == []
    with ThreadPoolExecutor(4) as visitors:
        assert all(verdict.is_equal for verdict in visitors.map(next, runs))
    assert at_once == [1, 1, 1, 1]


def test_a_stopped_run_has_no_verdict(write):
    stop = Event()
    stop.set()
    assert not any(isinstance(report, VerificationResult) for report in verify(write(), generate(), stop))


def test_what_to_verify_is_read_from_the_file(tmp_path: Path):
    write_picture(tmp_path / "a.png", IMAGE, Metadata(recipe=RECIPE, environment=ENVIRONMENT, checksums=PROOF))
    original = read_original(tmp_path / "a.png")
    assert (original.recipe, original.environment, original.checksums) == (RECIPE, ENVIRONMENT, PROOF)
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
