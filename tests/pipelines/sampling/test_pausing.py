"""A run that is paused after any step and resumed later has the bytes of one that was never paused.

The whole matrix takes minutes: `python -m pytest -m slow`.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
import torch
from diffusers import DiffusionPipeline

from seedlab.core.errors import SeedLabError
from seedlab.core.recipes.recipe import Recipe
from seedlab.pipelines.exact.batch import sample_batch
from seedlab.pipelines.exact.caches import BatchCaches
from seedlab.pipelines.models.families import family_of
from seedlab.pipelines.sampling.call import Sample, sample
from seedlab.pipelines.sampling.paused import PausedError, PausedRun
from seedlab.pipelines.sampling.paused_files import load, save
from seedlab.pipelines.sampling.prompts.cache import Prompts
from tests.pipelines.plain import ROOT, hash_pixels
from tests.pipelines.test_matrix import BUILDERS, CASES, Case, make_seeds

STEPS = 4
ALONE = (
    Case("tiny", "float32", "DPMSolverMultistepScheduler SDE Karras"),
    Case("tiny", "float32", "UniPCMultistepScheduler"),
    Case("flux", "bfloat16"),
)
BATCHES = (Case("tiny", "float32", "UniPCMultistepScheduler"), Case("xl", "float32"))
"""What is tested every time."""

MATRIX = [case for case in CASES if case.model != "mid"]


def mark(*chosen: Case) -> list:
    """Return the matrix, in which all but the chosen cases are slow."""
    return [pytest.param(case, id=str(case), marks=() if case in chosen else pytest.mark.slow) for case in MATRIX]


@pytest.fixture(scope="module")
def build(tmp_path_factory) -> Callable:
    folder = tmp_path_factory.mktemp("pausing")
    return cache(lambda name: BUILDERS[name](folder))


@pytest.fixture(scope="module")
def load_pipeline(build) -> Callable:
    @cache
    def load_pipeline(model: str, dtype: str):
        pipeline = DiffusionPipeline.from_pretrained(build(model), dtype=getattr(torch, dtype), use_safetensors=True)
        for part in pipeline.components.values():
            if isinstance(part, torch.nn.Module):
                part.to(memory_format=torch.channels_last)
        pipeline.set_progress_bar_config(disable=True)
        return pipeline

    return load_pipeline


class Sampler:
    """Runs the recipes of one case, alone or in batches, and pauses and resumes them."""

    def __init__(self, pipeline, recipes: tuple[Recipe, ...]) -> None:
        self.pipeline, self.recipes = pipeline, [replace(each, num_inference_steps=STEPS) for each in recipes]
        self.can_batch = family_of(pipeline).can_batch
        self.prompts = Prompts(pipeline) if self.can_batch else None
        self.caches = BatchCaches()
        self.seen: list[int] = []

    def run(self, *rows: int, start=(), pause_at=None, draft_steps=None) -> list[Sample]:
        def on_step(step) -> bool:
            self.seen.append(step.number)
            return step.number == pause_at

        recipes = [self.recipes[row] for row in rows]
        options = {"start": start, "draft_steps": draft_steps}
        if len(rows) == 1:
            return [sample(self.pipeline, recipes[0], on_step, **options)]
        return sample_batch(
            self.pipeline,
            recipes,
            on_step,
            prompts=self.prompts,
            caches=self.caches,
            environment_key="test",
            announce=lambda: None,
            check_stop=lambda: None,
            **options,
        )

    def pause(self, *rows: int, at: int, start=()) -> tuple[PausedRun, ...]:
        with pytest.raises(PausedError) as paused:
            self.run(*rows, start=start, pause_at=at)
        return paused.value.runs


@pytest.fixture
def sampler(load_pipeline, build, case) -> Sampler:
    return Sampler(load_pipeline(case.model, case.dtype), make_seeds(build, case))


def describe(made: list[Sample]) -> list[tuple]:
    return [(each.checksums, hash_pixels(each.image)) for each in made]


def count_steps(sampler: Sampler) -> int:
    sampler.seen.clear()
    sampler.run(0)
    return sampler.seen[-1]


@pytest.mark.parametrize("case", mark(*ALONE))
def test_alone_paused_after_each_step(sampler):
    steps, whole = count_steps(sampler), describe(sampler.run(0))
    run: tuple[PausedRun, ...] = ()
    for step in range(1, steps):
        run = sampler.pause(0, at=step, start=run)
        sampler.seen.clear()
        assert describe(sampler.run(0, start=run)) == whole
        assert sampler.seen == list(range(step + 1, steps + 1)), "no step is taken twice"


@pytest.mark.parametrize("case", mark(*BATCHES))
def test_in_another_batch_and_from_files(sampler, tmp_path):
    if not sampler.can_batch:
        pytest.skip("one image at a time")
    steps, whole = count_steps(sampler), [describe(sampler.run(row))[0] for row in range(4)]
    for step in range(1, steps):
        paused = (*sampler.pause(0, 1, 2, at=step), *sampler.pause(3, at=step))
        runs = [pass_through_file(run, tmp_path / "run.safetensors") for run in paused]
        for rows in ((3, 1, 0), (2,)):
            resumed = describe(sampler.run(*rows, start=[runs[row] for row in rows]))
            assert resumed == [whole[row] for row in rows], f"paused after step {step}"


def pass_through_file(run: PausedRun, file: Path) -> PausedRun:
    save(run, file, "owner")
    return load(file, "owner")


@pytest.mark.parametrize("case", mark(*ALONE))
def test_a_draft_is_finished_with_the_bytes_of_the_whole(sampler):
    steps, whole = count_steps(sampler), describe(sampler.run(0))
    taken = []
    for draft_steps in range(1, STEPS):
        sampler.seen.clear()
        (draft,) = sampler.run(0, draft_steps=draft_steps)
        taken.append(draft.paused.step)
        assert sampler.seen == list(range(1, taken[-1] + 1))
        assert draft.paused.draft_steps == draft_steps
        assert describe([draft]) != whole
        assert describe(sampler.run(0, start=[draft.paused])) == whole
    assert taken == sorted(set(taken))
    assert taken[-1] < steps


@pytest.mark.parametrize("case", mark(*BATCHES))
def test_drafts_of_a_batch_are_those_alone(sampler):
    if not sampler.can_batch:
        pytest.skip("one image at a time")
    alone = [sampler.run(row, draft_steps=2)[0] for row in range(3)]
    assert describe(sampler.run(0, 1, 2, draft_steps=2)) == describe(alone)
    (run,) = sampler.pause(1, at=1)
    assert describe(sampler.run(1, draft_steps=2, start=[run])) == describe([alone[1]]), "paused before it is a draft"


@pytest.mark.parametrize("case", [Case("tiny", "float32", "DDIMScheduler")], ids=str)
def test_a_draft_is_the_decoded_prediction(sampler):
    clean = []
    recipe = sampler.recipes[0]
    sample(sampler.pipeline, recipe, lambda step: clean.append(step.clean))
    vae = sampler.pipeline.vae
    with torch.no_grad():
        decoded = vae.decode(clean[1] / vae.config.scaling_factor).sample
    (expected,) = sampler.pipeline.image_processor.postprocess(decoded, output_type="pil")
    assert hash_pixels(sampler.run(0, draft_steps=2)[0].image) == hash_pixels(expected)


@pytest.mark.parametrize("case", [Case("tiny", "float32", "DPMSolverMultistepScheduler")], ids=str)
def test_runs_that_do_not_belong_together_are_refused(sampler):
    (one,), (two,) = sampler.pause(0, at=1), sampler.pause(1, at=2)
    with pytest.raises(ValueError, match="different steps"):
        sampler.run(0, 1, start=[one, two])
    with pytest.raises(ValueError, match="another size"):
        sampler.run(0, start=[replace(one, latents=one.latents[..., :4])])
    with pytest.raises(ValueError, match="more steps"):
        sampler.run(0, start=[replace(one, step=STEPS)])
    for name in ("step", "set_timesteps", "_internal_dict"):
        with pytest.raises(ValueError, match="another scheduler"):
            sampler.run(0, start=[replace(one, scheduler={**one.scheduler, name: 1})])


@pytest.mark.parametrize("case", [Case("tiny", "bfloat16", "DPMSolverMultistepScheduler")], ids=str)
def test_a_file_is_small_and_a_damaged_one_is_refused(sampler, tmp_path):
    sampler.recipes = [replace(each, height=512, width=512) for each in sampler.recipes]
    (run,) = sampler.pause(0, at=3)
    file = tmp_path / "run.safetensors"
    save(run, file, "owner")
    assert file.stat().st_size <= 100_000
    for other, name in (("someone else", "run.safetensors"), ("owner", "missing.safetensors")):
        with pytest.raises(SeedLabError, match="made again from its first step"):
            load(tmp_path / name, other)
    content = file.read_bytes()
    for place in range(0, len(content), len(content) // 40):
        file.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        with pytest.raises(SeedLabError, match="made again from its first step"):
            load(file, "owner")
    file.write_bytes(content[:-1])
    with pytest.raises(SeedLabError, match="made again from its first step"):
        load(file, "owner")


RESUME = """
import json, sys
from pathlib import Path
from diffusers import DiffusionPipeline
import torch
from seedlab.core.errors import SeedLabError
from seedlab.core.recipes.recipe import Recipe
from seedlab.pipelines.sampling.call import sample
from seedlab.pipelines.sampling.paused_files import load
from tests.pipelines.plain import hash_pixels, load_plainly

for file, fields in json.load(sys.stdin):
    recipe = Recipe.from_dict(fields)
    pipeline, _ = load_plainly(recipe.model_id, recipe.dtype)
    print(hash_pixels(sample(pipeline, recipe, lambda step: None, start=[load(Path(file), "owner")]).image))
"""


@pytest.mark.slow
@pytest.mark.parametrize("case", mark(*ALONE))
def test_in_a_new_process(sampler, tmp_path):
    steps, whole = count_steps(sampler), hash_pixels(sampler.run(0)[0].image)
    jobs = []
    for step in range(1, steps):
        file = tmp_path / f"{step}.safetensors"
        save(sampler.pause(0, at=step)[0], file, "owner")
        jobs.append((str(file), sampler.recipes[0].to_dict()))
    command = [sys.executable, "-c", RESUME]
    made = subprocess.run(command, cwd=ROOT, input=json.dumps(jobs), capture_output=True, text=True, check=True)
    assert made.stdout.split() == [whole] * (steps - 1)
