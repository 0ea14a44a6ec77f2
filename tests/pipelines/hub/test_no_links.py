"""A cache without symbolic links, as on Windows without developer mode: snapshots have the files themselves."""

from pathlib import Path

DOWNLOAD = """
import huggingface_hub.file_download as library
from seedlab.pipelines.hub import transfer
from seedlab.pipelines.hub.cache import download_snapshot
from seedlab.pipelines.patching import replace_attribute

class LeftError(Exception):
    pass

def tell(done, total):
    seen.append((done, total))
    if limit is not None and done > limit:
        raise LeftError

(model_id, limit), seen = argument, []
with (
    replace_attribute(library, "are_symlinks_supported", lambda *_: False),
    replace_attribute(transfer, "CHUNK_BYTES", 1000),
):
    try:
        answer({"folder": str(download_snapshot(model_id, None, (), tell)), "seen": seen})
    except LeftError:
        answer({"seen": seen})
"""

FIND = """
from seedlab.pipelines.hub.cache import find_snapshot

answer(str(find_snapshot(argument, None)))
"""


def test_a_download_tells_how_far_it_is_and_ends_for_who_leaves_and_the_next_one_goes_on(hub, online, offline, tiny):
    model_id = hub.add(tiny, "works")
    left = online.ask(DOWNLOAD, [model_id, 5000])
    assert "folder" not in left
    found = online.ask(DOWNLOAD, [model_id, None])
    folder = Path(found["folder"])
    files = list(folder.rglob("*.safetensors"))
    size = sum(file.stat().st_size for file in files)
    assert left["seen"][0] == [0, size]
    assert 5000 < found["seen"][0][0] < size, "only the rest comes"
    assert found["seen"][-1] == [size, size]
    for file in files:
        assert not file.is_symlink()
        assert file.read_bytes() == (hub.folder / model_id / file.relative_to(folder)).read_bytes()
    assert not list((folder.parents[1] / "blobs").iterdir()), "nothing is stored twice"
    assert online.ask(DOWNLOAD, [model_id, None])["seen"] == []
    assert offline.ask(FIND, model_id) == str(folder)
