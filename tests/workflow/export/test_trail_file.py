"""A trail as one file: whole, without this machine's paths, and strict about what comes back."""

import os
import struct
import zipfile

import pytest
from PIL import Image

from seedlab.core.errors import SeedLabError
from seedlab.core.recipes.additions import Lora
from seedlab.images.metadata import Metadata, write_picture
from seedlab.images.png import write_png
from seedlab.workflow.export import trail_file
from seedlab.workflow.export.trail_file import TRAIL, export_trail, import_trail
from seedlab.workflow.trails.tile import State
from seedlab.workflow.trails.trail_json import write_trail
from tests.examples import ENVIRONMENT
from tests.workflow.export.trails import list_recipes, make_trail, write_pictures


@pytest.fixture
def trail(tmp_path):
    (tmp_path / "made").mkdir()
    return write_pictures(make_trail(), tmp_path / "made")


def write_zip(file, **entries):
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return file


def test_a_trail_comes_back_with_its_pictures(trail, tmp_path):
    file = tmp_path / "trail.zip"
    assert export_trail(trail, file) == 6
    imported = import_trail(file, tmp_path / "in")
    assert (imported.pictures, imported.left_out) == (6, 0)
    assert list_recipes(imported.trail) == list_recipes(trail)
    assert imported.trail.path == trail.path
    for round_ in trail.rounds:
        for index, tile in enumerate(round_.tiles):
            other = imported.trail.tile(round_.id, index)
            assert (other.state, other.draft_steps) == (tile.state, tile.draft_steps)
            assert other.file.read_bytes() == tile.file.read_bytes()
    assert imported.trail.tile(1, 1).state is State.DRAFT


def test_no_path_of_this_machine_leaves_it(tmp_path):
    lora = Lora(file="/home/ada/secret/style.safetensors", sha256="ab" * 32, weight=1)
    (tmp_path / "made").mkdir()
    trail = write_pictures(make_trail(model_id="/home/ada/secret/model", loras=(lora,)), tmp_path / "made")
    # As a picture of an early version, which has the path.
    old = Metadata(recipe=trail.tile(1, 0).recipe, environment=ENVIRONMENT).to_json()
    write_png(trail.tile(1, 0).file, Image.new("RGB", (8, 8)), {"seedlab": old})
    file = tmp_path / "trail.zip"
    assert export_trail(trail, file) == 5
    with zipfile.ZipFile(file) as archive:
        contents = b"".join(archive.read(name) for name in archive.namelist())
    assert b"secret" not in contents
    assert str(tmp_path).encode() not in contents
    assert import_trail(file, tmp_path / "in").trail.tile(1, 0).recipe.model_id == "./model"


def test_pictures_that_are_gone_or_say_nothing_are_left_out(trail, tmp_path):
    trail.tile(1, 0).file.unlink()
    Image.new("RGB", (8, 8)).save(trail.tile(1, 3).file)
    assert export_trail(trail, tmp_path / "trail.zip") == 4
    assert import_trail(tmp_path / "trail.zip", tmp_path / "in").trail.tile(1, 0).state is State.STOPPED


def test_the_json_alone_is_a_trail_too(trail, tmp_path):
    (tmp_path / "trail.json").write_text(write_trail(trail), encoding="utf-8")
    assert list_recipes(import_trail(tmp_path / "trail.json", tmp_path / "in").trail) == list_recipes(trail)


def test_a_picture_of_another_recipe_is_neither_shown_nor_kept(trail, tmp_path):
    name = f"pictures/{trail.tile(2, 0).recipe.fingerprint}.png"
    other = trail.tile(2, 1).file.read_bytes()
    file = write_zip(tmp_path / "trail.zip", **{TRAIL: write_trail(trail), name: other})
    assert import_trail(file, tmp_path / "in").pictures == 0
    assert list((tmp_path / "in").iterdir()) == []


def test_names_in_an_archive_choose_no_file(trail, tmp_path):
    names = ("../evil.png", "/tmp/evil-gallery.png", "pictures/../../evil.png", "pictures/x.png")
    picture = trail.tile(1, 0).file.read_bytes()
    file = write_zip(tmp_path / "trail.zip", **{TRAIL: write_trail(trail)}, **dict.fromkeys(names, picture))
    before = set(tmp_path.rglob("*"))
    assert import_trail(file, tmp_path / "in").pictures == 0
    assert set(tmp_path.rglob("*")) == before


