"""The paused runs on disk: what was kept is found again, and whatever else is in the folder is as good as nothing."""

import json
import os
import pickle
import time
from dataclasses import replace

import pytest
import torch
from safetensors.torch import save_file

from seedlab.pipelines.run_store import NO_RUNS, RunStore
from seedlab.pipelines.sampling.paused import PausedRun
from seedlab.pipelines.sampling.paused_files import KEY, save
from tests.examples import ENVIRONMENT, RECIPE

OTHER = replace(ENVIRONMENT, threads=8)
RUN = PausedRun(
    step=3,
    latents=torch.arange(256.0).reshape(1, 4, 8, 8),
    generator=torch.Generator().manual_seed(0).get_state(),
    scheduler={"lower_order_nums": 2, "model_outputs": [None, torch.ones(1, 4, 8, 8)], "this": ["x", 1.5, True]},
    draft_steps=3,
)


@pytest.fixture
def runs(tmp_path) -> RunStore:
    return RunStore(tmp_path / "new" / "runs", 2**20)


def find(runs: RunStore, recipe=RECIPE, environment=ENVIRONMENT, below=None) -> PausedRun | None:
    return runs.find(recipe, environment, below)


def keep(runs: RunStore, recipe=RECIPE, environment=ENVIRONMENT, run=RUN):
    """Keep a run; returns its file."""
    before = set(runs.folder.glob("*"))
    runs.keep(recipe, environment, run)
    return next(iter(set(runs.folder.glob("*")) - before), None)


def test_a_run_that_was_kept_is_found(runs):
    assert not runs.has_any([RECIPE])
    assert find(runs) is None
    assert not runs.folder.exists()
    keep(runs)
    found = find(runs)
    assert (found.step, found.draft_steps) == (3, 3)
    assert found.latents.equal(RUN.latents)
    assert found.generator.equal(RUN.generator)
    assert found.scheduler["model_outputs"][1].equal(torch.ones(1, 4, 8, 8))
    assert found.scheduler["this"] == ["x", 1.5, True]
    assert runs.has_any([replace(RECIPE, seed=9), RECIPE])


def test_a_run_of_another_recipe_or_environment_is_not_found(runs):
    file = keep(runs)
    assert find(runs, recipe=replace(RECIPE, seed=1)) is None
    assert find(runs, environment=OTHER) is None
    other = keep(runs, replace(RECIPE, seed=1))
    other.replace(file)
    assert find(runs) is None, "renamed"


def test_a_run_that_is_as_far_as_it_should_get_is_of_no_use(runs):
    keep(runs)
    assert find(runs, below=4) is not None
    assert find(runs, below=3) is None
    assert find(runs, recipe=RECIPE, below=2) is None
    keep(runs, run=replace(RUN, draft_steps=None))
    assert find(runs) is None


def test_a_run_can_be_forgotten(runs):
    keep(runs)
    for _ in range(2):
        runs.forget(RECIPE, ENVIRONMENT)
        assert find(runs) is None


def write_deep(file):
    save_file({"a": torch.ones(1)}, file, {KEY: "[" * 10_000, "sha256": ""})


def write_foreign(file):
    save_file({"a": torch.ones(1)}, file)


def write_huge_header(file):
    file.write_bytes((2**62).to_bytes(8, "little") + b"{}")


def write_pickle(file):
    file.write_bytes(pickle.dumps({"step": 3}))


def write_folder(file):
    file.unlink()
    file.mkdir()


def write_empty(file):
    file.write_bytes(b"")


def write_sparse(file):
    with file.open("wb") as stream:
        stream.truncate(2**32)


def write_other_types(file):
    owner = f"{RECIPE.fingerprint} {ENVIRONMENT.digest}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json, "dumps", lambda data: json.JSONEncoder().encode({**data, "step": "3", "scheduler": [1]}))
        save(RUN, file, owner)


HOSTILE = [value for name, value in sorted(globals().items()) if name.startswith("write_")]


@pytest.mark.parametrize("write", HOSTILE, ids=lambda write: write.__name__)
def test_a_hostile_file_is_no_run(runs, write):
    write(keep(runs))
    assert find(runs) is None
    runs.keep(RECIPE, ENVIRONMENT, RUN)
    assert (find(runs) is None) == (write is write_folder)
    runs.make_room()
    runs.forget(RECIPE, ENVIRONMENT)


def test_the_least_recently_used_go_first_and_other_files_stay(runs):
    recipes = [replace(RECIPE, seed=seed) for seed in range(4)]
    files = [keep(runs, recipe) for recipe in recipes]
    for age, file in zip((400, 300, 200, 100), files, strict=True):
        os.utime(file, (time.time() - age, time.time() - age))
    foreign = runs.folder / "notes.txt"
    foreign.write_bytes(b"x" * 2**20)
    assert find(runs, recipes[0]) is not None  # it is used now
    size = files[0].stat().st_size
    replace(runs, limit_bytes=2 * size + size // 2).make_room()
    assert [find(runs, recipe) is not None for recipe in recipes] == [True, False, False, True]
    assert foreign.exists()


def test_a_run_that_is_larger_than_the_limit_is_not_kept(runs):
    small = replace(runs, limit_bytes=RUN.bytes - 1)
    small.keep(RECIPE, ENVIRONMENT, RUN)
    assert find(small) is None


def test_without_a_folder_nothing_is_kept():
    NO_RUNS.keep(RECIPE, ENVIRONMENT, RUN)
    NO_RUNS.make_room()
    NO_RUNS.forget(RECIPE, ENVIRONMENT)
    assert find(NO_RUNS) is None
    assert not NO_RUNS.has_any([RECIPE])


def test_a_folder_that_cannot_be_written_to_fails_nothing(tmp_path):
    (tmp_path / "runs").touch()
    runs = RunStore(tmp_path / "runs", 2**20)
    runs.keep(RECIPE, ENVIRONMENT, RUN)
    runs.make_room()
    runs.sweep()
    assert find(runs) is None
    assert not runs.has_any([RECIPE])


def test_what_a_killed_process_left_half_written_is_swept_up(runs):
    keep(runs)
    abandoned = runs.folder / f".seedlab-{'0' * 32}.tmp"
    abandoned.touch()
    os.utime(abandoned, (0, 0))
    runs.sweep()
    assert not abandoned.exists()
    assert find(runs) is not None
