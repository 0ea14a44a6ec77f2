"""The commands that look at finished pictures."""

import json
from dataclasses import replace

import pytest
from PIL import Image

from seedlab import __version__
from seedlab.cli.common.options import Compute
from seedlab.cli.main import main
from seedlab.core.errors import SeedLabError
from seedlab.images.metadata import Metadata, write_picture
from seedlab.images.png import write_png
from tests.cli.test_main import Painter, paint
from tests.examples import ENVIRONMENT, MODEL, RECIPE
from tests.images.foreign.pictures import make_exif, write_exif
from tests.processes import run_python

BF16 = replace(RECIPE, dtype="bfloat16")


@pytest.fixture
def picture(tmp_path):
    """A picture as the painter makes it."""
    write_picture(tmp_path / "seed-0.png", paint(BF16), Metadata(recipe=BF16, environment=ENVIRONMENT))
    return tmp_path / "seed-0.png"


def test_verify_makes_a_picture_again_and_says_that_it_is_the_same(picture, capsys):
    painter = Painter()
    assert painter.run("verify", picture, "--device", "cpu") == 0
    assert painter.painted == [BF16]
    assert painter.devices == ["cpu"]
    assert painter.closed
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == [
        "Made in this environment.",
        "Equal, byte for byte: L∞ = 0.",
        "L-infinity              0 of 255",
    ]
    assert lines[3].split()[-1] == lines[4].split()[-1]
    assert lines[5:] == ["latents                 not known", "np.abs(image).sum()     not known, made again not known"]


def test_verify_reads_the_metadata_of_a_picture_once(picture, monkeypatch):
    monkeypatch.setattr("seedlab.workflow.verification.read_metadata", lambda _: pytest.fail("read again"))
    assert Painter().run("verify", picture) == 0


def test_verify_says_by_how_much_and_why_a_picture_differs(tmp_path, capsys):
    elsewhere = replace(ENVIRONMENT, torch="2.12.0")
    image = Image.new("RGB", (128, 128))
    write_picture(tmp_path / "a.png", image, Metadata(recipe=BF16, environment=elsewhere))
    assert Painter().run("verify", tmp_path / "a.png") == 1
    out = capsys.readouterr().out
    assert out.startswith("Here: torch 2.13.0 instead of 2.12.0. The bytes may differ.\n")
    assert "Not equal: colour values differ by up to " in out
    assert "It was made in another environment; here: torch 2.13.0 instead of 2.12.0." in out


def test_verify_reports_to_programs(picture, capsys):
    assert Painter().run("verify", picture, "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["seedlab"], report["command"]) == (__version__, "verify")
    assert report["equal"] is True
    assert report["l_infinity"] == 0
    assert report["sha256"] == report["original_sha256"]
    assert report["picture"] == str(picture)


def test_a_picture_that_cannot_be_made_again_is_said(picture, capsys):
    assert Painter(failing_seed=0).run("verify", picture) == 1
    assert capsys.readouterr().err == "Not enough memory: choose a smaller size.\n"


def test_a_model_that_is_not_here_is_downloaded_and_not_refused(picture, capsys):
    painter = Painter()

    def refuse(_):
        raise SeedLabError("There is no such model here.")

    painter.environment = refuse
    assert painter.run("verify", picture) == 0
    assert capsys.readouterr().out.startswith("Its model is not on this machine yet and will be downloaded first")


def test_a_device_that_is_not_there_is_bad_input(picture, capsys):
    painter = Painter()
    assert painter.run("verify", picture, "--device", "cuda") == 2
    assert (painter.painted, painter.closed) == ([], True)


def test_ctrl_c_ends_verify(picture):
    painter = Painter(interrupted_at=0)
    assert painter.run("verify", picture) == 130
    assert painter.closed


def test_a_picture_of_another_tool_cannot_be_verified(tmp_path, capsys):
    write_png(tmp_path / "a.png", Image.new("RGB", (8, 8)), {"parameters": "a boat\nSteps: 20, Seed: 7"})
    painter = Painter()
    assert painter.run("verify", tmp_path / "a.png") == 2
    assert capsys.readouterr().err == (
        "“a.png” was made with another tool, not with SeedLab: its settings do not decide every bit, so there is "
        'nothing to compare. "seedlab recipe" prints them.\n'
    )
    assert painter.painted == [], "nothing was begun"


def test_recipe_prints_the_settings_of_another_tool_and_what_seedlab_does_not_have(tmp_path, capsys):
    text = "a boat\nNegative prompt: fog\nSteps: 20, Sampler: Euler a, Seed: 7, VAE: coast, Version: v1.10.1"
    exif = make_exif(b"UNICODE\0" + text.encode("utf-16-be"))
    assert Painter().run("recipe", write_exif(tmp_path / "a.jpg", exif)) == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == {
        "tool": "AUTOMATIC1111 v1.10.1",
        "prompt": "a boat",
        "negative_prompt": "fog",
        "seed": 7,
        "num_inference_steps": 20,
        "sampler": "Euler a",
        "scheduler": "EulerAncestralDiscreteScheduler",
        "has_other_noise": True,
        "left": [{"name": "VAE", "value": "coast", "reason": ""}],
    }
    assert err == (
        "“a.jpg” was made with AUTOMATIC1111 v1.10.1, not with SeedLab: these are its settings, not an exact recipe.\n"
    )


def test_a_picture_of_another_tool_has_no_script(tmp_path, capsys):
    write_png(tmp_path / "a.png", Image.new("RGB", (8, 8)), {"parameters": "a boat\nSteps: 20, Seed: 7"})
    assert Painter().run("script", tmp_path / "a.png") == 2
    assert "no script can give its bytes. Make a picture from its settings first" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["recipe", "verify", "script"])