def write_nothing(file):
    file.write_bytes(b"")


def write_no_trail(file):
    write_zip(file, **{"x.txt": "x"})


def write_bomb(file):
    write_zip(file, **{TRAIL: b" " * 50_000_000})


def write_blown_up_picture(file):
    trail = make_trail()
    name = f"pictures/{trail.tile(1, 0).recipe.fingerprint}.png"
    write_zip(file, **{TRAIL: write_trail(trail), name: bytes(10_000_000)})


def write_cut_off(file):
    write_zip(file, **{TRAIL: write_trail(make_trail())})
    file.write_bytes(file.read_bytes()[:-10])


def write_encrypted(file):
    data = bytearray(write_zip(file, **{TRAIL: write_trail(make_trail())}).read_bytes())
    for signature, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        data[data.index(signature) + offset] |= 1
    file.write_bytes(data)


def write_huge_directory(file):
    data = bytearray(write_zip(file, **{TRAIL: write_trail(make_trail())}).read_bytes())
    data[-10:-6] = struct.pack("<L", 2**31)
    file.write_bytes(data)


def write_second_directory(file):
    """A ZIP64 record, which zipfile believes in place of the end that was checked."""
    data = write_zip(file, **{TRAIL: write_trail(make_trail())}).read_bytes()
    body, end = data[:-22], data[-22:]
    count, size, start = struct.unpack("<10xHLL2x", end)
    record = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, size, start)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, len(body), 1)
    file.write_bytes(body + record + locator + end)
    with zipfile.ZipFile(file) as archive:
        assert archive.namelist() == [TRAIL]


def write_noise(file):
    file.write_bytes(b"PK" + os.urandom(10_000))


def write_other_json(file):
    file.write_text('{"rounds": 7}')


@pytest.mark.parametrize(
    "write",
    [
        write_nothing,
        write_no_trail,
        write_bomb,
        write_blown_up_picture,
        write_cut_off,
        write_encrypted,
        write_huge_directory,
        write_second_directory,
        write_noise,
        write_other_json,
    ],
)
def test_what_is_no_trail_is_refused_in_words(tmp_path, write):
    write(tmp_path / "trail.zip")
    with pytest.raises(SeedLabError, match="trail"):
        import_trail(tmp_path / "trail.zip", tmp_path / "in")
    with pytest.raises(SeedLabError, match="trail"):
        import_trail(tmp_path / "missing.zip", tmp_path / "in")


def test_pictures_that_unpack_to_too_much_are_refused(trail, tmp_path, monkeypatch):
    export_trail(trail, tmp_path / "trail.zip")
    monkeypatch.setattr(trail_file, "MAX_FILE_BYTES", 100)
    assert import_trail(tmp_path / "trail.zip", tmp_path / "in").pictures == 0
    monkeypatch.setattr(trail_file, "MAX_PICTURES_BYTES", 100)
    with pytest.raises(SeedLabError, match="import a part of it"):
        import_trail(tmp_path / "trail.zip", tmp_path / "in")


def test_a_folder_that_cannot_be_written_to_is_said_in_words(trail, tmp_path):
    with pytest.raises(SeedLabError, match=r"“trail[.]zip” cannot be written"):
        export_trail(trail, tmp_path / "missing" / "trail.zip")


def test_a_draft_is_not_taken_for_the_picture(tmp_path):
    trail = make_trail()
    recipe = trail.tile(1, 0).recipe
    write_picture(
        tmp_path / "d.png", Image.new("RGB", (8, 8)), Metadata(recipe=recipe, environment=ENVIRONMENT, draft_steps=2)
    )
    name = f"pictures/{recipe.fingerprint}.png"
    file = write_zip(tmp_path / "trail.zip", **{TRAIL: write_trail(trail), name: (tmp_path / "d.png").read_bytes()})
    assert import_trail(file, tmp_path / "in").pictures == 0
