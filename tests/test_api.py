"""The Python interface: what the commands do, as functions."""

import os
import re
import shutil
import socket
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image

import seedlab
from seedlab.api.services import make_services
from seedlab.cli.common.options import Compute
from seedlab.core.recipes.additions import Lora
from seedlab.images.metadata import Metadata, write_picture
from seedlab.images.png import read_pixels
from seedlab.pipelines.models.catalog import CATALOG
from seedlab.settings import PRIVACY
from tests.cli.test_main import Painter, names, paint
from tests.cli.test_own_pictures import Painter as PainterOfOwn
from tests.examples import ENVIRONMENT, RECIPE

README = Path(__file__).parents[1] / "README.md"


@pytest.fixture
def painter():
    return Painter()


@pytest.fixture
def lab(painter):
    with seedlab.SeedLab(services=painter.make_services(Compute())) as lab:
        yield lab


def test_a_grid_is_written_into_a_folder(lab, painter, tmp_path):
    made = lab.grid("a boat", seeds=[7, 0], steps=9, width=192, out=tmp_path / "new", model="sketch")
    assert names(tmp_path / "new") == ["grid.png", "seed-0.png", "seed-7.png"]
    assert [picture.recipe.seed for picture in made.pictures] == [7, 0]
    assert painter.painted[0] == replace(
        RECIPE, prompt="a boat", seed=7, num_inference_steps=9, width=192, dtype="bfloat16"
    )
    assert made.pictures[0].image.tobytes() == read_pixels(tmp_path / "new" / "seed-7.png").tobytes()
    assert made.failures == ()


def test_a_locked_seed_is_varied_by_any_rule(lab, painter, tmp_path):
    (picture,) = lab.grid("a boat", seeds=2, out=tmp_path).pictures
    painter.painted.clear()
    lab.refine(picture, suffix=[", artsy", "at night"])
    assert [recipe.prompt for recipe in painter.painted] == ["a boat, artsy", "a boat at night"]
    lab.refine(picture.file, sweep="steps 3, 4", out=tmp_path / "steps")
    assert [recipe.num_inference_steps for recipe in painter.painted[2:]] == [3, 4]
    made = lab.refine(tmp_path / "seed-2.png", seeds="5-6", suffix=", artsy", matrix=True, out=tmp_path / "matrix")
    assert [(each.recipe.seed, each.recipe.prompt) for each in made.pictures] == [
        (5, "a boat, artsy"),
        (6, "a boat, artsy"),
    ]


def test_a_variation_that_is_none_is_refused(lab, tmp_path):
    (picture,) = lab.grid("a boat", seeds=2, out=tmp_path).pictures
    with pytest.raises(seedlab.SeedLabError, match="There is no variation “suffixes”: use seeds, suffix, words"):
        lab.refine(picture, suffixes=", artsy")


def test_bad_input_is_refused_before_any_work(lab, painter, tmp_path):
    with pytest.raises(seedlab.SeedLabError, match="run backwards"):
        lab.grid("a boat", seeds="3-0", out=tmp_path / "new")
    (tmp_path / "seed-2.png").write_bytes(b"mine")
    with pytest.raises(seedlab.SeedLabError, match="overwrite"):
        lab.grid("a boat", seeds=2, out=tmp_path)
    assert painter.painted == []
    assert not (tmp_path / "new").exists()


def test_a_failed_picture_is_a_sentence(tmp_path):
    lab = seedlab.SeedLab(services=Painter(failing_seed=1).make_services(Compute()))
    made = lab.grid("a boat", seeds="0-2", out=tmp_path)
    assert made.failures == ("Seed 1: Not enough memory: choose a smaller size.",)
    assert len(made.pictures) == 2


def test_drafts_are_finished_and_finished_before_they_are_varied(lab, painter, tmp_path):
    drafts = lab.grid("a boat", seeds="0-2", draft=3, out=tmp_path).pictures
    assert [draft.draft_steps for draft in drafts] == [3] * 3
    assert [draft.draft_steps for draft in lab.finish(*drafts[:2]).pictures] == [None] * 2
    lab.refine(drafts[2], suffix=", artsy")
    assert [recipe.seed for recipe in painter.painted] == [0, 1, 2, 2]
    with pytest.raises(seedlab.SeedLabError, match="nothing to finish"):
        lab.finish(tmp_path / "seed-0.png")


