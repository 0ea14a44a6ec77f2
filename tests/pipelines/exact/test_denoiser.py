"""Batches with the bits of single pictures, on denoisers that are easy to look into."""

from contextlib import suppress

import pytest
import torch
from torch import nn

from seedlab.pipelines.exact.denoiser import batch_exactly, remember
from seedlab.pipelines.exact.plans import NotExactError, Plan, Plans
from seedlab.pipelines.exact.prepack_cache import PrepackCache

SEVERAL = torch.arange(8.0).reshape(8, 1)
"""Four images with two rows each, as pipelines stack them: row n and row n + 4 belong together."""


class Denoiser(nn.Module):
    """Tells each row how many rows the layer saw, and counts the calls of its projection of the prompts."""

    def __init__(self):
        super().__init__()
        self.layer = Counter()
        self.prompts = Counter()

    def forward(self, rows, timestep, encoder_hidden_states=None):
        projected = 0 if encoder_hidden_states is None else self.prompts(encoder_hidden_states)
        return (self.layer(rows) * 100 + rows + projected * 0,)


class Counter(nn.Module):
    def __init__(self):
        super().__init__()
        self.calls = 0

    def forward(self, rows):
        self.calls += 1
        return rows * 0 + len(rows)


def do_nothing() -> None:
    """Neither announces nor stops anything."""


@pytest.fixture
def calibrated(monkeypatch):
    """Let calibration find a given plan; returns how often it was asked."""
    asked = []

    def let(plan: Plan):
        monkeypatch.setattr("seedlab.pipelines.exact.denoiser.calibrate", lambda *_: (asked.append(1), plan)[1])
        return asked

    return let


def test_the_modules_of_the_plan_run_image_by_image_and_rows_come_back_in_their_places(calibrated):
    calibrated(Plan(exact=True, alone=("layer",)))
    denoiser = Denoiser()
    with batch_exactly(denoiser, 4, Plans(None), PrepackCache(), "here", do_nothing, do_nothing):
        (out,) = denoiser(SEVERAL, 500)
    assert out.flatten().tolist() == [200.0 + row for row in range(8)]
    assert denoiser.layer.calls == 4


@pytest.mark.parametrize("count", [4, 8])
def test_what_a_batch_makes_may_be_changed_in_place(calibrated, count):
    """Some schedulers do; with a row an image the batch's rows are handed on as they are."""
    calibrated(Plan(exact=True))
    denoiser = Denoiser()
    with torch.no_grad(), batch_exactly(denoiser, count, Plans(None), PrepackCache(), "here", do_nothing, do_nothing):
        (out,) = denoiser(SEVERAL, 500)
        assert not out.is_inference()
        out.mul_(0)
    assert not out.any()


def test_afterwards_everything_is_as_it_was(calibrated):
    calibrated(Plan(exact=True, alone=("layer",), constant=("prompts",)))
    denoiser = Denoiser()
    with (
        suppress(ZeroDivisionError),
        batch_exactly(denoiser, 4, Plans(None), PrepackCache(), "here", do_nothing, do_nothing),
    ):
        denoiser(SEVERAL, 500, encoder_hidden_states=SEVERAL)
        raise ZeroDivisionError
    assert all("forward" not in vars(module) for module in denoiser.modules())
    assert denoiser(SEVERAL, 500)[0][0] == 800


def test_what_is_made_of_the_prompts_is_made_once_for_each(calibrated):
    calibrated(Plan(exact=True, constant=("prompts",)))
    denoiser, other = Denoiser(), SEVERAL + 1
    with batch_exactly(denoiser, 4, Plans(None), PrepackCache(), "here", do_nothing, do_nothing):
        for _ in range(5):
            denoiser(SEVERAL, 500, encoder_hidden_states=SEVERAL)
        assert denoiser.prompts.calls == 1
        denoiser(SEVERAL, 500, encoder_hidden_states=other)
        assert denoiser.prompts.calls == 2
    with batch_exactly(denoiser, 4, Plans(None), PrepackCache(), "here", do_nothing, do_nothing):
        denoiser(SEVERAL, 500, encoder_hidden_states=SEVERAL)
    assert denoiser.prompts.calls == 3, "nothing is kept from one call of the pipeline to the next"


