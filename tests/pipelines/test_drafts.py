"""Drafts are paused where they should be, and finished with the bytes of pictures that were never paused.

The whole matrix takes minutes: `python -m pytest -m slow`.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from functools import cache
from pathlib import Path
from threading import Event

import pytest

from seedlab.core.reports import Failed, Finished, Progress
from seedlab.pipelines import turns
from seedlab.pipelines.manager import PipelineManager
from seedlab.pipelines.run_store import NO_RUNS, RunStore
from seedlab.pipelines.sampling.paused_files import load, save
from tests.pipelines.builders import make_recipe
from tests.pipelines.plain import ROOT, hash_pixels
from tests.pipelines.test_matrix import BUILDERS, CASES, Case, make_seeds
from tests.rounds import seed_round

STEPS = 4
LIMIT = 2**26
EVERY_TIME = (
    Case("tiny", "float32", "HeunDiscreteScheduler"),
    Case("tiny", "float32", "DPMSolverMultistepScheduler SDE Karras"),
    Case("flux", "bfloat16"),
)
MATRIX = [case for case in CASES if case.model != "mid"]


@pytest.fixture(scope="module")
def kept(tmp_path_factory) -> RunStore:
    return RunStore(tmp_path_factory.mktemp("drafts") / "runs", LIMIT)


@pytest.fixture(scope="module")
def manager(kept) -> Iterator[PipelineManager]:
    with closing(PipelineManager(device="cpu", runs=kept)) as manager:
        yield manager


@pytest.fixture
def runs(kept) -> RunStore:
    """An empty store, which the manager uses."""
    shutil.rmtree(kept.folder, ignore_errors=True)
    return kept


@pytest.fixture
def drafting(manager, runs) -> PipelineManager:
    return manager


@pytest.fixture
def rows(manager, recipes) -> Iterator[list[int]]:
    """A list that gets the number of rows of each computation of the denoiser's first layer."""
    make(manager, recipes[:1], resume=False)
    loaded = next(reversed(manager._executor._cache._loaded.values()))
    rows: list[int] = []
    hook = loaded.pipeline.unet.conv_in.register_forward_pre_hook(lambda _, args: rows.append(len(args[0])))
    yield rows
    hook.remove()


@pytest.fixture(scope="module")
def recipes(tiny):
    return seed_round(make_recipe(tiny, num_inference_steps=STEPS), range(4))


@pytest.fixture(scope="module")
def wholes(manager):
    """Return the pictures of recipes, made without drafts."""
    make_one = cache(lambda recipe: make(manager, [recipe], resume=False)[0])
    return lambda recipes: [make_one(recipe) for recipe in recipes]


def generate(manager, recipes, draft_steps=None, visitor=None, **options) -> list:
    return list(manager.generate(recipes, Event(), visitor, draft_steps=draft_steps, **options))


def read_ends(reports) -> list[Finished]:
    ends = {each.index: each for each in reports if isinstance(each, Finished | Failed)}
    assert [each.sentence for each in ends.values() if isinstance(each, Failed)] == []
    return [ends[index] for index in sorted(ends)]


def describe(end: Finished) -> tuple:
    return end.draft_steps, end.checksums, hash_pixels(end.image)


def make(manager, recipes, draft_steps=None, **options) -> list[tuple]:
    return [describe(end) for end in read_ends(generate(manager, recipes, draft_steps, **options))]


def read_steps(reports, index: int) -> list[tuple[int, int]]:
    """Return the progress of a tile, each step once."""
    steps = [(each.step, each.steps) for each in reports if isinstance(each, Progress) and each.index == index]
    return list(dict.fromkeys(steps))


def test_a_draft_counts_to_its_end_and_its_picture_goes_on_from_there(drafting, recipes, runs, rows, wholes):
    whole = wholes(recipes)
    drafted = generate(drafting, recipes, 1)
    assert [end.draft_steps for end in read_ends(drafted)] == [1] * 4
    assert read_steps(drafted, 0) == [(1, 1)]
    assert len(list(runs.folder.iterdir())) == 4
    rows.clear()
    finished = generate(drafting, recipes)
    assert [describe(end) for end in read_ends(finished)] == whole
    assert read_steps(finished, 3) == [(2, 4), (3, 4), (4, 4)]
    assert sum(rows) == 2 * 4 * (STEPS - 1), "no step is taken twice"
    assert list(runs.folder.iterdir()) == [], "nothing is left to be finished"


