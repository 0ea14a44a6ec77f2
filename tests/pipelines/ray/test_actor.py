"""What runs in a worker's process, without Ray."""

import itertools
import shutil
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest
from safetensors.torch import load_file, save_file
from torch import zeros

from seedlab.core.errors import SeedLabError
from seedlab.core.machine.workers import Workers
from seedlab.core.recipes.additions import Lora
from seedlab.core.reports import Failed, Finished, Progress
from seedlab.pipelines.devices.memory import measure_memory
from seedlab.pipelines.devices.selection import choose_dtype, has_fast_bfloat16
from seedlab.pipelines.loaded.loras.files import hash_lora
from seedlab.pipelines.loaded.loras.lines import read_loras
from seedlab.pipelines.manager import PipelineManager
from seedlab.pipelines.ray import cluster
from seedlab.pipelines.ray.actor import EARLY_STOPS, Actor, gather
from seedlab.pipelines.ray.admission import make_canary
from seedlab.pipelines.ray.bundles import describe, list_bundles, read_chunks
from seedlab.pipelines.ray.cluster import check_workers
from seedlab.pipelines.ray.messages import Canary, Task, Unfit, WorkerOptions
from tests.pipelines.builders import build_lora, build_single_file, make_recipe

NAMES = map(str, itertools.count())


@pytest.fixture(scope="module")
def actor():
    actor = Actor(WorkerOptions(device="cpu"))
    yield actor
    actor._manager.close()


def make_task(*recipes, weights=""):
    numbered = dict(enumerate(recipes, start=5))
    return Task(
        name=next(NAMES),
        recipes=numbered,
        weights=dict.fromkeys(numbered, weights),
        canary=replace(recipes[0], seed=0, num_inference_steps=2),
        canary_name="the model",
        draft_steps=None,
        resume=True,
    )


def list_reports(messages):
    return [report for message in messages if isinstance(message, tuple) for report in message]


def test_a_task_is_made_with_the_indices_of_its_batch(actor, tiny):
    canary, *messages = list(actor.make(make_task(make_recipe(tiny), make_recipe(tiny, seed=1))))
    assert isinstance(canary, Canary)
    assert len(canary.digest) == 64
    finished = [report for report in list_reports(messages) if isinstance(report, Finished)]
    assert sorted(report.index for report in finished) == [5, 6]
    assert not actor._stops


def test_each_task_begins_with_the_canary_of_its_model(actor, tiny, monkeypatch):
    task = replace(make_task(make_recipe(tiny)), canary_name="one more model")
    first, *_ = actor.make(task)
    monkeypatch.setattr(actor, "_hash_picture", None)  # it is made once
    again, *_ = actor.make(replace(task, name=next(NAMES)))
    assert again == first == Canary("one more model", first.digest)


def test_stop_before_the_task_begins_counts(actor, tiny):
    task = make_task(make_recipe(tiny))
    actor.stop(task.name)
    assert not [report for report in list_reports(actor.make(task)) if isinstance(report, Finished)]


def test_stops_that_come_after_their_tasks_take_no_memory(actor):
    for name in range(1000):
        actor.stop(f"task {name}")
    assert not actor._stops
    assert len(actor._early_stops) == EARLY_STOPS


def test_a_worker_with_another_file_says_so(actor, tiny):
    (unfit,) = actor.make(make_task(make_recipe(tiny), weights="0" * 64))
    assert isinstance(unfit, Unfit)
    assert unfit.sentence.endswith(f"has another file “{tiny.name}”: copy the page's file there.")


def test_a_worker_without_the_file_says_so(actor, tiny, tmp_path):
    folder = tmp_path / "gone"
    shutil.copytree(tiny, folder)
    recipe = make_recipe(folder)
    shutil.rmtree(folder)
    (unfit,) = actor.make(make_task(recipe, weights="0" * 64))
    assert isinstance(unfit, Unfit)
    assert "cannot make this picture." in unfit.sentence


