"""Exact batches of small denoisers that record their calls."""

from contextlib import suppress

import pytest
import torch
from torch import nn

from seedlab.pipelines.exact.caches import BatchCaches
from seedlab.pipelines.exact.denoiser import batch_exactly, remember_last
from seedlab.pipelines.exact.plans import NotExactError, Plan, Plans
from seedlab.pipelines.models.families import Family

ROWS = torch.arange(8.0).reshape(8, 1)
"""Four images with two rows each, in the order of diffusers' pipelines: row n and row n + 4 belong together."""
SHAPES = ((8, 1),)


class Denoiser(nn.Module):
    """Adds 100 times the layer's batch size to each row, and counts the calls of its prompt projection."""

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
    """Stands for `announce` and `check_stop`."""


@pytest.fixture(autouse=True)
def _pays(monkeypatch) -> None:
    """Let every batch pay: these denoisers are too small to tell, and count their calls."""
    monkeypatch.setattr("seedlab.pipelines.exact.denoiser.may_lose", lambda _: False)


@pytest.fixture
def calibrated(monkeypatch):
    """Let calibration return a given plan; the list has one item for each calibration."""
    calibrations = []

    def let(plan: Plan):
        monkeypatch.setattr("seedlab.pipelines.exact.denoiser.calibrate", lambda *_: (calibrations.append(1), plan)[1])
        return calibrations

    return let


def test_the_plans_modules_run_per_image_and_rows_keep_their_order(calibrated):
    calibrated(Plan(exact=True, per_image=("layer",), shapes=SHAPES))
    denoiser = Denoiser()
    with batch_exactly(denoiser, 4, BatchCaches(), "here", do_nothing, do_nothing):
        (out,) = denoiser(ROWS, 500)
    assert out.flatten().tolist() == [200.0 + row for row in range(8)]
    assert denoiser.layer.calls == 4


@pytest.mark.parametrize("count", [4, 8])
def test_the_result_of_a_batch_can_be_changed_in_place(calibrated, count):
    """Some schedulers do that; with one row for each image, nothing is reordered and so nothing is copied."""
    calibrated(Plan(exact=True))
    denoiser = Denoiser()
    with (
        torch.no_grad(),
        batch_exactly(denoiser, count, BatchCaches(), "here", do_nothing, do_nothing),
    ):
        (out,) = denoiser(ROWS, 500)
        assert not out.is_inference()
        out.mul_(0)
    assert not out.any()


def test_the_denoiser_is_restored_afterwards(calibrated):
    calibrated(Plan(exact=True, per_image=("layer",), constant=("prompts",), shapes=SHAPES))
    denoiser = Denoiser()
    with (
        suppress(ZeroDivisionError),
        batch_exactly(denoiser, 4, BatchCaches(), "here", do_nothing, do_nothing),
    ):
        denoiser(ROWS, 500, encoder_hidden_states=ROWS)
        raise ZeroDivisionError
    assert all("forward" not in vars(module) for module in denoiser.modules())
    assert denoiser(ROWS, 500)[0][0] == 800


def test_constant_modules_are_called_once_for_each_prompt(calibrated):
    calibrated(Plan(exact=True, constant=("prompts",)))
    denoiser, other = Denoiser(), ROWS + 1
    with batch_exactly(denoiser, 4, BatchCaches(), "here", do_nothing, do_nothing):
        for _ in range(5):
            denoiser(ROWS, 500, encoder_hidden_states=ROWS)
        assert denoiser.prompts.calls == 1
        denoiser(ROWS, 500, encoder_hidden_states=other)
        assert denoiser.prompts.calls == 2
    with batch_exactly(denoiser, 4, BatchCaches(), "here", do_nothing, do_nothing):
        denoiser(ROWS, 500, encoder_hidden_states=ROWS)
    assert denoiser.prompts.calls == 3, "results are not kept for the next call of the pipeline"


