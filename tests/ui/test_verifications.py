"""What Verify tells the page."""

from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest

from seedlab.core.errors import SeedLabError
from seedlab.core.reports import Failed, Finished, Progress, Waiting
from seedlab.ui.verifications import Verifications, VerificationStatus
from seedlab.workflow.verification import VerificationResult
from tests.examples import RECIPE

FILE = Path(__file__)
"""Any file that is there."""
SAME = VerificationResult(
    sha256="ab" * 32,
    original_sha256="ab" * 32,
    l_infinity=0,
    share=0.0,
    latents=True,
    total=1491.1711,
    original_total=1491.1711,
    causes=(),
)


def play(*reports):
    """A verification that goes like this."""

    def verify(recipe, file, stop: Event):
        assert (recipe, file) == (RECIPE, FILE)
        for report in reports:
            if stop.is_set():
                return
            if isinstance(report, Exception):
                raise report
            yield report

    return verify


def test_a_picture_that_is_the_same():
    checks = Verifications()
    seen = list(checks.run(RECIPE, FILE, play(Waiting(0, ""), Progress(0, 5, 12, None), SAME)))
    assert [check.words for check in seen] == [
        "Waiting for its turn…",
        "Waiting for its turn…",
        "Made again, alone: step 5 of 12",
        "Equal, byte for byte: L∞ = 0.",
    ]
    assert [check.state for check in seen] == ["running", "running", "running", "equal"]
    assert checks.find(FILE).details == (
        ("SHA-256", "ab" * 32),
        ("latents", "equal"),
        ("np.abs(image).sum()", "1491.1711"),
    )
    assert checks.find(Path("other.png")) is None
    assert checks.find(None) is None


def test_a_picture_that_is_not():
    other = replace(SAME, sha256="cd" * 32, l_infinity=3, share=0.5, latents=False, total=1490.0)
    _, check = Verifications().run(RECIPE, FILE, play(other))
    assert check.state == "different"
    assert check.details == (
        ("SHA-256 of the picture", "ab" * 32),
        ("SHA-256 made again", "cd" * 32),
        ("latents", "different"),
        ("np.abs(image).sum()", "1490.0000, was 1491.1711"),
    )


@pytest.mark.parametrize("trouble", [Failed(0, "No memory."), SeedLabError("No memory.")])
def test_what_failed_is_said(trouble):
    assert list(Verifications().run(RECIPE, FILE, play(trouble)))[1:] == [VerificationStatus("failed", "No memory.")]


def test_stopped_and_left_checks_leave_nothing_behind():
    checks = Verifications()
    running = checks.run(RECIPE, FILE, play(Waiting(0, "1 batch before this one"), SAME))
    assert next(running) == checks.find(FILE) == VerificationStatus("running", "Waiting for its turn…")
    assert next(running) == checks.find(FILE) == VerificationStatus("running", "1 batch before this one")
    checks.stop()
    assert list(running) == []
    assert checks.find(FILE) is None
    running = checks.run(RECIPE, FILE, play(Waiting(0, ""), SAME))
    next(running)
    running.close()
    assert checks.find(FILE) is None


def test_what_is_being_verified_is_not_begun_again():
    checks = Verifications()
    running = checks.run(RECIPE, FILE, play(Waiting(0, ""), SAME))
    next(running)
    assert list(checks.run(RECIPE, FILE, play(SAME))) == []
    assert [check.state for check in running][-1] == "equal"


def test_a_finished_picture_says_nothing_yet():
    """The verdict comes next."""
    seen = Verifications().run(RECIPE, FILE, play(Finished(0, None, None, ""), SAME))
    assert [check.state for check in seen] == ["running", "equal"]


def test_stop_ends_every_check():
    checks, other = Verifications(), Path(__file__).with_name("__init__.py")
    play_any = [checks.run(RECIPE, file, lambda recipe, file, stop: play_until(stop)) for file in (FILE, other)]
    for running in play_any:
        assert [next(running).state, next(running).state] == ["running", "running"]
    assert checks.are_running
    checks.stop()
    assert [list(running) for running in play_any] == [[], []]
    assert not checks.are_running


def play_until(stop: Event):
    while not stop.is_set():
        yield Waiting(0, "")


def test_a_picture_whose_file_is_gone_is_not_verified():
    gone = Path("gone.png")
    assert [check.state for check in Verifications().run(RECIPE, gone, play(SAME))] == ["running", "failed"]


def test_of_a_picture_that_was_made_again_nothing_is_known(tmp_path):
    checks, file = Verifications(), tmp_path / "gone.png"
    list(checks.run(RECIPE, file, play(SAME)))
    assert "click the picture to make it again" in checks.find(file).words
    file.touch()
    assert checks.find(file) is None


def test_a_bug_ends_a_check_with_a_sentence(caplog):
    assert [check.state for check in Verifications().run(RECIPE, FILE, play(ZeroDivisionError()))] == [
        "running",
        "failed",
    ]
    assert "A check failed." in caplog.text
