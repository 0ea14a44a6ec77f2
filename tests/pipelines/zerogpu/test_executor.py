"""How often a GPU is asked for, with calls that are made up."""

from contextlib import closing
from threading import Event

import pytest
from PIL import Image

from seedlab.core.errors import SeedLabError
from seedlab.core.models.model import ResolvedModel
from seedlab.core.reports import Finished, Progress, Waiting
from seedlab.pipelines.executor import Batch
from seedlab.pipelines.zerogpu import executor
from seedlab.pipelines.zerogpu.messages import Ended, News
from seedlab.pipelines.zerogpu.refusals import KILLED, TOO_LONG
from tests.examples import ENVIRONMENT, MODEL, RECIPE
from tests.rounds import seed_round

STEP = News((Progress(1, 1, 12, None),))
NOTHING_LEFT = Ended(None, 0.0, 1.0)
MUCH_LEFT = Ended(b"the paused runs", 1.0, 60.0)


def finish(index):
    return News((Finished(index, Image.new("RGB", (8, 8)), ENVIRONMENT, ""),))


@pytest.fixture
def make(monkeypatch, tmp_path):
    """Make two pictures in calls that send these messages; returns the reports and the tasks of the calls."""
    monkeypatch.setenv("SEEDLAB_CACHE", str(tmp_path))
    recipes = dict(enumerate(seed_round(RECIPE, range(2))))

    def make(*calls):
        pending, tasks = list(calls), []

        def send(task, _finished, _seconds):
            tasks.append(task)
            yield from pending.pop(0)

        monkeypatch.setattr(executor, "make", send)
        with closing(executor.ZeroGpuExecutor("cpu")) as each:
            reports = each.run(Batch(model=ResolvedModel.of(MODEL, "float32"), recipes=recipes), Event())
            return [report for report in reports if not isinstance(report, Waiting)], tasks

    return make


def test_what_a_call_has_paused_goes_on_in_the_next(make):
    reports, tasks = make([STEP, MUCH_LEFT], [finish(0), finish(1), NOTHING_LEFT])
    assert [type(report) for report in reports] == [Progress, Finished, Finished]
    assert tasks[1:] == [b"the paused runs"]


@pytest.mark.parametrize(("calls", "sentence"), [([[STEP]] * 3, KILLED), ([[MUCH_LEFT]] * 3, TOO_LONG)])
def test_calls_that_bring_nothing_forward_are_made_twice(make, calls, sentence):
    with pytest.raises(SeedLabError, match=sentence):
        make(*calls)


def test_a_call_that_breaks_off_after_a_picture_counts_for_it(make):
    reports, tasks = make([STEP], [finish(0)], [STEP], [finish(1)])
    assert [report.index for report in reports if isinstance(report, Finished)] == [0, 1]
    assert len(set(tasks)) == 1, "the steps of the others are done again"
