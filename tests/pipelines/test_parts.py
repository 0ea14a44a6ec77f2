"""Large files that come in parts: what came is kept, whatever ends a download."""

import hashlib
import subprocess
import sys
import time

import httpx2
import pytest
from huggingface_hub.errors import GatedRepoError

from seedlab.pipelines import parts
from seedlab.pipelines.parts import LargeFile, bring

WEIGHTS = "unet/diffusion_pytorch_model.safetensors"
OTHERS = "text_encoder/model.safetensors"

BRING = """
import sys
from pathlib import Path
from seedlab.pipelines import parts

parts.CHUNK = 1000
url, blob, size = sys.argv[1:]
parts.bring((parts.LargeFile(url, Path(blob), int(size)),), lambda *_: None)
"""


class LeftError(Exception):
    """Nobody waits any more."""


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    monkeypatch.setattr(parts, "CHUNK", 1000)


@pytest.fixture
def locate(hub, tiny, tmp_path):
    """Return a file of a repository that is served in its owner's way, and where it is to come."""

    def locate(owner: str, name: str = WEIGHTS, model_id: str = "") -> LargeFile:
        content = (tiny / name).read_bytes()
        blob = tmp_path / "hub" / "models--owner--name" / "blobs" / hashlib.sha256(content).hexdigest()
        return LargeFile(f"{hub.url}/{model_id or hub.add(tiny, owner)}/resolve/main/{name}", blob, len(content))

    return locate


@pytest.fixture
def keep_part(tiny):
    def keep_part(file: LargeFile, content: bytes) -> None:
        file.part.parent.mkdir(parents=True)
        file.part.write_bytes(content)

    return keep_part


def ignore(*_):
    pass


def list_first_bytes(hub, count):
    return [byte for method, name, byte in hub.log if (method, name) == ("GET", WEIGHTS)][-count:]


def test_files_come_whole_and_it_is_told_how_much_is_there(locate, tiny):
    files, seen = (locate("works"), locate("works", OTHERS)), []
    bring(files, lambda *sizes: seen.append(sizes))
    total = sum(file.size for file in files)
    assert [file.blob.read_bytes() for file in files] == [(tiny / name).read_bytes() for name in (WEIGHTS, OTHERS)]
    assert seen == sorted(seen)
    assert seen[-1] == (total, total)
    assert not list(files[0].blob.parent.glob("*.incomplete"))


def test_what_is_there_does_not_come_again(hub, locate):
    file = locate("works")
    bring((file,), ignore)
    asked = len(hub.log)
    bring((file,), lambda *_: pytest.fail("nothing comes"))
    assert len(hub.log) == asked


def test_a_connection_that_ends_is_taken_up_where_it_ended(hub, locate, tiny):
    file = locate("broken")
    bring((file,), ignore)
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
        bring((file,), leave)
    there = file.part.stat().st_size
    assert 5000 < there <= 7000
    seen = []
    bring((file,), lambda *sizes: seen.append(sizes))
    assert file.blob.read_bytes() == (tiny / WEIGHTS).read_bytes()
    assert list_first_bytes(hub, 2) == [0, there]
    assert seen[0] == (there, file.size)


def test_what_a_killed_process_had_is_not_lost(hub, locate, tiny):
    file = locate("slow")
    process = subprocess.Popen([sys.executable, "-c", BRING, file.url, str(file.blob), str(file.size)])
    limit = time.monotonic() + 60
    while file.count() < file.size // 2 - 1000:
        assert time.monotonic() < limit
        time.sleep(0.05)
    process.kill()
    process.wait()
    there = file.count()
    hub.well.add(file.url.removeprefix(f"{hub.url}/").partition("/resolve")[0])
    bring((file,), ignore)
    assert file.blob.read_bytes() == (tiny / WEIGHTS).read_bytes()
    assert list_first_bytes(hub, 1) == [there]


def test_a_server_that_gives_no_middles_gives_all_of_it(hub, locate, keep_part, tiny, monkeypatch):
    file = locate("works")
    keep_part(file, (tiny / WEIGHTS).read_bytes()[:5000])
    monkeypatch.setattr(hub, "takes_ranges", False)
    seen = []
    bring((file,), lambda *sizes: seen.append(sizes))
    assert file.blob.read_bytes() == (tiny / WEIGHTS).read_bytes()
    assert seen[-1] == (file.size, file.size)


@pytest.mark.parametrize("size", [5000, 10**7])
def test_a_part_that_was_damaged_is_thrown_away(locate, keep_part, tiny, size):
    file = locate("works")
    keep_part(file, bytes(size))
    with pytest.raises(OSError, match="came damaged"):
        bring((file,), ignore)
    assert file.count() == 0
    bring((file,), ignore)
    assert file.blob.read_bytes() == (tiny / WEIGHTS).read_bytes()


def test_a_file_that_is_refused_ends_the_others_which_can_go_on(locate, tiny):
    good, refused = locate("works", OTHERS), locate("gated")
    with pytest.raises(GatedRepoError):
        bring((good, refused), ignore)
    bring((good,), ignore)
    assert good.blob.read_bytes() == (tiny / OTHERS).read_bytes()


def test_a_network_that_gives_nothing_is_tried_a_few_times(locate, monkeypatch):
    monkeypatch.setattr("time.sleep", ignore)
    file = locate("works")
    tried = []

    def go_on(*_):
        tried.append(1)
        raise httpx2.ConnectError("unreachable")

    monkeypatch.setattr(parts, "_go_on", go_on)
    with pytest.raises(ConnectionError, match="unreachable"):
        bring((file,), ignore)
    assert len(tried) == parts.TRIES


def test_connections_that_give_little_are_tried_for_as_long_as_they_give(locate, tiny, monkeypatch):
    monkeypatch.setattr("time.sleep", ignore)
    file, content = locate("works"), (tiny / WEIGHTS).read_bytes()
    step = -(-len(content) // (3 * parts.TRIES))

    def go_on(file, there, _):
        with file.part.open("ab") as part:
            part.write(content[there : there + step])
        raise httpx2.ReadError("reset")

    monkeypatch.setattr(parts, "_go_on", go_on)
    bring((file,), ignore)
    assert file.blob.read_bytes() == content
