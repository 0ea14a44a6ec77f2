"""The promise as a matrix: models x dtypes x schedulers x the ways in which a picture can come to be made.

Every picture must have the bytes of the plain script, run alone. The whole takes minutes: `python -m pytest -m slow`.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from threading import Event

import pytest

from seedlab.core.recipes.recipe import Recipe
from seedlab.core.recipes.schedulers import list_family
from seedlab.core.reports import Failed
from seedlab.pipelines.exact import denoiser
from seedlab.pipelines.exact.plans import Plans
from seedlab.pipelines.manager import PipelineManager
from seedlab.pipelines.models.addresses import find_model
from seedlab.rules.kinds.wordings.suffixes import GUIDE_SUFFIXES
from seedlab.workflow.scripts.script import write_script
from tests.pipelines import builders
from tests.pipelines.plain import hash_pixels, run_in_new_process, run_plainly
from tests.pipelines.test_export import run_script
from tests.rounds import seed_round, suffix_round


def build_mid(folder: Path) -> Path:
    return builders.build_stable_diffusion(folder, name="mid", widths=(64, 128, 256, 256))


BUILDERS: dict[str, Callable[[Path], Path]] = {
    "tiny": builders.build_stable_diffusion,
    "mid": build_mid,
    "xl": builders.build_stable_diffusion_xl,
    "sd3": builders.build_stable_diffusion_3,
    "flux": builders.build_flux,
    "pixart": builders.build_pixart,
    "sana": builders.build_sana,
    "qwen": builders.build_qwen_image,
    "z-image": builders.build_z_image,
    "lcm": builders.build_latent_consistency,
    "ddim": builders.build_ddim,
    "ddpm": builders.build_ddpm,
}
STABLE_DIFFUSION = tuple(scheduler.name for scheduler in list_family("DDIMScheduler"))
SCHEDULERS = {"tiny": STABLE_DIFFUSION, "mid": STABLE_DIFFUSION, "ddpm": ("DDPMScheduler", "DDIMScheduler")}
"""Of the models with more than their own."""

UNCONDITIONAL = ("ddim", "ddpm")
NO_NEGATIVE = ("flux", "lcm")
"""Into which guidance was distilled."""

TESTED_ELSEWHERE = {"mid", "sana", "qwen", "z-image", "lcm"}
"""Sketch is as wide as "mid", and its exact batches are tested every time; so are those of the others, more shortly,
in tests/pipelines/exact/test_families.py."""


@dataclass(frozen=True)
class Case:
    """A row of the matrix; the scheduler is the model's own if it is None."""

    model: str
    dtype: str = "float32"
    scheduler: str | None = None

    def __str__(self) -> str:
        return "-".join(filter(None, (self.model, self.dtype, self.scheduler))).replace(" ", "-")


REPRESENTATIVES = (
    Case("tiny", "float32", "DPMSolverMultistepScheduler SDE Karras"),
    Case("tiny", "bfloat16", "EulerAncestralDiscreteScheduler"),
    Case("xl", "float32"),
    Case("sd3", "float32"),
    Case("flux", "bfloat16"),
    Case("pixart", "float32"),
    Case("ddim"),
    Case("ddpm", scheduler="DDPMScheduler"),
)
"""What is tested every time: little in bfloat16, which takes ten times as long where there are no kernels for it."""

CASES = tuple(
    Case(model, dtype, scheduler)
    for model in BUILDERS
    for dtype in (("float32",) if model in UNCONDITIONAL else ("float32", "bfloat16"))
    for scheduler in SCHEDULERS.get(model, (None,))
)
WAYS = {
    "the guide's grid": (0, 1, 2, 3),
    "another order": (3, 1, 0, 2),
    "one of the grid left out": (0, 2, 3),
    "alone": (2,),
}
ALWAYS = ("the guide's grid", "alone")
"""The ways in which every representative is tested; the first of them in the others too."""

