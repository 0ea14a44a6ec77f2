"""The statuses of a verification."""

from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest

from seedlab.core.errors import SeedLabError
from seedlab.core.reports import Failed, Finished, Progress, Waiting
from seedlab.ui.views.verifications import Verifications, VerificationStatus
from seedlab.workflow.verification import VerificationResult
from tests.examples import RECIPE

FILE = Path(__file__)
"""Any existing file."""
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
    """Make a verification that gives these reports, and raises the exceptions among them."""

    def verify(recipe, file, stop: Event):
        assert (recipe, file) == (RECIPE, FILE)
        for report in reports:
            if stop.is_set():
                return
            if isinstance(report, Exception):
                raise report
            yield report

    return verify


def test_an_equal_picture():
    verifications = Verifications()
    seen = list(verifications.run(RECIPE, FILE, play(Waiting(0, ""), Progress(0, 5, 12, None), SAME)))
    assert [status.message for status in seen] == [
        "Waiting in the queue…",
        "Waiting in the queue…",
        "Generating it again on its own: step 5 of 12",
        "Equal, byte for byte: L∞ = 0.",
    ]
    assert [status.state for status in seen] == ["running", "running", "running", "equal"]
    assert verifications.find(FILE).details == (
        ("SHA-256", "ab" * 32),
        ("latents", "equal"),
        ("np.abs(image).sum()", "1491.1711"),
    )
    assert verifications.find(Path("other.png")) is None
    assert verifications.find(None) is None


def test_a_different_picture():
    other = replace(SAME, sha256="cd" * 32, l_infinity=3, share=0.5, latents=False, total=1490.0)
    _, status = Verifications().run(RECIPE, FILE, play(other))
    assert status.state == "different"
    assert status.details == (
        ("SHA-256, original", "ab" * 32),
        ("SHA-256, generated again", "cd" * 32),
        ("latents", "different"),
        ("np.abs(image).sum()", "1490.0000, was 1491.1711"),
    )


@pytest.mark.parametrize("failure", [Failed(0, "No memory."), SeedLabError("No memory.")])
def test_a_failure_is_reported(failure):
    assert list(Verifications().run(RECIPE, FILE, play(failure)))[1:] == [VerificationStatus("failed", "No memory.")]


def test_stopped_and_abandoned_verifications_have_no_status():
    verifications = Verifications()
    running = verifications.run(RECIPE, FILE, play(Waiting(0, "1 batch before this one"), SAME))
    assert next(running) == verifications.find(FILE) == VerificationStatus("running", "Waiting in the queue…")
    assert next(running) == verifications.find(FILE) == VerificationStatus("running", "1 batch before this one")
    verifications.stop()
    assert list(running) == []
    assert verifications.find(FILE) is None
    running = verifications.run(RECIPE, FILE, play(Waiting(0, ""), SAME))
    next(running)
    running.close()
    assert verifications.find(FILE) is None


def test_a_running_verification_is_not_started_again():
    verifications = Verifications()
    running = verifications.run(RECIPE, FILE, play(Waiting(0, ""), SAME))
    next(running)
    assert list(verifications.run(RECIPE, FILE, play(SAME))) == []
    assert [status.state for status in running][-1] == "equal"


def test_a_finished_picture_is_no_status():
    """The result comes next."""
    seen = Verifications().run(RECIPE, FILE, play(Finished(0, None, None, ""), SAME))
    assert [status.state for status in seen] == ["running", "equal"]


def test_stop_ends_all_verifications():
    verifications, other = Verifications(), Path(__file__).with_name("__init__.py")
    play_any = [verifications.run(RECIPE, file, lambda recipe, file, stop: play_until(stop)) for file in (FILE, other)]
    for running in play_any:
        assert [next(running).state, next(running).state] == ["running", "running"]
    assert verifications.is_running
    verifications.stop()
    assert [list(running) for running in play_any] == [[], []]
    assert not verifications.is_running


def play_until(stop: Event):
    while not stop.is_set():
        yield Waiting(0, "")


def test_a_picture_without_its_file_is_not_verified():
    gone = Path("gone.png")
    assert [status.state for status in Verifications().run(RECIPE, gone, play(SAME))] == ["running", "failed"]


def test_a_missing_picture_that_was_generated_again_has_no_status(tmp_path):
    verifications, file = Verifications(), tmp_path / "gone.png"
    list(verifications.run(RECIPE, file, play(SAME)))
    assert "click the picture to generate it again" in verifications.find(file).message
    file.touch()
    assert verifications.find(file) is None


def test_an_unexpected_error_ends_a_verification_with_a_message(caplog):
    assert [status.state for status in Verifications().run(RECIPE, FILE, play(ZeroDivisionError()))] == [
        "running",
        "failed",
    ]
    assert "A verification failed." in caplog.text
