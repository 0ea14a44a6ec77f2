"""Finished pictures are copied to where the browser can fetch them."""

from pathlib import Path

import pytest
from PIL import Image

from seedlab.ui.columns import ServedFiles


@pytest.fixture
def pictures(tmp_path, monkeypatch) -> list[Path]:
    """Three pictures in a store, and a folder for the copies."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "copies"))
    files = [tmp_path / f"{shade}.png" for shade in range(3)]
    for shade, file in enumerate(files):
        Image.new("RGB", (8, 8), (shade, 0, 0)).save(file)
    return files


def serve(served: ServedFiles, *files: Path) -> list[Path]:
    """Serve pictures, and return where their copies are."""
    tiles = [{"file": str(file)} for file in files]
    (round_,) = served.serve({"rounds": [{"tiles": tiles}]})["rounds"]
    return [Path(tile["file"]["path"]) for tile in round_["tiles"]]


def test_a_picture_is_copied_once(pictures):
    served = ServedFiles()
    (copy,) = serve(served, pictures[0])
    assert copy.read_bytes() == pictures[0].read_bytes()
    assert copy != pictures[0]
    written = copy.stat().st_mtime_ns
    assert serve(served, pictures[0]) == [copy]
    assert copy.stat().st_mtime_ns == written


def test_the_least_recently_shown_copy_is_evicted_and_copied_again_on_demand(pictures, monkeypatch):
    monkeypatch.setattr("seedlab.ui.columns.MAX_COPIES", 2)
    served = ServedFiles()
    first, second = serve(served, *pictures[:2])
    serve(served, pictures[0])
    (third,) = serve(served, pictures[2])
    assert [copy.exists() for copy in (first, second, third)] == [True, False, True]
    assert not second.parent.exists(), "its empty folder is deleted too"
    assert all(file.exists() for file in pictures), "the store is not touched"
    assert serve(served, pictures[1]) == [second]
    assert second.read_bytes() == pictures[1].read_bytes()
