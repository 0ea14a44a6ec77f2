"""Pictures that start from another have the bytes of the plain script, which calls the image-to-image pipeline."""

import inspect
import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from threading import Event

import diffusers
import pytest
from PIL import Image, ImageChops, ImageStat

from seedlab.core.errors import RecipeError
from seedlab.core.models.model import ResolvedModel
from seedlab.core.recipes.additions import Nudge
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.recipes.schedulers import list_family
from seedlab.core.recipes.start import LANCZOS, LATENT_BICUBIC, InputPicture, Start
from seedlab.core.reports import Failed, Finished, Progress, Waiting
from seedlab.images.metadata import Metadata, read_metadata, write_picture
from seedlab.pipelines.batches.stages import FinishedPictures
from seedlab.pipelines.batches.work import Work
from seedlab.pipelines.executor import Batch
from seedlab.pipelines.models.addresses import find_model
from seedlab.pipelines.models.catalog import SKETCH_FOLDER
from seedlab.pipelines.models.families import FAMILIES
from seedlab.pipelines.sampling.stages import Source
from seedlab.workflow.scripts.script import write_script
from seedlab.workflow.verification import VerificationResult, read_original, verify
from tests.pipelines import builders
from tests.pipelines.plain import draw_plainly, hash_pixels, run_in_new_process, run_plainly
from tests.pipelines.test_contract import make
from tests.pipelines.test_export import make as make_with_environment
from tests.pipelines.test_export import run_script
from tests.pipelines.test_matrix import BUILDERS as ALL_BUILDERS
from tests.pipelines.turns import make_runner, make_turn, run_in_one_turn

BUILDERS = {name: ALL_BUILDERS[name] for name in ("tiny", "xl", "sd3", "flux", "lcm", "qwen", "z-image")}
QUICK = (("tiny", "float32"), ("flux", "bfloat16"))
"""What is tested every time."""


@pytest.fixture(scope="module")
def build(tmp_path_factory) -> Callable[[str], Path]:
    return cache(lambda name: BUILDERS[name](tmp_path_factory.mktemp(name)))


