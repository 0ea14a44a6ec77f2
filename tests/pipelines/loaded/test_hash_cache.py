"""The hashes of large files are kept for the next process, and never trusted for other contents."""

import hashlib
import os

import pytest

from seedlab.pipelines.loaded import hash_cache, hashes
from seedlab.pipelines.loaded.hashes import hash_file

CONTENT, OTHER = b"weights " * 64, b"WEIGHTS " * 64


@pytest.fixture
def file(tmp_path, monkeypatch):
    """A file that counts as large and as old."""
    monkeypatch.setenv("SEEDLAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(hash_cache, "MIN_BYTES", 1)
    monkeypatch.setattr(hash_cache, "SETTLED_SECONDS", -1)
    file = tmp_path / "unet.safetensors"
    file.write_bytes(CONTENT)
    return file


def hash_in_new_process(file, monkeypatch) -> tuple[str, int]:
    """Return the hash as a new process finds it, and how many files it read."""
    hashes._hash.cache_clear()
    read, digest = [], hashlib.file_digest
    monkeypatch.setattr(hashlib, "file_digest", lambda *arguments: (read.append(1), digest(*arguments))[1])
    return hash_file(file), len(read)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_the_next_process_does_not_read_the_file(file, monkeypatch):
    assert hash_in_new_process(file, monkeypatch) == (sha256(CONTENT), 1)
    assert hash_in_new_process(file, monkeypatch) == (sha256(CONTENT), 0)


def test_other_contents_of_the_same_size_and_date_are_read(file, monkeypatch):
    hash_in_new_process(file, monkeypatch)
    before = file.stat()
    file.write_bytes(OTHER)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert hash_in_new_process(file, monkeypatch) == (sha256(OTHER), 1)


def test_a_file_that_was_changed_just_now_is_not_kept(file, monkeypatch):
    monkeypatch.setattr(hash_cache, "SETTLED_SECONDS", 60)
    assert hash_in_new_process(file, monkeypatch)[1] == 1
    assert hash_in_new_process(file, monkeypatch)[1] == 1


def test_small_files_are_not_kept(file, monkeypatch, tmp_path):
    monkeypatch.setattr(hash_cache, "MIN_BYTES", 10**6)
    hash_in_new_process(file, monkeypatch)
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize("text", ["", "[]", "{", '{"%s": 1}', '{"%s": [[1], "ab"]}', '{"%s": [%s, "../../etc"]}'])
def test_a_damaged_cache_is_not_used(file, monkeypatch, text):
    hash_in_new_process(file, monkeypatch)
    (kept,) = (file.parent / "cache").rglob("hashes.json")
    state = str(list(hashes._read_state(file)))
    kept.write_text(text.replace("%s", f"0 {file.resolve()}", 1).replace("%s", state))
    assert hash_in_new_process(file, monkeypatch) == (sha256(CONTENT), 1)


def test_the_oldest_entries_are_dropped(file, monkeypatch, tmp_path):
    monkeypatch.setattr(hash_cache, "MAX_ENTRIES", 2)
    files = [tmp_path / f"{number}.safetensors" for number in range(3)]
    for each in files:
        each.write_bytes(CONTENT)
        hash_in_new_process(each, monkeypatch)
    assert [hash_in_new_process(each, monkeypatch)[1] for each in (files[2], files[1], files[0])] == [0, 0, 1]
