"""Pictures of the user's own: upright, flat and safe."""

import struct
import zlib
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageOps

from seedlab.core.errors import SeedLabError
from seedlab.images.compare import hash_pixels
from seedlab.images.inputs.reading import MAX_PIXELS, MAX_SCANS, clean_name, measure_input, read_input
from tests.images.foreign.pictures import SIGNATURE, chunk, write_xmp

WIDE = Image.effect_noise((40, 24), 60).convert("RGB")


def turn(value: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = value
    return exif


def read_as_a_script_does(file) -> Image.Image:
    return ImageOps.exif_transpose(Image.open(file)).convert("RGB")


@pytest.mark.parametrize("ending", ["jpg", "png", "webp"])
@pytest.mark.parametrize("value", range(10))
def test_it_is_turned_as_its_exif_data_says(tmp_path, ending, value):
    file = tmp_path / f"a.{ending}"
    WIDE.save(file, exif=turn(value))
    found = read_input(file)
    assert found.image.tobytes() == read_as_a_script_does(file).tobytes()
    assert found.picture.sha256 == hash_pixels(found.image)
    assert measure_input(file) == (found.picture.width, found.picture.height) == found.image.size
    assert found.image.size == ((24, 40) if value in (5, 6, 7, 8) else (40, 24))
    assert (found.picture.file, found.notices, found.image.info) == (f"a.{ending}", (), {})


@pytest.mark.parametrize("ending", ["jpg", "png", "webp"])
def test_or_as_its_xmp_packet_says(tmp_path, ending):
    file = write_xmp(tmp_path / f"a.{ending}", '<x tiff:Orientation="6"/>')
    assert read_input(file).image.tobytes() == read_as_a_script_does(file).tobytes()
    assert read_input(file).image.tobytes() != Image.open(file).convert("RGB").tobytes()


def test_or_as_an_older_tool_wrote_it_into_a_png(tmp_path):
    block = turn(8).tobytes()
    text = f"\nexif\n{len(block)}\n{block.hex()}\n"
    file = tmp_path / "a.png"
    WIDE.save(file)
    data = file.read_bytes()
    place = data.index(b"IDAT") - 4
    content = b"Raw profile type exif\0\0" + zlib.compress(text.encode())
    file.write_bytes(data[:place] + chunk(b"zTXt", content) + data[place:])
    assert read_input(file).image.tobytes() == read_as_a_script_does(file).tobytes()
    assert read_input(file).image.size == (24, 40)


def test_a_copy_without_metadata_is_the_same_picture(tmp_path):
    WIDE.save(tmp_path / "a.png", exif=turn(6))
    first = read_input(tmp_path / "a.png")
    first.image.save(tmp_path / "b.webp", lossless=True)
    second = read_input(tmp_path / "b.webp")
    assert second.picture.is_same(first.picture)
    assert second.picture != first.picture, "they have names of their own"
    turned = replace(first.picture, width=first.picture.height, height=first.picture.width)
    assert not turned.is_same(first.picture)


@pytest.mark.parametrize("mode", ["L", "P", "1", "LA", "RGBA", "CMYK"])
def test_every_kind_of_colours_becomes_rgb(tmp_path, mode):
    file = tmp_path / ("a.jpg" if mode == "CMYK" else "a.png")
    WIDE.convert("RGB").convert(mode).save(file)
    found = read_input(file)
    assert found.image.tobytes() == Image.open(file).convert("RGB").tobytes()
    assert found.notices == ()


@pytest.mark.parametrize("ending", ["png", "webp"])
def test_what_is_transparent_is_white_and_said(tmp_path, ending):
    image = Image.new("RGBA", (16, 16), (255, 0, 0, 0))
    image.paste((0, 0, 255, 255), (0, 0, 8, 16))
    image.save(tmp_path / f"a.{ending}", lossless=True)
    found = read_input(tmp_path / f"a.{ending}")
    assert found.notices == (f"The transparent parts of “a.{ending}” are white.",)
    assert found.image.getpixel((12, 3)) == (255, 255, 255)
    assert found.image.getpixel((3, 3)) == (0, 0, 255)


@pytest.mark.parametrize("ending", ["png", "webp"])
def test_of_an_animation_the_first_frame_is_used_and_said(tmp_path, ending):
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("red", "blue")]
    frames[0].save(tmp_path / f"a.{ending}", save_all=True, append_images=frames[1:], duration=100, lossless=True)
    found = read_input(tmp_path / f"a.{ending}")
    assert found.notices == (f"Of the animation “a.{ending}”, only the first frame is used.",)
    assert set(found.image.get_flattened_data()) == {(255, 0, 0)}