@pytest.fixture
def page(tmp_path):
    """A folder of the page's machine, which is gone when the worker works."""
    folder = tmp_path / "page"
    folder.mkdir()
    return folder


def make_with_copies(actor, recipes, **options):
    """Make recipes here, and by a worker that is sent their files; returns the reports of both, and its messages."""
    with closing(PipelineManager(device="cpu", **options)) as manager:
        model = manager.resolve(recipes[0].model_address)
        bundles = list_bundles(model, recipes)
        local = list(manager.generate(recipes, Event()))
        weights = {index: manager.environment(recipe).weights for index, recipe in enumerate(recipes)}
    chunks = [(bundle, chunk) for bundle in bundles.values() for chunk in read_chunks(bundle)]
    for bundle in bundles.values():
        shutil.rmtree(Path(bundle.path).parent)
        assert actor.lacks(bundle)
    assert not any(actor.receive(bundle, chunk) for bundle, chunk in chunks)
    assert not any(actor.lacks(bundle) for bundle in bundles.values())
    task = Task(
        name=next(NAMES),
        recipes=dict(enumerate(recipes)),
        weights=weights,
        canary=make_canary(model, recipes[0]),
        canary_name=recipes[0].model_id,
        draft_steps=None,
        resume=True,
        bundles=bundles,
    )
    messages = list(actor.make(task))
    return local, list_reports(messages), messages


def list_ends(reports):
    """Return what came of each recipe, without what the page's manager adds."""
    ends = {report.index: report for report in reports if isinstance(report, Finished | Failed)}
    return [
        (end.image.tobytes(), end.environment, end.checksums, end.notice) if isinstance(end, Finished) else end
        for _, end in sorted(ends.items())
    ]


def add_embedding(file):
    """Add what is not used of a LoRA, and is named with each picture."""
    save_file(load_file(file) | {"bundle_emb.mine.string_to_param.*": zeros(4, 8)}, file)


def test_a_lora_that_was_sent_makes_the_bytes_environment_and_notices_of_the_page(actor, tiny, page):
    file = build_lora(tiny, page / "style.safetensors")
    add_embedding(file)
    recipes = [make_recipe(tiny, loras=read_loras(f"{file} 0.8"), seed=seed) for seed in range(2)]
    local, sent, _ = make_with_copies(actor, recipes)
    assert list_ends(sent) == list_ends(local)
    assert "style.safetensors" in list_ends(sent)[0][3]


def test_a_checkpoint_that_was_sent_makes_the_bytes_and_environment_of_the_page(actor, tiny, page):
    shutil.copytree(tiny, page / "dreamy", ignore=shutil.ignore_patterns("*.safetensors"))
    file = build_single_file(tiny, page / "dreamy.safetensors")
    local, sent, (canary, *_) = make_with_copies(actor, [make_recipe(file)])
    assert list_ends(sent) == list_ends(local)
    assert isinstance(canary, Canary), "also the canary is made with the copy"


def test_a_checkpoint_of_a_public_page_is_sent_though_its_name_hides_the_folder(actor, tiny, page):
    shutil.copytree(tiny, page / "misty", ignore=shutil.ignore_patterns("*.safetensors"))
    file, name = build_single_file(tiny, page / "misty.safetensors"), "./misty.safetensors"
    recipe = make_recipe(name, dtype=choose_dtype("cpu", "float16", has_fast_bfloat16("cpu")))
    local, sent, _ = make_with_copies(actor, [recipe], allowed=(name,), paths={name: str(file)})
    assert isinstance(local[-1], Finished)
    assert list_ends(sent) == list_ends(local)


def test_a_model_that_will_be_downloaded_is_no_obstacle_for_a_lora(actor, tiny, page):
    loras = read_loras(str(build_lora(tiny, page / "style.safetensors")))
    task = make_task(make_recipe("works/missing", revision="0" * 40, loras=loras))
    assert actor._find_obstacle(task, task) is None


