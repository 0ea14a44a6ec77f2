"""Drafts on the command line: `grid --draft`, `finish`, and what the other commands say of drafts."""

import json
from dataclasses import replace
from hashlib import sha256

import pytest
from PIL import Image

from seedlab.cli.main import main
from seedlab.images.metadata import Metadata, read_metadata, write_picture
from seedlab.images.png import read_pixels, write_png
from tests.cli.test_main import PROMPT, Painter, names, paint
from tests.examples import ENVIRONMENT, RECIPE, make_lineage
from tests.pipelines.builders import build_stable_diffusion

BF16 = replace(RECIPE, dtype="bfloat16")


@pytest.fixture
def sheet(tmp_path, capsys):
    """A folder with drafts of seeds 0-2, stopped after 3 of 12 steps."""
    assert Painter().run("grid", PROMPT, "--seeds", "0-2", "--draft", "--out", tmp_path) == 0
    capsys.readouterr()
    return tmp_path


def test_drafts_are_written_under_names_of_their_own(tmp_path, capsys):
    painter = Painter()
    assert painter.run("grid", PROMPT, "--seeds", "0-1", "--draft", "--out", tmp_path) == 0
    assert names(tmp_path) == ["grid-draft.png", "seed-0-draft.png", "seed-1-draft.png"]
    assert ([recipe.seed for recipe in painter.drafted], painter.painted) == ([0, 1], [])
    assert read_metadata(tmp_path / "seed-1-draft.png").draft_steps == 3
    assert "Drafts, stopped after 3 of 12 steps. Finish those that you like: seedlab finish" in capsys.readouterr().err


def test_the_number_of_steps_is_that_of_the_option(tmp_path, capsys):
    assert (
        Painter().run("grid", PROMPT, "--seeds", "7", "--draft", "5", "--steps", 20, "--out", tmp_path, "--json") == 0
    )
    report = json.loads(capsys.readouterr().out)
    assert [each["draft_steps"] for each in report["pictures"]] == [5]
    assert report["grid"].endswith("grid-draft.png")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ("--draft 12", "These pictures have 12 steps: stop their drafts after 1 to 11 of them, not 12."),
        ("--draft 0", "stop their drafts after 1 to 11 of them, not 0."),
        ("--draft 2 --steps 2", "stop their drafts after 1 of them, not 2."),
        ("--draft --steps 1", "A picture of 1 step has no draft"),
        ("--draft x", "“x” is not a whole number: write one such as 20. If it is the prompt, write it before"),
    ],
)
def test_a_draft_that_would_be_whole_is_refused_before_anything_is_begun(tmp_path, capsys, options, sentence):
    painter = Painter()
    assert painter.run("grid", PROMPT, *options.split(), "--out", tmp_path) == 2
    assert sentence in capsys.readouterr().err
    assert (painter.drafted, names(tmp_path)) == ([], [])


def test_an_interrupted_sheet_goes_on_where_it_was_and_other_drafts_are_in_the_way(sheet, capsys):
    painter = Painter()
    assert painter.run("grid", PROMPT, "--seeds", "0-3", "--draft", "--out", sheet) == 0
    assert [recipe.seed for recipe in painter.drafted] == [3]
    assert painter.run("grid", PROMPT, "--seeds", "0-3", "--draft", "4", "--out", sheet) == 2
    assert "“" + str(sheet / "seed-0-draft.png") + "” exists and is another file" in capsys.readouterr().err


def test_finish_takes_the_drafts_that_differ_most(sheet, capsys):
    painter = Painter()
    files = sorted(sheet.glob("seed-*-draft.png"))
    assert painter.run("finish", *files, "--different", "2") == 0
    assert len(painter.painted) == 2
    assert "These 2 represent all 3: " in capsys.readouterr().err
    assert painter.run("finish", *files, "--different", "1") == 2
    assert "One picture differs from none" in capsys.readouterr().err


