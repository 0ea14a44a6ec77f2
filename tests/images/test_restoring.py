"""Pictures that come back, some of them from people who mean harm."""

import json
import struct
import time
import zlib
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from seedlab.core.errors import SeedLabError
from seedlab.images.foreign.metadata import ForeignMetadata
from seedlab.images.metadata import Metadata, write_picture
from seedlab.images.output_folder import write_grid
from seedlab.images.png import write_png
from seedlab.images.restoring import restore
from tests.examples import ENVIRONMENT, RECIPE, make_lineage

IMAGE = Image.effect_noise((64, 64), 50).convert("RGB")
THIRD = replace(RECIPE, prompt="Labrador in the style of Vermeer, artsy, colorful", seed=0)
METADATA = Metadata(recipe=THIRD, environment=ENVIRONMENT, lineage=make_lineage(THIRD, ", artsy", ", colorful"))


def write_chunk(folder: Path, **changes: object) -> Path:
    write_png(folder / "a.png", IMAGE, {"seedlab": json.dumps(json.loads(METADATA.to_json()) | changes)})
    return folder / "a.png"


def insert_chunk(file: Path, kind: bytes, content: bytes) -> Path:
    """Put a chunk after a PNG's header."""
    data = file.read_bytes()
    chunk = struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
    file.write_bytes(data[:33] + chunk + data[33:])
    return file


def test_a_grid_is_called_one(tmp_path):
    write_grid(tmp_path / "seed-2-grid.png", IMAGE)
    with pytest.raises(SeedLabError, match=r"“seed-2-grid\.png” is a grid: choose one of its pictures"):
        restore(tmp_path / "seed-2-grid.png")


def test_a_picture_of_the_third_round_brings_its_parents(tmp_path):
    write_picture(tmp_path / "a.png", IMAGE, METADATA)
    restored = restore(tmp_path / "a.png")
    assert restored.metadata == METADATA
    assert [recipe.prompt for recipe in restored.recipes] == [
        "Labrador in the style of Vermeer",
        "Labrador in the style of Vermeer, artsy",
        "Labrador in the style of Vermeer, artsy, colorful",
    ]
    assert {recipe.seed for recipe in restored.recipes} == {0}


def test_a_picture_of_another_tool_brings_what_it_says(tmp_path):
    write_png(tmp_path / "a.png", IMAGE, {"parameters": "a boat\nNegative prompt: \nSteps: 20, Seed: 7"})
    borrowed = restore(tmp_path / "a.png")
    assert isinstance(borrowed, ForeignMetadata)
    assert (borrowed.prompt, borrowed.num_inference_steps, borrowed.seed) == ("a boat", 20, 7)


def test_a_picture_that_says_nothing_is_refused(tmp_path):
    write_png(tmp_path / "a.png", IMAGE, {})
    with pytest.raises(SeedLabError, match="does not say how it was made"):
        restore(tmp_path / "a.png")


@pytest.mark.parametrize(
    "changes",
    [
        {"version": 1, "suffixes": [", at night"]},
        {"version": 1, "suffixes": "artsy"},
        {"version": 1, "suffixes": [""] * 500},
        {"version": 1, "suffixes": ["", ", artsy", ", colorful"]},
        {"lineage": [{"rule": "suffixes", "value": ", at night", "before": {"prompt": "Labrador"}}]},
        {"lineage": [{"rule": "suffixes", "value": "", "before": {}}] * 500},
        {"lineage": [{"rule": "steps", "value": 8, "before": {}}]},
        {"lineage": [{"rule": "of a later version", "value": 1, "before": {"prompt": "Labrador"}}]},
        {"recipe": None},
        {"recipe": {**json.loads(THIRD.to_json()), "seed": 1}},
        {"recipe": {**json.loads(THIRD.to_json()), "__class__": "os.system"}},
        {"environment": {"torch": ["x"] * 1000}},
        {"version": 99},
        {"fingerprint": "0" * 64},
    ],
    ids=str,
)
def test_what_was_changed_is_refused(tmp_path, changes):
    with pytest.raises(SeedLabError):
        restore(write_chunk(tmp_path, **changes))


def test_unknown_keys_beside_the_recipe_are_passed_over(tmp_path):
    assert restore(write_chunk(tmp_path, command="rm -rf /", path="/etc/passwd")).metadata == METADATA


def test_a_path_in_a_field_opens_nothing(tmp_path, monkeypatch):
    """The model is the caller's to check; reading the picture opens this one file."""
    evil = replace(RECIPE, model_id="../../etc/passwd", revision="/etc/shadow")
    write_picture(tmp_path / "a.png", IMAGE, Metadata(recipe=evil, environment=ENVIRONMENT))
    opened, open_ = [], Path.open

    def watch(file, *args, **kwargs):
        opened.append(file)
        return open_(file, *args, **kwargs)

    monkeypatch.setattr(Path, "open", watch)
    assert restore(tmp_path / "a.png").metadata.recipe == evil
    assert set(opened) == {tmp_path / "a.png"}


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (b"tEXt", b"seedlab\0" + b"[" * 10_000_000),
        (b"tEXt", b"parameters\0" + b"a" * 10_000_000),
        (b"zTXt", b"seedlab\0\0" + zlib.compress(b"{" * 200_000_000, 9)),
        (b"iTXt", b"seedlab\0\1\0\0\0" + zlib.compress(b"[" * 200_000_000, 9)),
        (b"iTXt", b"parameters\0\1\0\0\0" + zlib.compress(b"Steps: 3, " * 20_000_000, 9)),
    ],
    ids=["10 MB", "10 MB of infotext", "compressed bomb", "international bomb", "infotext bomb"],
)
def test_too_much_text_is_refused_at_once(tmp_path, kind, content):
    write_png(tmp_path / "a.png", IMAGE, {})
    started = time.process_time()
    with pytest.raises(SeedLabError):
        restore(insert_chunk(tmp_path / "a.png", kind, content))
    assert time.process_time() - started < 5


def test_a_picture_larger_than_any_of_ours_is_refused_before_it_is_unpacked(tmp_path):
    write_picture(tmp_path / "a.png", IMAGE, METADATA)
    data = bytearray((tmp_path / "a.png").read_bytes())
    data[16:24] = struct.pack(">II", 60_000, 60_000)
    data[29:33] = struct.pack(">I", zlib.crc32(bytes(data[12:29])))
    (tmp_path / "a.png").write_bytes(data)
    with pytest.raises(SeedLabError, match="60000 × 60000"):
        restore(tmp_path / "a.png")


@pytest.mark.parametrize("keep", [0, 7, 30, 200, -20])
def test_a_file_that_was_cut_short_is_refused(tmp_path, keep):
    write_picture(tmp_path / "a.png", IMAGE, METADATA)
    (tmp_path / "a.png").write_bytes((tmp_path / "a.png").read_bytes()[:keep])
    with pytest.raises(SeedLabError):
        restore(tmp_path / "a.png")


@pytest.mark.parametrize("content", [b"GIF89a", b"\x80\x04\x95", b"<svg onload=alert(1)>", b"PK\x03\x04"])
def test_what_is_no_png_is_refused(tmp_path, content):
    (tmp_path / "a.png").write_bytes(content * 100)
    with pytest.raises(SeedLabError, match="choose a PNG, JPEG or WebP file"):
        restore(tmp_path / "a.png")
