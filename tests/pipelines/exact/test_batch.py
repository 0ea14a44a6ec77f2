"""Which recipes are generated in one call, and how prompt embeddings are cached."""

from dataclasses import replace
from threading import Event

import pytest
import torch
from diffusers import DiffusionPipeline

from seedlab.core.reports import Failed, Finished, Progress, Waiting
from seedlab.pipelines.exact.batch import split_batches
from seedlab.pipelines.exact.plans import Plan, Plans
from seedlab.pipelines.manager import PipelineManager
from seedlab.pipelines.models.families import family_of
from seedlab.pipelines.sampling.prompts import cache
from seedlab.pipelines.sampling.prompts.cache import Prompts
from seedlab.rules.kinds.matrix import Matrix
from seedlab.rules.kinds.seeds import Seeds
from seedlab.rules.kinds.sweep import Sweep
from seedlab.rules.kinds.wordings.suffixes import GUIDE_SUFFIXES
from tests.examples import RECIPE
from tests.pipelines.builders import make_recipe
from tests.rounds import seed_round, suffix_round

GUIDANCE = {"sweep_setting": "guidance", "sweep": "1.5, 3"}


@pytest.fixture(scope="module")
def pipeline(tiny):
    return DiffusionPipeline.from_pretrained(tiny, use_safetensors=True)


def test_both_rounds_of_the_guide_are_one_batch():
    assert split_batches(seed_round(RECIPE, range(4))) == [[0, 1, 2, 3]]
    assert split_batches(suffix_round(RECIPE, GUIDE_SUFFIXES)) == [[0, 1, 2, 3]]


def test_more_than_four_recipes_are_split():
    assert split_batches(seed_round(RECIPE, range(9))) == [[0, 1, 2, 3], [4, 5, 6, 7], [8]]
    assert split_batches(seed_round(RECIPE, range(9)), limit=8) == [[*range(8)], [8]]


@pytest.mark.parametrize(
    "change",
    [
        {"num_inference_steps": 13},
        {"guidance_scale": 1.0},
        {"height": 192},
        {"scheduler": "DDIMScheduler"},
        {"model_id": "owner/name"},
        {"dtype": "bfloat16"},
    ],
    ids=str,
)
def test_only_recipes_that_differ_in_seed_and_prompts_share_a_batch(change):
    one, other = RECIPE, replace(RECIPE, seed=7, **change)
    assert split_batches([one, other, one]) == [[0, 2], [1]]


def test_a_matrix_is_made_by_columns_where_these_can_be_made_together():
    matrix = Matrix.of(Sweep.parse(GUIDANCE), Seeds(tuple(range(6)))).make(RECIPE)
    batches = split_batches(list(matrix))
    assert batches == [[0, 2, 4, 6], [1, 3, 5, 7], [8, 10], [9, 11]]


def test_no_recipes_are_no_batches():
    assert split_batches([]) == []


def test_every_prompt_is_encoded_once_and_so_is_the_empty_one(pipeline, monkeypatch):
    texts, encode = [], pipeline.encode_prompt
    monkeypatch.setattr(pipeline, "encode_prompt", lambda **given: (texts.append(given["prompt"]), encode(**given))[1])
    prompts = Prompts(pipeline)
    recipes = suffix_round(RECIPE, (", artsy", ", colorful"))
    for _ in range(2):
        encoded = prompts.encode(recipes)
    assert texts == [recipes[0].prompt, recipes[1].prompt, ""]
    assert {name: tuple(value.shape) for name, value in encoded.items()} == {
        "prompt_embeds": (2, 77, 32),
        "negative_prompt_embeds": (2, 77, 32),
    }


def test_embeddings_of_long_visits_take_a_limited_amount_of_memory(pipeline, monkeypatch):
    one = Prompts(pipeline).encode([RECIPE])["prompt_embeds"].nbytes
    monkeypatch.setattr(cache, "MAX_BYTES", 3 * one)
    prompts = Prompts(pipeline)
    for number in range(5):
        prompts.encode([replace(RECIPE, prompt=f"boat {number}")])
    texts, encode = [], pipeline.encode_prompt
    monkeypatch.setattr(pipeline, "encode_prompt", lambda **given: (texts.append(given["prompt"]), encode(**given))[1])
    for number in (4, 3, 2):
        prompts.encode([replace(RECIPE, prompt=f"boat {number}")])
    assert texts == ["boat 2"], "the last two prompts and the empty one, which all need, are there"


def test_embeddings_equal_those_of_the_pipeline(pipeline):
    (recipe,) = suffix_round(replace(RECIPE, negative_prompt="blurry"), (", artsy",))
    with torch.no_grad():
        theirs, negatives = pipeline.encode_prompt(recipe.prompt, "cpu", 1, True, negative_prompt="blurry")
    ours = Prompts(pipeline).encode([recipe])
    assert torch.equal(ours["prompt_embeds"], theirs)
    assert torch.equal(ours["negative_prompt_embeds"], negatives)