def develop(recipe: Recipe, strength: float = 0.5, resize: str = LANCZOS, **changes: object) -> Recipe:
    """Return the recipe of the next stage, one and a half times as large."""
    size = {"width": recipe.width * 3 // 2, "height": recipe.height * 3 // 2}
    start = Start(recipe=recipe, strength=strength, resize=resize)
    return replace(recipe, nudges=(), start=start, **(size | changes))


def list_cases():
    for model in BUILDERS:
        for dtype in ("float32", "bfloat16"):
            marks = () if (model, dtype) in QUICK else pytest.mark.slow
            yield pytest.param(model, dtype, marks=marks, id=f"{model}-{dtype}")


@pytest.mark.parametrize(("model", "dtype"), tuple(list_cases()))
def test_alone_and_in_a_batch_of_four_they_have_the_bytes_of_the_plain_script(shared_manager, build, model, dtype):
    parent = builders.make_default_recipe(build(model), dtype=dtype, width=64, height=64)
    recipes = [replace(develop(parent), seed=seed) for seed in range(4)]
    plain = [run_plainly(recipe) for recipe in recipes]
    assert make(shared_manager, *recipes) == plain
    assert make(shared_manager, recipes[2]) == [plain[2]]
    assert len({run_plainly(parent), *plain}) == 5


LATENT_BUILDERS = [name for name in BUILDERS if name != "z-image"]


@pytest.mark.parametrize("dtype", ["float32", pytest.param("bfloat16", marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    "model",
    [pytest.param(name, marks=() if name in ("tiny", "flux") else pytest.mark.slow) for name in LATENT_BUILDERS],
)
def test_from_latents_they_have_the_bytes_of_the_plain_script(shared_manager, build, model, dtype):
    parent = builders.make_default_recipe(build(model), dtype=dtype, width=64, height=64)
    recipes = [replace(develop(parent, resize=LATENT_BICUBIC), seed=seed) for seed in range(4)]
    plain = [run_plainly(recipe) for recipe in recipes]
    assert make(shared_manager, *recipes) == plain
    assert make(shared_manager, recipes[2]) == [plain[2]]
    assert run_plainly(develop(parent)) not in plain, "pixels make another picture"


@pytest.mark.parametrize(("width", "height"), [(64, 128), (64, 64)])
def test_latents_of_another_shape_are_cropped_at_the_centre(shared_manager, tiny, width, height):
    parent = builders.make_recipe(tiny, width=96, height=64)
    recipe = develop(parent, 0.25, LATENT_BICUBIC, width=width, height=height)
    assert make(shared_manager, recipe) == [run_plainly(recipe)]


def test_latents_of_the_same_size_are_not_changed(shared_manager, tiny):
    """They are not decoded and encoded either: with hardly any noise the picture stays nearly as it is."""
    parent = builders.make_recipe(tiny, num_inference_steps=50)
    same = {"strength": 0.02, "width": parent.width, "height": parent.height}
    before, kept, decoded = (
        list(shared_manager.generate([each], Event()))[-1].image
        for each in (parent, develop(parent, resize=LATENT_BICUBIC, **same), develop(parent, **same))
    )
    assert measure_difference(before, kept) < measure_difference(before, decoded)


def measure_difference(one: Image.Image, other: Image.Image) -> float:
    return ImageStat.Stat(ImageChops.difference(one, other)).rms[0]


def test_models_that_would_take_latents_for_pixels_are_refused(shared_manager, build, tmp_path):
    sketch = find_model("sketch").make_recipe(prompt="a boat", seed=1, dtype="float32")
    # As a folder of one's own, where only the configuration of its autoencoder tells its eight channels.
    copied = replace(sketch, model_id=str(shutil.copytree(SKETCH_FOLDER, tmp_path / "copied")))
    for parent in (sketch, copied, builders.make_default_recipe(build("z-image"))):
        (failed,) = shared_manager.generate([develop(parent, resize=LATENT_BICUBIC)], Event())
        assert failed.sentence.endswith(" cannot start from latents: resize the pixels.")
        assert not failed.sentence.startswith("This model"), "it is refused before any work"
    assert not find_model(copied.model_id).takes_tiles
    with pytest.raises(RecipeError, match="no latents"):
        Start(
            picture=InputPicture(file="a.png", sha256="0" * 64, width=8, height=8), strength=0.5, resize=LATENT_BICUBIC
        )


def name_case(case: tuple[str, str]) -> str:
    return "-".join(case)


OTHERS = (("tiny", "bfloat16"), ("xl", "float32"), ("sd3", "float32"), ("flux", "bfloat16"))
scripted = pytest.mark.parametrize(
    "case", [pytest.param(each, marks=() if each[0] == "flux" else pytest.mark.slow) for each in OTHERS], ids=name_case
)


@scripted
def test_by_the_exported_script(shared_manager, build, tmp_path, case):
    recipes = make_two(build, *case)
    hashes, environment = make_with_environment(shared_manager, recipes)
    parent = recipes[0].stages[0]
    script = write_script(recipes, environment, find_model(parent.model_id))
    assert run_script(script, tmp_path) == [run_plainly(parent), *hashes]
    assert sorted(file.name for file in tmp_path.glob("*.png")) == [
        "plain-seed-0.png",
        "plain-seed-3-96x96-strength-0-5-stage-2.png",
        "plain-seed-3-96x96-strength-1-0-stage-2.png",
    ]


@pytest.mark.slow
@pytest.mark.parametrize("case", OTHERS, ids=name_case)
def test_in_a_new_process_by_the_plain_script(shared_manager, build, case):
    recipes = make_two(build, *case)
    assert run_in_new_process(recipes) == make(shared_manager, *recipes)


def make_two(build: Callable[[str], Path], model: str, dtype: str) -> list[Recipe]:
    """Return the recipes of one picture at two strengths."""
    parent = builders.make_default_recipe(build(model), dtype=dtype, width=64, height=64)
    return [replace(develop(parent, strength), seed=3) for strength in (0.5, 1.0)]


@pytest.mark.parametrize("model", ["tiny", *(pytest.param(each, marks=pytest.mark.slow) for each in ("flux", "qwen"))])
def test_a_script_of_three_stages_from_latents(shared_manager, build, tmp_path, model):
    """The first changes its words late, which needs the callback that also keeps the latents; the last is cropped."""
    late = {"late_prompt": "a boat at sea", "late_step": 1} if model != "qwen" else {}
    first = builders.make_default_recipe(build(model), prompt="a boat", width=96, height=64, **late)
    second = develop(first, 0.6, LATENT_BICUBIC, prompt="a boat", late_prompt="", late_step=0, seed=4)
    last = [develop(second, 0.5, way, width=96, height=128) for way in (LATENT_BICUBIC, LANCZOS)]
    hashes, environment = make_with_environment(shared_manager, last)
    script = write_script(last, environment, find_model(first.model_id))
    assert run_script(script, tmp_path)[-2:] == hashes == [run_plainly(recipe) for recipe in last]
    assert len(script.splitlines()) <= 30 + 2 * 8 + 18
    assert environment.pillow == ""


def test_a_script_of_three_stages_that_differ_in_everything(shared_manager, tiny, tmp_path):
    """The first is nudged, and its words join late; the last has weights and another scheduler."""
    first = builders.make_recipe(tiny, nudges=(Nudge(seed=7, weight=0.1),), late_prompt="a boat", late_step=2)
    second = develop(first, prompt="a boat", late_prompt="", late_step=0, seed=4)
    last = replace(
        develop(second, 0.6, width=64, height=96, scheduler="EulerAncestralDiscreteScheduler"),
        prompt="a (red:1.4) boat",
        prompt_syntax="weights",
    )
    (expected,), environment = make_with_environment(shared_manager, [last])
    script = write_script([last], environment, find_model(last.model_id))
    assert run_script(script, tmp_path)[-1] == expected
    assert environment.pillow
    assert environment.compel


@pytest.mark.parametrize(
    "scheduler",
    [
        "HeunDiscreteScheduler",
        pytest.param("PNDMScheduler", marks=pytest.mark.slow),
        pytest.param("DPMSolverMultistepScheduler SDE Karras", marks=pytest.mark.slow),
    ],
)
def test_work_that_gives_way_at_every_step_keeps_its_bytes(tiny, scheduler):
    parent = builders.make_recipe(tiny, scheduler=scheduler)
    recipe = develop(parent)
    reports, turns = [], 0
    runner, work = make_runner(), Work(batch=Batch(model=resolve(tiny), recipes={0: recipe}))
    while work is not None:
        work, turns = runner.run(work, make_turn(reports.append, is_over=True)), turns + 1
    assert hash_pixels(reports[-1].image) == run_plainly(recipe)
    steps = [report for report in reports if isinstance(report, Progress)]
    assert [report.step for report in steps] == list(range(1, steps[-1].steps + 1))
    earlier = [report.sentence for report in reports if isinstance(report, Waiting)]
    assert f"Making the picture that this one starts from: step 1 of {len(earlier)}" in earlier
    assert turns >= len(earlier) + len(steps) - 1


@pytest.mark.slow
@pytest.mark.parametrize("scheduler", [each.name for each in list_family("DDIMScheduler")])
def test_every_scheduler_starts_from_a_picture(shared_manager, tiny, scheduler):
    recipe = develop(builders.make_recipe(tiny, scheduler=scheduler, num_inference_steps=6))
    assert make(shared_manager, recipe) == [run_plainly(recipe)]


def resolve(folder: Path) -> ResolvedModel:
    return ResolvedModel.of(find_model(str(folder)), "float32")


def test_a_picture_that_was_just_made_is_not_made_again_but_to_verify(manager, tiny, tmp_path):
    parent = builders.make_recipe(tiny)
    recipes = [develop(parent, strength) for strength in (0.5, 1.0)]
    make(manager, parent)
    (loaded,) = manager._executor._cache._loaded.values()
    sizes: list[int] = []
    loaded.pipeline.unet.conv_in.register_forward_pre_hook(lambda _, args: sizes.append(args[0].shape[-1]))
    *_, finished = manager.generate(recipes[:1], Event())
    make(manager, *recipes)
    assert set(sizes) == {12}
    write_picture(tmp_path / "a.png", finished.image, Metadata.describe(recipes[0], finished, ()))
    *_, verdict = verify(read_original(tmp_path / "a.png", recipes[0]), manager.generate, Event())
    assert isinstance(verdict, VerificationResult)
    assert verdict.is_equal
    assert sizes.count(8) == parent.num_inference_steps


def test_a_picture_is_read_back_with_all_its_stages(shared_manager, tiny, tmp_path):
    recipe = replace(develop(develop(builders.make_recipe(tiny))), seed=2**64 - 1)
    *_, finished = shared_manager.generate([recipe], Event())
    write_picture(tmp_path / "a.png", finished.image, Metadata.describe(recipe, finished, ()))
    metadata = read_metadata(tmp_path / "a.png")
    assert metadata.is_of(recipe)
    assert {stage.model_id for stage in metadata.recipe.stages} == {f"./{tiny.name}"}
    assert metadata.recipe.replace_shared(model_id=recipe.model_id) == recipe


def test_another_shape_is_cropped_at_the_centre(shared_manager, tiny):
    parent = builders.make_recipe(tiny)
    recipe = develop(parent, 0.25, width=64, height=128)
    assert make(shared_manager, recipe) == [run_plainly(recipe)]
    assert draw_plainly(recipe).size == (64, 128)


def test_a_first_stage_that_fails_says_so_in_each_picture(tiny, tmp_path):
    folder = shutil.copytree(tiny, tmp_path / "broken")
    parent, model = builders.make_recipe(folder), resolve(folder)
    (folder / "unet" / "diffusion_pytorch_model.safetensors").write_bytes(b"damaged")
    failures = run_in_one_turn(model, [replace(develop(parent), seed=seed) for seed in (3, 4)])
    assert [(each.index, type(each)) for each in failures] == [(0, Failed), (1, Failed)]
    sentence = "“diffusion_pytorch_model.safetensors” is not a readable safetensors file: download it again."
    assert {each.sentence for each in failures} == {sentence}


def test_the_device_of_the_first_stages_noise_is_checked_before_any_work(shared_manager, tiny):
    (failed,) = shared_manager.generate([develop(builders.make_recipe(tiny, generator_device="cuda"))], Event())
    assert "noise cannot come from" in failed.sentence


def test_there_are_no_drafts_of_them(shared_manager, tiny):
    recipe = develop(builders.make_recipe(tiny))
    *_, finished = shared_manager.generate([recipe], Event(), draft_steps=1)
    assert isinstance(finished, Finished)
    assert finished.draft_steps is None
    assert hash_pixels(finished.image) == run_plainly(recipe)


@pytest.mark.parametrize("name", ["pixart", "sana"])
def test_models_without_image_to_image_are_refused_before_any_work(shared_manager, tmp_path, name):
    parent = builders.make_default_recipe(ALL_BUILDERS[name](tmp_path))
    (failed,) = shared_manager.generate([develop(parent, width=parent.width, height=parent.height)], Event())
    assert failed.sentence.endswith(
        "cannot start from a picture, because diffusers has no image-to-image pipeline for it: choose another model."
    )
    with pytest.raises(RecipeError, match="no image-to-image pipeline"):
        find_model(parent.model_id).check(develop(parent, width=parent.width, height=parent.height))


def test_what_is_said_of_the_families_is_true_of_diffusers():
    from diffusers.pipelines.auto_pipeline import AUTO_IMAGE2IMAGE_PIPELINES_MAPPING

    offered = {each.__name__ for each in AUTO_IMAGE2IMAGE_PIPELINES_MAPPING.values()}
    for name, family in FAMILIES.items():
        image_class = name.replace("Pipeline", "Img2ImgPipeline")
        assert (family.image_to_image is not None) == (image_class in offered), name
        if family.image_to_image is not None:
            taken = inspect.signature(getattr(diffusers, image_class).__call__).parameters
            assert family.image_to_image == tuple(each for each in ("height", "width") if each in taken), name


def test_the_last_pictures_are_kept_and_no_more(tiny):
    kept = FinishedPictures(max_bytes=2 * 8 * 8 * 3)
    recipes = [builders.make_recipe(tiny, seed=seed) for seed in range(3)]
    for recipe in recipes[:2]:
        kept.keep(recipe, "here", Source(Image.new("RGB", (8, 8))))
    assert kept.find(recipes[0], "here")
    kept.keep(recipes[2], "here", Source(Image.new("RGB", (8, 8))))
    assert [bool(kept.find(recipe, "here")) for recipe in recipes] == [True, False, True]
    assert kept.find(recipes[0], "elsewhere") is None