def test_each_kind_of_call_is_calibrated_and_announced_once(calibrated):
    calibrations = calibrated(Plan(exact=True))
    plans, announced = Plans(None), []
    for environment_key, rows in (("here", ROWS), ("here", ROWS), ("there", ROWS), ("here", ROWS[:4])):
        denoiser = Denoiser()
        with batch_exactly(denoiser, 4, BatchCaches(plans), environment_key, lambda: announced.append(1), do_nothing):
            denoiser(rows, 500)
    assert len(calibrations) == len(announced) == 3


def test_a_batch_that_cannot_be_exact_is_not_started(calibrated):
    calibrated(Plan(exact=False))
    denoiser = Denoiser()
    with (
        batch_exactly(denoiser, 4, BatchCaches(), "here", do_nothing, do_nothing),
        pytest.raises(NotExactError),
    ):
        denoiser(ROWS, 500)
    assert denoiser.layer.calls == 0


def test_a_transformers_first_argument_may_be_passed_by_name(calibrated):
    class Transformer(nn.Module):
        def forward(self, hidden_states, timestep=None):
            return (hidden_states + len(hidden_states) * 100,)

    calibrated(Plan(exact=True))
    denoiser = Transformer()
    with batch_exactly(denoiser, 4, BatchCaches(), "here", do_nothing, do_nothing):
        (out,) = denoiser(hidden_states=ROWS, timestep=500)
    assert out.flatten().tolist() == [800.0 + row for row in range(8)]


@pytest.mark.parametrize("rows", [ROWS[:6], ROWS[:0]])
def test_a_batch_size_that_does_not_match_the_images_is_refused(calibrated, rows):
    calibrated(Plan(exact=True))
    denoiser = Denoiser()
    with (
        batch_exactly(denoiser, 4, BatchCaches(), "here", do_nothing, do_nothing),
        pytest.raises(NotExactError),
    ):
        denoiser(rows, 500)


def test_a_pipeline_that_stops_its_guidance_midway_is_not_batched(calibrated):
    """Its later calls have other shapes than the plan's."""
    calibrated(Plan(exact=True, per_image=("layer",), shapes=SHAPES))
    denoiser = Denoiser()
    with batch_exactly(denoiser, 4, BatchCaches(), "here", do_nothing, do_nothing):
        denoiser(ROWS, 500)
        with pytest.raises(NotExactError):
            denoiser(ROWS[:4], 400)


def test_only_the_last_input_is_remembered():
    calls = []
    double = remember_last(lambda value: calls.append(value) or value * 2)
    one, other = torch.ones(1), torch.ones(1)
    assert [double(each).item() for each in (one, one, other, one)] == [2, 2, 2, 2]
    assert len(calls) == 3


@pytest.mark.parametrize("names", [("layer",), ("nope",), ()])
def test_a_plan_from_disk_is_verified_before_it_is_used(calibrated, tmp_path, names):
    """The layer depends on the batch size, so a plan in which it does not run per image is wrong."""
    calibrations = calibrated(Plan(exact=True, per_image=("layer",), shapes=SHAPES))
    denoiser, first = Denoiser(), Plans(tmp_path)
    run(denoiser, first)
    (file,) = tmp_path.iterdir()
    first.keep(file.stem, Plan(exact=True, per_image=names, shapes=SHAPES))
    calibrations.clear()
    for plans in (again := Plans(tmp_path), again):
        assert run(denoiser, plans) == [200.0 + row for row in range(8)]
    assert len(calibrations) == (names != ("layer",)), "once, if the plan was wrong"


def run(denoiser: Denoiser, plans: Plans) -> list[float]:
    with batch_exactly(denoiser, 4, BatchCaches(plans), "here", do_nothing, do_nothing):
        (out,) = denoiser(ROWS, 500)
    return out.flatten().tolist()


