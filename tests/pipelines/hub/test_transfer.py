"""Large files: whatever ends a download, the next one resumes it."""

import hashlib
import subprocess
import sys
import time
from dataclasses import replace

import httpx2
import pytest
from huggingface_hub.errors import GatedRepoError
from huggingface_hub.utils import WeakFileLock

from seedlab.pipelines.hub import transfer
from seedlab.pipelines.hub.transfer import LargeFile, download_files

WEIGHTS = "unet/diffusion_pytorch_model.safetensors"
OTHERS = "text_encoder/model.safetensors"

DOWNLOAD = """
import sys
from pathlib import Path
from seedlab.pipelines.hub import transfer

transfer.CHUNK_BYTES = 1000
url, blob, size = sys.argv[1:]
transfer.download_files((transfer.LargeFile(url, Path(blob), int(size)),), lambda *_: None)
"""


class LeftError(Exception):
    """Nobody waits any more."""


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    monkeypatch.setattr(transfer, "CHUNK_BYTES", 1000)


@pytest.fixture
def locate(hub, tiny, tmp_path):
    """Return a file of a repository that is served in its owner's way, and where it is to come."""

    def locate(owner: str, name: str = WEIGHTS) -> LargeFile:
        content = (tiny / name).read_bytes()
        blob = tmp_path / "hub" / "models--owner--name" / "blobs" / hashlib.sha256(content).hexdigest()
        return LargeFile(f"{hub.url}/{hub.add(tiny, owner, alike=True)}/resolve/main/{name}", blob, len(content))

    return locate


def keep_part(file: LargeFile, content: bytes) -> None:
    file.part.parent.mkdir(parents=True)
    file.part.write_bytes(content)


def ignore(*_):
    pass


def list_first_bytes(hub, count):
    return [byte for method, name, byte in hub.log if (method, name) == ("GET", WEIGHTS)][-count:]


def test_files_come_whole_and_it_is_told_how_much_is_there(locate, tiny):
    files, seen = (locate("works"), locate("works", OTHERS)), []
    download_files(files, lambda *sizes: seen.append(sizes))
    total = sum(file.size for file in files)
    assert [file.blob.read_bytes() for file in files] == [(tiny / name).read_bytes() for name in (WEIGHTS, OTHERS)]
    assert seen == sorted(seen)
    assert seen[-1] == (total, total)
    assert not list(files[0].blob.parent.glob("*.incomplete"))


def test_what_is_there_does_not_come_again(hub, locate):
    file = locate("works")
    download_files((file,), ignore)
    asked = len(hub.log)
    download_files((file,), lambda *_: pytest.fail("nothing comes"))
    assert len(hub.log) == asked


def test_a_connection_that_ends_is_taken_up_where_it_ended(hub, locate, tiny):
    file = locate("broken")
    download_files((file,), ignore)
    assert file.blob.read_bytes() == (tiny / WEIGHTS).read_bytes()
    first, then = list_first_bytes(hub, 2)
    assert first == 0
    assert file.size // 2 - 1000 <= then <= file.size // 2


def test_who_leaves_ends_it_and_the_next_one_goes_on_there(hub, locate, tiny):
    file = locate("works")

    def leave(done, _):
        if done > 5000:
            raise LeftError

    with pytest.raises(LeftError):
        download_files((file,), leave)
    there = file.part.stat().st_size
    assert 5000 < there <= 7000
    seen = []
    download_files((file,), lambda *sizes: seen.append(sizes))
    assert file.blob.read_bytes() == (tiny / WEIGHTS).read_bytes()
    assert list_first_bytes(hub, 2) == [0, there]
    assert seen[0] == (there, file.size)


@pytest.mark.slow
def test_what_a_killed_process_had_is_not_lost(hub, locate, tiny):
    file = locate("slow")
    process = subprocess.Popen([sys.executable, "-c", DOWNLOAD, file.url, str(file.blob), str(file.size)])
    limit = time.monotonic() + 60
    while file.count() < file.size // 2 - 1000:
        assert time.monotonic() < limit
        time.sleep(0.05)
    process.kill()
    process.wait()
    there = file.count()
    hub.well.add(file.url.removeprefix(f"{hub.url}/").partition("/resolve")[0])
    download_files((file,), ignore)
    assert file.blob.read_bytes() == (tiny / WEIGHTS).read_bytes()
    assert list_first_bytes(hub, 1) == [there]


def test_a_server_that_gives_no_middles_gives_all_of_it(hub, locate, tiny, monkeypatch):
    file = locate("works")
    keep_part(file, (tiny / WEIGHTS).read_bytes()[:5000])
    monkeypatch.setattr(hub, "takes_ranges", False)
    seen = []
    download_files((file,), lambda *sizes: seen.append(sizes))
    assert file.blob.read_bytes() == (tiny / WEIGHTS).read_bytes()
    assert seen[-1] == (file.size, file.size)


@pytest.mark.parametrize("size", [5000, 10**7])
def test_a_part_of_something_else_is_thrown_away_and_all_of_it_comes(locate, tiny, size):
    file = locate("works")
    keep_part(file, bytes(size))
    download_files((file,), ignore)
    assert file.blob.read_bytes() == (tiny / WEIGHTS).read_bytes()