def test_a_draft_is_not_its_picture_and_is_the_same_again(drafting, recipes, wholes):
    drafts = make(drafting, recipes, 2)
    assert drafts == [make(drafting, [each], 2, resume=False)[0] for each in recipes]
    assert all(draft != whole for draft, whole in zip(drafts, wholes(recipes), strict=True))


def test_a_recipe_without_more_steps_is_finished(drafting, recipes, runs, wholes):
    assert make(drafting, recipes[:2], STEPS) == wholes(recipes[:2])
    assert make(drafting, recipes[:1], 100) == wholes(recipes[:1])
    assert not runs.folder.exists()


def test_runs_that_were_paused_at_different_steps_are_finished_in_one_request(drafting, recipes, rows, wholes):
    whole = wholes(recipes)
    make(drafting, recipes[:1], 1)
    make(drafting, [recipes[1], recipes[3]], 2)
    rows.clear()
    assert make(drafting, recipes) == whole
    assert sum(rows) == 2 * (3 + 2 * 2 + 4)


def test_a_draft_of_more_steps_goes_on_from_one_of_fewer(drafting, recipes, rows, wholes):
    expected = make(drafting, recipes, 3, resume=False)
    first = make(drafting, recipes, 1)
    rows.clear()
    assert make(drafting, recipes, 3) == expected
    assert sum(rows) == 2 * 4 * 2
    assert make(drafting, recipes, 1) == first
    assert make(drafting, recipes) == wholes(recipes)


def test_what_is_made_anew_neither_reads_nor_changes_the_runs(drafting, recipes, runs, rows):
    make(drafting, recipes[:1], 2)
    (file,) = runs.folder.iterdir()
    content = file.read_bytes()
    rows.clear()
    make(drafting, recipes[:1], resume=False)
    make(drafting, recipes[:1], 3, resume=False)
    assert sum(rows) == 2 * (STEPS + 3)
    assert file.read_bytes() == content


@pytest.mark.parametrize(
    "change",
    [*(pytest.param(each, marks=pytest.mark.slow) for each in ("size", "scheduler", "step")), "not-a-number", "damage"],
)
def test_a_run_that_cannot_be_resumed_is_made_anew(drafting, recipes, runs, wholes, change):
    make(drafting, recipes, 2)
    for recipe in recipes[:2]:
        (file,) = runs.folder.glob(f"{recipe.fingerprint}-*")
        owner = f"{recipe.fingerprint} {drafting.environment(recipe).digest}"
        run = load(file, owner)
        changes = {
            "size": {"latents": run.latents[..., :4]},
            "not-a-number": {"latents": run.latents * float("nan")},
            "scheduler": {"scheduler": {"sigmas": "none", "model_outputs": 3}},
            "step": {"step": 1000},
        }
        save(replace(run, **changes.get(change, {})), file, owner)
        if change == "damage":
            file.write_bytes(file.read_bytes()[:-9])
    assert make(drafting, recipes) == wholes(recipes)


def test_drafts_give_way_to_others(drafting, tiny, runs, monkeypatch):
    long = make_recipe(tiny, num_inference_steps=30)
    recipes = seed_round(long, range(4))
    expected, whole = (make(drafting, recipes, steps, resume=False) for steps in (25, None))
    make(drafting, recipes, 1)
    monkeypatch.setattr(turns, "TURN_SECONDS", 0.02)
    with ThreadPoolExecutor(1) as other:
        theirs = other.submit(make, drafting, recipes, 25, visitor="a")
        short = [replace(long, num_inference_steps=2, prompt="a boat", seed=seed) for seed in range(3)]
        for recipe in short:
            make(drafting, [recipe], visitor="b")
        assert theirs.result() == expected
    assert len(list(runs.folder.iterdir())) == 4
    assert make(drafting, recipes) == whole


