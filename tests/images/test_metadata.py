"""What a picture says about itself comes back exactly, and from a stranger's file only what can be believed."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from seedlab.core.checksums import Checksums
from seedlab.core.errors import SeedLabError
from seedlab.core.models.weights import WeightHashes
from seedlab.core.recipes.additions import Lora
from seedlab.images.metadata import Metadata, MetadataError, read_metadata, write_picture
from seedlab.images.png import read_chunks, read_pixels, write_png
from tests.examples import ENVIRONMENT, RECIPE, make_lineage

FOURTH = replace(RECIPE, prompt="Labrador in the style of Vermeer, artsy at night, 北斎 “wave” 🌊")
METADATA = Metadata(
    recipe=FOURTH,
    environment=ENVIRONMENT,
    lineage=make_lineage(FOURTH, ", artsy", "at night", ", 北斎 “wave” 🌊"),
    notice="Sketch does not know “wave”.",
    checksums=Checksums(latents="cd" * 32, total=1491.1711),
    hashes=WeightHashes(checkpoint="ef" * 32, loras=("12" * 32, "")),
)
IMAGE = Image.effect_noise((128, 128), 50).convert("RGB")


def changed(**changes: object) -> str:
    return json.dumps(json.loads(METADATA.to_json()) | changes)


def change(**changes: object) -> dict[str, object]:
    return {"rule": "suffixes", "value": ", 北斎 “wave” 🌊", "before": {"prompt": "Labrador"}} | changes


def deep(levels: int) -> list[object]:
    value: list[object] = []
    for _ in range(levels):
        value = [value]
    return value


def recipe_data(**changes: object) -> dict[str, object]:
    return json.loads(METADATA.recipe.to_json()) | changes


def write_chunk(folder: Path, text: str) -> Path:
    write_png(folder / "a.png", IMAGE, {"seedlab": text})
    return folder / "a.png"


def test_a_picture_and_what_it_says_come_back_exactly(tmp_path):
    write_picture(tmp_path / "a.png", IMAGE, METADATA)
    assert read_metadata(tmp_path / "a.png") == METADATA
    assert read_pixels(tmp_path / "a.png").tobytes() == IMAGE.tobytes()


def test_a_draft_says_that_it_is_one(tmp_path):
    draft = replace(METADATA, draft_steps=3)
    write_picture(tmp_path / "a.png", IMAGE, draft)
    assert read_metadata(tmp_path / "a.png") == draft
    parameters = read_chunks(tmp_path / "a.png")["parameters"]
    assert "Steps: 12, " in parameters
    assert ", Draft steps: 3, " in parameters


def test_a_seedlab_that_knows_no_drafts_refuses_them_and_reads_pictures():
    versions = [json.loads(each.to_json())["version"] for each in (METADATA, replace(METADATA, draft_steps=3))]
    assert versions == [2, 3]
    assert "draft_steps" not in json.loads(METADATA.to_json())


@pytest.mark.parametrize("steps", [0, -1, 12, 1.5, True, "3", [3], 2**70])
def test_a_draft_with_other_steps_is_refused(steps):
    with pytest.raises(MetadataError, match="steps in this draft cannot be read"):
        Metadata.from_json(changed(version=3, draft_steps=steps))


def test_both_chunks_are_there_and_ours_is_ascii(tmp_path):
    write_picture(tmp_path / "a.png", IMAGE, METADATA)
    chunks = read_chunks(tmp_path / "a.png")
    assert list(chunks) == ["parameters", "seedlab"]
    assert chunks["parameters"].startswith("Labrador in the style of Vermeer, artsy at night, 北斎 “wave” 🌊\nNegative")
    assert chunks["seedlab"].isascii()
    assert list(json.loads(chunks["seedlab"])) == [
        "version",
        "fingerprint",
        "recipe",
        "environment",
        "lineage",
        "notice",
        "checksums",
        "hashes",
    ]


def test_seed_0_comes_back(tmp_path):
    write_picture(tmp_path / "a.png", IMAGE, Metadata(recipe=replace(RECIPE, seed=0), environment=ENVIRONMENT))
    assert read_metadata(tmp_path / "a.png").recipe.seed == 0


def test_every_parent_is_found_from_the_picture_alone(tmp_path):
    write_picture(tmp_path / "a.png", IMAGE, METADATA)
    metadata = read_metadata(tmp_path / "a.png")
    prompts = [change.parent.prompt for change in metadata.lineage]
    assert prompts == [
        "Labrador in the style of Vermeer",
        "Labrador in the style of Vermeer, artsy",
        "Labrador in the style of Vermeer, artsy at night",
    ]


def test_fields_that_we_do_not_know_are_passed_over(tmp_path):
    assert (
        read_metadata(write_chunk(tmp_path, changed(command="rm", environment={**vars(ENVIRONMENT), "x": 1})))
        == METADATA
    )


def test_a_picture_without_a_recipe_says_so(tmp_path):
    write_png(tmp_path / "a.png", IMAGE, {"parameters": "a house"})
    with pytest.raises(MetadataError, match=r"There is no SeedLab recipe in “a\.png”"):
        read_metadata(tmp_path / "a.png")


def test_a_picture_of_a_newer_version_says_so(tmp_path):
    with pytest.raises(MetadataError, match="made by a newer SeedLab: update SeedLab"):
        read_metadata(write_chunk(tmp_path, changed(version=5, recipe="something else")))


def test_a_recipe_with_a_newer_field_says_so(tmp_path):
    with pytest.raises(SeedLabError, match="does not know: of_tomorrow"):
        read_metadata(write_chunk(tmp_path, changed(recipe=recipe_data(of_tomorrow=[]))))


@pytest.mark.parametrize("changes", [{"recipe": recipe_data(seed=1)}, {"fingerprint": "0" * 64}, {"fingerprint": None}])
def test_a_recipe_that_was_changed_is_not_believed(tmp_path, changes):
    with pytest.raises(MetadataError, match="changed after it was made"):
        read_metadata(write_chunk(tmp_path, changed(**changes)))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{",
        "[" * 100_000,
        "9" * 5000,
        "{}",
        "x" * 2_000_000,
        changed(version=None),
        changed(version="1"),
        changed(version=True),
        changed(version=0),
        changed(recipe=None),
        changed(recipe=[1]),
        changed(recipe={}),
        changed(recipe=recipe_data(seed=-1)),
        changed(recipe=recipe_data(guidance_scale=10**400)),
        changed(recipe=recipe_data(prompt="\ud800")),
        changed(recipe=recipe_data(revision=[])),
        changed(environment=None),
        changed(environment="x"),
        changed(environment={}),
        changed(environment={**vars(ENVIRONMENT), "threads": "2"}),
        changed(lineage=None),
        changed(lineage=", artsy"),
        changed(lineage=[1]),
        changed(lineage=["\ud800"]),
        changed(lineage=[change(value=None)]),
        changed(lineage=[change(value={})]),
        changed(lineage=[change(value=deep(600))]),
        changed(lineage=[change(cut={"prompt": 999})]),
        changed(lineage=[change(cut={"prompt": -1})]),
        changed(lineage=[change(cut={"prompt": "1"})]),
        changed(lineage=[change(cut={"seed": 1})]),
        changed(lineage=[change(cut={"__class__": 1})]),
        changed(lineage=[change(cut=[])]),
        changed(lineage=[change(rule=3)]),
        changed(lineage=[change(rule="x" * 100)]),
        changed(lineage=[change(before=None)]),
        changed(lineage=[change(before={"seed": -1})]),
        changed(lineage=[change(before={"prompt": "x" * 10_001})]),
        changed(lineage=[change(before={"color": "red"})]),
        changed(lineage=[change()] * 501),
        changed(lineage={"0": change()}),
        changed(version=1, suffixes=None),
        changed(version=1, suffixes=", artsy"),
        changed(version=1, suffixes=[1]),
        changed(version=1, suffixes=["\ud800"]),
        changed(version=1, suffixes=["x" * 10_001]),
        changed(version=1, suffixes=["x"] * 501),
        changed(version=1, suffixes={"0": "x"}),
        changed(version=1, suffixes=[", not its end"]),
        changed(notice=None),
        changed(notice=["x"]),
        changed(notice="x" * 2_001),
        changed(hashes=None),
        changed(hashes=[]),
        changed(hashes={"checkpoint": "x"}),
        changed(hashes={"checkpoint": None}),
        changed(hashes={"loras": "ab"}),
        changed(hashes={"loras": ["ab" * 32] * 9}),
        changed(checksums=[]),
        changed(checksums={"latents": "x", "total": 1.0}),
        changed(checksums={"latents": "", "total": "1"}),
    ],
    ids=lambda text: text[-50:],
)
def test_what_cannot_be_believed_is_refused_in_a_sentence(tmp_path, text):
    with pytest.raises(SeedLabError) as caught:
        read_metadata(write_chunk(tmp_path, text))
    assert str(caught.value).encode().endswith(b".")


SECRET = ("/home/somebody/models", "C:\\Users\\somebody\\models", "\\\\host\\somebody")


@pytest.mark.parametrize("folder", SECRET)
def test_no_path_of_the_machine_is_in_a_picture(tmp_path, folder):
    mark = "/" if folder.startswith("/") else "\\"
    lora = Lora(file=f"{folder}{mark}ink.safetensors", sha256="ab" * 32, weight=0.8)
    recipe = replace(FOURTH, model_id=f"{folder}{mark}shore.safetensors", loras=(lora,))
    lineage = make_lineage(recipe, ", artsy", "at night", ", 北斎 “wave” 🌊")
    notice = f"The LoRA {lora.file} and {recipe.model_id} were read."
    metadata = replace(METADATA, recipe=recipe, lineage=lineage, notice=notice)
    write_picture(tmp_path / "a.png", IMAGE, metadata)
    assert b"somebody" not in (tmp_path / "a.png").read_bytes()
    read = read_metadata(tmp_path / "a.png")
    assert (read.recipe.model_id, read.recipe.loras[0]) == (
        "./shore.safetensors",
        replace(lora, file="./ink.safetensors"),
    )
    assert read.notice == "The LoRA ink.safetensors and shore.safetensors were read."
    assert {change.parent.model_id for change in read.lineage} == {"./shore.safetensors"}
    assert read.is_of(recipe)
    moved = replace(recipe, model_id="/new/shore.safetensors", loras=(replace(lora, file="/new/tusche.safetensors"),))
    assert read.is_of(moved)
    assert metadata.is_of(moved), "as in a picture of an earlier version"
    assert not read.is_of(replace(recipe, seed=9))
    assert not read.is_of(replace(recipe, model_id="/new/lake.safetensors"))
    assert not read.is_of(replace(recipe, loras=(replace(lora, sha256="cd" * 32),)))


def test_a_folder_that_is_called_like_the_built_in_model_is_another_model(tmp_path):
    recipe = replace(RECIPE, model_id="/models/sketch")
    write_picture(tmp_path / "a.png", IMAGE, Metadata(recipe=recipe, environment=ENVIRONMENT))
    assert read_metadata(tmp_path / "a.png").recipe.model_id == "./sketch"
    assert not read_metadata(tmp_path / "a.png").is_of(replace(recipe, model_id="sketch"))


def test_a_file_that_is_no_picture_is_refused(tmp_path):
    (tmp_path / "a.png").write_text(METADATA.to_json())
    with pytest.raises(SeedLabError, match="is not a PNG file"):
        read_metadata(tmp_path / "a.png")


def test_a_long_lineage_of_long_prompts_takes_little_room():
    recipe = replace(RECIPE, prompt="北" * 5_000 + ", artsy" * 40)
    lineage = make_lineage(recipe, *[", artsy"] * 40)
    text = Metadata(recipe=recipe, environment=ENVIRONMENT, lineage=lineage).to_json()
    assert len(text) < 50_000
    assert Metadata.from_json(text).lineage == lineage


def test_a_small_file_with_many_long_prompts_is_refused_before_they_are_all_read():
    recipe = replace(RECIPE, prompt="a" * 10_000, negative_prompt="b" * 10_000)
    data = json.loads(Metadata(recipe=recipe, environment=ENVIRONMENT).to_json())
    cuts = ({"prompt": length, "negative_prompt": length} for length in range(9_500, 10_000))
    data["lineage"] = [{"rule": "words", "value": "x", "before": {}, "cut": cut} for cut in cuts]
    with pytest.raises(SeedLabError, match="more than 3,000,000 characters: open a picture that it was made from"):
        Metadata.from_json(json.dumps(data))
    data["lineage"] = data["lineage"][-150:]
    assert len(Metadata.from_json(json.dumps(data)).lineage) == 150
