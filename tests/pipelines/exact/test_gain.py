"""Whether a batch pays is measured where it may not."""

from contextlib import nullcontext
from types import SimpleNamespace

import pytest
from torch import nn

from seedlab.pipelines.exact.kernels.prepack_cache import PrepackCache
from seedlab.pipelines.exact.plans import Plan
from seedlab.pipelines.exact.search import gain


class SomeUNetModel(nn.Linear):
    pass


class SomeTransformerModel(nn.Linear):
    pass


def test_transformers_on_a_cpu_may_lose():
    assert gain.may_lose(SomeTransformerModel(2, 2))
    assert not gain.may_lose(SomeTransformerModel(2, 2, device="meta")), "elsewhere a call costs more than its work"
    assert not gain.may_lose(SomeUNetModel(2, 2))


@pytest.mark.parametrize(("clock", "expected"), [([0, 3, 0, 1, 0, 2, 0, 4], 2.0), ([0, 1, 0, 2, 0, 5, 0, 2], 0.5)])
def test_the_fastest_calls_of_each_kind_are_compared(monkeypatch, clock, expected):
    """In turns: the images one by one, the batch, and both again."""
    made, times = [], iter(clock)
    monkeypatch.setattr(gain.time, "perf_counter", lambda: next(times))
    monkeypatch.setattr(gain, "follow_plan", lambda *_: nullcontext())
    call = SimpleNamespace(denoiser=None, layout=None)
    call.run, call.run_per_image = lambda: made.append("batch"), lambda: made.append("single")
    assert gain.measure_gain(call, Plan(exact=True), PrepackCache()) == expected
    assert made == ["single", "batch"] * 2
