"""The users' own pictures in trails, links, scripts and the Python interface."""

import zipfile
from dataclasses import replace

import pytest
from PIL import Image

import seedlab
from seedlab.core.errors import SeedLabError
from seedlab.core.recipes.start import InputPicture, Start
from seedlab.images.index.search import OPERATOR
from seedlab.images.infotext import write_infotext
from seedlab.images.inputs.store import InputStore
from seedlab.images.metadata import Metadata
from seedlab.workflow.export.html_page import write_page
from seedlab.workflow.export.links import make_link, read_link
from seedlab.workflow.export.trail_file import export_trail, import_trail
from seedlab.workflow.scripts.script import write_script
from seedlab.workflow.trails.trail_json import write_trail
from tests.examples import ENVIRONMENT, RECIPE, make_lineage, read_trail
from tests.workflow.export.trails import list_recipes, make_trail, write_pictures

PHOTO = InputPicture(file="photo.jpg", sha256="ab" * 32, width=640, height=480)
START = Start(picture=PHOTO, strength=0.5)
FROM_PHOTO = replace(RECIPE, start=START)


def test_a_trail_is_written_so_that_older_versions_refuse_it():
    trail = make_trail(start=START)
    assert write_trail(trail).startswith('{"version": 4,')
    assert write_trail(make_trail()).startswith('{"version": 3,')
    assert list_recipes(read_trail(write_trail(trail))) == list_recipes(trail)
    link = make_link("http://127.0.0.1:7860", trail)
    assert list_recipes(read_link(link)) == list_recipes(trail)


def test_a_picture_says_so_too():
    metadata = Metadata(recipe=FROM_PHOTO, environment=ENVIRONMENT, lineage=make_lineage(FROM_PHOTO, " of Vermeer"))
    assert '"version": 4' in metadata.to_json()
    assert Metadata.from_json(metadata.to_json()) == metadata
    assert '"version": 2' in replace(metadata, recipe=RECIPE, lineage=()).to_json()


def test_the_infotext_has_the_strength_and_the_hash():
    text = write_infotext(FROM_PHOTO)
    assert "Denoising strength: 0.5, Init image hash: abababababab, Init image size: 640x480, Size: 128x128" in text
    assert "Init image" not in write_infotext(RECIPE)


def test_a_trail_file_brings_the_picture_along(tmp_path):
    Image.effect_noise((40, 24), 60).convert("RGB").save(tmp_path / "photo.png")
    store = InputStore(tmp_path / "inputs")
    start = Start(picture=store.take(tmp_path / "photo.png", OPERATOR).picture, strength=0.5)
    (tmp_path / "pictures").mkdir()
    trail = write_pictures(make_trail(start=start), tmp_path / "pictures")
    export_trail(trail, tmp_path / "trail.zip", lambda picture: store.find(picture, OPERATOR))
    export_trail(trail, tmp_path / "without.zip")
    imported = import_trail(tmp_path / "trail.zip", tmp_path / "here")
    assert imported.pictures == 6
    (file,) = imported.inputs
    assert InputStore(tmp_path / "new").take(file, OPERATOR).picture.is_same(start.picture)
    assert import_trail(tmp_path / "without.zip", tmp_path / "there").inputs == ()
    with zipfile.ZipFile(tmp_path / "trail.zip", "a") as archive:
        archive.writestr("inputs/" + "cd" * 32 + ".png", b"another")
    assert len(import_trail(tmp_path / "trail.zip", tmp_path / "again").inputs) == 1


def test_a_page_says_what_its_script_needs(tmp_path):
    text = write_page(write_pictures(make_trail(start=START), tmp_path), write_script)
    assert "Starts from “photo.jpg”: whoever makes it again needs that file." in text
    assert "Image.open(name)" in text
    assert "Starts from" not in write_page(write_pictures(make_trail(), tmp_path), write_script)


@pytest.mark.parametrize("name", ['it\'s "mine".png', "{name}.png", "naïve\u202e.png", "#.png"])
def test_no_name_of_a_file_can_run_in_a_script(name):
    shown = name.replace("\u202e", "_")
    script = write_script([FROM_PHOTO.replace_input(file=shown)])
    compile(script, "script.py", "exec")
    assert ascii(shown) in script


def test_pictures_with_and_without_a_start_are_no_script():
    with pytest.raises(SeedLabError, match="Some of these pictures start from one of your own, others do not"):
        write_script([RECIPE, FROM_PHOTO])
    with pytest.raises(SeedLabError, match="start from files of the same name"):
        write_script([FROM_PHOTO, FROM_PHOTO.replace_input(sha256="cd" * 32)])
    two = write_script([FROM_PHOTO, FROM_PHOTO.replace_input(sha256="cd" * 32, file="b.jpg")])
    assert two.count("640, 480") == 2
    assert len(write_script([replace(FROM_PHOTO, seed=seed) for seed in range(64)]).splitlines()) <= 38


def test_the_python_interface_takes_one(tmp_path):
    with pytest.raises(SeedLabError, match=r"There is no file “gone.png”"), seedlab.SeedLab() as lab:
        lab.grid("a cat", start=tmp_path / "gone.png", strength=0.5, out=tmp_path)
