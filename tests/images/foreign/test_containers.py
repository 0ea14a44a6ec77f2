"""The same settings in every place where programs write them."""

import time
import tracemalloc
import zlib

import pytest
from PIL import Image

from seedlab.core.errors import SeedLabError
from seedlab.images.containers.exif import read_exif
from seedlab.images.containers.texts import read_texts
from seedlab.images.restoring import restore
from tests.images.foreign.pictures import (
    A1111,
    IMAGE,
    chunk,
    make_exif,
    write_chunks,
    write_exif,
    write_stealth,
    write_texts,
    write_xmp,
)

UNICODE = b"UNICODE\0"
COMMENTS = {
    "UTF-16BE": UNICODE + A1111.encode("utf-16-be"),
    "UTF-16LE": UNICODE + A1111.encode("utf-16-le"),
    "UTF-16 with its mark": UNICODE + A1111.encode("utf-16"),
    "ASCII": b"ASCII\0\0\0" + A1111.encode(),
    "UTF-8": b"\0" * 8 + A1111.replace("gulls", "Möwen 灯").encode(),
    "no prefix": A1111.encode(),
    "zeros at the end": UNICODE + (A1111 + "\0\0").encode("utf-16-be"),
}


def check(found):
    assert found.prompt.startswith("a lighthouse on a cliff, stormy sea, ")
    assert (found.negative_prompt, found.seed, found.num_inference_steps) == ("blurry, low quality", 1029384756, 24)
    assert (found.width, found.height, found.guidance_scale) == (512, 640, 6.5)
    assert found.scheduler == "DPMSolverMultistepScheduler Karras"


@pytest.mark.parametrize("name", ["a.jpg", "a.webp", "a.png"])
@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("encoding", COMMENTS)
def test_a_user_comment(tmp_path, name, order, encoding):
    check(restore(write_exif(tmp_path / name, make_exif(COMMENTS[encoding], order))))


def test_chinese_and_emoji_in_either_order_of_bytes(tmp_path):
    text = "灯塔 🌊 海\n" + A1111.split("\n")[2]
    for order in ("be", "le"):
        file = write_exif(tmp_path / "a.jpg", make_exif(UNICODE + text.encode(f"utf-16-{order}")))
        assert restore(file).prompt == "灯塔 🌊 海"


@pytest.mark.parametrize("kind", ["tEXt", "zTXt", "iTXt", "packed iTXt"])
@pytest.mark.parametrize("keyword", ["parameters", "Parameters"])
@pytest.mark.parametrize("after_pixels", [False, True])
def test_a_text_chunk_wherever_it_is(tmp_path, kind, keyword, after_pixels):
    text, key = A1111.encode(), keyword.encode()
    content = {
        "tEXt": (b"tEXt", key + b"\0" + text),
        "zTXt": (b"zTXt", key + b"\0\0" + zlib.compress(text)),
        "iTXt": (b"iTXt", key + b"\0\0\0\0\0" + text),
        "packed iTXt": (b"iTXt", key + b"\0\1\0en\0\0" + zlib.compress(text)),
    }[kind]
    check(restore(write_chunks(tmp_path / "a.png", chunk(*content), after_pixels=after_pixels)))


def test_utf_8_where_the_specification_wants_latin_1(tmp_path):
    for encoding in ("utf-8", "latin-1"):
        text = A1111.replace("gulls", "Möwen").encode(encoding)
        found = restore(write_chunks(tmp_path / "a.png", chunk(b"tEXt", b"parameters\0" + text)))
        assert found.prompt.endswith("Möwen")


def test_exif_in_hexadecimal_as_imagemagick_writes_it(tmp_path):
    exif = (b"Exif\0\0" + make_exif(COMMENTS["UTF-16BE"])).hex()
    lines = "\n".join(exif[place : place + 72] for place in range(0, len(exif), 72))
    check(
        restore(write_texts(tmp_path / "a.png", **{"Raw profile type exif": f"\nexif\n     {len(exif) // 2}\n{lines}"}))
    )


def test_a_jpeg_comment(tmp_path):
    IMAGE.save(tmp_path / "a.jpg", comment=A1111.encode())
    check(restore(tmp_path / "a.jpg"))


