"""The commands that search a store and pass pictures on."""

import json
from dataclasses import replace
from datetime import datetime

import pytest
from PIL import Image

from seedlab.cli.main import main
from seedlab.images.index.marks import Mark
from seedlab.images.index.search import OPERATOR
from seedlab.images.metadata import Metadata, write_picture
from seedlab.images.output_folder import write_grid
from seedlab.images.store import make_store
from seedlab.workflow.export.links import read_link
from tests.examples import ENVIRONMENT, RECIPE, make_lineage
from tests.images.index.stores import keep


@pytest.fixture
def store(tmp_path):
    store = make_store(tmp_path / "pictures")
    yield store
    store.close()


def run_main(*arguments):
    return main([str(each) for each in arguments])


def run(capsys, *arguments):
    code = run_main(*arguments)
    return code, capsys.readouterr().out.splitlines()


def find(capsys, store, *arguments):
    code, lines = run(capsys, "find", *arguments, "--store", store.folder)
    assert code == (0 if lines else 1)
    return lines


def test_pictures_are_found_by_words_and_fields(store, capsys):
    fox, boat, draft = (
        keep(store, prompt="A red fox"),
        keep(store, prompt="A red boat", seed=2),
        keep(store, draft_steps=3),
    )
    paths = {name: str(store.folder / f"{name}.png") for name in (fox, boat, draft)}
    store.index.marks.set({fox: Mark("keep", 3)}, OPERATOR)
    assert find(capsys, store) == [paths[boat], paths[fox]]
    assert find(capsys, store, "red", "--seed", 2) == [paths[boat]]
    assert find(capsys, store, "--stars", 3) == find(capsys, store, "--kept") == [paths[fox]]
    assert find(capsys, store, "labrador", "--drafts") == [paths[draft]]
    assert find(capsys, store, '" OR *') == []
    assert find(capsys, store, "--until", "2020-01-01") == []
    assert len(find(capsys, store, "--until", f"{datetime.now():%Y-%m-%d}")) == 2
    assert len(find(capsys, store, "--since", "2020-01-01", "--limit", 1)) == 1


def test_a_report_for_programs_has_recipes_and_marks(store, capsys):
    name = keep(store, seed=2)
    report = json.loads("".join(find(capsys, store, "--json")))
    (picture,) = report["pictures"]
    assert picture["recipe"] == replace(RECIPE, seed=2).to_dict()
    assert (picture["file"], picture["stars"]) == (str(store.folder / f"{name}.png"), 0)


def test_the_index_is_made_from_the_pictures(store, capsys):
    for seed in range(3):
        keep(store, seed=seed)
    assert run(capsys, "index", "--store", store.folder) == (0, ["3 pictures: 0 new, 0 gone."])
    assert run(capsys, "index", "--rebuild", "--store", store.folder) == (0, ["3 pictures: 3 new, 0 gone."])


def test_a_store_that_is_not_there_and_dates_that_are_none_are_said(tmp_path, capsys):
    assert main(["find", "--store", str(tmp_path / "missing")]) == 2
    assert "There is no folder" in capsys.readouterr().err
    assert not (tmp_path / "missing").exists()
    for date in ("--since", "yesterday"), ("--until", "9999-12-31"), ("--since", "0001-01-01"):
        assert main(["find", *date]) == 2
        assert f"“{date[1]}” is not a date" in capsys.readouterr().err


@pytest.fixture
def picture(tmp_path):
    recipe = replace(RECIPE, seed=2, prompt=f"{RECIPE.prompt}, artsy")
    metadata = Metadata(recipe=recipe, environment=ENVIRONMENT, lineage=make_lineage(recipe, ", artsy"))
    write_picture(tmp_path / "seed-2-artsy.png", Image.new("RGB", (8, 8)), metadata)
    return tmp_path / "seed-2-artsy.png"


def test_a_link_has_the_recipe_of_a_picture_and_of_its_parent(picture, capsys):
    code, (link,) = run(capsys, "share", picture, "--url", "https://example.org/lab")
    assert code == 0
    assert link.startswith("https://example.org/lab#r=1.")
    assert [round_.tiles[0].recipe.prompt for round_ in read_link(link).rounds] == [
        RECIPE.prompt,
        f"{RECIPE.prompt}, artsy",
    ]
    code, lines = run(capsys, "recipe", link)
    assert json.loads("".join(lines))["prompt"] == f"{RECIPE.prompt}, artsy"
    assert main(["recipe", link[:-9]]) == 2
    assert "cut off" in capsys.readouterr().err


def test_a_link_has_the_recipes_of_several_pictures(tmp_path, capsys):
    for seed in range(3):
        metadata = Metadata(recipe=replace(RECIPE, seed=seed), environment=ENVIRONMENT)
        write_picture(tmp_path / f"seed-{seed}.png", Image.new("RGB", (8, 8)), metadata)
    write_grid(tmp_path / "grid.png", Image.new("RGB", (8, 8)))
    code, (link,) = run(capsys, "share", *sorted(tmp_path.glob("*.png")))
    assert code == 0
    assert [tile.recipe.seed for tile in read_link(link).newest.tiles] == [0, 1, 2]
    assert main(["share", str(tmp_path / "grid.png")]) == 2
    assert "These are grids" in capsys.readouterr().err


def test_pictures_become_a_page_and_no_file_is_overwritten(picture, tmp_path, capsys):
    out = tmp_path / "round.html"
    assert run_main("page", picture, "--out", out, "--title", "<Labradors>") == 0
    assert capsys.readouterr().out == f"{out}\n"
    text = out.read_text(encoding="utf-8")
    assert "&lt;Labradors&gt;" in text
    assert "Made by SeedLab with torch 2.13.0" in text
    assert main(["page", str(picture), "--out", str(out)]) == 2
    assert "exists" in capsys.readouterr().err
    assert out.stat().st_size == len(text.encode())


def test_a_page_of_another_tools_picture_is_refused(tmp_path, capsys):
    Image.new("RGB", (8, 8)).save(tmp_path / "other.png")
    assert run_main("page", tmp_path / "other.png", "--out", tmp_path / "x.html") == 2
    assert "no SeedLab recipe" in capsys.readouterr().err
