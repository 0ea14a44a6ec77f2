"""Pictures that start from one of the user's own have the bytes of the plain script, which reads its file."""

import shutil
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from threading import Event

import pytest
from PIL import Image

from seedlab.core.recipes.recipe import Recipe
from seedlab.core.recipes.start import Start
from seedlab.core.reports import Failed, Finished
from seedlab.images.index.search import OPERATOR
from seedlab.images.inputs.reading import read_input
from seedlab.images.inputs.store import InputStore
from seedlab.images.metadata import Metadata, read_metadata, write_picture
from seedlab.pipelines.models.addresses import find_model
from seedlab.pipelines.ray.actor import Actor
from seedlab.pipelines.ray.messages import Task, WorkerOptions
from seedlab.workflow.scripts.script import write_script
from seedlab.workflow.verification import VerificationResult, read_original, verify
from tests.pipelines import builders
from tests.pipelines.plain import INPUTS, hash_pixels, run_plainly
from tests.pipelines.test_export import run_script
from tests.pipelines.test_stages import BUILDERS, OTHERS, develop, list_cases


@pytest.fixture(scope="module")
def build(tmp_path_factory) -> Callable[[str], Path]:
    return cache(lambda name: BUILDERS[name](tmp_path_factory.mktemp(name)))


@pytest.fixture(scope="module")
def photo(tmp_path_factory) -> Path:
    """A photograph that a phone took upright: its file lies on its side, and says so."""
    file, exif = tmp_path_factory.mktemp("photos") / "my photo.jpg", Image.Exif()
    exif[0x0112] = 6
    noise = Image.effect_noise((75, 50), 80)
    Image.merge("RGB", (noise, noise.rotate(90).resize(noise.size), noise.rotate(180))).save(file, exif=exif)
    INPUTS[read_input(file).picture.sha256] = file
    return file


@pytest.fixture
def generate(shared_manager, photo, tmp_path):
    """Generate as the commands do, with the photograph kept."""
    store = InputStore(tmp_path / "inputs")
    store.take(photo, OPERATOR)
    return partial(shared_manager.generate, load_input=partial(store.load, owner=OPERATOR))


def start(recipe: Recipe, photo: Path, strength: float = 0.5, **changes: object) -> Recipe:
    picture = read_input(photo).picture
    return replace(recipe, nudges=(), start=Start(picture=picture, strength=strength), **changes)


def make(generate, *recipes: Recipe) -> list[str]:
    ends = {report.index: report for report in generate(recipes, Event())}
    return [hash_pixels(ends[index].image) for index in range(len(recipes))]


@pytest.mark.parametrize(("model", "dtype"), tuple(list_cases()))
def test_alone_and_in_a_batch_of_four_they_have_the_bytes_of_the_plain_script(generate, build, photo, model, dtype):
    first = start(builders.make_default_recipe(build(model), dtype=dtype, width=64, height=96), photo)
    recipes = [replace(first, seed=seed) for seed in range(4)]
    plain = [run_plainly(recipe) for recipe in recipes]
    assert make(generate, *recipes) == plain
    assert make(generate, recipes[2]) == [plain[2]]
    assert len(set(plain)) == 4


@pytest.mark.slow
@pytest.mark.parametrize("case", OTHERS, ids="-".join)
def test_by_the_exported_script_which_reads_the_file(generate, build, photo, tmp_path, case):
    model, dtype = case
    first = start(builders.make_default_recipe(build(model), dtype=dtype, width=96, height=64), photo)
    recipes = [first, replace(first, seed=7)]
    ends = {report.index: report for report in generate(recipes, Event())}
    script = write_script(recipes, ends[0].environment, find_model(first.model_id))
    folder = tmp_path / "script"
    folder.mkdir()
    shutil.copy(photo, folder)
    assert run_script(script, folder) == [hash_pixels(ends[index].image) for index in (0, 1)]
    assert ends[0].environment.pillow


