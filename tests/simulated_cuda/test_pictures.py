"""Pictures made on a CUDA device: their dtype, their bytes compared with the plain script's, and their metadata."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from threading import Event

import pytest

from seedlab.cli.main import main
from seedlab.core.recipes.additions import Nudge
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.reports import Failed, Finished
from seedlab.pipelines.batches import joint_calls
from seedlab.pipelines.devices.offload import is_offloaded
from seedlab.pipelines.exact import batch_sizes
from seedlab.pipelines.models.addresses import find_model
from seedlab.rules.kinds.wordings.suffixes import GUIDE_SUFFIXES
from seedlab.workflow.scripts.script import write_script
from tests.pipelines import builders
from tests.pipelines.plain import hash_pixels, run_plainly
from tests.pipelines.test_matrix import BUILDERS, UNCONDITIONAL
from tests.rounds import seed_round, suffix_round
from tests.simulated_cuda.device import too_small_for

# diffusers' own call of it
UPCAST = pytest.mark.filterwarnings("ignore:`upcast_vae` is deprecated:FutureWarning")


@pytest.fixture(scope="module")
def build(tmp_path_factory) -> Callable[[str], Path]:
    """Build a model the first time that it is asked for."""
    folder = tmp_path_factory.mktemp("models")
    return cache(lambda name: BUILDERS[name](folder))


def make_default(build, model: str, **changes) -> Recipe:
    if model in UNCONDITIONAL:
        return builders.make_default_recipe(build(model), **changes)
    # The kernels are a processor's, and slow at float16: it is for the one that decodes in another dtype then.
    dtype = "float16" if model == "xl" else "float32"
    return builders.make_default_recipe(build(model), **{"dtype": dtype, "height": 64, "width": 64, **changes})


def make(manager, recipes) -> list[str]:
    ends = {report.index: report for report in manager.generate(recipes, Event())}
    assert [report.sentence for report in ends.values() if isinstance(report, Failed)] == []
    return [hash_pixels(ends[index].image) for index in range(len(recipes))]


def run_on_device(recipe: Recipe) -> str:
    return run_plainly(recipe, "contiguous_format", "cuda")


@pytest.mark.parametrize(
    ("model", "capability", "dtype"),
    [
        ("tiny", (7, 5), "float16"),
        ("tiny", (9, 0), "float16"),
        ("flux", (7, 5), "float16"),
        ("flux", (8, 0), "bfloat16"),
        ("flux", (9, 0), "bfloat16"),
    ],
)
def test_the_default_is_half_precision_of_the_kind_that_the_device_does_well(
    device, manager, build, model, capability, dtype
):
    """Stable Diffusion was made in float16; Flux in bfloat16, which older devices do slowly."""
    device.capability = capability
    assert manager.device == "cuda"
    assert manager.resolve(str(build(model))).dtype == dtype


@pytest.mark.slow
@pytest.mark.parametrize("model", ["tiny", "ddim"])
def test_a_grid_and_a_round_of_suffixes_have_the_plain_scripts_bytes(manager, build, model):
    seeds = seed_round(make_default(build, model), range(4))
    for recipes in (seeds,) if model in UNCONDITIONAL else (seeds, suffix_round(seeds[2], GUIDE_SUFFIXES)):
        assert make(manager, recipes) == [run_on_device(recipe) for recipe in recipes]


@UPCAST
@pytest.mark.parametrize(
    "model",
    [pytest.param(model, marks=() if model == "tiny" else pytest.mark.slow) for model in BUILDERS],
)
def test_they_have_them_too_where_the_model_does_not_fit(device, manager, build, model):
    """SDXL's matrices were multiplied otherwise where its weights had been moved in torch's inference mode."""
    device.resize(too_small_for(build(model)))
    recipes = seed_round(make_default(build, model), range(4))
    expected = [run_on_device(recipe) for recipe in recipes]
    assert [make(manager, recipes) for _ in range(2)] == [expected] * 2, "and again, with what the first time left"
    (loaded,) = manager._executor._cache._loaded.values()
    assert is_offloaded(loaded.pipeline)


def test_the_device_is_named_in_every_picture(manager, build):
    recipe = make_default(build, "tiny")
    *_, finished = manager.generate([recipe], Event())
    assert isinstance(finished, Finished)
    assert finished.environment == manager.environment(recipe)
    assert (finished.environment.device, finished.environment.threads) == ("Simulated CUDA device", 0)
    assert finished.environment.memory_format == "contiguous_format"


def test_noise_can_be_drawn_on_the_device_as_in_the_guides_script(manager, build):
    recipe = make_default(build, "tiny", generator_device="cuda", scheduler="EulerAncestralDiscreteScheduler")
    assert make(manager, seed_round(recipe, range(4)))[1] == run_on_device(replace(recipe, seed=1))


def test_noise_that_no_seed_decides_is_seen_on_the_device_too(manager, tmp_path):
    folder = builders.build_stable_diffusion_3(tmp_path, stochastic_sampling=True)
    *_, failed = manager.generate([builders.make_default_recipe(folder, generator_device="cuda")], Event())
    assert "noise that the seed does not decide" in failed.sentence


@pytest.mark.parametrize("is_small", [False, True], ids=["whole", "part by part"])
def test_a_lora_is_at_work_on_the_device(device, manager, build, tmp_path, is_small):
    plain = make_default(build, "tiny")
    style = manager.read_loras(str(builders.build_lora(build("tiny"), tmp_path / "style.safetensors", words=True)))
    whole = make(manager, seed_round(replace(plain, loras=style), range(2)))
    assert whole[0] != make(manager, [plain])[0]
    manager._executor._cache.evict_others()
    if is_small:
        device.resize(too_small_for(build("tiny")))
    assert make(manager, seed_round(replace(plain, loras=style, num_inference_steps=4), range(2))) == whole


def test_an_exported_script_finds_the_device_and_gives_the_same_bytes(manager, build, tmp_path, monkeypatch, capsys):
    recipes = suffix_round(make_default(build, "tiny", seed=2), GUIDE_SUFFIXES)
    hashes = make(manager, recipes)
    monkeypatch.chdir(tmp_path)
    script = write_script(recipes, manager.environment(recipes[0]), find_model(recipes[0].model_id))
    exec(compile(script, "script.py", "exec"), {})
    assert [line.split()[1] for line in capsys.readouterr().out.splitlines()] == hashes


@pytest.mark.slow
def test_the_whole_job_without_a_browser(device, build, tmp_path, capsys):
    folder, (grid, more) = build("tiny"), (tmp_path / "grid", tmp_path / "more")
    options = ["--model", str(folder), "--steps", "4", "--out", str(grid)]
    assert main(["grid", "Labrador in the style of Vermeer", "--seeds", "0-3", *options]) == 0
    assert main(["refine", str(grid / "seed-2.png"), "--suffix", ", artsy", "--out", str(more)]) == 0
    device.resize(too_small_for(folder))  # a day later, beside another program
    capsys.readouterr()
    assert main(["verify", str(more / "seed-2-artsy.png")]) == 0
    assert "L∞" in capsys.readouterr().out
    assert main(["grid", "a boat", "--seeds", "9", "--device", "mps", *options]) == 2
    assert capsys.readouterr().err == "There is no device “mps” on this machine: use cuda, cpu.\n"


def test_nudged_noise_of_the_device_has_the_bytes_of_the_exported_script(manager, build, tmp_path, monkeypatch, capsys):
    nudges = (Nudge(seed=7, weight=0.1), Nudge(seed=2**64 - 1, weight=0.3))
    recipe = make_default(build, "tiny", generator_device="cuda", scheduler="EulerAncestralDiscreteScheduler")
    recipes = [recipe, replace(recipe, nudges=nudges), replace(recipe, nudges=nudges[:1], generator_device="cpu")]
    hashes = make(manager, recipes)
    assert len(set(hashes)) == 3
    assert hashes[0] == run_on_device(recipe)
    monkeypatch.chdir(tmp_path)
    for chosen, expected in ((recipes[:2], hashes[:2]), (recipes[2:], hashes[2:])):
        script = write_script(chosen, manager.environment(recipe), find_model(recipe.model_id))
        exec(compile(script, "script.py", "exec"), {})
        assert [line.split()[1] for line in capsys.readouterr().out.splitlines()] == expected


def test_a_sheet_is_made_in_larger_batches_with_the_bytes_of_single_pictures(device, manager, build, monkeypatch):
    sizes, sample_batch = [], joint_calls.sample_batch

    def count(pipeline, batch, *rest, **options):
        sizes.append(len(batch))
        return sample_batch(pipeline, batch, *rest, **options)

    monkeypatch.setattr(joint_calls, "sample_batch", count)
    monkeypatch.setattr(batch_sizes, "MAX_STEP_SECONDS", 1000)
    first = make_default(build, "tiny", num_inference_steps=4)
    sheet = [replace(first, seed=seed) for seed in range(12)]
    made = make(manager, sheet)
    assert sizes == [4, 8]
    assert [make(manager, [recipe])[0] for recipe in (sheet[0], sheet[11])] == [made[0], made[11]]