def test_finish_writes_whole_pictures_next_to_their_drafts(sheet, capsys):
    painter = Painter()
    files = [sheet / "seed-0-draft.png", sheet / "seed-2-draft.png"]
    assert painter.run("finish", *files) == 0
    assert [recipe.seed for recipe in painter.painted] == [0, 2]
    assert capsys.readouterr().out.splitlines() == [str(sheet / "seed-0.png"), str(sheet / "seed-2.png")]
    metadata = read_metadata(sheet / "seed-2.png")
    assert (metadata.recipe, metadata.draft_steps) == (replace(BF16, seed=2), None)
    assert read_pixels(sheet / "seed-2.png").tobytes() == paint(metadata.recipe).tobytes()
    assert all(file.exists() for file in files), "the drafts stay"
    again = Painter()
    assert again.run("finish", *files, "--json") == 0
    captured = capsys.readouterr()
    assert again.painted == []
    assert f"{sheet / 'seed-0.png'} was there already.\n" in captured.err
    report = json.loads(captured.out)
    assert (report["command"], report["grid"], report["failures"]) == ("finish", None, [])
    assert [each["sha256"] for each in report["pictures"]] == [
        sha256(paint(replace(BF16, seed=seed)).tobytes()).hexdigest() for seed in (0, 2)
    ]
    assert [each["draft_steps"] for each in report["pictures"]] == [None, None]


def test_finish_skips_what_is_no_draft_and_says_so(sheet, tmp_path, capsys):
    painter = Painter()
    assert painter.run("finish", sheet / "seed-1-draft.png") == 0
    (sheet / "copy-draft.png").write_bytes((sheet / "seed-0-draft.png").read_bytes())
    capsys.readouterr()
    assert painter.run("finish", *sorted(sheet.glob("*.png")), "--out", tmp_path / "out") == 0
    skipped = capsys.readouterr().err
    assert f"“{sheet / 'grid-draft.png'}” is a grid: there is nothing to finish.\n" in skipped
    assert f"“{sheet / 'seed-1.png'}” is a whole picture already: there is nothing to finish.\n" in skipped
    assert f"is a draft of the same picture as “{sheet / 'copy-draft.png'}”" in skipped
    assert names(tmp_path / "out") == ["copy.png", "seed-1.png", "seed-2.png"]


def test_a_file_that_is_no_draft_is_bad_input_where_there_is_no_other(sheet, capsys):
    write_png(sheet / "theirs.png", Image.new("RGB", (8, 8)), {"parameters": "a boat\nSteps: 20, Seed: 7"})
    assert Painter().run("finish", sheet / "theirs.png", sheet / "grid-draft.png") == 2
    assert capsys.readouterr().err == (
        f"“{sheet / 'theirs.png'}” was made with another tool and is no draft of SeedLab: there is nothing to finish. "
        f"“{sheet / 'grid-draft.png'}” is a grid: there is nothing to finish.\n"
    )
    assert Painter().run("finish", sheet / "seed-0-draft.png", "none.png") == 2, "a typing error is no draft to skip"
    assert "There is no file “none.png”" in capsys.readouterr().err
    assert "seed-0.png" not in names(sheet)


def test_finish_overwrites_nothing_unless_that_is_asked_for(sheet, capsys):
    write_png(sheet / "seed-0.png", Image.new("RGB", (8, 8)), {})
    painter = Painter()
    assert painter.run("finish", sheet / "seed-0-draft.png") == 2
    assert "is another file" in capsys.readouterr().err
    assert painter.run("finish", sheet / "seed-0-draft.png", "--overwrite") == 0
    assert read_metadata(sheet / "seed-0.png").recipe == BF16


def test_two_drafts_that_would_become_one_file_are_refused(sheet, capsys):
    assert Painter().run("grid", "a cat", "--seeds", "0", "--draft", "--out", sheet / "cat") == 0
    painter, out = Painter(), sheet / "out"
    assert painter.run("finish", sheet / "seed-0-draft.png", sheet / "cat" / "seed-0-draft.png", "--out", out) == 2
    assert "would both become “seed-0.png”" in capsys.readouterr().err
    assert painter.painted == []
    assert painter.run("finish", sheet / "seed-0-draft.png", sheet / "cat" / "seed-0-draft.png") == 0
    assert [recipe.prompt for recipe in painter.painted] == [PROMPT, "a cat"]


