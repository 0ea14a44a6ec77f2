"""The manager and its executor: what is handed down, what is passed on, and what is never asked for twice."""

import os
import pickle
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest
from PIL import Image

from seedlab.core.errors import SeedLabError
from seedlab.core.models.model import ResolvedModel
from seedlab.core.reports import Failed, Finished, Waiting
from seedlab.pipelines.manager import PipelineManager
from tests.examples import ENVIRONMENT
from tests.pipelines.builders import build_stable_diffusion, make_recipe

LIMIT = 30
"""How long a test waits, in seconds."""


class FakeExecutor:
    """Finishes each tile at once, but fails with an error after as many tiles as it is told to."""

    device, has_fast_bfloat16, max_batch = "cpu", False, 4

    def __init__(self, error: Exception | None = None, limit: int = 0) -> None:
        self.error, self.limit = error, limit
        self.batches, self.preloaded, self.closed = [], [], False
        self.is_preloaded = Event()

    def observe(self, weights, loras):
        return replace(ENVIRONMENT, weights=weights, loras=loras)

    def run(self, batch, stop):
        self.batches.append(batch)
        for count, index in enumerate(batch.recipes):
            yield Waiting(index, "1 batch before this one")
            if self.error is not None and count == self.limit:
                raise self.error
            yield Finished(index, Image.new("RGB", (8, 8)), ENVIRONMENT, "")

    def preload(self, model):
        self.preloaded.append(model)
        self.is_preloaded.set()

    def close(self):
        self.closed = True


def run(manager, *recipes):
    return list(manager.generate(recipes, Event()))


def test_an_executor_gets_resolved_models_and_its_reports_are_passed_on(tiny):
    executor = FakeExecutor()
    with closing(PipelineManager(executor=executor)) as manager:
        recipes = [make_recipe(tiny, seed=seed) for seed in range(5)]
        reports = run(manager, *recipes)
    assert [report.index for report in reports if isinstance(report, Finished)] == [0, 1, 2, 3, 4]
    assert reports[0] == Waiting(0, "1 batch before this one")
    assert [dict(batch.recipes) for batch in executor.batches] == [dict(enumerate(recipes[:4])), {4: recipes[4]}]
    assert {type(batch.model) for batch in executor.batches} == {ResolvedModel}
    assert executor.batches[0].model.dtype in ("float32", "bfloat16")
    assert executor.closed


def test_a_batch_can_be_sent_to_another_process(tiny):
    executor = FakeExecutor()
    with closing(PipelineManager(executor=executor)) as manager:
        run(manager, make_recipe(tiny))
    (batch,) = executor.batches
    assert pickle.loads(pickle.dumps(batch)) == batch


def test_recipes_that_cannot_be_made_never_reach_the_executor(tiny):
    executor = FakeExecutor()
    bad = make_recipe(tiny, seed=1, generator_device="cuda")
    with closing(PipelineManager(executor=executor)) as manager:
        reports = run(manager, make_recipe(tiny), bad, replace(bad, height=4096, generator_device="cpu"))
    assert [type(report) for report in reports if not isinstance(report, Waiting)] == [Finished, Failed, Failed]
    assert [list(batch.recipes) for batch in executor.batches] == [[0]]


@pytest.mark.parametrize(
    ("error", "words"), [(SeedLabError("The cluster is gone."), "The cluster is gone."), (RuntimeError(), "try again")]
)
def test_an_executor_that_fails_ends_the_unfinished_tiles_with_a_sentence(tiny, error, words):
    with closing(PipelineManager(executor=FakeExecutor(error, limit=1))) as manager:
        reports = run(manager, *(make_recipe(tiny, seed=seed) for seed in range(3)))
    ends = [report for report in reports if isinstance(report, Finished | Failed)]
    assert [(type(end), end.index) for end in ends] == [(Finished, 0), (Failed, 1), (Failed, 2)]
    assert all(words in end.sentence for end in ends[1:])


def test_warming_up_downloads_a_model_and_lets_the_executor_load_it(tiny, monkeypatch):
    downloaded = []

    def download(*arguments):
        downloaded.append(arguments[0])
        return tiny

    monkeypatch.setattr("seedlab.pipelines.loaded.sources.find_snapshot", lambda *_: None)
    monkeypatch.setattr("seedlab.pipelines.loaded.sources.download_snapshot", download)
    executor = FakeExecutor()
    with closing(PipelineManager(executor=executor)) as manager:
        manager.warm_up(f"owner/name@{'c' * 40}")
        assert executor.is_preloaded.wait(LIMIT)
    assert downloaded == ["owner/name"]
    assert [model.address for model in executor.preloaded] == [f"owner/name@{'c' * 40}"]


OPENED: list[str] = []


@pytest.fixture(scope="module")
def watch():
    """Return a function that returns the JSON files in a folder that were opened since its last call."""
    watched: list[Path] = []

    def hook(event, arguments):
        is_watched = event == "open" and isinstance(arguments[0], str | os.PathLike) and watched
        if is_watched and Path(arguments[0]).suffix == ".json" and watched[0] in Path(arguments[0]).parents:
            OPENED.append(str(arguments[0]))

    def take(folder: Path) -> list[str]:
        watched[:] = [folder]
        opened, OPENED[:] = list(OPENED), []
        return opened

    sys.addaudithook(hook)
    yield take
    watched.clear()


def test_a_warm_grid_reads_no_configuration_again(watch, tmp_path):
    folder = build_stable_diffusion(tmp_path)
    with closing(PipelineManager(executor=FakeExecutor())) as manager:
        watch(folder)
        recipe = manager.resolve(str(folder)).make_recipe(prompt="a boat", seed=0)
        assert watch(folder), "the configurations"
        manager.environment(recipe)
        watch(folder)  # all files are hashed once
        for _ in range(2):
            model = manager.resolve(manager.find_model(str(folder)))
            recipes = [model.make_recipe(prompt="a boat", seed=seed) for seed in range(4)]
            run(manager, *recipes)
            for each in recipes:
                manager.environment(each)
        assert watch(folder) == []


def test_a_configuration_that_changes_is_read_again(tmp_path):
    folder = build_stable_diffusion(tmp_path)
    with closing(PipelineManager(executor=FakeExecutor())) as manager:
        assert manager.resolve(str(folder)).height == 64
        config = folder / "unet" / "config.json"
        text = config.read_text()
        config.write_text(text.replace('"sample_size": 8', '"sample_size": 16'))
        assert config.read_text() != text
        assert manager.resolve(str(folder)).height == 128