def test_what_comes_damaged_is_refused_and_nothing_of_it_stays(locate):
    file = locate("works")
    other = replace(file, blob=file.blob.with_name("0" * 64))
    with pytest.raises(OSError, match="is damaged"):
        download_files((other,), ignore)
    assert other.count() == 0


def test_a_page_that_asks_for_a_login_is_no_file_and_what_is_there_stays(locate, tiny):
    file = locate("captive")
    keep_part(file, (tiny / WEIGHTS).read_bytes()[:5000])
    with pytest.raises(ConnectionError, match="returned something other"):
        download_files((file,), ignore)
    assert file.count() == 5000


def test_a_server_that_fails_for_a_moment_is_asked_again(locate, tiny):
    file = locate("shaky")
    download_files((file,), ignore)
    assert file.blob.read_bytes() == (tiny / WEIGHTS).read_bytes()


def test_content_that_another_model_has_does_not_come_again(hub, locate, tmp_path):
    file = locate("works")
    download_files((file,), ignore)
    asked = len(hub.log)
    blob = tmp_path / "hub" / "models--owner--other" / "blobs" / file.blob.name
    seen = []
    download_files((replace(file, blob=blob),), lambda *sizes: seen.append(sizes))
    assert blob.read_bytes() == file.blob.read_bytes()
    assert seen == [(file.size, file.size)]
    assert len(hub.log) == asked


def test_one_content_under_two_names_comes_once_and_counts_once(hub, locate):
    file, seen = locate("works"), []
    download_files((file, replace(file, url=f"{file.url}?again")), lambda *sizes: seen.append(sizes))
    assert seen[-1] == (file.size, file.size)


def test_a_file_in_the_place_of_its_link_does_not_come_again_and_neither_does_its_blob(hub, locate, tiny, tmp_path):
    file = locate("works")
    without_links = replace(file, pointer=tmp_path / "hub" / "models--owner--name" / "snapshots" / "c" / WEIGHTS)
    download_files((without_links,), ignore)
    assert without_links.pointer.read_bytes() == (tiny / WEIGHTS).read_bytes()
    assert not file.blob.exists()
    asked = len(hub.log)
    download_files((without_links,), lambda *_: pytest.fail("nothing comes"))
    without_links.pointer.replace(file.blob)
    download_files((without_links,), lambda *_: pytest.fail("nothing comes"))
    assert len(hub.log) == asked


@pytest.mark.parametrize(
    ("name", "has_place"),
    [(WEIGHTS, True), ("../model", False), ("unet/..\\..\\model", False), ("C:\\model", False), ("/model", False)],
)
def test_a_name_that_leads_out_of_a_snapshot_has_no_place_in_it(tmp_path, name, has_place):
    assert transfer._find_pointer(tmp_path, name) == (tmp_path / name if has_place else None)
    assert transfer._find_pointer(None, name) is None


def test_who_waits_for_another_process_to_bring_it_can_leave(locate):
    file = locate("works")
    file.lock.parent.mkdir(parents=True)

    def leave(*_):
        raise LeftError

    with WeakFileLock(file.lock), pytest.raises(LeftError):
        download_files((file,), leave)
    download_files((file,), ignore)
    assert file.blob.is_file()


def test_a_network_that_is_not_there_fails_in_the_same_way(locate, monkeypatch):
    monkeypatch.setattr(transfer, "MAX_FAILURES", 1)
    file = replace(locate("works"), url="http://127.0.0.1:9/owner/name/resolve/main/file")
    with pytest.raises(ConnectionError):
        download_files((file,), ignore)


def test_a_file_that_is_refused_ends_the_others_which_can_go_on(locate, tiny):
    good, refused = locate("works", OTHERS), locate("gated")
    with pytest.raises(GatedRepoError):
        download_files((good, refused), ignore)
    download_files((good,), ignore)
    assert good.blob.read_bytes() == (tiny / OTHERS).read_bytes()


@pytest.mark.parametrize("error", [httpx2.ConnectError("unreachable"), None])
def test_a_network_that_gives_nothing_is_tried_a_few_times(locate, monkeypatch, error):
    monkeypatch.setattr("time.sleep", ignore)
    file = locate("works")
    tried = []

    def go_on(*_):
        tried.append(1)
        return error

    monkeypatch.setattr(transfer, "_download_once", go_on)
    with pytest.raises(ConnectionError, match=str(error)):
        download_files((file,), ignore)
    assert len(tried) == transfer.MAX_FAILURES


def test_connections_that_give_little_are_tried_for_as_long_as_they_give(locate, tiny, monkeypatch):
    monkeypatch.setattr("time.sleep", ignore)
    file, content = locate("works"), (tiny / WEIGHTS).read_bytes()
    step = -(-len(content) // (3 * transfer.MAX_FAILURES))

    def go_on(file, there, _):
        with file.part.open("ab") as part:
            part.write(content[there : there + step])
        return httpx2.ReadError("reset")

    monkeypatch.setattr(transfer, "_download_once", go_on)
    download_files((file,), ignore)
    assert file.blob.read_bytes() == content