def test_more_than_8_bits_are_refused_rather_than_cut_off(tmp_path):
    Image.fromarray(np.full((8, 8), 40_000, np.uint16)).save(tmp_path / "deep.png")
    with pytest.raises(SeedLabError, match=r"“deep\.png” has more than 8 bits per colour: save it with 8 bits\."):
        read_input(tmp_path / "deep.png")


def make_huge_png() -> bytes:
    """Return a PNG that says it has 16,384 × 16,384 pixels."""
    head = struct.pack(">IIBBBBB", 16_384, 16_384, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(100))
    return SIGNATURE + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def make_jpeg(head: bytes = b"", tail: bytes = b"", size: tuple[int, int] | None = None) -> bytes:
    stream = BytesIO()
    WIDE.save(stream, "JPEG")
    data = stream.getvalue()
    if size is not None:
        place = data.index(b"\xff\xc0") + 5
        data = data[:place] + struct.pack(">HH", *size) + data[place + 4 :]
    return data[:2] + head + data[2:] + tail


HOSTILE = {
    "huge.png": (make_huge_png(), f"16384 × 16384 pixels: make it smaller, {MAX_PIXELS // 10**6} million"),
    "huge.jpg": (make_jpeg(size=(60_000, 60_000)), "60000 × 60000 pixels: make it smaller"),
    "scans.jpg": (make_jpeg(tail=b"\xff\xda" * (MAX_SCANS + 1)), "is stored in too many scans"),
    "cut.jpg": (make_jpeg()[:-200], "is damaged or truncated"),
    "cut.png": (make_huge_png()[:40], "is damaged or truncated"),
    "cut.webp": (b"RIFF\xff\xff\xff\x00WEBPVP8 ", "is damaged or truncated"),
    "text.png": (b"not a picture", "is not a picture that SeedLab can read"),
    "photo.heic": (b"\0\0\0\x18ftypheic", "is a HEIC: choose a PNG, JPEG or WebP file"),
    "empty.png": (b"", "is not a picture that SeedLab can read"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused_in_words(tmp_path, name):
    data, sentence = HOSTILE[name]
    (tmp_path / name).write_bytes(data)
    with pytest.raises(SeedLabError) as caught:
        read_input(tmp_path / name)
    assert sentence in str(caught.value)
    assert f"“{name}”" in str(caught.value)


def test_a_hostile_exif_block_does_not_take_memory(tmp_path):
    """Each of its entries names all of the block; Pillow would copy it for each."""
    count = 5_000
    entries = b"".join(struct.pack(">HHII", 0x9000 + n % 500, 7, 60_000, 0) for n in range(count))
    block = b"MM\0*" + struct.pack(">IH", 8, count) + entries
    (tmp_path / "a.png").write_bytes(make_png_with(block))
    assert read_input(tmp_path / "a.png").image.size == (40, 24)


def make_png_with(exif: bytes) -> bytes:
    stream = BytesIO()
    WIDE.save(stream, "PNG")
    data = stream.getvalue()
    place = data.index(b"IDAT") - 4
    return data[:place] + chunk(b"eXIf", exif) + data[place:]


@pytest.mark.parametrize(
    ("name", "clean"),
    [("a.png", "a.png"), ("a\nb/c\\d.png", "a_b_c_d.png"), ("..", "picture"), ("x" * 300 + ".png", "x" * 196 + ".png")],
)
def test_names_are_cleaned(name, clean):
    assert clean_name(name) == clean
