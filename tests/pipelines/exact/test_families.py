"""Exact batches of transformers and of latent consistency models: each picture has the bytes of the plain script.

`tests/pipelines/test_matrix.py` has the same models with more neighbours; all of them with `-m slow`.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from threading import Event

import pytest
import torch

from seedlab.core.recipes.recipe import Recipe
from seedlab.core.reports import Failed, Finished
from seedlab.pipelines.exact import denoiser
from seedlab.pipelines.exact.plans import Plans
from seedlab.pipelines.manager import PipelineManager
from seedlab.pipelines.run_store import RunStore
from seedlab.pipelines.sampling.steps import find_denoiser
from seedlab.pipelines.thread_executor import ThreadExecutor
from seedlab.rules.kinds.wordings.late_words import LateWords
from seedlab.rules.kinds.wordings.suffixes import GUIDE_SUFFIXES
from tests.pipelines import builders
from tests.pipelines.plain import hash_pixels, run_plainly
from tests.rounds import suffix_round

BUILDERS: dict[str, Callable[[Path], Path]] = {
    "sd3": builders.build_stable_diffusion_3,
    "flux": builders.build_flux,
    "schnell": lambda folder: builders.build_flux(folder, "schnell", guidance_embeds=False),
    "pixart": builders.build_pixart,
    "sana": builders.build_sana,
    "qwen": builders.build_qwen_image,
    "z-image": builders.build_z_image,
    "lcm": builders.build_latent_consistency,
}
CHANGES = {
    "pixart": {"height": 288, "width": 288},  # not one of its own sizes: it resizes the decoded picture
    "sana": {"height": 512, "width": 512},
    "schnell": {"guidance_scale": 3.0, "height": 64, "width": 64},
}
NEGATIVE = ("sd3", "schnell", "pixart", "sana", "qwen", "z-image")
RARE = ("schnell", "sana")
EVERY = [
    pytest.param(name, dtype, marks=() if dtype == "float32" and name not in RARE else pytest.mark.slow)
    for name in BUILDERS
    for dtype in ("float32", "bfloat16")
]


@pytest.fixture(scope="module")
def build(tmp_path_factory) -> Callable[[str], Path]:
    folder = tmp_path_factory.mktemp("families")
    return cache(lambda name: BUILDERS[name](folder))


@pytest.fixture(scope="module")
def manager(tmp_path_factory) -> Iterator[PipelineManager]:
    runs = RunStore(tmp_path_factory.mktemp("runs"), 2**26)
    with closing(PipelineManager(device="cpu", plans=Plans(None), runs=runs)) as manager:
        yield manager


@pytest.fixture(autouse=True)
def _batch_transformers_too(monkeypatch) -> None:
    """Let batches pay, however long they take: the models of these tests are too small to tell."""
    monkeypatch.setattr(denoiser, "measure_gain", lambda *_: 1.5)


@pytest.fixture(scope="module")
def run_alone(manager) -> Callable[[Recipe], str]:
    return cache(lambda recipe: run_plainly(recipe, manager.environment(recipe).memory_format))


def make_parent(build, name: str, dtype: str = "float32", **changes: object) -> Recipe:
    size = CHANGES.get(name, {"height": 64, "width": 64})
    return builders.make_default_recipe(build(name), dtype=dtype, **(size | {"num_inference_steps": 3} | changes))


def make(manager, recipes, **how) -> list[str]:
    ends = {
        each.index: each for each in manager.generate(recipes, Event(), **how) if isinstance(each, Finished | Failed)
    }
    assert [end.sentence for end in ends.values() if isinstance(end, Failed)] == []
    assert [end.notice for end in ends.values() if end.notice] == []
    return [hash_pixels(ends[index].image) for index in range(len(recipes))]


@contextmanager
def count_rows(manager, recipe: Recipe) -> Iterator[Counter]:
    """Count the calls of the denoiser by their number of rows, calibration apart."""
    make(manager, [recipe])
    denoiser = find_denoiser(next(reversed(manager._executor._cache._loaded.values())).pipeline)
    rows: Counter = Counter()
    first = lambda args, kwargs: args[0] if args else kwargs["hidden_states"]  # noqa: E731
    hook = denoiser.register_forward_pre_hook(
        lambda _, args, kwargs: rows.update([len(first(args, kwargs))]), with_kwargs=True
    )
    yield rows
    hook.remove()


@pytest.mark.parametrize(("name", "dtype"), EVERY)
def test_pictures_of_other_seeds_and_words_have_the_bytes_that_they_have_alone(manager, build, run_alone, name, dtype):
    """The words are equally long, because Qwen-Image pads no prompt that is encoded alone."""
    parent = make_parent(build, name, dtype)
    other = parent.prompt.replace("Vermeer", "Matisse")
    recipes = [parent, replace(parent, seed=7), replace(parent, prompt=other), replace(parent, seed=9, prompt=other)]
    if name in NEGATIVE:
        recipes[1:2] = [replace(recipes[1], negative_prompt="fog")] if name not in ("qwen", "z-image") else recipes[1:2]
        recipes = [replace(each, negative_prompt=each.negative_prompt or "dim") for each in recipes]
    plain = [run_alone(recipe) for recipe in recipes]
    with count_rows(manager, recipes[0]) as rows:
        assert make(manager, recipes) == plain
    assert min(rows) >= 4, "in one call"
    assert len(set(plain)) == 4


@pytest.mark.parametrize("name", ["pixart", "sana", "qwen", pytest.param("z-image", marks=pytest.mark.slow)])
def test_no_negative_prompt_is_read_as_the_plain_script_reads_it(manager, build, run_alone, name):
    recipes = [make_parent(build, name, num_inference_steps=1, seed=seed) for seed in (3, 4)]
    assert make(manager, recipes) == [run_alone(recipe) for recipe in recipes]


@pytest.mark.parametrize("name", ["qwen", "z-image"])
def test_prompts_that_would_be_padded_are_made_one_by_one(manager, build, run_alone, name):
    recipes = suffix_round(make_parent(build, name, num_inference_steps=1), GUIDE_SUFFIXES)[:2]
    with count_rows(manager, recipes[0]) as rows:
        assert make(manager, recipes) == [run_alone(recipe) for recipe in recipes]
    # With guidance; Z-Image's batch is refused where its denoiser is called.
    assert rows == ({2: 2, 4: 1} if name == "z-image" else {1: 4})


@pytest.mark.parametrize(
    "name",
    ["sd3", "qwen", *(pytest.param(n, marks=pytest.mark.slow) for n in ("z-image", "lcm", "flux", "pixart", "sana"))],
)
def test_drafts_of_a_batch_are_finished_with_the_bytes_of_whole_pictures(manager, build, run_alone, name):
    recipes = [make_parent(build, name, seed=seed) for seed in range(3)]
    drafts = make(manager, recipes, draft_steps=1)
    plain = [run_alone(recipe) for recipe in recipes]
    assert make(manager, recipes) == plain
    assert not set(drafts) & set(plain)
    assert drafts[1:2] == make(manager, recipes[1:2], draft_steps=1), "as a draft of its own"


@pytest.mark.parametrize("name", ["sd3", *(pytest.param(name, marks=pytest.mark.slow) for name in ("lcm", "flux"))])
def test_late_words_join_in_a_batch(manager, build, run_alone, name):
    parent = make_parent(build, name)
    recipes = tuple(LateWords(((", artsy", 1), (", at night", 1))).make(parent))
    plain = [run_alone(recipe) for recipe in recipes]
    with count_rows(manager, parent) as rows:
        assert make(manager, recipes) == plain
    assert max(rows) == (4 if name == "sd3" else 2)
    assert len({*plain, run_alone(parent)}) == 3


def test_long_prompts_are_cut_where_the_plain_call_cuts_them(manager, build):
    """Its `encode_prompt` has another limit by default."""
    from seedlab.pipelines.sampling.prompts.cache import Prompts

    make(manager, [make_parent(build, "qwen", num_inference_steps=1)])
    pipeline = next(reversed(manager._executor._cache._loaded.values())).pipeline
    recipe = make_parent(build, "qwen", prompt="a " * 400)
    with torch.no_grad():
        encoded = Prompts(pipeline).encode([recipe])
    assert encoded["prompt_embeds"].shape[1] == 512


@pytest.mark.parametrize(
    ("name", "gain", "is_batched"), [("flux", 0.9, False), ("flux", 1.1, True), ("lcm", 0.9, True)]
)
def test_on_a_cpu_transformers_are_batched_where_that_is_faster(build, tmp_path, monkeypatch, name, gain, is_batched):
    parent, measured = make_parent(build, name), []
    monkeypatch.setattr(denoiser, "measure_gain", lambda *_: measured.append(name) or gain)
    for _ in range(2):  # what was measured is kept with the plan
        with closing(PipelineManager(executor=ThreadExecutor("cpu", Plans(tmp_path)))) as own:
            with count_rows(own, parent) as rows:
                make(own, [replace(parent, seed=seed) for seed in (5, 6)])
            assert (rows[2] > 1) == is_batched, "the first call finds out"
    assert len(measured) == (name != "lcm"), "UNets always gain"
