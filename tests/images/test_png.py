"""PNG files: written whole or not at all, lossless, and a stranger's file is no danger."""

import os
import struct
import time
import tracemalloc
import zlib
from pathlib import Path

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from seedlab.core.errors import SeedLabError
from seedlab.images.png import COMPRESSION, encode_png, read_chunks, read_pixels, write_png


def gradient(width: int = 16, height: int = 8) -> Image.Image:
    return Image.frombytes("RGB", (width, height), bytes(n % 251 for n in range(width * height * 3)))


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def header(width: int, height: int) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))


SIGNATURE = b"\x89PNG\r\n\x1a\n"
END = chunk(b"IEND", b"")
PIXEL = chunk(b"IDAT", zlib.compress(b"\0\1\2\3"))


def test_pixels_and_texts_come_back_exactly(tmp_path):
    file = tmp_path / "new" / "folder" / "a.png"
    texts = {"parameters": "ein Häuschen\nNegative prompt: ", "seedlab": "北斎の波 🌊", "empty": ""}
    write_png(file, gradient(), texts)
    assert read_chunks(file) == texts
    assert read_pixels(file).tobytes() == gradient().tobytes()
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize("size", [(1, 1), (256, 192)])
def test_an_image_that_was_encoded_before_gives_the_file_that_pillow_writes(tmp_path, size):
    texts, info = {"parameters": "Häuschen", "seedlab": "北斎の波"}, PngInfo()
    for keyword, text in texts.items():
        info.add_text(keyword, text)
    gradient(*size).save(tmp_path / "pillow.png", pnginfo=info, compress_level=COMPRESSION)
    write_png(tmp_path / "new.png", gradient(*size), texts)
    write_png(tmp_path / "encoded.png", gradient(*size), texts, encode_png(gradient(*size)))
    expected = (tmp_path / "pillow.png").read_bytes()
    assert (tmp_path / "new.png").read_bytes() == (tmp_path / "encoded.png").read_bytes() == expected


def test_text_is_in_the_chunk_that_every_tool_reads_where_it_can_be(tmp_path):
    write_png(tmp_path / "a.png", gradient(), {"parameters": "Häuschen", "seedlab": "北斎"})
    data = (tmp_path / "a.png").read_bytes()
    assert b"tEXtparameters\0H\xe4uschen" in data
    assert b"iTXtseedlab\0" in data


def test_nothing_that_the_image_carries_beside_its_pixels_is_written(tmp_path):
    image = gradient()
    image.info = {
        "icc_profile": b"profile",
        "exif": b"where it was taken",
        "Comment": "a secret",
        "transparency": (0, 0, 0),
    }
    write_png(tmp_path / "a.png", image, {})
    with Image.open(tmp_path / "a.png") as written:
        assert (written.info, written.mode) == ({}, "RGB")


def test_a_file_can_be_read_by_whom_the_folder_lets(tmp_path):
    write_png(tmp_path / "a.png", gradient(), {})
    (tmp_path / "b").touch()
    assert (tmp_path / "a.png").stat().st_mode == (tmp_path / "b").stat().st_mode


def test_a_write_that_is_interrupted_leaves_what_was_there(tmp_path, monkeypatch):
    file = tmp_path / "a.png"
    write_png(file, gradient(), {"seedlab": "first"})

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_png(file, gradient(), {"seedlab": "second"})
    assert read_chunks(file) == {"seedlab": "first"}
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_said_in_words(tmp_path, monkeypatch):
    save = Image.Image.save
    monkeypatch.setattr(Image.Image, "save", lambda image, _, *rest, **more: save(image, "/dev/full", *rest, **more))
    with pytest.raises(SeedLabError, match="The disk is full: free some space"):
        write_png(tmp_path / "a.png", gradient(), {})


def test_a_folder_that_is_a_file_is_said_in_words(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(SeedLabError, match="“file” is not a folder: choose another"):
        write_png(tmp_path / "file" / "a.png", gradient(), {})
    with pytest.raises(SeedLabError, match="“below” is not a folder"):
        write_png(tmp_path / "file" / "below" / "a.png", gradient(), {})


def test_a_folder_that_cannot_be_written_to_is_said_in_words(tmp_path, monkeypatch):
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Image.Image, "save", refuse)  # whoever runs the tests may be root, who may write everywhere
    with pytest.raises(SeedLabError, match="cannot be written to: choose another"):
        write_png(tmp_path / "a.png", gradient(), {})


def test_what_is_no_file_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(SeedLabError, match=r"There is no file “none\.png”"):
        read_chunks(tmp_path / "none.png")
    for name in (".", "pipe.png"):
        with pytest.raises(SeedLabError, match="is not a file"):
            read_chunks(tmp_path / name)
    for name in ("x" * 5000, "nul\0"):
        with pytest.raises(SeedLabError, match="cannot be opened"):
            read_chunks(tmp_path / name)