def test_unknown_pipelines_are_not_batched(pipeline):
    assert family_of(pipeline).can_batch
    assert not family_of(type("OtherPipeline", (), {})()).can_batch


class CountingPlans(Plans):
    """Plans in memory that count how often one was stored."""

    def __init__(self):
        super().__init__(None)
        self.stored = 0

    def keep(self, fingerprint, plan):
        self.stored += 1
        super().keep(fingerprint, plan)


def count_calls(manager, recipes) -> tuple[list[int], list]:
    """Return the number of rows of each denoiser call, and all reports."""
    list(manager.generate(recipes[:1], Event()))
    (loaded,) = manager._executor._cache._loaded.values()
    rows = []
    handle = loaded.pipeline.unet.register_forward_pre_hook(lambda _, args: rows.append(len(args[0])))
    reports = list(manager.generate(recipes, Event()))
    handle.remove()
    return rows, reports


def test_a_grid_is_one_call_a_step_and_calibrated_once(tiny):
    manager = PipelineManager(device="cpu", plans=(plans := CountingPlans()))
    recipes = seed_round(make_recipe(tiny, num_inference_steps=3), range(4))
    rows, reports = count_calls(manager, recipes)
    assert rows == [8, 8, 8]
    assert plans.stored == 1
    announced = [report for report in reports if isinstance(report, Waiting) and "once" in report.sentence]
    assert {report.index for report in announced} == {0, 1, 2, 3}
    rows, reports = count_calls(manager, suffix_round(recipes[2], GUIDE_SUFFIXES))
    assert rows == [8, 8, 8]
    assert plans.stored == 1, "another prompt has the same shapes"
    steps = [report for report in reports if isinstance(report, Progress)]
    assert {report.index for report in steps} == {0, 1, 2, 3}
    assert all(report.preview.size == (8, 8) for report in steps)
    manager.close()


def test_other_shapes_are_calibrated_separately(tiny, monkeypatch):
    monkeypatch.setattr("seedlab.pipelines.exact.denoiser.calibrate", lambda *_: Plan(exact=True))
    manager = PipelineManager(device="cpu", plans=(plans := CountingPlans()))
    base = make_recipe(tiny, num_inference_steps=1)
    for changes in ({}, {"height": 128}, {"guidance_scale": 1.0}, {"seed": 5}):
        list(manager.generate(seed_round(replace(base, **changes), range(4)), Event()))
    list(manager.generate(seed_round(base, range(3)), Event()))
    assert plans.stored == 4
    manager.close()


def test_images_that_are_not_exact_as_a_batch_are_generated_one_by_one(tiny, monkeypatch):
    monkeypatch.setattr("seedlab.pipelines.exact.denoiser.calibrate", lambda *_: Plan(exact=False))
    manager = PipelineManager(device="cpu", plans=Plans(None))
    rows, reports = count_calls(manager, seed_round(make_recipe(tiny, num_inference_steps=2), range(3)))
    assert rows == [6] + [2] * 6, "the batch was abandoned in its first call"
    assert [report.index for report in reports if isinstance(report, Finished)] == [0, 1, 2]
    manager.close()


def test_a_batch_that_does_not_fit_into_memory_is_not_tried_again(tiny, monkeypatch):
    def calibrate(*_):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20 GiB")

    monkeypatch.setattr("seedlab.pipelines.exact.denoiser.calibrate", calibrate)
    manager = PipelineManager(device="cpu", plans=Plans(None))
    recipes = seed_round(make_recipe(tiny, num_inference_steps=1), range(3))
    rows, reports = count_calls(manager, recipes)
    assert rows == [6, 2, 2, 2]
    assert [report.index for report in reports if isinstance(report, Finished)] == [0, 1, 2]
    rows, _ = count_calls(manager, seed_round(replace(recipes[0], prompt="a boat"), (5, 6, 7)))
    assert rows == [2, 2, 2]
    manager.close()


def test_a_failed_tile_does_not_affect_the_others_of_its_batch(tiny):
    recipes = seed_round(make_recipe(tiny, num_inference_steps=1), range(3))
    too_long = replace(recipes[1], prompt="x" * 9_000)
    manager = PipelineManager(device="cpu", plans=Plans(None))
    reports = list(manager.generate((recipes[0], too_long, recipes[2]), Event()))
    ends = {report.index: type(report) for report in reports if isinstance(report, Finished | Failed)}
    assert ends == {0: Finished, 1: Failed, 2: Finished}
    manager.close()
