"""Files are written as a whole or not at all, and recognised when they change."""

import errno
import os
import subprocess
import sys
import time

import pytest

from seedlab.core.storage.files import TEMPORARY, delete_abandoned, is_full, mark_used, sign_files, write_atomically


def test_a_file_is_replaced_in_one_step(tmp_path):
    file = tmp_path / "file.txt"
    file.write_text("old")

    def write(temporary):
        assert TEMPORARY.fullmatch(temporary.name)
        temporary.write_text("new")
        assert file.read_text() == "old"

    write_atomically(file, write)
    assert file.read_text() == "new"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()])
def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path, error):
    file = tmp_path / "file.txt"
    file.write_text("old")

    def write(temporary):
        temporary.write_text("ne")
        raise error

    with pytest.raises(type(error)):
        write_atomically(file, write)
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_what_a_process_of_this_machine_left_is_deleted_soon_after_its_end(tmp_path):
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait(30)
    dead, fresh, running, unknown, old, foreign = (
        tmp_path / f".seedlab-{name}.tmp"
        for name in (
            f"{ended.pid}-{'0' * 32}",
            f"{ended.pid}-{'1' * 32}",
            f"{os.getpid()}-{'2' * 32}",
            "3" * 32,
            "4" * 32,
            "x",
        )
    )
    for file, age in ((dead, 10), (fresh, 0), (running, 10), (unknown, 10), (old, 7200), (foreign, 7200)):
        file.touch()
        os.utime(file, (time.time() - age,) * 2)
    delete_abandoned(tmp_path)
    left = {dead: False, fresh: True, running: True, unknown: True, old: False, foreign: True}
    assert {file: file.exists() for file in left} == left


def test_a_file_is_marked_as_used_and_one_that_is_gone_does_not_come_back(tmp_path):
    file = tmp_path / "a.png"
    file.write_bytes(b"x")
    os.utime(file, (0, 0))
    mark_used(file)
    assert file.stat().st_mtime > 10**9
    file.unlink()
    mark_used(file)
    assert not file.exists()


def test_a_folder_that_is_missing_has_nothing_to_delete(tmp_path):
    delete_abandoned(tmp_path / "missing")


def test_a_full_disk_is_told_from_other_errors():
    assert is_full(OSError(errno.ENOSPC, "No space left on device"))
    assert not is_full(OSError(errno.EACCES, "Permission denied"))


def test_a_signature_changes_with_the_file(tmp_path):
    file = tmp_path / "file.txt"
    file.write_text("old")
    before = sign_files([("name", file)])
    assert sign_files([("name", file)]) == before
    file.write_text("longer")
    assert sign_files([("name", file)]) != before
    with pytest.raises(OSError, match="No such file"):
        sign_files([("name", tmp_path / "missing")])