def test_a_picture_of_another_kind_is_refused(tmp_path):
    gradient().save(tmp_path / "a.png", "JPEG")
    with pytest.raises(SeedLabError, match=r"“a\.png” is not a PNG file"):
        read_chunks(tmp_path / "a.png")


def test_a_file_that_is_too_large_is_refused_unread(tmp_path):
    with (tmp_path / "a.png").open("wb") as file:
        file.truncate(50 * 2**20 + 1)
    with pytest.raises(SeedLabError, match="larger than 50 MB"):
        read_chunks(tmp_path / "a.png")


def test_a_decompression_bomb_is_refused_unread(tmp_path):
    (tmp_path / "a.png").write_bytes(SIGNATURE + header(50_000, 50_000) + PIXEL + END)
    with pytest.raises(SeedLabError, match="50000 × 50000 pixels: choose one of 4096"):
        read_pixels(tmp_path / "a.png")


def test_text_that_unpacks_to_more_than_it_should_is_refused(tmp_path):
    bomb = chunk(b"zTXt", b"seedlab\0\0" + zlib.compress(b" " * 20_000_000))
    (tmp_path / "a.png").write_bytes(SIGNATURE + header(1, 1) + bomb + PIXEL + END)
    with pytest.raises(SeedLabError, match="holds too much data"):
        read_chunks(tmp_path / "a.png")


@pytest.mark.parametrize(
    "chunks",
    [
        chunk(b"tEXt", b"seedlab\0" + b"x" * 9_000_000),
        chunk(b"iTXt", b"seedlab\0\0\0\0\0" + b"x" * 9_000_000),
        chunk(b"eXIf", b"x" * 9_000_000),
        chunk(b"tEXt", b"seedlab\0" + b"x" * 900_000) * 10,
        chunk(b"tEXt", b"a\0") * 1_000_000,
        chunk(b"abCD", b"") * 1_000_000,
        chunk(b"IDAT", b"") * 1_000_000,
    ],
    ids=["text", "international text", "exif", "texts", "a million texts", "a million chunks", "a million pieces"],
)
@pytest.mark.parametrize("before", [True, False], ids=["before the pixels", "after"])
def test_more_than_a_picture_needs_is_refused_unread(tmp_path, chunks, before):
    parts = [chunks, PIXEL] if before else [PIXEL, chunks]
    (tmp_path / "a.png").write_bytes(SIGNATURE + header(1, 1) + b"".join(parts) + END)
    tracemalloc.start()
    started = time.process_time()
    for read in (read_chunks, read_pixels):
        with pytest.raises(SeedLabError, match="too much data besides its pixels"):
            read(tmp_path / "a.png")
    assert time.process_time() - started < 1
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()


def test_a_workflow_of_another_tool_is_not_too_much(tmp_path):
    write_png(tmp_path / "a.png", gradient(), {"workflow": "x" * 4_000_000})
    assert len(read_chunks(tmp_path / "a.png")["workflow"]) == 4_000_000
    assert read_pixels(tmp_path / "a.png").tobytes() == gradient().tobytes()


@pytest.mark.parametrize(
    "data",
    [
        SIGNATURE,
        SIGNATURE + header(1, 1),
        SIGNATURE + header(1, 1) + END,
        SIGNATURE + END + header(1, 1),
        SIGNATURE + header(0, 0) + PIXEL + END,
        SIGNATURE + header(1, 1) + header(50_000, 50_000) + PIXEL + END,
        SIGNATURE + header(1, 1) + chunk(b"tEXt", b"") + PIXEL,
        SIGNATURE + header(1, 1) + b"\xff\xff\xff\xfftEXt" + PIXEL + END,
        SIGNATURE + header(1, 1) + chunk(b"acTL", b"") + PIXEL + END,
        SIGNATURE + header(1, 1) + chunk(b"iCCP", b"a\0\7") + PIXEL + END,
        SIGNATURE + header(1, 1) + chunk(b"PLTE", b"\0") + chunk(b"tRNS", b"") + END,
    ],
)
def test_a_file_that_is_not_what_it_says_is_refused(tmp_path, data):
    (tmp_path / "a.png").write_bytes(data)
    with pytest.raises(SeedLabError, match="damaged or truncated"):
        read_chunks(tmp_path / "a.png")


def test_wherever_a_file_is_cut_or_changed_it_is_refused_and_nothing_else_happens(tmp_path):
    file = tmp_path / "a.png"
    write_png(file, gradient(), {"parameters": "a house", "seedlab": "{}"})
    good = file.read_bytes()
    # The end mark's own length and sum, at the very end, say nothing about the picture.
    for length in range(len(good) - 4):
        file.write_bytes(good[:length])
        with pytest.raises(SeedLabError):
            read_chunks(file)
    for place in range(len(good) - 12):
        file.write_bytes(good[:place] + bytes([good[place] ^ 0x41]) + good[place + 1 :])
        with pytest.raises(SeedLabError):
            read_chunks(file)