@pytest.mark.parametrize("name", ["a.png", "a.webp"])
@pytest.mark.parametrize("place", ["alpha", "rgb"])
@pytest.mark.parametrize("compressed", [True, False])
def test_text_in_the_pixels(tmp_path, name, place, compressed):
    check(restore(write_stealth(tmp_path / name, A1111, place=place, compressed=compressed)))


def test_text_in_the_pixels_that_is_cut_off_is_none(tmp_path):
    file = write_stealth(tmp_path / "a.png", A1111)
    with Image.open(file) as image:
        image.crop((0, 0, 10, 128)).save(file)
    with pytest.raises(SeedLabError, match="does not say how it was made"):
        restore(file)


def test_pictures_enlarged_by_other_programs_are_read(tmp_path):
    file = tmp_path / "a.png"
    Image.new("1", (8192, 16)).save(file)
    data = file.read_bytes()
    file.write_bytes(data[:33] + chunk(b"tEXt", b"parameters\0" + A1111.encode()) + data[33:])
    check(restore(file))


def test_a_hundred_compressed_texts_of_a_megabyte_are_refused(tmp_path):
    texts = [chunk(b"zTXt", b"%d\0\0" % number + zlib.compress(b" " * 1_000_000, 9)) for number in range(100)]
    file = write_chunks(tmp_path / "a.png", *texts)
    tracemalloc.start()
    started = time.process_time()
    with pytest.raises(SeedLabError, match="too much data besides its pixels"):
        restore(file)
    assert time.process_time() - started < 1
    assert tracemalloc.get_traced_memory()[1] < 6 * 2**20
    tracemalloc.stop()


def test_exif_entries_that_all_name_the_same_megabyte_cost_no_more_than_a_few(tmp_path):
    blob = b"a" * (2**20 - 700_000)
    entries = b"".join(
        int.to_bytes(tag, 2, "little") + b"\2\0" + len(blob).to_bytes(4, "little") + (8).to_bytes(4, "little")
        for tag in range(50_000)
    )
    exif = b"II*\0\x08\0\0\0" + (50_000).to_bytes(2, "little") + entries + blob
    tracemalloc.start()
    assert len(read_exif(exif[: 2**20])) <= 6
    assert tracemalloc.get_traced_memory()[1] < 16 * 2**20
    tracemalloc.stop()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"GIF89a" + b"\0" * 20, "“a.png” is a GIF: choose a PNG, JPEG or WebP file."),
        (b"\0\0\0\x20ftypavif" + b"\0" * 20, "“a.png” is an AVIF: choose a PNG, JPEG or WebP file."),
        (b"<html>", "“a.png” is not a picture that SeedLab can read: choose a PNG, JPEG or WebP file."),
        (b"", "“a.png” is not a picture that SeedLab can read: choose a PNG, JPEG or WebP file."),
        (b"\xff\xd8\xff\xe1\xff\xffExif", "“a.png” is damaged or truncated: copy or download it again."),
        (b"\xff\xd8\xff\xe1\0\0", "“a.png” is damaged or truncated: copy or download it again."),
        (b"RIFF\0\0\0\0WEBPEXIF\xff\xff\xff\x7f", "“a.png” is damaged or truncated: copy or download it again."),
    ],
)
def test_what_is_no_picture_or_a_damaged_one_gets_a_true_sentence(tmp_path, content, sentence):
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(SeedLabError) as error:
        restore(tmp_path / "a.png")
    assert str(error.value) == sentence


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp"])
def test_a_picture_without_texts_says_so(tmp_path, name):
    IMAGE.save(tmp_path / name)
    with pytest.raises(SeedLabError, match="does not say how it was made: choose the file as its program saved it"):
        restore(tmp_path / name)


def test_texts_that_no_tool_is_known_by_are_named(tmp_path):
    with pytest.raises(SeedLabError, match=r"It has only “Author”, “Title”\. Known are: SeedLab, SwarmUI"):
        restore(write_texts(tmp_path / "a.png", Author="me", Title="a sea"))


@pytest.mark.parametrize("ending", ["png", "jpg", "webp"])
def test_xmp_is_found_in_every_container(tmp_path, ending):
    assert read_texts(write_xmp(tmp_path / f"a.{ending}", "<x/>"))["XML:com.adobe.xmp"] == "<x/>"
