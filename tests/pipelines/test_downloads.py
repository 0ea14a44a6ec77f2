"""The line of downloads: beside the line of work, told in bytes, ended by whoever waits, or by the end of all."""

from contextlib import closing
from threading import Event

import pytest

from seedlab.core.errors import SeedLabError
from seedlab.pipelines.downloads import Downloads
from seedlab.pipelines.loaded.files import ModelFiles
from seedlab.pipelines.models.addresses import find_model
from seedlab.pipelines.resolver import ModelResolver

GB = 10**9
LIMIT = 30
"""Seconds that a test waits for what has to come."""

BESIDE = """
from dataclasses import replace
from threading import Event
from seedlab.pipelines.models.addresses import find_model
from seedlab.pipelines.manager import PipelineManager
from seedlab.core.reports import Finished, Waiting

def make_recipe(address):
    options = dict(num_inference_steps=2, height=64, width=64, scheduler="DDIM", dtype="float32")
    return find_model(address).make_recipe(prompt="a boat", seed=0, **options)

manager, stop = PipelineManager(device="cpu"), Event()
slow, here = argument
waiting = manager.generate([make_recipe(slow)], stop)
said = next(report for report in waiting if isinstance(report, Waiting) and "Downloading" in report.sentence)
made = list(manager.generate([make_recipe(here)], Event()))[-1]
still = next(waiting)
stop.set()
after = list(waiting)
manager.close()
answer([said.sentence, isinstance(made, Finished), still.sentence, len(after)])
"""


@pytest.fixture
def closed():
    return Event()


@pytest.fixture
def downloads(closed):
    downloads = Downloads(ModelFiles(), closed)
    yield downloads
    closed.set()
    downloads.close()


@pytest.fixture
def arrive(tiny, monkeypatch):
    """Let downloads arrive, of which half is there, when the event is set."""
    event, begun = Event(), []

    def download(model_id, _revision, _known, tell):
        begun.append(model_id)
        while not event.wait(0.01):
            tell(2 * GB, 4 * GB)
        return tiny

    monkeypatch.setattr("seedlab.pipelines.loaded.sources.find_snapshot", lambda *_: None)
    monkeypatch.setattr("seedlab.pipelines.loaded.sources.download_snapshot", download)
    event.begun = begun
    return event


def describe_on_hub(name):
    return find_model(f"owner/{name}@{'c' * 40}")


def await_bytes(sentences, name):
    words = f"Downloading owner/{name}: 2.0 of 4.0 GB…"
    assert words in (next(sentences) for _ in range(LIMIT * 5))


def test_what_is_here_needs_no_download(downloads, tiny):
    assert list(downloads.ensure(find_model("sketch"), Event())) == []
    assert list(downloads.ensure(find_model(str(tiny)), Event())) == []


def test_a_branch_is_resolved_before_its_model_counts_as_here(tiny, monkeypatch):
    """Otherwise an older commit in the cache would be used after the branch has moved."""
    monkeypatch.setattr("seedlab.pipelines.loaded.sources.find_snapshot", lambda *_: tiny)
    monkeypatch.setattr("seedlab.pipelines.resolver.find_commit", lambda *_: "c" * 40)
    files, model = ModelFiles(), find_model("owner/name@main")
    resolver = ModelResolver(files, lambda half: half)
    assert not files.is_here(model)
    assert resolver.needs_hub(model)
    assert files.is_here(resolver.resolve(model))
    assert not resolver.needs_hub(model)


def test_a_model_that_was_deleted_from_the_cache_is_not_here_any_more(tmp_path, monkeypatch):
    snapshot = tmp_path / "snapshot"
    snapshot.mkdir()
    monkeypatch.setattr(
        "seedlab.pipelines.loaded.sources.find_snapshot", lambda *_: snapshot if snapshot.exists() else None
    )
    files, model = ModelFiles(), describe_on_hub("name")
    assert files.is_here(model)
    snapshot.rmdir()
    assert not files.is_here(model)


def test_who_waits_is_told_how_much_is_there_until_it_is(downloads, arrive):
    model = describe_on_hub("name")
    sentences = downloads.ensure(model, Event())
    await_bytes(sentences, "name")
    arrive.set()
    assert set(sentences) <= {"Downloading owner/name: 2.0 of 4.0 GB…", ""}
    assert list(downloads.ensure(model, Event())) == []
    assert arrive.begun == ["owner/name"]


def test_stop_ends_a_download_and_so_does_who_leaves(downloads, arrive):
    stop = Event()
    stopped = downloads.ensure(describe_on_hub("one"), stop)
    await_bytes(stopped, "one")
    stop.set()
    assert list(stopped) == []
    with closing(downloads.ensure(describe_on_hub("two"), Event())) as left:
        await_bytes(left, "two")
    last = downloads.ensure(describe_on_hub("three"), Event())
    await_bytes(last, "three")
    arrive.set()
    list(last)


def test_a_second_one_is_told_of_the_first_and_comes_after_it(downloads, arrive):
    stop = Event()
    first, second = downloads.ensure(describe_on_hub("one"), stop), downloads.ensure(describe_on_hub("two"), Event())
    await_bytes(first, "one")
    await_bytes(second, "one")
    stop.set()
    assert list(first) == []
    await_bytes(second, "two")
    arrive.set()
    list(second)


def test_what_is_left_before_it_began_never_begins(downloads, arrive):
    first = downloads.ensure(describe_on_hub("one"), Event())
    await_bytes(first, "one")
    with closing(downloads.ensure(describe_on_hub("two"), Event())) as second:
        await_bytes(second, "one")
    arrive.set()
    list(first)
    list(downloads.ensure(describe_on_hub("three"), Event()))
    assert arrive.begun == ["owner/one", "owner/three"]


def test_the_end_of_all_ends_downloads(downloads, arrive, closed):
    sentences = downloads.ensure(describe_on_hub("name"), Event())
    await_bytes(sentences, "name")
    closed.set()
    assert list(sentences) == []


def test_a_failure_is_told_and_the_next_one_tries_again(downloads, tiny, monkeypatch):
    failures = ["owner/name is gated."]

    def download(*_):
        if failures:
            raise SeedLabError(failures.pop())
        return tiny

    monkeypatch.setattr("seedlab.pipelines.loaded.sources.find_snapshot", lambda *_: None)
    monkeypatch.setattr("seedlab.pipelines.loaded.sources.download_snapshot", download)
    with pytest.raises(SeedLabError, match="is gated"):
        list(downloads.ensure(describe_on_hub("name"), Event()))
    assert "Downloading" not in "".join(downloads.ensure(describe_on_hub("name"), Event()))


def test_others_make_pictures_beside_a_download_and_stop_ends_it(hub, online, tiny):
    slow, here = hub.add(tiny, "slow"), str(tiny)
    said, is_made, still, count = online.ask(BESIDE, [slow, here])
    assert is_made
    assert "Downloading" in said
    assert "Downloading" in still
    assert count <= 1
