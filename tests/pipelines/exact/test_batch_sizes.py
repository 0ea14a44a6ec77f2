"""How many images one call makes."""

from dataclasses import replace
from threading import Event

import pytest

from seedlab.core.errors import SeedLabError
from seedlab.core.reports import Failed, Finished
from seedlab.images.compare import hash_pixels
from seedlab.pipelines.batches import joint_calls
from seedlab.pipelines.exact.batch_sizes import MAX_STEP_SECONDS, BatchSizes
from seedlab.pipelines.exact.plans import NotExactError, Plans
from seedlab.pipelines.manager import PipelineManager
from seedlab.pipelines.thread_executor import ThreadExecutor
from tests.pipelines.builders import make_recipe

GIB = 2**30
KIND = ("a model", 512)


def know(sizes, **seconds):
    """Record batches, as four=0.01."""
    names = {"four": 4, "eight": 8, "sixteen": 16, "thirty_two": 32}
    for name, value in seconds.items():
        sizes.note(KIND, names[name], value, names[name] * GIB)
    return sizes


def choose(sizes, waiting=64, free=80 * GIB, kind=KIND):
    return sizes.choose(kind, waiting, free)


@pytest.mark.parametrize(("waiting", "size"), [(1, 1), (3, 3), (4, 4), (64, 4)])
def test_the_first_batch_is_a_grid(waiting, size):
    assert choose(BatchSizes(None), waiting) == size


@pytest.mark.parametrize(
    ("seconds", "size"),
    [
        ({"four": 0.010}, 8),
        ({"four": 0.010, "eight": 0.0095}, 4),
        ({"four": 0.010, "eight": 0.008}, 16),
        ({"four": 0.010, "eight": 0.008, "sixteen": 0.009}, 8),
        ({"four": 0.010, "eight": 0.008, "sixteen": 0.007, "thirty_two": 0.006}, 32),
        ({"four": MAX_STEP_SECONDS / 3}, 4),
        ({"four": 0.2, "eight": 0.15}, 4),
    ],
    ids=str,
)
def test_larger_batches_are_tried_and_kept_while_they_pay(seconds, size):
    assert choose(know(BatchSizes(None), **seconds)) == size


def test_no_more_are_made_than_wait_and_what_is_left_makes_a_smaller_batch():
    sizes = know(BatchSizes(None), four=0.010, eight=0.008, sixteen=0.007)
    assert [choose(sizes, waiting) for waiting in (32, 31, 15, 7, 3)] == [32, 16, 8, 4, 3]


def test_a_batch_that_is_not_expected_to_fit_is_not_tried():
    sizes = know(BatchSizes(None), four=0.010)
    assert choose(sizes, free=7 * GIB) == 4
    assert choose(sizes, free=8 * GIB) == 8


def test_a_size_that_did_not_work_is_not_tried_again():
    sizes = know(BatchSizes(None), four=0.010, eight=0.005)
    sizes.note_too_large(KIND, 16)
    assert choose(sizes) == 8
    sizes.note_too_large(KIND, 8)
    assert choose(sizes) == 4


def test_the_fastest_run_counts():
    sizes = know(know(BatchSizes(None), four=0.010, eight=0.020), eight=0.008)
    assert choose(sizes) == 16


def test_what_was_measured_is_kept_for_the_next_process(tmp_path):
    know(BatchSizes(tmp_path), four=0.010, eight=0.008)
    assert choose(BatchSizes(tmp_path)) == 16
    assert choose(BatchSizes(tmp_path), kind=("another model", 512)) == 4


@pytest.mark.parametrize("text", ["", "[]", "{", '{"8": "soon"}', '{"8": -1, "4": null}', '{"1000": 0.1, "0": 1}'])
def test_files_that_cannot_be_read_are_ignored(tmp_path, text):
    know(BatchSizes(tmp_path), four=0.010)
    (file,) = tmp_path.iterdir()
    file.write_text(text)
    assert choose(BatchSizes(tmp_path)) == 4


class Fixed(BatchSizes):
    """Makes batches of eight until one of them does not work."""

    def choose(self, kind, waiting, free):
        return min(waiting, 8 if self._fits("", 8, 1) else 4)

    def note_too_large(self, kind, images):
        self._too_large[""] = images


@pytest.fixture
def manager(monkeypatch):
    """A manager that chooses sizes as on a GPU."""
    monkeypatch.setattr("seedlab.pipelines.thread_executor.GUIDE_BATCH", 32)
    monkeypatch.setattr("seedlab.pipelines.thread_executor.BatchSizes", Fixed)
    monkeypatch.setattr(joint_calls, "SIZED_DEVICES", ("cpu",))
    manager = PipelineManager(executor=ThreadExecutor("cpu", Plans(None)))
    yield manager
    manager.close()


def run(manager, recipes, sizes, monkeypatch):
    sample_batch = joint_calls.sample_batch

    def count(pipeline, batch, *args, **kwargs):
        sizes.append(len(batch))
        return sample_batch(pipeline, batch, *args, **kwargs)

    monkeypatch.setattr(joint_calls, "sample_batch", count)
    reports = list(manager.generate(recipes, Event(), resume=False))
    assert not any(isinstance(report, Failed) for report in reports)
    return {report.index: hash_pixels(report.image) for report in reports if isinstance(report, Finished)}


def test_a_sheet_of_larger_batches_has_the_bytes_of_single_pictures(tiny, manager, shared_manager, monkeypatch):
    recipes = [make_recipe(tiny, seed=seed, num_inference_steps=2) for seed in range(11)]
    sizes = []
    made = run(manager, recipes, sizes, monkeypatch)
    assert sizes == [8, 3]
    alone = [run(shared_manager, [recipe], [], monkeypatch)[0] for recipe in recipes]
    assert [made[index] for index in range(11)] == alone


@pytest.mark.parametrize(
    ("error", "later"),
    [(NotExactError(), [8]), (SeedLabError("One is black."), [8]), (RuntimeError("CUDA out of memory"), [4, 4])],
)
def test_a_batch_that_does_not_work_is_tried_as_grids(tiny, manager, monkeypatch, error, later):
    recipes = [make_recipe(tiny, seed=seed, num_inference_steps=1) for seed in range(9)]
    sample_batch, sizes = joint_calls.sample_batch, []

    def fail(pipeline, batch, *args, **kwargs):
        sizes.append(len(batch))
        if len(batch) > 4:
            raise error
        return sample_batch(pipeline, batch, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(joint_calls, "sample_batch", fail)
        reports = list(manager.generate(recipes, Event(), resume=False))
    assert sum(isinstance(report, Finished) for report in reports) == 9
    assert sizes == [8, 4, 4]
    others: list[int] = []
    run(manager, [replace(recipe, seed=recipe.seed + 100) for recipe in recipes[:8]], others, monkeypatch)
    assert others == later, "only where memory was short, others of this kind get smaller batches too"


def test_drafts_are_made_in_larger_batches_too(tiny, manager, monkeypatch):
    recipes = [replace(make_recipe(tiny), seed=seed, num_inference_steps=3) for seed in range(8)]
    sample_batch, sizes = joint_calls.sample_batch, []
    monkeypatch.setattr(
        joint_calls,
        "sample_batch",
        lambda pipeline, batch, *a, **k: (sizes.append(len(batch)), sample_batch(pipeline, batch, *a, **k))[1],
    )
    reports = list(manager.generate(recipes, Event(), draft_steps=1))
    drafts = [report.draft_steps for report in reports if isinstance(report, Finished)]
    assert (sizes, drafts) == ([8], [1] * 8)