EVERY = [pytest.param(case, id=str(case), marks=() if case in REPRESENTATIVES else pytest.mark.slow) for case in CASES]
FIRST = [
    pytest.param(case, id=str(case), marks=() if case == REPRESENTATIVES[0] else pytest.mark.slow) for case in CASES
]
WITH_PROMPT = [parameter for parameter in EVERY if parameter.values[0].model not in UNCONDITIONAL]

WITH_PROMPTS = [
    pytest.param(
        *parameter.values,
        words,
        id=f"{parameter.id}-{words}",
        marks=parameter.marks if words or parameter.values[0].model in NO_NEGATIVE else pytest.mark.slow,
    )
    for parameter in WITH_PROMPT
    for words in ("", "blurry")
    if not words or parameter.values[0].model not in NO_NEGATIVE
]

IN_EVERY_WAY = [
    pytest.param(
        *parameter.values,
        way,
        id=f"{parameter.id}-{way}",
        marks=parameter.marks if way in ALWAYS or parameter.values[0] == REPRESENTATIVES[0] else pytest.mark.slow,
    )
    for parameter in EVERY
    for way in WAYS
]


@pytest.fixture(scope="module")
def build(tmp_path_factory) -> Callable[[str], Path]:
    """Build a model the first time that it is asked for."""
    folder = tmp_path_factory.mktemp("matrix")
    return cache(lambda name: BUILDERS[name](folder))


@pytest.fixture(scope="module")
def shared_manager() -> Iterator[PipelineManager]:
    """One manager for all cases. It knows nothing from other tests, which may have measured that a batch loses."""
    with closing(PipelineManager(device="cpu", plans=Plans(None))) as manager:
        yield manager


@pytest.fixture(autouse=True)
def _batch_transformers_too(monkeypatch) -> None:
    """Let batches pay, however long they take: the models of these tests are too small to tell."""
    monkeypatch.setattr(denoiser, "measure_gain", lambda *_: 1.5)


@pytest.fixture
def batches(monkeypatch) -> list[int]:
    """The numbers of images of the denoiser's exact batches, one for each call."""
    made: list[int] = []
    run = denoiser._ExactForward._run
    monkeypatch.setattr(
        denoiser._ExactForward, "_run", lambda *given: made.append(given[1].layout.images) or run(*given)
    )
    return made


@pytest.fixture(scope="module")
def run_alone(shared_manager) -> Callable[[Recipe], str]:
    """Run the plain script in the environment that SeedLab says it works in; each recipe once."""
    return cache(lambda recipe: run_plainly(recipe, shared_manager.environment(recipe).memory_format))


def make_seeds(build, case: Case) -> tuple[Recipe, ...]:
    # These do not say how large their pictures are; the others have their defaults.
    size = {"height": 64, "width": 64} if case.model in ("flux", "qwen", "z-image") else {}
    recipe = builders.make_default_recipe(build(case.model), dtype=case.dtype, scheduler=case.scheduler, **size)
    return seed_round(recipe, range(4))


def make(manager, recipes: Sequence[Recipe]) -> list[str]:
    # By index, because a report may be said again while the next tile is made.
    ends = {report.index: report for report in manager.generate(recipes, Event())}
    assert [report.sentence for report in ends.values() if isinstance(report, Failed)] == []
    return [hash_pixels(ends[index].image) for index in range(len(recipes))]


def test_the_representatives_are_rows_of_the_matrix():
    assert set(REPRESENTATIVES) <= set(CASES)
    assert {case.model for case in REPRESENTATIVES} == set(BUILDERS) - TESTED_ELSEWHERE


@pytest.mark.parametrize(("case", "way"), IN_EVERY_WAY)
def test_other_seeds(shared_manager, build, run_alone, batches, case, way):
    seeds = make_seeds(build, case)
    recipes = [seeds[index] for index in WAYS[way]]
    plain = [run_alone(recipe) for recipe in recipes]
    assert make(shared_manager, recipes) == plain
    assert set(batches) == ({len(recipes)} if len(recipes) > 1 else set()), "in one call"
    assert len(set(plain)) == len(plain)