def test_a_script_refuses_another_picture_of_the_name(generate, tiny, photo, tmp_path):
    recipe = start(builders.make_recipe(tiny), photo)
    script = write_script([recipe], None, find_model(recipe.model_id))
    folder = tmp_path / "script"
    folder.mkdir()
    Image.new("RGB", (50, 75)).save(folder / photo.name)
    lines = script.splitlines()
    begin = next(number for number, line in enumerate(lines) if line.startswith("for name, size, sha256 in"))
    head = [line for line in lines[:begin] if line.startswith(("import hashlib", "from PIL"))]
    checked = "\n".join([*head, "made = {}", *lines[begin : begin + 6]])
    with pytest.raises(SystemExit, match=r"my photo.jpg is not the picture that these start from."):
        exec(compile(checked.replace("Image.open(", f"Image.open({str(folder)!r} + '/' + "), "script.py", "exec"), {})


def test_a_later_stage_and_its_script(generate, tiny, photo, tmp_path):
    recipe = develop(start(builders.make_recipe(tiny), photo))
    (end,) = (report for report in generate([recipe], Event()) if isinstance(report, Finished))
    assert hash_pixels(end.image) == run_plainly(recipe)
    folder = tmp_path / "script"
    folder.mkdir()
    shutil.copy(photo, folder)
    script = write_script([recipe], end.environment, find_model(recipe.model_id))
    assert run_script(script, folder) == [run_plainly(recipe.stages[0]), hash_pixels(end.image)]
    assert len(script.splitlines()) <= 46


def test_one_that_is_not_here_fails_alone_and_in_words(generate, tiny, photo):
    recipe = start(builders.make_recipe(tiny), photo)
    other = recipe.replace_input(sha256="0" * 64)
    ends = {report.index: report for report in generate([other, builders.make_recipe(tiny), recipe], Event())}
    assert [type(ends[index]) for index in range(3)] == [Failed, Finished, Finished]
    assert ends[0].sentence == (
        "This picture starts from “my photo.jpg” (50×75, SHA-256 000000000000…), which is not here: open that picture "
        "here, choose “Start from this picture”, and try again."
    )


def test_it_is_verified_and_read_back(generate, tiny, photo, tmp_path):
    recipe = start(builders.make_recipe(tiny), photo)
    *_, finished = generate([recipe], Event())
    write_picture(tmp_path / "a.png", finished.image, Metadata.describe(recipe, finished, ()))
    assert read_metadata(tmp_path / "a.png").is_of(recipe.replace_input(file="renamed.jpg"))
    assert not read_metadata(tmp_path / "a.png").is_of(recipe.replace_input(sha256="0" * 64))
    *_, verdict = verify(read_original(tmp_path / "a.png", recipe), generate, Event())
    assert isinstance(verdict, VerificationResult)
    assert verdict.is_equal


def test_there_are_no_drafts_of_them(generate, tiny, photo):
    recipe = start(builders.make_recipe(tiny), photo)
    *_, finished = generate([recipe], Event(), draft_steps=1)
    assert finished.draft_steps is None
    assert hash_pixels(finished.image) == run_plainly(recipe)


def test_a_worker_gets_it_with_its_task(generate, tiny, photo):
    recipe = start(builders.make_recipe(tiny), photo)
    image = read_input(photo).image.resize((recipe.width, recipe.height))
    task = Task(
        name="a",
        recipes={5: recipe},
        weights={5: ""},
        canary=builders.make_recipe(tiny),
        canary_name="tiny",
        draft_steps=None,
        resume=True,
        inputs={5: image},
    )
    actor = Actor(WorkerOptions(device="cpu"))
    with closing(actor.make(task)) as messages:
        reports = [report for message in messages if isinstance(message, tuple) for report in message]
    assert isinstance(reports[-1], Finished)
    assert reports[-1].index == 5
    with closing(actor.make(replace(task, inputs={}))) as messages:
        reports = [report for message in messages if isinstance(message, tuple) for report in message]
    assert reports[-1].sentence == "The picture that this one starts from did not reach the worker: try again."