@pytest.fixture
def draft(tmp_path):
    """A draft of another machine: its model and its LoRA are not here."""
    lora = Lora(file="/nowhere/ink.safetensors", sha256="ab" * 32, weight=1)
    recipe = replace(RECIPE, model_id="/nowhere/shore.safetensors", loras=(lora,))
    metadata = Metadata(recipe=recipe, environment=ENVIRONMENT, draft_steps=3)
    write_picture(tmp_path / "seed-2-draft.png", paint(recipe), metadata)
    return tmp_path / "seed-2-draft.png"


@pytest.mark.parametrize("name", ["refine", "develop", "finish", "verify", "script"])
def test_what_a_picture_needs_is_where_the_arguments_say(lab, draft, name):
    work = getattr(lab, name)
    with pytest.raises(seedlab.SeedLabError, match=r"the model “shore.safetensors”, .*: give its path as model\."):
        work(draft)
    with pytest.raises(seedlab.SeedLabError, match=r"the LoRA “ink.safetensors” .*: give its path in loras\."):
        work(draft, model="sketch")
    assert work(draft, model="sketch", loras=["ink.safetensors"])


@pytest.mark.parametrize("name", ["refine", "develop", "verify"])
def test_a_picture_of_ones_own_is_where_the_arguments_say(tmp_path, name):
    photo = tmp_path / "photos" / "me.png"
    photo.parent.mkdir()
    Image.new("RGB", (96, 64)).save(photo)
    inputs = tmp_path / "inputs"
    with seedlab.SeedLab(services=PainterOfOwn(inputs).make_services(Compute())) as lab:
        (picture,) = lab.grid("a boat", seeds=2, width=96, start=photo, out=tmp_path / "out").pictures
        shutil.rmtree(inputs)
        with pytest.raises(seedlab.SeedLabError, match=r"not here: give its path as start\."):
            getattr(lab, name)(picture)
        assert getattr(lab, name)(picture, start=photo)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("channels-last", "channels_last"),
        ("channels_last", "channels_last"),
        ("contiguous", "contiguous_format"),
        ("contiguous_format", "contiguous_format"),
        ("auto", None),
        (None, None),
    ],
)
def test_a_memory_format_has_its_name_on_the_command_line_or_torchs(monkeypatch, name, meant):
    monkeypatch.setattr("seedlab.application.Application", lambda settings: SimpleNamespace(services=settings))
    assert make_services(memory_format=name).memory_format == meant


def test_a_memory_format_that_is_none_is_refused_at_once():
    with pytest.raises(seedlab.SeedLabError, match="“nhwc” is not a memory format: use auto, contiguous, channels-las"):
        seedlab.SeedLab(memory_format="nhwc")


@pytest.fixture
def calls_of_the_network(monkeypatch) -> list[tuple]:
    """What the process tries to reach, which fails."""
    calls = []

    def refuse(*given):
        calls.append(given)
        raise OSError("There is no network.")

    for owner, name in ((socket.socket, "connect"), (socket.socket, "connect_ex"), (socket, "getaddrinfo")):
        monkeypatch.setattr(owner, name, refuse)
    return calls


def test_the_example_of_the_readme_needs_no_network(tmp_path, monkeypatch, capsys, calls_of_the_network):
    """In pictures that are made more quickly than Sketch's usual ones, which `tests/sketch` makes."""
    sketch, *others = CATALOG
    quick = replace(sketch, height=64, width=64, num_inference_steps=2)
    monkeypatch.setattr("seedlab.pipelines.models.addresses.CATALOG", (quick, *others))
    (example,) = re.findall(r"```python\n(import seedlab\n.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    monkeypatch.chdir(tmp_path)
    exec(compile(example, "example.py", "exec"), {})
    assert capsys.readouterr().out == "True\n"
    assert len(names(tmp_path / "pictures")) == 8
    assert "from diffusers import" in (tmp_path / "again.py").read_text(encoding="utf-8")
    assert calls_of_the_network == []


def test_nothing_is_reported_to_anybody(monkeypatch):
    """Libraries read these variables when they are imported, which the first picture does."""
    for name in PRIVACY:
        monkeypatch.setenv(name, "")  # so that it is as before when the test ends
        monkeypatch.delenv(name)
    with seedlab.SeedLab():
        assert {name: os.environ[name] for name in PRIVACY} == PRIVACY


def test_importing_it_does_no_work():
    assert "torch" not in dir(seedlab)
    with pytest.raises(AttributeError, match="has no attribute 'Lab'"):
        _ = seedlab.Lab