def test_a_picture_without_settings_is_said_to_have_none(tmp_path, capsys, command):
    write_png(tmp_path / "a.png", Image.new("RGB", (8, 8)), {})
    assert Painter().run(command, tmp_path / "a.png") == 2
    assert "“a.png” does not say how it was made: choose the file as its program saved it" in capsys.readouterr().err


def test_a_recipe_that_its_model_cannot_make_is_refused_before_anything_is_begun(tmp_path, capsys):
    huge = replace(BF16, height=1024)
    write_picture(tmp_path / "a.png", Image.new("RGB", (128, 1024)), Metadata(recipe=huge, environment=ENVIRONMENT))
    painter = Painter()
    assert painter.run("verify", tmp_path / "a.png") == 2
    assert painter.painted == []
    assert "Sketch makes 64 to 256 pixels a side, not 1024." in capsys.readouterr().err


def test_script_prints_a_script(picture, capsys):
    assert Painter().run("script", picture) == 0
    script = capsys.readouterr().out
    compile(script, "script", "exec")
    assert '"/sketch/weights"' in script
    assert "dtype=torch.bfloat16" in script


@pytest.mark.parametrize("is_known", [True, False])
def test_where_the_catalogue_can_only_guess_the_manager_looks_at_the_pipeline(picture, capsys, is_known):
    painter = Painter()
    services = replace(
        painter.make_services(Compute()),
        find_model=lambda _: replace(MODEL, any_scheduler=True),
        resolve_model=lambda _: replace(MODEL, uses_true_cfg=is_known, any_scheduler=not is_known),
    )
    assert main(["script", str(picture)], lambda _: services) == 0
    script, said = capsys.readouterr()
    assert ("true_cfg_scale=3.0, height=128, width=128, negative_prompt=' '" in script) == is_known
    assert (said == "") == is_known
    assert painter.closed


def test_several_pictures_of_a_round_are_one_script(picture, tmp_path, capsys):
    other = replace(BF16, seed=3)
    write_picture(tmp_path / "seed-3.png", paint(other), Metadata(recipe=other, environment=ENVIRONMENT))
    assert Painter().run("script", picture, tmp_path / "seed-3.png", "--out", tmp_path / "round.py") == 0
    assert "for seed in [0, 3]" in (tmp_path / "round.py").read_text(encoding="utf-8")
    assert Painter().run("script", picture, "--out", tmp_path / "round.py") == 2
    assert "exists already" in capsys.readouterr().err
    assert "for seed in [0, 3]" in (tmp_path / "round.py").read_text(encoding="utf-8")


def test_pictures_that_are_no_round_are_no_script(picture, tmp_path, capsys):
    other, elsewhere = replace(BF16, dtype="float32"), replace(ENVIRONMENT, torch="2.12.0")
    write_picture(tmp_path / "b.png", paint(other), Metadata(recipe=other, environment=ENVIRONMENT))
    write_picture(tmp_path / "c.png", paint(BF16), Metadata(recipe=BF16, environment=elsewhere))
    assert Painter().run("script", picture, tmp_path / "b.png") == 2
    assert "one model and precision, and the same LoRAs" in capsys.readouterr().err
    assert Painter().run("script", picture, tmp_path / "c.png") == 2
    assert "more than one environment" in capsys.readouterr().err


def run_for_real(*arguments):
    return run_python("-m", "seedlab", *map(str, arguments))


def test_the_real_thing_verifies_what_it_made(tmp_path):
    made = run_for_real("grid", "a red boat", "--seeds", "2", "--size", "64", "--steps", "2", "--out", tmp_path)
    assert made.returncode == 0, made.stderr
    done = run_for_real("verify", tmp_path / "seed-2.png", "--json")
    report = json.loads(done.stdout)
    assert done.returncode == 0
    assert (report["equal"], report["l_infinity"], report["latents"]) == (True, 0, True)
    assert report["total"] == report["original_total"] > 0
