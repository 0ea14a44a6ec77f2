"""The commands, with a manager that paints its recipes; and, in processes of their own, the real one."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import asdict, replace
from hashlib import sha256
from pathlib import Path
from threading import Event

import pytest
from PIL import Image

from seedlab import __version__
from seedlab.cli.common.options import Compute
from seedlab.cli.main import main
from seedlab.core.errors import RecipeError, SeedLabError
from seedlab.core.machine.environment import Environment
from seedlab.core.models.model import Model
from seedlab.core.models.weights import WeightHashes
from seedlab.core.recipes.additions import Lora
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.reports import Failed, Finished, Progress, Report, Waiting
from seedlab.images.metadata import Metadata, read_metadata, write_picture
from seedlab.images.png import read_pixels, write_png
from seedlab.workflow.pictures.local_files import LocalFiles
from seedlab.workflow.services import Services
from tests.examples import ENVIRONMENT, MODEL, RECIPE, make_lineage
from tests.pipelines.builders import build_stable_diffusion
from tests.processes import run_python

PROMPT = "Labrador in the style of Vermeer"


def paint(recipe: Recipe) -> Image.Image:
    return Image.new("RGB", (recipe.width, recipe.height), tuple(sha256(recipe.to_json().encode()).digest()[:3]))


class Painter:
    """A manager that paints every recipe in a colour of its own."""

    def __init__(self, failing_seed: int | None = None, interrupted_at: int | None = None) -> None:
        self.failing_seed, self.interrupted_at = failing_seed, interrupted_at
        self.devices: list[str | None] = []
        self.painted: list[Recipe] = []
        self.drafted: list[Recipe] = []
        self.stops: list[Event] = []
        self.closed = False

    def make_services(self, compute: Compute) -> Services:
        self.devices.append(compute.device)
        return Services(
            find_model=describe,
            resolve_model=self.resolve,
            check=lambda _: None,
            read_loras=read_loras,
            locate=LocalFiles(find_model=describe, read_loras=read_loras, list_known=lambda: ()).locate,
            observe=self.environment,
            unknown_words=lambda model_id, prompt: tuple(word for word in prompt.split() if word == "狗"),
            list_words=lambda model_id: {"subjects": ("cat", "boat")},
            generate=self.generate,
            close=self.close,
        )

    def resolve(self, model: Model) -> Model:
        if self.devices[-1] == "cuda":
            raise SeedLabError("There is no device “cuda” on this machine: use cpu.")
        return replace(MODEL, dtype="bfloat16")

    def environment(self, _: Recipe) -> Environment:
        return ENVIRONMENT

    def generate(
        self, recipes: Sequence[Recipe], stop: Event, *, draft_steps: int | None = None, resume: bool = True
    ) -> Generator[Report, None, None]:
        self.stops.append(stop)
        for index, recipe in enumerate(recipes):
            yield Waiting(index, "Loading Sketch…")
            yield Progress(index, 3, 12, None)
            if recipe.seed == self.interrupted_at:
                raise KeyboardInterrupt
            if recipe.seed == self.failing_seed:
                yield Failed(index, "Not enough memory: choose a smaller size.")
                continue
            (self.painted if draft_steps is None else self.drafted).append(recipe)
            yield Finished(index, paint(recipe), ENVIRONMENT, "“Vermeer” was not read.", draft_steps=draft_steps)

    def close(self) -> None:
        self.closed = True

    def run(self, *arguments: object) -> int:
        return main([str(each) for each in arguments], self.make_services)


def describe(model_id: str) -> Model:
    if model_id != "sketch":
        raise RecipeError("model_id", f"There is no model “{model_id}”.")
    return MODEL


def read_loras(text: str) -> tuple[Lora, ...]:
    return tuple(Lora(file=line, sha256="ab" * 32, weight=1) for line in text.splitlines())


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_grid_makes_the_guides_four_pictures_and_their_grid(tmp_path, capsys):
    painter = Painter()
    assert painter.run("grid", PROMPT, "--out", tmp_path / "new") == 0
    assert names(tmp_path / "new") == ["grid.png", "seed-0.png", "seed-1.png", "seed-2.png", "seed-3.png"]
    expected = [replace(RECIPE, seed=seed, dtype="bfloat16") for seed in range(4)]
    assert painter.painted == expected
    assert painter.closed
    metadata = read_metadata(tmp_path / "new" / "seed-2.png")
    assert (metadata.recipe, metadata.environment, metadata.lineage) == (expected[2], ENVIRONMENT, ())
    assert read_pixels(tmp_path / "new" / "seed-2.png").tobytes() == paint(expected[2]).tobytes()
    captured = capsys.readouterr()
    assert captured.out.splitlines() == [
        str(tmp_path / "new" / name) for name in ("seed-0.png", "seed-1.png", "seed-2.png", "seed-3.png", "grid.png")
    ]
    assert captured.err == "“Vermeer” was not read.\n"


def test_loras_reach_the_recipe(tmp_path):
    painter = Painter()
    assert painter.run("grid", PROMPT, "--seeds", "7", "--out", tmp_path, "--lora", "a", "--lora", "b") == 0
    assert [lora.file for lora in painter.painted[0].loras] == ["a", "b"]


def test_every_option_reaches_the_recipe(tmp_path):
    painter = Painter()
    options = (
        "--seeds 7 --negative-prompt blurry --steps 5 --guidance 2 --size 256x64 --scheduler Euler --dtype float16"
        " --variety 0.5"
    )
    assert painter.run("grid", PROMPT, "--out", tmp_path, "--device", "cpu", *options.split()) == 0
    assert painter.devices == ["cpu"]
    assert painter.painted == [
        replace(
            RECIPE,
            seed=7,
            negative_prompt="blurry",
            num_inference_steps=5,
            guidance_scale=2.0,
            width=256,
            height=64,
            scheduler="EulerDiscreteScheduler",
            dtype="float16",
            seed_variety=0.5,
            seed_variety_steps=2,
        )
    ]


def test_a_size_snaps_to_one_that_the_model_makes_and_says_so(tmp_path, capsys):
    painter = Painter()
    assert painter.run("grid", PROMPT, "--seeds", "0-1", "--size", "100x128", "--out", tmp_path) == 0
    assert [(recipe.width, recipe.height) for recipe in painter.painted] == [(104, 128)] * 2
    assert capsys.readouterr().err.splitlines() == [
        "Sketch makes sizes in steps of 8 pixels: 100 became 104.",
        "“Vermeer” was not read.",
    ]
    assert Painter().run("grid", "a cat", "--size", "100x128", "--out", tmp_path) == 2
    assert capsys.readouterr().err.count("\n") == 1, "why nothing is begun, and nothing else"


def test_words_that_the_model_does_not_know_are_named_as_on_the_page(tmp_path, capsys):
    painter = Painter()
    sentence = "Sketch does not know “狗”. It knows cat, boat and more."
    assert painter.run("grid", "a 狗", "--seeds", "0", "--out", tmp_path) == 0
    assert capsys.readouterr().err.splitlines() == [sentence, "“Vermeer” was not read."]
    assert painter.run("grid", "a cat", "--seeds", "1", "--out", tmp_path) == 0
    capsys.readouterr()
    assert painter.run("refine", tmp_path / "seed-1.png", "--suffix", "and 狗", "--suffix", ", 狗") == 0
    assert capsys.readouterr().err.splitlines()[0] == sentence


def test_a_scheduler_that_was_replaced_is_told_unless_one_is_chosen(tmp_path, capsys):
    painter = Painter()
    painter.resolve = lambda _: replace(MODEL, dtype="bfloat16", replaced_scheduler="LMSDiscreteScheduler")
    sentence = "It was saved with the scheduler LMSDiscrete, which SeedLab does not offer: "
    for flags in ((), ("--scheduler", "Euler")):
        assert painter.run("grid", PROMPT, "--seeds", "0", "--out", tmp_path / str(len(flags)), *flags) == 0
        assert (sentence in capsys.readouterr().err) == (not flags)


def test_a_suffix_that_looks_like_an_option_is_refused_with_the_way_to_write_it(tmp_path, capsys):
    painter = Painter()
    painter.run("grid", PROMPT, "--seeds", "0", "--out", tmp_path)
    capsys.readouterr()
    assert painter.run("refine", tmp_path / "seed-0.png", "--suffix", "-artsy") == 2
    expected = "--suffix: expected one argument. If “-artsy” is its value, write --suffix=-artsy. For help: "
    assert expected in capsys.readouterr().err
    assert painter.run("refine", tmp_path / "seed-0.png", "--suffix=-artsy") == 0
    assert painter.painted[-1].prompt == f"{PROMPT} -artsy"
    assert painter.run("grid", PROMPT, "--negative-prompt", "--狗's", "--out", tmp_path) == 2
    assert "write --negative-prompt='--狗'\"'\"'s'" in capsys.readouterr().err


def test_a_prompt_that_looks_like_an_option_is_refused_with_the_way_to_write_it(tmp_path, capsys):
    painter = Painter()
    assert painter.run("grid", "--seeds=0", "-cat's", "--out", tmp_path) == 2
    expected = "If “-cat's” is the PROMPT, write it at the end, after --: -- '-cat'\"'\"'s'. For help: seedlab grid"
    assert expected in capsys.readouterr().err
    assert painter.run("grid", "--seeds=0", "--out", tmp_path, "--", "-cat's") == 0
    assert painter.painted[-1].prompt == "-cat's"
    capsys.readouterr()
    assert painter.run("grid", "--seeds=0") == 2
    assert capsys.readouterr().err == "The following arguments are required: PROMPT. For help: seedlab grid --help\n"


def test_refine_keeps_the_seed_and_adds_the_guides_suffixes(tmp_path):
    painter = Painter()
    painter.run("grid", PROMPT, "--seeds", "0", "--out", tmp_path)
    assert painter.run("refine", tmp_path / "seed-0.png") == 0
    assert names(tmp_path) == [
        "grid.png",
        "seed-0-artsy.png",
        "seed-0-colorful.png",
        "seed-0-grid.png",
        "seed-0-highly-realistic.png",
        "seed-0-trending.png",
        "seed-0.png",
    ]
    assert [(recipe.seed, recipe.prompt) for recipe in painter.painted] == [
        (0, PROMPT),
        (0, f"{PROMPT}, highly realistic"),
        (0, f"{PROMPT}, artsy"),
        (0, f"{PROMPT}, trending"),
        (0, f"{PROMPT}, colorful"),
    ]


def test_refining_what_was_refined_keeps_the_whole_lineage(tmp_path):
    painter, out = Painter(), tmp_path / "out"
    painter.run("grid", PROMPT, "--seeds", "2", "--out", tmp_path)
    painter.run("refine", tmp_path / "seed-2.png", "--suffix", ", artsy", "--out", out)
    assert painter.run("refine", out / "seed-2-artsy.png", "--suffix", "at night", "--suffix", ", red") == 0
    metadata = read_metadata(out / "seed-2-artsy-at-night.png")
    assert metadata.recipe.prompt == f"{PROMPT}, artsy at night"
    assert metadata.lineage == make_lineage(metadata.recipe, ", artsy", "at night")
    assert len(painter.painted) == 4


def test_refine_varies_by_any_rule_whose_option_is_given(tmp_path, capsys):
    painter = Painter()
    painter.run("grid", PROMPT, "--seeds", "2", "--out", tmp_path)
    assert painter.run("refine", tmp_path / "seed-2.png", "--steps", "1, 20") == 0
    assert [recipe.num_inference_steps for recipe in painter.painted[1:]] == [1, 20]
    metadata = read_metadata(tmp_path / "seed-2-20-steps.png")
    assert [(change.rule, change.value, change.parent) for change in metadata.lineage] == [
        ("sweep", ("steps", 20), painter.painted[0])
    ]
    assert painter.run("script", tmp_path / "seed-2-1-step.png", tmp_path / "seed-2-20-steps.png") == 0
    assert "dict(num_inference_steps=20)" in capsys.readouterr().out


def test_refine_makes_one_kind_of_round(tmp_path, capsys):
    Painter().run("grid", PROMPT, "--seeds", "2", "--out", tmp_path)
    painter = Painter()
    assert painter.run("refine", tmp_path / "seed-2.png", "--steps", "1", "--suffix", ", artsy") == 2
    assert "use --sweep and --suffix one after the other, or add --matrix" in capsys.readouterr().err
    assert painter.painted == []


def test_a_matrix_is_made_of_two_options_and_continues_where_it_was(tmp_path, capsys):
    painter = Painter()
    painter.run("grid", PROMPT, "--seeds", "2", "--out", tmp_path)
    options = ("--matrix", "--seeds", "0,2", "--sweep", f"guidance {RECIPE.guidance_scale}, 1.5")
    assert painter.run("refine", tmp_path / "seed-2.png", *options) == 0
    assert [(recipe.seed, recipe.guidance_scale) for recipe in painter.painted] == [(2, 3), (0, 3), (0, 1.5), (2, 1.5)]
    assert capsys.readouterr().out.splitlines()[-5:] == [
        str(tmp_path / f"{name}.png")
        for name in (
            "seed-2-seed-0-guidance-3",
            "seed-2",
            "seed-2-seed-0-guidance-1-5",
            "seed-2-guidance-1-5",
            "seed-2-grid",
        )
    ]
    side = RECIPE.width
    assert read_pixels(tmp_path / "seed-2-grid.png").size > (2 * side, 2 * side), "there is room for headings"
    assert painter.run("refine", tmp_path / "seed-2.png", *options) == 0
    assert len(painter.painted) == 4


def test_two_sweeps_are_a_matrix_too(tmp_path):
    painter = Painter()
    painter.run("grid", PROMPT, "--seeds", "2", "--out", tmp_path)
    options = ("--matrix", "--sweep", "guidance 1, 2", "--sweep", "steps 3, 4")
    assert painter.run("refine", tmp_path / "seed-2.png", *options) == 0
    made = [(recipe.guidance_scale, recipe.num_inference_steps) for recipe in painter.painted[1:]]
    assert made == [(1, 3), (2, 3), (1, 4), (2, 4)]
    assert (tmp_path / "seed-2-guidance-2-4-steps.png").exists()


def test_other_words_for_the_seeds_in_the_pictures_folder(tmp_path):
    painter = Painter()
    painter.run("grid", PROMPT, "--seeds", "0-2", "--out", tmp_path)
    painter.run("grid", "a boat", "--seeds", "3-4", "--out", tmp_path)
    assert painter.run("refine", tmp_path / "seed-1.png", "--same-seeds", "a cat") == 0
    assert [(recipe.seed, recipe.prompt) for recipe in painter.painted[5:]] == [(seed, "a cat") for seed in range(3)]
    names = {"seed-1-seed-0-a-cat", "seed-1-a-cat", "seed-1-seed-2-a-cat"}
    assert names <= {file.stem for file in tmp_path.iterdir()}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--matrix", "--seeds", "0-3"), "A matrix varies two things"),
        (("--matrix", "--seeds", "0-99", "--sweep", "steps 1-9"), "900 pictures (100×9) are too many for one round"),
        (("--words", PROMPT), "edit it first"),
        (("--same-seeds", "a cat"), "only one seed"),
        (("--sweep", "speed 3"), "no setting “speed”"),
        (("--sweep", "size 64, 512"), "64 to 256 pixels"),
        (("--sweep", "guidance 1", "--sweep", "steps 3"), "use --sweep one after the other, or add --matrix"),
    ],
    ids=str,
)
def test_a_round_that_cannot_be_made_is_refused_before_any_work(tmp_path, capsys, options, sentence):
    painter = Painter()
    painter.run("grid", PROMPT, "--seeds", "2", "--out", tmp_path)
    assert painter.run("refine", tmp_path / "seed-2.png", *options) == 2
    assert sentence in capsys.readouterr().err
    assert len(painter.painted) == 1


def test_refining_a_picture_that_was_made_elsewhere_says_what_is_different(tmp_path, capsys):
    elsewhere = replace(ENVIRONMENT, torch="2.12.0", threads=8)
    write_picture(tmp_path / "dog.png", paint(RECIPE), Metadata(recipe=RECIPE, environment=elsewhere))
    assert Painter().run("refine", tmp_path / "dog.png", "--suffix", ", artsy", "--json") == 0
    captured = capsys.readouterr()
    assert "they have torch 2.13.0 instead of 2.12.0, threads 2 instead of 8.\n" in captured.err
    assert json.loads(captured.out)["differences"] == ["torch 2.13.0 instead of 2.12.0", "threads 2 instead of 8"]


def test_recipe_prints_what_a_picture_was_made_of(tmp_path, capsys):
    painter = Painter()
    painter.run("grid", "北斎の波", "--seeds", "0", "--out", tmp_path)
    capsys.readouterr()
    assert painter.run("recipe", tmp_path / "seed-0.png") == 0
    printed = capsys.readouterr().out
    assert Recipe.from_dict(json.loads(printed)) == painter.painted[0]
    assert "北斎の波" in printed


def test_a_recipe_can_be_printed_on_a_console_that_cannot_write_it(tmp_path, monkeypatch):
    painter = Painter()
    painter.run("grid", "北斎の波", "--seeds", "0", "--out", tmp_path)
    console = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(console, encoding="latin-1", write_through=True))
    assert painter.run("recipe", tmp_path / "seed-0.png") == 0
    assert json.loads(console.getvalue())["prompt"] == "北斎の波"


def test_a_report_for_programs_and_nothing_else_on_stdout(tmp_path, capsys):
    painter = Painter()
    assert painter.run("grid", PROMPT, "--seeds", "0,5", "--out", tmp_path, "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert report.pop("seconds") >= 0
    assert report == {
        "seedlab": __version__,
        "command": "grid",
        "grid": str(tmp_path / "grid.png"),
        "pictures": [
            {
                "file": str(tmp_path / f"seed-{recipe.seed}.png"),
                "fingerprint": recipe.fingerprint,
                "sha256": sha256(paint(recipe).tobytes()).hexdigest(),
                "anew": True,
                "notice": "“Vermeer” was not read.",
                "recipe": recipe.to_dict(),
                "draft_steps": None,
            }
            for recipe in painter.painted
        ],
        "failures": [],
        "environment": asdict(ENVIRONMENT),
        "notices": [],
        "differences": [],
    }


def test_what_is_there_already_is_not_made_again(tmp_path, capsys):
    Painter().run("grid", PROMPT, "--seeds", "0-1", "--out", tmp_path)
    capsys.readouterr()
    painter = Painter()
    assert painter.run("grid", PROMPT, "--seeds", "0-2", "--out", tmp_path) == 0
    assert [recipe.seed for recipe in painter.painted] == [2]
    assert f"{tmp_path / 'seed-1.png'} was there already.\n" in capsys.readouterr().err


def test_nothing_of_anybody_elses_is_overwritten_unless_that_is_asked_for(tmp_path, capsys):
    Painter().run("grid", PROMPT, "--seeds", "1", "--out", tmp_path)
    before = (tmp_path / "seed-1.png").read_bytes()
    capsys.readouterr()
    painter = Painter()
    assert painter.run("grid", "a cat", "--seeds", "0-1", "--out", tmp_path) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert (painter.painted, (tmp_path / "seed-1.png").read_bytes()) == ([], before)
    assert painter.run("grid", "a cat", "--seeds", "0-1", "--out", tmp_path, "--overwrite") == 0
    assert read_metadata(tmp_path / "seed-1.png").recipe.prompt == "a cat"


def test_a_picture_of_another_dtype_is_in_the_way_once_the_device_has_decided(tmp_path, capsys):
    painter = Painter()
    painter.run("grid", PROMPT, "--seeds", "0", "--out", tmp_path, "--dtype", "float32")
    assert painter.run("grid", PROMPT, "--seeds", "0", "--out", tmp_path) == 2
    assert "is another file" in capsys.readouterr().err
    assert len(painter.painted) == 1


def test_a_picture_that_fails_is_said_and_the_others_are_kept(tmp_path, capsys):
    painter = Painter(failing_seed=1)
    assert painter.run("grid", PROMPT, "--seeds", "0-2", "--out", tmp_path, "--json") == 1
    assert names(tmp_path) == ["seed-0.png", "seed-2.png"]
    captured = capsys.readouterr()
    assert "Seed 1: Not enough memory: choose a smaller size.\n" in captured.err
    report = json.loads(captured.out)
    assert (report["grid"], len(report["pictures"])) == (None, 2)
    assert report["failures"] == ["Seed 1: Not enough memory: choose a smaller size."]


def test_a_disk_that_is_full_is_said(tmp_path, capsys, monkeypatch):
    def refuse(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", refuse)
    assert Painter().run("grid", PROMPT, "--seeds", "0", "--out", tmp_path) == 1
    assert "Seed 0: The disk is full: free some space" in capsys.readouterr().err


def test_ctrl_c_ends_the_work_and_what_was_made_stays(tmp_path, capsys):
    painter = Painter(interrupted_at=1)
    assert painter.run("grid", PROMPT, "--seeds", "0-2", "--out", tmp_path) == 130
    assert painter.closed
    assert [stop.is_set() for stop in painter.stops] == [True]
    assert names(tmp_path) == ["seed-0.png"]
    assert capsys.readouterr().err == "\nStopped.\n"


def test_a_device_that_is_not_there_is_bad_input(tmp_path, capsys):
    painter = Painter()
    assert painter.run("grid", PROMPT, "--out", tmp_path / "new", "--device", "cuda") == 2
    assert capsys.readouterr().err == "There is no device “cuda” on this machine: use cpu.\n"
    assert painter.closed
    assert not (tmp_path / "new").exists()


BAD = {
    "": "The following arguments are required: COMMAND",
    "grod": "COMMAND: invalid choice: 'grod'",
    "grid": "The following arguments are required: PROMPT",
    "grid P --seeds none": "“none” is not a seed",
    "grid P --seeds 3-0": "The seeds 3-0 run backwards: write 0-3",
    "grid P --seeds -1": "“-1” is not a seed",
    "grid P --seeds 18446744073709551616": "must be from 0 to 18446744073709551615",
    "grid P --seeds 0-256": "257 seeds are too many",
    "grid P --steps many": "--steps: “many” is not a whole number",
    "grid P --steps 0": "The number of steps must be from 1",
    "grid P --guidance strong": "--guidance: “strong” is not a number",
    "grid P --guidance nan": "--guidance: “nan” is not a number",
    "grid P --guidance 101": "The guidance must be a number from 0 to 100",
    "grid P --size big": "--size: “big” is not a size",
    "grid P --size 0": "The height must be from 8 to 4096, not 0",
    "grid P --size 128x512": "Sketch makes 64 to 256 pixels a side, not 512",
    "grid P --scheduler fast": "There is no scheduler “fast”",
    "grid P --dtype float64": "--dtype: invalid choice: 'float64'",
    "grid P --device tpu": "--device: invalid choice: 'tpu'",
    "grid P --model unknown": "There is no model “unknown”",
    "grid P --out notes.txt": "notes.txt” is not a folder",
    "grid P --out notes.txt/below": "notes.txt” is not a folder",
    "grid P --step 3": "Unrecognized arguments: --step 3",
    "refine": "The following arguments are required: PICTURE.png",
    "refine none.png": "There is no file “none.png”",
    "refine notes.txt": "“notes.txt” is not a picture that SeedLab can read",
    "refine plain.png": "“plain.png” does not say how it was made",
    "refine good.png --suffix": "--suffix: expected one argument",
    "refine good.png --suffix=": "No suffix given",
    "refine good.png --out notes.txt": "notes.txt” is not a folder",
    "refine other.png": "There is no model “other”",
    "refine local.png": "needs the model “shore.safetensors” (SHA-256 abababababab…), which is not here: give its path",
    "verify local.png": "which is not here: give its path with --model",
    "script local.png": "which is not here: give its path with --model",
    "refine local.png --model other": "There is no model “other”",
    "verify good.png --model other": "made with “sketch”, whose files need no path",
    "refine lora.png": "needs the LoRA “ink.safetensors” (SHA-256 cdcdcdcdcdcd…), which is not here: give its path",
    "verify lora.png --lora ink.safetensors": "the file of that name here is another one: give its path with --lora",
    "refine lied.png": "This picture's history does not lead to its recipe",
    "recipe none.png": "There is no file “none.png”",
    "recipe plain.png": "“plain.png” does not say how it was made",
}


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Iterator[Path]:
    """The folder that we are in: notes, a picture without a recipe, a good one, and one of a model that is not here."""
    painter = Painter()
    painter.run("grid", PROMPT, "--seeds", "0", "--out", tmp_path)
    (tmp_path / "grid.png").unlink()
    (tmp_path / "seed-0.png").rename(tmp_path / "good.png")
    (tmp_path / "notes.txt").write_text("mine")
    write_png(tmp_path / "plain.png", Image.new("RGB", (8, 8)), {})
    recipe = replace(RECIPE, model_id="other")
    write_picture(tmp_path / "other.png", paint(recipe), Metadata(recipe=recipe, environment=ENVIRONMENT))
    recipe = replace(RECIPE, model_id="/nowhere/shore.safetensors")
    metadata = Metadata(recipe=recipe, environment=ENVIRONMENT, hashes=WeightHashes(checkpoint="ab" * 32))
    write_picture(tmp_path / "local.png", paint(recipe), metadata)
    recipe = replace(RECIPE, loras=(Lora(file="/nowhere/ink.safetensors", sha256="cd" * 32, weight=1),))
    write_picture(tmp_path / "lora.png", paint(recipe), Metadata(recipe=recipe, environment=ENVIRONMENT))
    recipe = replace(RECIPE, prompt=f"{PROMPT}, artsy")
    lineage = (replace(make_lineage(recipe, ", artsy")[0], value=", not artsy"),)
    write_picture(
        tmp_path / "lied.png", paint(recipe), Metadata(recipe=recipe, environment=ENVIRONMENT, lineage=lineage)
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("line", BAD)
def test_bad_input_is_refused_in_one_sentence_before_anything_is_begun(folder, capsys, line):
    before = names(folder)
    capsys.readouterr()
    painter = Painter()
    assert painter.run(*line.split(" ") if line else ()) == 2
    captured = capsys.readouterr()
    assert BAD[line] in captured.err
    assert (captured.err.count("\n"), captured.out) == (1, "")
    assert (painter.painted, names(folder)) == ([], before)


def test_a_pictures_options_do_not_get_in_the_way_of_its_rules(folder):
    painter = Painter()
    assert painter.run("refine", "local.png", "--model", "sketch", "--lora", "x", "--steps", "3") == 0
    assert [(recipe.model_id, recipe.num_inference_steps) for recipe in painter.painted] == [("sketch", 3)]


def test_a_variation_with_too_long_a_prompt_is_refused_before_anything_is_begun(folder, capsys):
    painter = Painter()
    assert painter.run("refine", "good.png", "--suffix", ", " + "very " * 500) == 2
    assert "shorten it" in capsys.readouterr().err
    assert painter.painted == []


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal_one_line_says_how_far_it_is_and_goes_away(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    assert Painter().run("grid", PROMPT, "--seeds", "0-1", "--out", tmp_path) == 0
    said = sys.stderr.getvalue().split("\r\x1b[K")
    loading = said.index("0 of 2  0 %  Loading Sketch…")
    assert said[loading : loading + 3] == ["0 of 2  0 %  Loading Sketch…", "0 of 2  25 %", "1 of 2  0 %"]
    assert said[-2:] == ["2 of 2", "“Vermeer” was not read.\n"]


@pytest.mark.parametrize("command", [(), ("grid",), ("finish",), ("refine",), ("recipe",), ("verify",), ("script",)])
def test_help_is_there(capsys, command):
    with pytest.raises(SystemExit) as caught:
        main([*command, "--help"])
    assert caught.value.code == 0
    printed = capsys.readouterr().out
    assert printed.startswith(" ".join(["usage: seedlab", *command]))
    assert max(map(len, printed.splitlines())) <= 120


ROOT = Path(__file__).parents[2]


def start(*arguments: object) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "seedlab", *(str(each) for each in arguments)],
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONUTF8": "1"},
        # A shell that runs these tests in the background lets its children ignore Ctrl+C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def run(*arguments: object) -> dict[str, object]:
    done = run_python("-m", "seedlab", *map(str, arguments), "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory) -> Path:
    """A Stable Diffusion with random weights."""
    return build_stable_diffusion(tmp_path_factory.mktemp("models"))


def test_the_whole_way_with_the_real_manager(tiny, tmp_path):
    grid = run("grid", PROMPT, "--model", tiny, "--steps", 3, "--seeds", "0-3", "--out", tmp_path / "grid")
    alone = run("grid", PROMPT, "--model", tiny, "--steps", 3, "--seeds", 2, "--out", tmp_path / "alone")
    refined = run("refine", tmp_path / "grid" / "seed-2.png", "--suffix", ", artsy", "--suffix", ", colorful")
    assert len({picture["sha256"] for picture in grid["pictures"]}) == 4
    assert alone["pictures"][0]["sha256"] == grid["pictures"][2]["sha256"]
    assert alone["environment"] == grid["environment"] == refined["environment"]
    assert [Path(picture["file"]).name for picture in refined["pictures"]] == [
        "seed-2-artsy.png",
        "seed-2-colorful.png",
    ]
    assert {picture["recipe"]["seed"] for picture in refined["pictures"]} == {2}
    with Image.open(grid["grid"]) as picture:
        assert picture.size == (128, 128)
    assert {picture["recipe"]["model_id"] for picture in (*grid["pictures"], *refined["pictures"])} == {str(tiny)}
    assert str(tiny.parent).encode() not in (tmp_path / "grid" / "seed-2.png").read_bytes()


def test_sketch_is_the_model_where_none_is_named(tmp_path):
    report = run("grid", PROMPT, "--steps", 1, "--seeds", 0, "--out", tmp_path)
    assert [picture["recipe"]["model_id"] for picture in report["pictures"]] == ["sketch"]
    assert read_pixels(tmp_path / "seed-0.png").size == (256, 256)


def test_ctrl_c_ends_a_real_process_within_a_step(tiny, tmp_path):
    process = start("grid", PROMPT, "--model", tiny, "--steps", 20, "--seeds", "0-63", "--out", tmp_path)
    deadline = time.monotonic() + 200
    while not (tmp_path / "seed-0.png").exists():
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=10)
    assert (process.returncode, err) == (130, "\nStopped.\n")
    assert all(read_metadata(file) for file in tmp_path.iterdir())
    assert "seed-63.png" not in names(tmp_path)