def test_check_stop_ends_a_calibration():
    def stop() -> None:
        raise ZeroDivisionError

    denoiser = Denoiser()
    with (
        pytest.raises(ZeroDivisionError),
        batch_exactly(denoiser, 4, BatchCaches(), "here", do_nothing, stop),
    ):
        denoiser(ROWS, 500)
    assert denoiser(ROWS, 500)[0].flatten().tolist() == [800.0 + row for row in range(8)]


class Joint(nn.Module):
    """A transformer that reads a prompt, with positions that are the same for all images."""

    def __init__(self):
        super().__init__()
        self.layer, self.words = Counter(), Counter()

    def forward(self, hidden_states, encoder_hidden_states=None, ids=None):
        self.ids = ids
        return (self.layer(hidden_states) + self.words(encoder_hidden_states).mean(1, keepdim=True),)


def test_each_kind_of_call_follows_its_own_plan(monkeypatch):
    """With true CFG, negative prompts are read in a call of their own and may have another length."""
    plans = {3: ("layer",), 5: ("words",)}
    calibrations = []

    def calibrate(call, *_):
        length = call.kwargs["encoder_hidden_states"].shape[1]
        calibrations.append(length)
        return Plan(exact=True, per_image=plans[length], shapes=((4, 1), (4, 3), (4, 5)))

    monkeypatch.setattr("seedlab.pipelines.exact.denoiser.calibrate", calibrate)
    denoiser = Joint()
    known = Plans(None)
    for _ in range(2):
        with batch_exactly(denoiser, 4, BatchCaches(known), "here", do_nothing, do_nothing):
            for _ in range(3):
                assert denoiser(ROWS[:4], encoder_hidden_states=torch.ones(4, 3))[0].unique().tolist() == [1 + 4]
                assert denoiser(ROWS[:4], encoder_hidden_states=torch.ones(4, 5))[0].unique().tolist() == [4 + 1]
        assert all("forward" not in vars(module) for module in denoiser.modules())
    assert calibrations == [3, 5]
    assert (denoiser.layer.calls, denoiser.words.calls) == (6 * 4 + 6, 6 + 6 * 4)


def test_arguments_that_all_images_share_have_no_rows(calibrated):
    """They have as many as the batch here, and are not put into the order of its images."""
    calibrated(Plan(exact=True, per_image=("layer",), shapes=SHAPES))
    denoiser, plans = Joint(), Plans(None)
    for ids in (torch.arange(8.0)[:, None], torch.ones(8, 2)):
        with batch_exactly(
            denoiser,
            4,
            BatchCaches(plans),
            "here",
            do_nothing,
            do_nothing,
            Family(shared_arguments=("ids",)),
        ):
            denoiser(ROWS, encoder_hidden_states=torch.ones(8, 3), ids=ids)
        assert denoiser.ids.tolist() == ids.tolist()


@pytest.mark.parametrize(("lengths", "is_batch"), [((33, 40, 64), True), ((33, 40, 65), False)])
def test_prompts_in_lists_are_as_long_as_the_denoiser_pads_them(calibrated, lengths, is_batch):
    class Lists(nn.Module):
        def forward(self, images, prompts):
            return ([image + len(prompt) for image, prompt in zip(images, prompts, strict=True)],)

    calibrations, plans, denoiser = calibrated(Plan(exact=True)), Plans(None), Lists()
    images, prompts = list(torch.arange(3.0)[:, None]), [torch.ones(length, 2) for length in lengths]
    for order in (slice(None), slice(None, None, -1)):
        with batch_exactly(denoiser, 3, BatchCaches(plans), "here", do_nothing, do_nothing, Family(prompt_multiple=32)):
            if not is_batch:
                with pytest.raises(NotExactError):
                    denoiser(images, prompts[order])
                continue
            (out,) = denoiser(images, prompts[order])
            assert [each.item() for each in out] == [row + length for row, length in enumerate(lengths[order])]
    assert len(calibrations) == is_batch
