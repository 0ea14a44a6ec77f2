"""`seedlab develop`."""

from dataclasses import replace

import pytest

from seedlab.cli.main import main
from seedlab.core.recipes.start import LATENT_BICUBIC, Start
from seedlab.images.metadata import read_metadata
from tests.cli.test_main import PROMPT, Painter
from tests.examples import ENVIRONMENT

NAME = "seed-2-256-256-0-2"


@pytest.fixture
def painter() -> Painter:
    return Painter()


@pytest.fixture
def picture(painter, tmp_path):
    assert main(["grid", PROMPT, "--seeds", "2", "--out", str(tmp_path)], painter.make_services) == 0
    return tmp_path / "seed-2.png"


def test_a_picture_is_made_larger(painter, picture, tmp_path, capsys):
    out = tmp_path / "large"
    arguments = ["develop", str(picture), "--size", "256x192", "--strength", "0.5", "--out", str(out)]
    assert main(arguments, painter.make_services) == 0
    parent = read_metadata(picture).recipe
    child = read_metadata(out / "seed-2-256-192-0-5.png")
    assert child.recipe == replace(parent, width=256, height=192, start=Start(recipe=parent, strength=0.5))
    assert [(change.rule, change.value) for change in child.lineage] == [("develop", (256, 192, 0.5))]
    assert painter.painted == [parent, child.recipe]
    assert "instead of" not in capsys.readouterr().err


def test_latents_are_enlarged_where_the_model_takes_them(painter, picture, capsys):
    assert main(["develop", str(picture), "--enlarge", "latents"], painter.make_services) == 0
    made = painter.painted[-1]
    assert (made.start.resize, made.start.strength) == (LATENT_BICUBIC, 0.55)
    capsys.readouterr()
    assert main(["script", str(picture.parent / "seed-2-256-256-0-55-latents.png")], painter.make_services) == 0
    script = capsys.readouterr().out
    compile(script, "script.py", "exec")
    assert "image = enlarge(start, size)" in script


def test_by_default_twice_as_large_and_again_as_a_round(painter, picture):
    assert main(["develop", str(picture)], painter.make_services) == 0
    assert (picture.parent / "seed-2-256-256-0-2.png").exists()
    assert main(["refine", str(picture), "--larger", "1.5x", "--strength", "0.2 0.4"], painter.make_services) == 0
    assert [each.start.strength for each in painter.painted[-2:]] == [0.2, 0.4]
    assert main(["refine", str(picture), "--vary", "strong", "--vary-seeds", "7"], painter.make_services) == 0
    assert (picture.parent / "seed-2-seed-7-varied-0-6.png").exists()


@pytest.mark.parametrize(("arguments", "name"), [([], "seed-2-256-256-0-2-in-tiles"), (["--decode", "whole"], NAME)])
def test_where_memory_is_short_it_is_decoded_in_tiles_unless_told_otherwise(painter, picture, arguments, name):
    make_services = lambda compute: replace(painter.make_services(compute), is_short=lambda _: True)  # noqa: E731
    assert main(["develop", str(picture), *arguments], make_services) == 0
    assert (picture.parent / f"{name}.png").exists()
    assert painter.painted[-1].vae_tiling == ("tiles" in name)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--size", "huge"], "“huge” is not a size"),
        (["--strength", "2"], "The strength must be from 0 to 1, not 2."),
        (["--size", "4096"], "64 to 256 pixels a side, not 4096"),
    ],
)
def test_what_cannot_be_developed_is_refused_before_any_work(painter, picture, capsys, arguments, sentence):
    painted = list(painter.painted)
    assert main(["develop", str(picture), *arguments], painter.make_services) == 2
    assert sentence in capsys.readouterr().err
    assert painter.painted == painted


def test_the_script_of_a_developed_picture_has_both_stages(painter, picture, capsys):
    assert main(["develop", str(picture)], painter.make_services) == 0
    capsys.readouterr()
    assert main(["script", str(picture.parent / "seed-2-256-256-0-2.png")], painter.make_services) == 0
    script = capsys.readouterr().out
    compile(script, "script.py", "exec")
    assert script.count(".manual_seed(seed)") == 2
    assert "AutoPipelineForImage2Image.from_pipe(pipe)" in script


def test_the_environment_of_a_later_stage_is_no_difference():
    later = replace(ENVIRONMENT, pillow="12.0.0")
    assert later.differences(ENVIRONMENT) == ENVIRONMENT.differences(later) == ()
    assert later.differences(replace(ENVIRONMENT, pillow="11.0.0")) == ("pillow 12.0.0 instead of 11.0.0",)
