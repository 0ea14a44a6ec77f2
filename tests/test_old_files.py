"""Pictures and trails of earlier versions still open.

SeedLab 0.1.0 wrote the files in data/v1. The picture in data/v2 is from before pictures hid the folders of their files,
and before suffixes that begin with a bracket got a space.
"""

from dataclasses import replace
from pathlib import Path

from seedlab.images.metadata import read_metadata
from seedlab.images.restoring import Restored, restore
from seedlab.workflow.trails.trail import Trail
from seedlab.workflow.trails.trail_json import write_trail
from tests.examples import read_trail

OLD = Path(__file__).parent / "data" / "v1"


def test_a_picture_of_the_third_round_brings_its_ancestors():
    restored = restore(OLD / "seed-1-artsy-at-night.png")
    assert isinstance(restored, Restored)
    assert [recipe.prompt for recipe in restored.recipes] == [
        "Labrador in the style of Vermeer",
        "Labrador in the style of Vermeer, artsy",
        "Labrador in the style of Vermeer, artsy, at night",
    ]
    assert [(change.rule, change.value) for change in restored.metadata.lineage] == [
        ("suffixes", ", artsy"),
        ("suffixes", ", at night"),
    ]
    assert restored.metadata.checksums is not None
    assert restored.metadata.recipe.fingerprint == "8d38d9836f523d55508da4b13a710e67a9fa20f1aae2e8d3f928417706bcb59d"


def test_a_picture_of_a_first_round_has_no_ancestors():
    assert read_metadata(OLD / "seed-1.png").lineage == ()


def test_an_old_picture_stands_at_the_end_of_its_trail():
    metadata = read_metadata(OLD / "seed-1-artsy-at-night.png")
    trail = Trail().restore(metadata.recipe, metadata.lineage, OLD / "seed-1-artsy-at-night.png")
    assert [round_.title for round_ in trail.visible] == ["Seed 1", "Seed 1 · suffixes", "Seed 1 · suffixes"]


def test_a_kept_trail_opens_and_is_kept_in_the_new_form():
    trail = read_trail((OLD / "trail.json").read_text())
    assert [round_.title for round_ in trail.rounds] == [
        "Seeds 0–3",
        "Seed 2 · suffixes",
        "Seed 2 · suffixes",
        "Seeds 7, 42",
    ]
    assert trail.path == (1, 2, 3)
    assert [trail.round(2).caption(index) for index in (0, 1)] == ["artsy", "trending"]
    assert [change.value for change in trail.lineage_of(3, 0)] == [", artsy", ", at night"]
    assert read_trail(write_trail(trail)) == trail


def test_a_picture_that_says_where_its_files_were():
    restored = restore(OLD.parent / "v2" / "seed-0-artsy-1-3-20-steps.png")
    assert isinstance(restored, Restored)
    first, second, third = restored.recipes
    assert second.prompt == third.prompt == f"{first.prompt}(artsy:1.3)"
    assert (second.num_inference_steps, third.num_inference_steps) == (12, 20)
    assert {recipe.model_id for recipe in restored.recipes} == {"/home/artist/models/shore.safetensors"}
    assert third.fingerprint == "20efec9eff6e4b7f2f4b58d811e4f6c9a4d9e19001bef35b49692935ebd23e9d"
    moved = tuple(replace(lora, file="/new/ink.safetensors") for lora in third.loras)
    assert restored.metadata.is_of(replace(third, model_id="/new/shore.safetensors", loras=moved))


def test_the_new_form_takes_less_room():
    old = (OLD / "trail.json").read_text()
    assert len(write_trail(read_trail(old))) < 0.6 * len(old)
