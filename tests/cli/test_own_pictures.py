"""`seedlab grid --from`, and the other commands with its pictures."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from seedlab.cli.main import main
from seedlab.core.recipes.start import Start
from seedlab.images.index.search import OPERATOR
from seedlab.images.inputs.reading import read_input
from seedlab.images.inputs.store import InputStore
from seedlab.images.metadata import read_metadata
from seedlab.workflow.pictures.local_files import LocalFiles
from tests.cli.test_main import PROMPT, describe, read_loras
from tests.cli.test_main import Painter as PlainPainter
from tests.examples import MODEL


class Painter(PlainPainter):
    """Keeps the users' own pictures."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.inputs, self.model = InputStore(folder), MODEL

    def make_services(self, compute):
        files = LocalFiles(find_model=describe, read_loras=read_loras, list_known=lambda: (), inputs=self.inputs)
        return replace(
            super().make_services(compute),
            take_input=self.inputs.take,
            locate=files.locate,
            find_model=lambda _: self.model,
            resolve_model=lambda model: replace(model, dtype="float32"),
        )


@pytest.fixture
def painter(tmp_path) -> Painter:
    return Painter(tmp_path / "inputs")


@pytest.fixture
def photo(tmp_path) -> Path:
    exif = Image.Exif()
    exif[0x0112] = 6
    (tmp_path / "photos").mkdir()
    Image.effect_noise((120, 90), 60).convert("RGB").save(tmp_path / "photos" / "my photo.jpg", exif=exif)
    return tmp_path / "photos" / "my photo.jpg"


@pytest.fixture
def picture(painter, photo, tmp_path) -> Path:
    assert painter.run("grid", PROMPT, "--from", photo, "--seeds", "2", "--out", tmp_path / "out") == 0
    return tmp_path / "out" / "seed-2.png"


def test_a_round_of_seeds_starts_from_a_picture_in_its_shape(painter, photo, tmp_path, capsys):
    out = tmp_path / "out"
    assert painter.run("grid", PROMPT, "--from", photo, "--strength", "strong", "--seeds", "0-1", "--out", out) == 0
    start = Start(picture=read_input(photo).picture, strength=0.6)
    assert [recipe.start for recipe in painter.painted] == [start, start]
    assert {(recipe.width, recipe.height) for recipe in painter.painted} == {(112, 144)}
    assert read_metadata(out / "seed-1.png").recipe == painter.painted[1]
    assert painter.inputs.has(start.picture, OPERATOR)
    assert "4% is cut off at the top and bottom, to fit into 112×144" in capsys.readouterr().err
    assert b'"version": 4' in (out / "seed-1.png").read_bytes(), "earlier versions say that they cannot read it"


def test_with_a_size_the_middle_of_it_is_taken_which_is_said(painter, photo, tmp_path, capsys):
    assert painter.run("grid", PROMPT, "--from", photo, "--size", "128", "--draft", "--out", tmp_path / "out") == 0
    said = capsys.readouterr().err
    assert "Of “my photo.jpg”, 25% is cut off at the top and bottom, to fit into 128×128." in said
    assert "Pictures that start from yours have no drafts" in said
    assert painter.drafted == []
    assert len(painter.painted) == 4


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--strength", "0.5"], "A strength needs a picture to start from: give one as well (--from"),
        (["--from", "PHOTO", "--strength", "2"], "The strength must be from 0 to 1, not 2."),
        (["--from", "PHOTO", "--strength", "0.2, 0.4"], "One round starts at one strength"),
        (["--from", "PHOTO", "--steps", "2", "--strength", "0.1"], "Of 2 steps, strength 0.1 leaves none"),
        (["--from", "gone.png"], "There is no file “gone.png”: check its name."),
        (["--from", "TEXT"], "“a.png” is not a picture that SeedLab can read"),
    ],
)
def test_what_cannot_be_started_is_refused_before_any_work(painter, photo, tmp_path, capsys, arguments, sentence):
    (tmp_path / "a.png").write_text("text")
    places = {"PHOTO": str(photo), "TEXT": str(tmp_path / "a.png")}
    out = ["--out", str(tmp_path / "out")]
    assert painter.run("grid", PROMPT, *(places.get(each, each) for each in arguments), *out) == 2
    assert sentence in capsys.readouterr().err
    assert painter.painted == []


def test_a_model_without_image_to_image_refuses_in_words(painter, photo, tmp_path, capsys):
    painter.model = replace(MODEL, image_to_image=None)
    assert painter.run("grid", PROMPT, "--from", photo, "--out", tmp_path / "out") == 2
    assert "Sketch cannot start from a picture, because diffusers has no image-to-image" in capsys.readouterr().err


def test_such_a_picture_is_refined_as_others(painter, picture):
    assert painter.run("refine", picture, "--suffix", ", artsy") == 0
    assert painter.run("refine", picture, "--sweep", "strength 0.3, 0.7") == 0
    assert painter.run("develop", picture, "--size", "192x256") == 0
    first, artsy, *swept, larger = painter.painted
    assert artsy.start == first.start
    assert [recipe.start.strength for recipe in swept] == [0.3, 0.7]
    assert larger.stages == (first, larger)


@pytest.mark.parametrize("where", ["store", "beside", "renamed", "named"])
def test_to_verify_one_its_picture_is_found(painter, picture, photo, tmp_path, where):
    if where != "store":
        shutil.rmtree(painter.inputs.folder)
    if where in ("beside", "renamed"):
        shutil.copy(photo, picture.parent / (photo.name if where == "beside" else "other.jpeg"))
    named = ("--from", photo) if where == "named" else ()
    assert painter.run("verify", picture, *named) == 0


def test_otherwise_a_sentence_says_what_is_missing(painter, picture, tmp_path, capsys):
    shutil.rmtree(painter.inputs.folder)
    Image.new("RGB", (90, 120)).save(tmp_path / "other.png")
    painted = list(painter.painted)
    for named in ((), ("--from", tmp_path / "other.png")):
        capsys.readouterr()
        assert painter.run("verify", picture, *named) == 2
        said = capsys.readouterr().err
        assert said.startswith("This picture starts from “my photo.jpg” (90×120, SHA-256 ")
        assert said.endswith("not here: put it next to this picture, or give its path with --from.\n")
    assert painter.painted == painted


def test_the_script_and_the_link_say_what_they_need(painter, picture, capsys):
    shutil.rmtree(painter.inputs.folder)
    capsys.readouterr()
    assert painter.run("script", picture) == 0
    script = capsys.readouterr().out
    compile(script, "script.py", "exec")
    assert "for name, size, sha256 in [('my photo.jpg', (90, 120), \"" in script
    assert painter.run("share", picture) == 0
    shared = capsys.readouterr()
    assert shared.err == "Starts from “my photo.jpg”: whoever makes it again needs that file.\n"
    assert main(["recipe", shared.out.strip()]) == 0
    assert '"file": "my photo.jpg"' in capsys.readouterr().out
