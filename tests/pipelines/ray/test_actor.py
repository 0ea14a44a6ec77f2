"""What runs in a worker's process, without Ray."""

import shutil
import time
from contextlib import closing
from threading import Event

import pytest

from seedlab.core.errors import SeedLabError
from seedlab.core.reports import Finished, Progress
from seedlab.core.workers import Workers
from seedlab.pipelines.ray import cluster
from seedlab.pipelines.ray.actor import Actor, gather
from seedlab.pipelines.ray.cluster import check_workers
from seedlab.pipelines.ray.messages import Canary, Task, Unfit, WorkerOptions
from tests.pipelines.builders import make_recipe


@pytest.fixture(scope="module")
def actor():
    actor = Actor(WorkerOptions(device="cpu"))
    yield actor
    actor._manager.close()


def make_task(*recipes, weights=""):
    numbered = dict(enumerate(recipes, start=5))
    return Task(name="t", recipes=numbered, weights=dict.fromkeys(numbered, weights), draft_steps=None, resume=True)


def test_a_task_is_made_with_the_indices_of_its_batch(actor, tiny):
    canary, *messages = list(actor.make(make_task(make_recipe(tiny), make_recipe(tiny, seed=1))))
    assert isinstance(canary, Canary)  # the model's first use
    assert len(canary.digest) == 64
    finished = [report for message in messages for report in message if isinstance(report, Finished)]
    assert sorted(report.index for report in finished) == [5, 6]
    assert not actor._stops


def test_stop_before_the_task_begins_counts(actor, tiny):
    actor.stop("t")
    messages = list(actor.make(make_task(make_recipe(tiny))))
    assert not [report for message in messages for report in message if isinstance(report, Finished)]


def test_a_worker_with_another_file_says_so(actor, tiny):
    (unfit,) = actor.make(make_task(make_recipe(tiny), weights="0" * 64))
    assert isinstance(unfit, Unfit)
    assert unfit.sentence.endswith(f"has another file “{tiny.name}”: copy the page's file there.")


def test_a_worker_without_the_file_says_so(actor, tiny, tmp_path):
    folder = tmp_path / "gone"
    shutil.copytree(tiny, folder)
    recipe = make_recipe(folder)
    shutil.rmtree(folder)
    (unfit,) = actor.make(make_task(recipe, weights="0" * 64))
    assert isinstance(unfit, Unfit)
    assert "cannot make this picture." in unfit.sentence


def test_a_worker_is_examined_with_a_small_picture(actor):
    first = actor.examine()
    assert first.device == "cpu"
    assert first.environment.weights == ""
    assert len(first.canary) == 64
    assert actor.examine() == first


def test_reports_of_one_step_come_in_one_message_and_the_newest_remains():
    gate = Event()

    def report():
        for index in range(4):
            yield Progress(index, 1, 2, None)
        assert gate.wait(10)
        yield Progress(0, 1, 2, None)
        yield Progress(0, 2, 2, None)

    messages = gather(report())
    first = list(next(messages))
    while len(first) < 4:  # a busy machine
        first += next(messages)
    assert [each.index for each in first] == [0, 1, 2, 3]
    gate.set()
    assert [report for message in messages for report in message][-1] == Progress(0, 2, 2, None)


def test_leaving_the_messages_ends_the_work():
    ended = Event()

    def report():
        try:
            while True:
                time.sleep(0.001)
                yield Progress(0, 1, 2, None)
        finally:
            ended.set()

    with closing(gather(report())) as messages:
        next(messages)
    assert ended.wait(10)


def test_workers_without_ray_say_what_to_install(monkeypatch):
    monkeypatch.setattr(cluster, "find_spec", lambda name: None)
    with pytest.raises(SeedLabError, match=r'pip install "seedlab\[workers\]"'):
        check_workers(Workers(local=2), {})


def test_a_cluster_without_a_token_is_not_joined(monkeypatch, tmp_path):
    pytest.importorskip("ray")
    monkeypatch.setenv("HOME", str(tmp_path))
    joined, token = Workers(address="10.0.0.1:6379"), tmp_path / "token"
    variables = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(token)}
    for refused in ({}, {"RAY_AUTH_TOKEN": "secret"}, {"RAY_AUTH_MODE": "token"}, variables):
        with pytest.raises(SeedLabError, match="SeedLab joins none without a token: set RAY_AUTH_MODE=token"):
            check_workers(joined, refused)
    token.write_text("secret", encoding="utf-8")
    check_workers(joined, variables)
    check_workers(joined, {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "secret"})
    check_workers(Workers(local=2), {})