@pytest.mark.parametrize(("case", "negative_prompt"), WITH_PROMPTS)
def test_other_prompts_of_the_same_seed(shared_manager, build, run_alone, case, negative_prompt):
    locked = replace(make_seeds(build, case)[2], negative_prompt=negative_prompt)
    recipes = suffix_round(locked, GUIDE_SUFFIXES)
    plain = [run_alone(recipe) for recipe in recipes]
    assert make(shared_manager, recipes) == plain
    assert len(set(plain)) == len(plain)


@pytest.mark.parametrize("case", EVERY)
def test_the_same_picture_beside_others_and_again(shared_manager, build, run_alone, case):
    """Beside neighbours of its own seed, and of other prompts where there are prompts."""
    seeds = make_seeds(build, case)
    others = [replace(each, prompt=each.prompt and "a boat at night", seed=7 + each.seed) for each in seeds[:3]]
    made = [make(shared_manager, recipes) for recipes in ([*others, seeds[1]], [seeds[1]] * 2 + others[:2])]
    assert [made[0][3], *made[1][:2]] == [run_alone(seeds[1])] * 3


@pytest.mark.parametrize("case", FIRST)
def test_while_a_second_visitor_generates(shared_manager, build, run_alone, case):
    mine = make_seeds(build, case)[:2]
    theirs = make_seeds(build, Case("tiny", "bfloat16", "EulerDiscreteScheduler"))[1:]
    with ThreadPoolExecutor(2) as visitors:
        together = list(visitors.map(lambda recipes: make(shared_manager, recipes), (mine, theirs)))
    assert together == [[run_alone(recipe) for recipe in recipes] for recipes in (mine, theirs)]


@pytest.fixture(scope="module")
def plain_manager():
    """A manager for pictures as the guide's own script makes them, without a line about the memory format."""
    manager = PipelineManager(device="cpu", memory_format="contiguous_format")
    yield manager
    manager.close()


@pytest.mark.parametrize("case", FIRST)
def test_the_memory_format_of_the_plain_script(plain_manager, build, case):
    recipes = make_seeds(build, case)
    assert plain_manager.environment(recipes[0]).memory_format == "contiguous_format"
    plain = [run_plainly(recipe, "") for recipe in recipes]
    assert make(plain_manager, recipes) == plain
    assert make(plain_manager, recipes[2:3]) == plain[2:3]


def test_the_exported_script_without_a_memory_format(plain_manager, build, tmp_path):
    recipes = make_seeds(build, Case("tiny"))
    environment = plain_manager.environment(recipes[0])
    script = write_script(recipes, environment, find_model(recipes[0].model_id))
    assert "memory_format" not in script
    assert run_script(script, tmp_path) == make(plain_manager, recipes)


def check_new_process(manager, build, cases: Sequence[Case]) -> None:
    recipes = [make_seeds(build, case)[3] for case in cases]
    (memory_format,) = {manager.environment(recipe).memory_format for recipe in recipes}
    there = run_in_new_process(recipes, memory_format)
    here = [make(manager, [recipe])[0] for recipe in recipes]
    assert dict(zip(map(str, cases), here, strict=True)) == dict(zip(map(str, cases), there, strict=True))


def test_a_new_process_that_runs_the_plain_script(shared_manager, build):
    check_new_process(
        shared_manager, build, [case for case in REPRESENTATIVES if case.model in ("xl", "pixart", "ddpm")]
    )


@pytest.mark.slow
@pytest.mark.parametrize("model", BUILDERS)
def test_a_new_process_that_runs_the_plain_script_with_every_scheduler(shared_manager, build, model):
    check_new_process(shared_manager, build, [case for case in CASES if case.model == model])


@pytest.mark.slow
@pytest.mark.parametrize("case", REPRESENTATIVES, ids=str)
def test_the_exported_script_of_a_round(shared_manager, build, tmp_path, case):
    recipes = make_seeds(build, case)
    environment = shared_manager.environment(recipes[0])
    script = write_script(recipes, environment, find_model(recipes[0].model_id))
    assert run_script(script, tmp_path) == make(shared_manager, recipes)