def test_an_error_names_the_pages_file_and_not_the_copy(actor, tiny, page):
    file = page / "adapter_model.safetensors"
    save_file({f"lora_unet_nothing.lora_{role}.weight": zeros(2, 2) for role in ("down", "up")}, file)
    lora = Lora(file=str(file), sha256=hash_lora(file), weight=1.0)
    local, sent, _ = make_with_copies(actor, [make_recipe(tiny, loras=(lora,))])
    assert list_ends(sent) == list_ends(local)
    assert "“page/adapter_model.safetensors”" in list_ends(sent)[0].sentence


def test_each_message_says_that_a_copy_is_in_use(actor, tiny, page, monkeypatch):
    touched = []
    monkeypatch.setattr(actor._received, "touch", touched.append)
    file = build_lora(tiny, page / "used.safetensors", seed=6)
    *_, messages = make_with_copies(actor, [make_recipe(tiny, loras=read_loras(str(file)))])
    assert len(touched) >= 3 + sum(isinstance(message, tuple) for message in messages)  # it was looked for three times


def test_a_worker_whose_copy_is_gone_says_so(actor, tiny, page):
    file = build_lora(tiny, page / "gone.safetensors", seed=5)
    recipe = make_recipe(tiny, loras=read_loras(str(file)))
    bundles = {str(file): describe(file, is_model=False)}
    file.unlink()
    (unfit,) = actor.make(replace(make_task(recipe), bundles=bundles))
    assert unfit.sentence.endswith("has lost a file that it was sent: try again.")


def test_a_worker_is_examined_with_a_small_picture(actor):
    first = actor.examine()
    assert first.device == "cpu"
    assert first.has_fast_bfloat16 == has_fast_bfloat16("cpu")
    assert first.memory == measure_memory("cpu")
    assert first.environment.weights == ""
    assert len(first.canary) == 64
    assert actor.examine() == first


def test_reports_of_one_step_come_in_one_message_and_the_newest_remains():
    gate = Event()

    def report():
        for index in range(4):
            yield Progress(index, 1, 2, None)
        assert gate.wait(10)
        yield Progress(0, 1, 2, None)
        yield Progress(0, 2, 2, None)

    messages = gather(report())
    first = list(next(messages))
    while len(first) < 4:  # a busy machine
        first += next(messages)
    assert [each.index for each in first] == [0, 1, 2, 3]
    gate.set()
    assert [report for message in messages for report in message][-1] == Progress(0, 2, 2, None)


def test_leaving_the_messages_ends_the_work():
    ended = Event()

    def report():
        try:
            while True:
                time.sleep(0.001)
                yield Progress(0, 1, 2, None)
        finally:
            ended.set()

    with closing(gather(report())) as messages:
        next(messages)
    assert ended.wait(10)


def test_workers_without_ray_say_what_to_install(monkeypatch):
    monkeypatch.setattr(cluster, "find_spec", lambda name: None)
    with pytest.raises(SeedLabError, match=r'pip install "seedlab\[workers\]"'):
        check_workers(Workers(local=2), {})


def test_a_cluster_without_a_token_is_not_joined(monkeypatch, tmp_path):
    pytest.importorskip("ray")
    monkeypatch.setenv("HOME", str(tmp_path))
    joined, token = Workers(address="10.0.0.1:6379"), tmp_path / "token"
    variables = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(token)}
    for refused in ({}, {"RAY_AUTH_TOKEN": "secret"}, {"RAY_AUTH_MODE": "token"}, variables):
        with pytest.raises(SeedLabError, match="SeedLab joins none without a token: set RAY_AUTH_MODE=token"):
            check_workers(joined, refused)
    token.write_text("secret", encoding="utf-8")
    check_workers(joined, variables)
    check_workers(joined, {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "secret"})
    check_workers(Workers(local=2), {})