def test_a_draft_that_fails_is_said_and_the_others_are_finished(sheet, capsys):
    files = [sheet / f"seed-{seed}-draft.png" for seed in range(3)]
    assert Painter(failing_seed=1).run("finish", *files) == 1
    assert "Seed 1: Not enough memory: choose a smaller size.\n" in capsys.readouterr().err
    assert [name for name in names(sheet) if "draft" not in name] == ["seed-0.png", "seed-2.png"]
    assert Painter(interrupted_at=1).run("finish", files[1]) == 130


def test_a_renamed_draft_gets_a_name_and_a_lineage_stays(tmp_path):
    recipe = replace(BF16, prompt=f"{PROMPT}, artsy")
    lineage = make_lineage(recipe, ", artsy")
    metadata = Metadata(recipe=recipe, environment=ENVIRONMENT, lineage=lineage, draft_steps=4)
    write_picture(tmp_path / "dog.png", paint(recipe), metadata)
    assert Painter().run("finish", tmp_path / "dog.png") == 0
    assert read_metadata(tmp_path / "dog-finished.png").lineage == lineage


def test_a_draft_from_another_environment_is_finished_with_a_warning(tmp_path, capsys):
    elsewhere = replace(ENVIRONMENT, torch="2.12.0")
    write_picture(tmp_path / "a-draft.png", paint(BF16), Metadata(recipe=BF16, environment=elsewhere, draft_steps=4))
    assert Painter().run("finish", tmp_path / "a-draft.png") == 0
    sentence = "These may differ from their drafts, which were made in another environment; here: torch 2.13.0 instead"
    assert sentence in capsys.readouterr().err


def test_refine_finishes_a_draft_first(sheet, capsys):
    painter = Painter()
    assert painter.run("refine", sheet / "seed-2-draft.png", "--suffix", ", artsy") == 0
    assert [recipe.prompt for recipe in painter.painted] == [PROMPT, f"{PROMPT}, artsy"]
    assert {"seed-2.png", "seed-2-artsy.png", "seed-2-grid.png"} <= set(names(sheet))
    assert f"{sheet / 'seed-2.png'} is the finished draft.\n" in capsys.readouterr().err
    assert Painter(failing_seed=1).run("refine", sheet / "seed-1-draft.png") == 1
    assert "Seed 1: Not enough memory" in capsys.readouterr().err
    assert "seed-1-grid.png" not in names(sheet)


def test_verify_recipe_and_script_say_that_a_draft_is_one(sheet, capsys):
    painter, file = Painter(), sheet / "seed-0-draft.png"
    assert painter.run("verify", file) == 0
    captured = capsys.readouterr()
    assert (len(painter.drafted), painter.painted) == (1, [])
    assert "Draft: equal, byte for byte" in captured.out
    assert captured.err.startswith("“seed-0-draft.png” is a draft, stopped after 3 of 12 steps. It is made again")
    assert painter.run("recipe", file) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["num_inference_steps"] == 12
    assert captured.err.endswith("This is the recipe of the whole picture.\n")
    assert painter.run("script", file) == 0
    captured = capsys.readouterr()
    assert "num_inference_steps=12" in captured.out
    assert captured.err.endswith("The script makes the whole picture.\n")


def test_the_whole_way_with_the_real_manager(tmp_path, capsys):
    """A finished draft has the bytes of the picture that was made at once; each command starts anew."""
    tiny = build_stable_diffusion(tmp_path / "models")

    def run(*arguments: object) -> list[dict[str, object]]:
        assert main([*map(str, arguments), "--json"]) == 0
        return json.loads(capsys.readouterr().out)["pictures"]

    common = (PROMPT, "--model", tiny, "--steps", 4, "--seeds", "0-2")
    whole = run("grid", *common, "--out", tmp_path / "whole")
    drafts = run("grid", *common, "--draft", 2, "--out", tmp_path / "sheet")
    finished = run("finish", *(each["file"] for each in drafts[1:]))
    assert [each["sha256"] for each in finished] == [each["sha256"] for each in whole[1:]]
    assert not {each["sha256"] for each in drafts} & {each["sha256"] for each in whole}
    assert main(["verify", str(drafts[0]["file"])]) == 0
    capsys.readouterr()
    refined = run("refine", drafts[0]["file"], "--suffix", ", artsy")
    assert read_pixels(tmp_path / "sheet" / "seed-0.png") == read_pixels(tmp_path / "whole" / "seed-0.png")
    assert len(refined) == 1