def test_drafts_survive_a_restart(drafting, recipes, runs, wholes):
    make(drafting, recipes[1:], 3)
    with closing(PipelineManager(device="cpu", runs=runs)) as after:
        assert read_steps(generate(after, recipes[1:2]), 0) == [(4, 4)]
        assert make(after, recipes) == wholes(recipes)


def test_without_a_folder_a_draft_is_finished_from_its_first_step(drafting, recipes, wholes, monkeypatch):
    monkeypatch.setattr(drafting._executor._runner, "runs", NO_RUNS)
    make(drafting, recipes, 2)
    reports = generate(drafting, recipes)
    assert read_steps(reports, 0)[0] == (1, 4)
    assert [describe(end) for end in read_ends(reports)] == wholes(recipes)


def test_the_store_is_bounded(drafting, recipes, runs, monkeypatch):
    make(drafting, recipes[:1], 2)
    (file,) = runs.folder.iterdir()
    limited = replace(runs, limit_bytes=2 * file.stat().st_size + 100)
    monkeypatch.setattr(drafting._executor._runner, "runs", limited)
    make(drafting, seed_round(recipes[0], range(10, 18)), 2)
    assert len(list(runs.folder.iterdir())) == 2


@pytest.fixture(scope="module")
def build(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drafts")
    return cache(lambda name: BUILDERS[name](folder))


@pytest.mark.parametrize("case", EVERY_TIME, ids=str)
def test_finished_drafts_have_the_bytes_of_whole_pictures(drafting, build, case):
    recipes = [replace(each, num_inference_steps=STEPS) for each in make_seeds(build, case)]
    whole = make(drafting, recipes, resume=False)
    assert [draft[0] for draft in make(drafting, recipes, 2)] == [2] * 4
    assert make(drafting, recipes) == whole


@pytest.mark.slow
@pytest.mark.parametrize("case", MATRIX, ids=str)
def test_drafts_after_every_step_and_of_different_steps(drafting, build, case):
    recipes = [replace(each, num_inference_steps=STEPS) for each in make_seeds(build, case)]
    whole = make(drafting, recipes, resume=False)
    for steps in range(1, STEPS):
        drafts = make(drafting, recipes, steps)
        assert [draft[0] for draft in drafts] == [steps] * 4
        make(drafting, recipes[2:], min(steps + 1, STEPS - 1))
        assert make(drafting, recipes[:1]) == whole[:1]
        assert make(drafting, recipes) == whole, f"paused after step {steps}"


FINISH = """
import json, sys
from contextlib import closing
from pathlib import Path
from threading import Event
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.reports import Finished, Progress
from seedlab.pipelines.manager import PipelineManager
from seedlab.pipelines.run_store import RunStore
from tests.pipelines.plain import hash_pixels

folder, *recipes = json.load(sys.stdin)
recipes = [Recipe.from_dict(fields) for fields in recipes]
with closing(PipelineManager(device="cpu", runs=RunStore(Path(folder), 2**26))) as manager:
    reports = list(manager.generate(recipes, Event()))
print(min(report.step for report in reports if isinstance(report, Progress)))
for report in sorted((each for each in reports if isinstance(each, Finished)), key=lambda each: each.index):
    print(hash_pixels(report.image))
"""


@pytest.mark.slow
@pytest.mark.parametrize("case", EVERY_TIME, ids=str)
def test_drafts_are_finished_in_a_new_process(drafting, build, runs, case):
    recipes = [replace(each, num_inference_steps=STEPS) for each in make_seeds(build, case)]
    whole = [pixels for _, _, pixels in make(drafting, recipes, resume=False)]
    make(drafting, recipes, 2)
    asked = json.dumps([str(runs.folder), *(recipe.to_dict() for recipe in recipes)])
    command = [sys.executable, "-c", FINISH]
    made = subprocess.run(command, cwd=ROOT, input=asked, capture_output=True, text=True, check=True).stdout.split()
    assert int(made[0]) > 2
    assert made[1:] == whole


def test_the_folder_is_made_by_the_first_draft(drafting, recipes, runs):
    make(drafting, recipes[:1])
    assert not Path(runs.folder).exists()
