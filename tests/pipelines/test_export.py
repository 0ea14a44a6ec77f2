"""Exported scripts, run in a process of their own, give SeedLab's bytes."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from subprocess import CompletedProcess
from threading import Event

import pytest
from PIL import Image

from seedlab.core.reports import Finished
from seedlab.images.compare import hash_pixels
from seedlab.pipelines.models.addresses import find_model
from seedlab.rules.kinds.steps import Steps
from seedlab.rules.kinds.wordings.suffixes import GUIDE_SUFFIXES
from seedlab.workflow.scripts.script import write_script
from tests.pipelines.builders import build_ddim, make_default_recipe, make_recipe
from tests.processes import run_python, run_python_afresh
from tests.rounds import seed_round, suffix_round

ROOT = Path(__file__).parents[2]


def run_script(script: str, folder: Path, run: Callable[..., "CompletedProcess[str]"] = run_python) -> list[str]:
    """Run a script in a new process; returns the hashes that it prints."""
    (folder / "seedlab").symlink_to(ROOT / "seedlab")
    (folder / "script.py").write_text(script, encoding="utf-8")
    done = run("script.py", cwd=folder)
    assert done.returncode == 0, done.stderr
    return [line.split()[1] for line in done.stdout.splitlines()]


def make(manager, recipes) -> tuple[list[str], object]:
    """Make pictures as the page does, together; returns their hashes and their environment."""
    ends = {report.index: report for report in manager.generate(recipes, Event()) if isinstance(report, Finished)}
    return [hash_pixels(ends[index].image) for index in range(len(recipes))], ends[0].environment


@pytest.mark.parametrize("dtype", ["float32", pytest.param("bfloat16", marks=pytest.mark.slow)])
def test_a_round_of_suffixes(shared_manager, tiny, tmp_path, dtype):
    base = make_recipe(tiny, seed=2, dtype=dtype, scheduler="EulerAncestralDiscreteScheduler", negative_prompt="“blur”")
    recipes = suffix_round(base, GUIDE_SUFFIXES)
    hashes, environment = make(shared_manager, recipes)
    assert run_script(write_script(recipes, environment), tmp_path) == hashes
    assert len(set(hashes)) == 4
    assert sorted(file.name for file in tmp_path.glob("*.png")) == [
        "plain-seed-2-artsy.png",
        "plain-seed-2-colorful.png",
        "plain-seed-2-highly-realistic.png",
        "plain-seed-2-trending.png",
    ]


@pytest.mark.parametrize(
    "scheduler",
    [
        "DPMSolverMultistepScheduler SDE",
        *(
            pytest.param(name, marks=pytest.mark.slow)
            for name in (
                "DPMSolverMultistepScheduler Karras",
                "DPMSolverMultistepScheduler",
                "DEISMultistepScheduler",
            )
        ),
    ],
)
def test_a_round_of_seeds(shared_manager, tiny, tmp_path, scheduler):
    recipes = seed_round(make_recipe(tiny, scheduler=scheduler), (0, 7))
    hashes, environment = make(shared_manager, recipes)
    assert run_script(write_script(recipes, environment), tmp_path) == hashes
    assert [hash_pixels(Image.open(tmp_path / f"plain-seed-{seed}.png")) for seed in (0, 7)] == hashes


def test_a_round_of_steps(shared_manager, tiny, tmp_path):
    recipes = tuple(Steps((1, 3)).make(make_recipe(tiny)))
    hashes, environment = make(shared_manager, recipes)
    assert run_script(write_script(recipes, environment), tmp_path) == hashes
    assert len(set(hashes)) == 2


def test_a_model_without_prompts(shared_manager, tmp_path):
    recipes = seed_round(make_default_recipe(build_ddim(tmp_path)), (0, 7))
    hashes, environment = make(shared_manager, recipes)
    assert run_script(write_script(recipes, environment, find_model(recipes[0].model_id)), tmp_path) == hashes


def test_only_deterministic_algorithms(shared_manager, tiny, tmp_path):
    """On a CPU they are the ones that run anyway; the script must start with them all the same."""
    recipe = make_recipe(tiny, prompt="'); raise SystemExit  # “”\n\\")
    (expected,), environment = make(shared_manager, [recipe])
    script = write_script([recipe], replace(environment, deterministic=True))
    assert run_script(script, tmp_path, run_python_afresh) == [expected]


@pytest.mark.slow  # the browser tests run such a script
def test_one_tile_of_a_grid_of_sketch(shared_manager, tmp_path):
    recipes = seed_round(shared_manager.resolve("sketch").make_recipe(prompt="a red boat", seed=0), range(4))
    hashes, environment = make(shared_manager, recipes)
    assert run_script(write_script([recipes[3]], environment), tmp_path) == [hashes[3]]
