"""What ZeroGPU's package raises, as spaces 0.51 words it, and what visitors read."""

from dataclasses import replace
from threading import Event
from types import SimpleNamespace

import pytest

from seedlab.core.priority import Priority
from seedlab.core.reports import Failed
from seedlab.pipelines.zerogpu import refusals
from seedlab.pipelines.zerogpu.executor import ZeroGpuExecutor
from seedlab.pipelines.zerogpu.refusals import explain_refusal
from tests.pipelines.ray.fakes import make_batch

EXCEEDED = "ZeroGPU quota exceeded"


@pytest.mark.parametrize(
    ("title", "message", "sentence"),
    [
        (EXCEEDED, "Space app has reached its GPU limit. Try re-running outside of examples", refusals.SPACE_IS_OVER),
        (EXCEEDED, "You have exceeded your ZeroGPU runs limit. ", refusals.OVER),
        (EXCEEDED, "No GPU was available after 60s. Try re-running outside of examples", refusals.BUSY),
        ("ZeroGPU queue timeout", "No GPU was available after 60s. Retry later", refusals.BUSY),
        ("ZeroGPU client error", "No GPU was available", refusals.BUSY),
        ("ZeroGPU client error", "Expired ZeroGPU proxy token", refusals.EXPIRED),
        ("ZeroGPU illegal duration", "The requested GPU duration (90s) is larger than the", refusals.TOO_LONG),
        ("ZeroGPU pending credits exceeded", "You have too many ZeroGPU credits allocated", refusals.PENDING),
        ("ZeroGPU worker error", "GPU task aborted", refusals.KILLED),
        ("ZeroGPU worker error", "RuntimeError", refusals.UNUSABLE),
        ("Error", "something new", refusals.UNREACHABLE),
    ],
)
def test_each_refusal_has_a_sentence(title, message, sentence):
    assert explain_refusal(SimpleNamespace(title=title, message=message)) == sentence


@pytest.mark.parametrize(
    ("wait", "words"),
    [
        ("3:20:11", "in 3 h 20 min"),
        ("0:00:05", "in 1 min"),
        ("1 day, 2:00:00", "in 26 h"),
        ("2 days, 0:05:00", "in 48 h 5 min"),
        ("soon", "later"),
    ],
)
def test_too_little_time_is_said_with_what_is_left_and_when_there_is_more(wait, words):
    message = f"You have exceeded your free ZeroGPU quota (60s requested vs. 40s left). Try again in {wait}. "
    sentence = explain_refusal(SimpleNamespace(title=EXCEEDED, message=message))
    assert "(60 s needed, 40 s left)" in sentence
    assert f"try again {words}, " in sentence


def test_what_is_no_answer_of_zerogpu_has_a_sentence_without_its_words():
    assert explain_refusal(ConnectionError("[Errno 111] Connection refused")) == refusals.UNREACHABLE


@pytest.mark.parametrize(("priority", "kinds"), [(Priority.LIVE, [Failed]), (Priority.IDLE, [])])
def test_only_what_was_asked_for_uses_a_quota(priority, kinds):
    batch = replace(make_batch(1), priority=priority)
    reports = list(ZeroGpuExecutor().run(batch, Event()))
    assert [type(report) for report in reports] == kinds