def test_a_plan_is_made_once_for_each_kind_of_call_and_announced(calibrated):
    asked = calibrated(Plan(exact=True))
    plans, announced = Plans(None), []
    for environment_key, rows in (("here", SEVERAL), ("here", SEVERAL), ("there", SEVERAL), ("here", SEVERAL[:4])):
        denoiser = Denoiser()
        with batch_exactly(
            denoiser, 4, plans, PrepackCache(), environment_key, lambda: announced.append(1), do_nothing
        ):
            denoiser(rows, 500)
    assert len(asked) == len(announced) == 3


def test_what_cannot_be_exact_is_not_begun(calibrated):
    calibrated(Plan(exact=False))
    denoiser = Denoiser()
    with (
        batch_exactly(denoiser, 4, Plans(None), PrepackCache(), "here", do_nothing, do_nothing),
        pytest.raises(NotExactError),
    ):
        denoiser(SEVERAL, 500)
    assert denoiser.layer.calls == 0


@pytest.mark.parametrize("rows", [SEVERAL[:6], SEVERAL[:0]])
def test_rows_that_are_not_those_of_the_images_are_not_understood(calibrated, rows):
    calibrated(Plan(exact=True))
    denoiser = Denoiser()
    with (
        batch_exactly(denoiser, 4, Plans(None), PrepackCache(), "here", do_nothing, do_nothing),
        pytest.raises(NotExactError),
    ):
        denoiser(rows, 500)


def test_a_pipeline_that_drops_its_guidance_on_the_way_is_not_batched(calibrated):
    """Its later calls have other shapes than those that the plan is for."""
    calibrated(Plan(exact=True, alone=("layer",)))
    denoiser = Denoiser()
    with batch_exactly(denoiser, 4, Plans(None), PrepackCache(), "here", do_nothing, do_nothing):
        denoiser(SEVERAL, 500)
        with pytest.raises(NotExactError):
            denoiser(SEVERAL[:4], 400)


def test_what_is_remembered_is_the_last_input_alone():
    calls = []
    double = remember(lambda value: calls.append(value) or value * 2)
    one, other = torch.ones(1), torch.ones(1)
    assert [double(each).item() for each in (one, one, other, one)] == [2, 2, 2, 2]
    assert len(calls) == 3


@pytest.mark.parametrize("names", [("layer",), ("nope",), ()])
def test_a_plan_from_the_disk_is_tried_before_it_is_believed(calibrated, tmp_path, names):
    """The layer tells rows how many they are, so that a plan in which it does not run alone is wrong."""
    asked = calibrated(Plan(exact=True, alone=("layer",)))
    denoiser, first = Denoiser(), Plans(tmp_path)
    run(denoiser, first)
    (file,) = tmp_path.iterdir()
    first.keep(file.stem, Plan(exact=True, alone=names))
    del asked[:]
    for plans in (again := Plans(tmp_path), again):
        assert run(denoiser, plans) == [200.0 + row for row in range(8)]
    assert len(asked) == (names != ("layer",)), "once, where it was wrong"


def run(denoiser: Denoiser, plans: Plans) -> list[float]:
    with batch_exactly(denoiser, 4, plans, PrepackCache(), "here", do_nothing, do_nothing):
        (out,) = denoiser(SEVERAL, 500)
    return out.flatten().tolist()


def test_stop_ends_a_calibration():
    def stop() -> None:
        raise ZeroDivisionError

    denoiser = Denoiser()
    with (
        pytest.raises(ZeroDivisionError),
        batch_exactly(denoiser, 4, Plans(None), PrepackCache(), "here", do_nothing, stop),
    ):
        denoiser(SEVERAL, 500)
    assert denoiser(SEVERAL, 500)[0].flatten().tolist() == [800.0 + row for row in range(8)]
