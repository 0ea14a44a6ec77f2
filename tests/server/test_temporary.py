"""The folder of temporary files: private, bounded, and gone at the end."""

import os
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from seedlab.core.errors import SeedLabError
from seedlab.server import temporary
from seedlab.server.temporary import sweep, use_temporary_folder

ROOT = Path(__file__).parents[2]


@pytest.fixture
def parent(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    return tmp_path


def test_it_is_for_this_user_alone_and_deleted_at_the_end(parent):
    with use_temporary_folder() as folder:
        assert folder.parent == parent
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert os.environ["GRADIO_TEMP_DIR"] == tempfile.gettempdir() == str(folder)
        (folder / "ab").mkdir()
        (folder / "ab" / "x.png").touch()
    assert list(parent.iterdir()) == []
    assert os.environ["GRADIO_TEMP_DIR"] == str(parent)


def test_two_users_of_a_machine_have_their_own(parent):
    """Another user's folder may be neither read nor deleted."""
    theirs = parent / "seedlab-theirs"
    theirs.mkdir()
    with use_temporary_folder() as first, use_temporary_folder() as second:
        assert len({first, second, theirs}) == 3
    assert theirs.exists()


KILLED = """
import os, signal, sys
from seedlab.server.temporary import use_temporary_folder
with use_temporary_folder() as folder:
    (folder / "x.png").touch()
    print(folder, flush=True)
    sys.stdin.readline()
"""


def test_what_a_killed_process_left_is_deleted_and_what_a_running_one_uses_is_not(parent, monkeypatch):
    command = [sys.executable, "-c", KILLED]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        folder = Path(process.stdout.readline().strip())
        monkeypatch.setattr(temporary, "YOUNG_SECONDS", -1)
        with use_temporary_folder():
            assert (folder / "x.png").exists()
        process.kill()
        process.wait(10)
        assert (folder / "x.png").exists()
        with use_temporary_folder():
            assert not folder.exists()


def test_a_folder_that_cannot_be_written_to_is_said(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "file" / "x"))
    with pytest.raises(SeedLabError, match=r"The folder for temporary files, .* cannot be written to"):
        use_temporary_folder().__enter__()


def test_folders_that_never_got_a_file_are_deleted(tmp_path):
    """Such as that of a download whose writing failed."""
    old, young, used = tmp_path / "old", tmp_path / "young", tmp_path / "used"
    for folder in (old, young, used):
        folder.mkdir()
    (used / "x.png").touch()
    for folder in (old, used):
        os.utime(folder, (0, 0))
    sweep(tmp_path, max_age=3600)
    assert [folder.exists() for folder in (old, young, used, tmp_path)] == [False, True, True, True]


def test_old_files_and_the_oldest_beyond_the_limit_are_deleted(tmp_path):
    files = []
    for age in (5, 10, 20, 4000):
        files.append(tmp_path / f"{age}" / "x.png")
        files[-1].parent.mkdir()
        files[-1].write_bytes(b"0" * 100)
        os.utime(files[-1], (time.time() - age,) * 2)
    (tmp_path / ".lock").touch()
    sweep(tmp_path, max_age=3600, max_bytes=1000)
    assert [file.exists() for file in files] == [True, True, True, False]
    assert not files[-1].parent.exists()
    sweep(tmp_path, max_age=3600, max_bytes=250)
    assert [file.exists() for file in files] == [True, True, False, False]
    assert (tmp_path / ".lock").exists()
