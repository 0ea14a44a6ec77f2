"""What a command makes: where its pictures go, and what is said of them."""

from dataclasses import replace
from pathlib import Path

import pytest

from seedlab.core.errors import RecipeError
from seedlab.rules.kinds.seeds import Seeds
from seedlab.rules.kinds.wordings.suffixes import Suffixes
from seedlab.workflow.jobs.job import Job
from tests.examples import RECIPE

FOLDER = Path("out")


def test_a_round_of_seeds_goes_under_its_seeds():
    job = Job(folder=FOLDER, parent=RECIPE, rule=Seeds((0, 7)))
    assert job.files == {RECIPE: FOLDER / "seed-0.png", replace(RECIPE, seed=7): FOLDER / "seed-7.png"}
    assert job.grid == FOLDER / "grid.png"


def test_a_round_of_suffixes_goes_under_its_parents_name():
    suffixes = (", artsy", "at night")
    job = Job(folder=FOLDER, parent=RECIPE, rule=Suffixes(suffixes), source=Path("elsewhere/dog.png"))
    assert job.files == {
        replace(RECIPE, prompt="Labrador in the style of Vermeer, artsy"): FOLDER / "dog-artsy.png",
        replace(RECIPE, prompt="Labrador in the style of Vermeer at night"): FOLDER / "dog-at-night.png",
    }
    assert job.grid == FOLDER / "dog-grid.png"


def test_two_suffixes_that_give_one_recipe_give_one_picture():
    # After an empty prompt ", artsy" and "artsy" are the same.
    parent = replace(RECIPE, prompt="")
    job = Job(folder=FOLDER, parent=parent, rule=Suffixes((", artsy", "artsy")), source=Path("dog.png"))
    assert list(job.files.values()) == [FOLDER / "dog-artsy.png"]


def test_a_prompt_that_becomes_too_long_is_refused():
    parent = replace(RECIPE, prompt="x" * 10_000)
    job = Job(folder=FOLDER, parent=parent, rule=Suffixes((", artsy",)), source=Path("dog.png"))
    with pytest.raises(RecipeError, match="shorten it"):
        list(job.files)
