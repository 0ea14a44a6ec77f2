"""Thumbnails: made once, small, and bounded."""

import pytest
from PIL import Image

from seedlab.core.errors import SeedLabError
from seedlab.images import thumbnails
from seedlab.images.png import write_png
from seedlab.images.thumbnails import Thumbnails


def write(file, size=(512, 300)):
    write_png(file, Image.effect_noise(size, 50), {"parameters": "secret"})
    return file


@pytest.mark.parametrize(("size", "expected"), [((512, 300), (256, 150)), ((64, 640), (26, 256)), ((8, 8), (8, 8))])
def test_a_thumbnail_keeps_the_shape_and_says_nothing(tmp_path, size, expected):
    file = Thumbnails(tmp_path / "small").find_or_make(write(tmp_path / "a.png", size))
    with Image.open(file) as image:
        assert (image.format, image.size) == ("WEBP", expected)
    assert b"secret" not in file.read_bytes()


def test_it_is_made_once(tmp_path, monkeypatch):
    picture, small = write(tmp_path / "a.png"), Thumbnails(tmp_path / "small")
    first = small.find_or_make(picture)
    monkeypatch.setattr(thumbnails, "read_pixels", lambda _: pytest.fail("made again"))
    assert small.find_or_make(picture) == first
    small.remove(("a", "b"))
    assert not first.exists()


def test_a_damaged_picture_has_none(tmp_path):
    (tmp_path / "a.png").write_bytes(write(tmp_path / "b.png").read_bytes()[:-500])
    with pytest.raises(SeedLabError, match="damaged"):
        Thumbnails(tmp_path / "small").find_or_make(tmp_path / "a.png")
    assert not list((tmp_path / "small").glob("*")) if (tmp_path / "small").exists() else True


def test_all_together_stay_within_a_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(thumbnails, "CHECKED_EVERY", 1)
    small = Thumbnails(tmp_path / "small", limit_bytes=1)
    for name in "abc":
        small.find_or_make(write(tmp_path / f"{name}.png"))
    assert [file.name for file in (tmp_path / "small").iterdir()] == ["c.webp"]
