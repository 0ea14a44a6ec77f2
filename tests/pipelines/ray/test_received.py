"""The folder in which a worker keeps what it was sent."""

import os
import shutil
import time
from dataclasses import replace
from pathlib import Path

import pytest

from seedlab.pipelines.ray import bundles, received
from seedlab.pipelines.ray.bundles import BundleFile, Chunk, describe, read_chunks
from seedlab.pipelines.ray.received import ReceivedFiles

SIZE = 2500


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    monkeypatch.setattr(bundles, "CHUNK_BYTES", 1000)


@pytest.fixture
def page(tmp_path):
    folder = tmp_path / "page" / "loras"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def store(tmp_path):
    return ReceivedFiles(tmp_path / "received", 3 * SIZE)


def write(page, name="style.safetensors", seed=0):
    file = page / name
    file.write_bytes(bytes([seed]) * SIZE)
    return describe(file, is_model=False)


def send(store, bundle):
    """Send a bundle whose files are here; returns what the store answers."""
    answers = [store.receive(bundle, chunk) for chunk in read_chunks(bundle)]
    assert not any(answers[:-1])
    return answers[-1]


def send_away(store, bundle):
    """Send a bundle, and remove the page's files; returns its copy."""
    assert send(store, bundle) == ""
    shutil.rmtree(Path(bundle.path).parent)
    return store.find(bundle)


def list_folder(store):
    return sorted(store._folder.iterdir())


def test_a_copy_has_the_contents_and_name_in_a_folder_named_by_the_hash(store, page):
    bundle = write(page)
    copy = send_away(store, bundle)
    assert copy == store._folder / bundle.digest / "loras" / "style.safetensors"
    assert copy.read_bytes() == bytes(SIZE)
    assert list_folder(store) == [store._folder / bundle.digest]


def test_a_file_at_its_own_path_is_used_unless_it_is_another(store, page):
    bundle = write(page)
    assert store.find(bundle) == page / "style.safetensors"
    write(page, seed=1)
    assert store.find(bundle) is None


def test_the_configuration_next_to_a_file_belongs_to_it(store, page):
    (page / "adapter_config.json").write_text("{}", encoding="utf-8")
    alone, both = write(page), write(page, "adapter_model.safetensors")
    assert [file.name for file in alone.files] == ["loras/style.safetensors"]
    assert [file.name for file in both.files] == ["loras/adapter_model.safetensors", "loras/adapter_config.json"]
    assert send_away(store, both).with_name("adapter_config.json").read_text(encoding="utf-8") == "{}"


def test_an_empty_configuration_is_kept(store, page):
    (page / "adapter_config.json").touch()
    copy = send_away(store, write(page, "adapter_model.safetensors"))
    assert copy.with_name("adapter_config.json").read_bytes() == b""


def test_other_contents_than_announced_are_refused(store, page):
    bundle = write(page)
    write(page, seed=1)
    assert "“style.safetensors” did not reach the worker on" in send(store, bundle)
    assert store.find(bundle) is None
    assert list_folder(store) == []


def test_a_part_that_was_sent_is_sent_again(store, page):
    bundle = write(page)
    first, second, _ = read_chunks(bundle)
    assert store.receive(bundle, first) == ""
    assert store.receive(bundle, second) == ""
    assert send_away(store, bundle).read_bytes() == bytes(SIZE)


def test_what_goes_on_after_a_restart_of_the_worker_is_refused(store, page):
    bundle = write(page)
    chunks = list(read_chunks(bundle))
    assert store.receive(bundle, chunks[0]) == ""
    assert "did not reach the worker" in ReceivedFiles(store._folder, SIZE).receive(bundle, chunks[1])


def test_a_damaged_copy_is_not_used_and_is_replaced(store, page):
    bundle = write(page)
    chunks = list(read_chunks(bundle))
    copy = send_away(store, bundle)
    copy.write_bytes(b"damaged")
    assert store.find(bundle) is None
    assert [store.receive(bundle, chunk) for chunk in chunks] == [""] * 3
    assert store.find(bundle).read_bytes() == bytes(SIZE)


def test_two_processes_that_receive_the_same_file_keep_one_copy(store, page):
    bundle, other = write(page), ReceivedFiles(store._folder, 3 * SIZE)
    for chunk in read_chunks(bundle):
        assert store.receive(bundle, chunk) == ""
        assert other.receive(bundle, chunk) == ""
    assert list_folder(store) == [store._folder / bundle.digest]


def age(store, bundle, seconds):
    place = store._folder / bundle.digest
    then = time.time() - seconds
    os.utime(place, (then, then))


@pytest.mark.parametrize("oldest", [0, 1, 2])
def test_the_least_recently_used_copy_makes_room(store, page, oldest):
    *kept, one_more = (write(page, f"{seed}.safetensors", seed) for seed in range(4))
    for bundle in kept:
        assert send(store, bundle) == ""
        age(store, bundle, 1000)
    age(store, kept.pop(oldest), 2000)
    assert send(store, one_more) == ""
    assert list_folder(store) == sorted(store._folder / each.digest for each in (*kept, one_more))


def test_copies_in_use_stay_and_what_finds_no_room_is_refused(store, page):
    used = [write(page, f"{seed}.safetensors", seed) for seed in range(3)]
    for bundle in used:
        assert send(store, bundle) == ""
    age(store, used[0], 1000)
    store.touch(used[0])
    late = write(page, "late.safetensors", 9)
    assert "has no room for “late.safetensors”: free some space there." in send_first(store, late)
    assert list_folder(store) == sorted(store._folder / each.digest for each in used)


def send_first(store, bundle):
    return store.receive(bundle, next(read_chunks(bundle)))


def test_what_a_killed_worker_left_is_deleted_after_a_while(store, page, monkeypatch):
    killed = ReceivedFiles(store._folder, 3 * SIZE)
    assert send_first(killed, write(page)) == ""
    (left,) = list_folder(store)
    assert send(store, write(page, "other.safetensors", 1)) == ""
    assert left.is_dir()
    monkeypatch.setattr(received, "IN_USE_SECONDS", -1.0)
    assert send(store, write(page, "third.safetensors", 2)) == ""
    assert not left.exists()


@pytest.mark.parametrize("name", ["../style.safetensors", "/style.safetensors", "a/../../b", "a//b", "", "."])
def test_a_name_that_leaves_the_folder_is_refused(store, page, name):
    bundle = write(page)
    bad = replace(bundle, files=(BundleFile(name, bundle.files[0].sha256, SIZE),))
    assert "cannot keep" in store.receive(bad, Chunk(0, 0, bytes(SIZE)))
    assert not store._folder.exists()


def test_a_worker_without_a_folder_or_a_disk_says_so(tmp_path, page):
    bundle = write(page)
    assert "cannot keep “style.safetensors”" in send_first(ReceivedFiles(None), bundle)
    (tmp_path / "file").touch()
    assert "has no room for “style.safetensors”" in send_first(ReceivedFiles(tmp_path / "file"), bundle)
