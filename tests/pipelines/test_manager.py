"""The pipeline manager: what it reports, how it takes turns and stops, and what it says when something is wrong."""

import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from threading import Event
from types import SimpleNamespace

import pytest
import torch

from seedlab.core.errors import RecipeError, SeedLabError
from seedlab.core.recipes.schedulers import list_family
from seedlab.core.reports import Failed, Finished, Progress, Waiting
from seedlab.pipelines.batches.failures import NO_MEMORY, explain
from seedlab.pipelines.exact.plans import Plan, Plans
from seedlab.pipelines.loaded.loading import load_pipeline
from seedlab.pipelines.manager import PipelineManager
from tests.pipelines.builders import build_stable_diffusion, build_stable_diffusion_xl, make_recipe
from tests.pipelines.queues import hold, wait_for_queue
from tests.rounds import seed_round

COMMIT = "c" * 40


def run(manager, *recipes):
    return list(manager.generate(recipes, Event()))


def test_reports_loading_then_steps_with_previews_then_the_picture(manager, tiny):
    reports = run(manager, make_recipe(tiny, num_inference_steps=6))
    steps = [report for report in reports if isinstance(report, Progress)]
    assert [report.step for report in steps] == sorted(report.step for report in steps)
    assert steps[-1].steps == 6
    assert steps[-1].preview.size == (8, 8)
    assert isinstance(reports[-1], Finished)
    assert reports[-1].image.size == (64, 64)
    assert reports[-1].environment == manager.environment(make_recipe(tiny))


def test_waits_are_explained(tiny, monkeypatch):
    manager = PipelineManager(device="cpu")
    load = manager._executor._cache._load_source
    monkeypatch.setattr(
        manager._executor._cache, "_load_source", lambda *arguments: (time.sleep(0.7), load(*arguments))[1]
    )
    with ThreadPoolExecutor(1) as other:
        theirs = other.submit(run, manager, make_recipe(tiny))
        time.sleep(0.1)
        mine = run(manager, make_recipe(tiny, seed=1))
        theirs.result()
    manager.close()
    assert "Loading tiny…" in [report.sentence for report in mine if isinstance(report, Waiting)]


def test_who_waits_is_told_so_again_and_again_and_can_leave_each_time(tiny, monkeypatch):
    manager = PipelineManager(device="cpu")
    monkeypatch.setattr(manager._executor._cache, "_load_source", lambda *_: time.sleep(1.2))
    reports = manager.generate([make_recipe(tiny)], Event())
    assert [next(reports) for _ in range(3)] == [Waiting(0, "Loading tiny…")] * 3
    reports.close()
    manager.close()


def test_a_scheduler_with_more_steps_than_asked_for_counts_to_its_own_number(manager, tiny):
    """Heun runs its network twice a step, and says so in its timesteps."""
    steps = [
        report
        for report in run(manager, make_recipe(tiny, scheduler="HeunDiscreteScheduler"))
        if isinstance(report, Progress)
    ]
    assert steps[-1].step == steps[-1].steps == 7


def test_visitors_take_turns_batch_by_batch(shared_manager, tiny):
    run(shared_manager, *(make_recipe(tiny, seed=seed) for seed in range(4)))
    order = []

    def visit(name):
        recipes = [make_recipe(tiny, seed=seed, num_inference_steps=8) for seed in range(12)]
        for report in shared_manager.generate(recipes, Event()):
            if isinstance(report, Finished) and report.index % 4 == 3:
                order.append(name)

    with ThreadPoolExecutor(2) as visitors, hold(shared_manager):
        for number, name in enumerate("AB"):
            visitors.submit(visit, name)
            wait_for_queue(shared_manager, number + 1)
    # Whoever asks for the next batch a little late waits for one more of the other's.
    assert "".join(order) in ("ABABAB", "ABABBA", "ABBAAB", "ABBABA")


@pytest.mark.parametrize("count", [1, 4], ids=["a picture", "a batch"])
def test_stop_ends_the_work_within_one_step(manager, tiny, count):
    short, long = (make_recipe(tiny, num_inference_steps=steps) for steps in (1, 500))
    run(manager, *seed_round(short, range(count)))
    (loaded,) = manager._executor._cache._loaded.values()
    stop, late = Event(), []
    loaded.pipeline.unet.register_forward_hook(lambda *_: late.append(1) if stop.is_set() else None)
    for report in manager.generate([*seed_round(long, range(count)), replace(short, prompt="tree")], stop):
        assert not isinstance(report, Finished)
        stop.set()
    # Its turn comes when the work before it has ended.
    assert isinstance(run(manager, short)[-1], Finished)
    assert 1 <= len(late) <= 2, "one that was under way, and the one of the new picture"


def test_a_closed_tab_ends_the_work_within_one_step(manager, tiny):
    run(manager, make_recipe(tiny))
    (loaded,) = manager._executor._cache._loaded.values()
    steps = []
    loaded.pipeline.unet.register_forward_hook(lambda *_: steps.append(1))
    reports = manager.generate([make_recipe(tiny, num_inference_steps=1000)], Event())
    next(report for report in reports if isinstance(report, Progress))
    reports.close()
    taken = len(steps)
    assert isinstance(run(manager, make_recipe(tiny, num_inference_steps=1))[-1], Finished)
    assert len(steps) <= taken + 2 + 1, "one that was under way, one race, and the one of the new picture"


def test_stop_while_waiting_in_the_line_leaves_it_at_once(shared_manager, tiny):
    stop = Event()
    stop.set()
    assert list(shared_manager.generate([make_recipe(tiny)], stop)) == []


def test_out_of_memory_ends_that_tile_in_words_and_the_manager_lives_on(manager, tiny, monkeypatch):
    run(manager, make_recipe(tiny))
    (loaded,) = manager._executor._cache._loaded.values()

    def decode(*_, **__):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20 GiB")

    with monkeypatch.context() as patch:
        patch.setattr(loaded.pipeline.vae, "decode", decode)
        (failed,) = (report for report in run(manager, make_recipe(tiny)) if isinstance(report, Failed))
    assert failed.sentence == NO_MEMORY
    assert isinstance(run(manager, make_recipe(tiny))[-1], Finished)


@pytest.mark.parametrize(
    "words",
    [
        "[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 by",
        "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
        "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
        "GET was unable to find an engine to execute this computation",
    ],
)
def test_memory_that_is_full_is_known_by_many_words(words):
    assert explain(RuntimeError(words)) == NO_MEMORY


def test_no_path_of_the_machine_is_shown():
    error = FileNotFoundError(2, "No such file or directory", "/srv/models/mine/unet.safetensors")
    assert explain(error) == "This picture could not be made: [Errno 2] No such file or directory: '…'"


def test_what_goes_wrong_while_memory_is_freed_does_not_end_the_others(manager, tiny, monkeypatch, caplog):
    def fail(*_):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20 GiB")

    monkeypatch.setattr(manager._executor._cache, "load", fail)
    monkeypatch.setattr(manager._executor._cache, "free_space", fail)
    reports = run(manager, make_recipe(tiny), make_recipe(tiny, seed=1))
    failed = {report.index: report.sentence[:17] for report in reports if isinstance(report, Failed)}
    assert failed == {0: "Not enough memory", 1: "Not enough memory"}
    assert "No memory could be freed." in caplog.text


@pytest.mark.parametrize("count", [1, 2])
def test_where_memory_is_short_other_pipelines_go_and_it_is_tried_again(manager, tiny, tmp_path, monkeypatch, count):
    run(manager, make_recipe(build_stable_diffusion(tmp_path)))
    recipes = [make_recipe(tiny, seed=seed) for seed in range(count)]
    run(manager, *recipes)
    loaded = list(manager._executor._cache._loaded.values())[-1]
    decode = loaded.pipeline.vae.decode

    def decode_alone(*arguments, **options):
        if len(manager._executor._cache._loaded) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20 GiB")
        return decode(*arguments, **options)

    monkeypatch.setattr(loaded.pipeline.vae, "decode", decode_alone)
    reports = run(manager, *recipes)
    assert sum(isinstance(report, Finished) for report in reports) == count
    assert not any(isinstance(report, Failed) for report in reports)
    assert manager._executor._runner._joint_calls._too_large == set(), "with the others gone, a batch may fit"


@pytest.mark.filterwarnings("ignore:`upcast_vae` is deprecated:FutureWarning")  # diffusers' own call of it
def test_a_decode_that_failed_does_not_spoil_the_next_picture_of_sdxl(manager, tmp_path, monkeypatch):
    """In half precision diffusers decodes its latents in float32, and leaves the autoencoder so where that fails."""
    recipe = make_recipe(build_stable_diffusion_xl(tmp_path), dtype="float16")
    before = run(manager, recipe)[-1].image.tobytes()
    (loaded,) = manager._executor._cache._loaded.values()

    def decode(*_, **__):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20 GiB")

    with monkeypatch.context() as patch:
        patch.setattr(loaded.pipeline.vae, "decode", decode)
        assert isinstance(run(manager, recipe)[-1], Failed)
    assert run(manager, recipe)[-1].image.tobytes() == before


def test_work_that_ends_badly_is_said_to_whoever_waits(manager, tiny, monkeypatch, caplog):
    def fail(*_):
        raise RuntimeError("CUDA error: an illegal memory access was encountered")

    monkeypatch.setattr(manager._executor._cache, "load", fail)
    monkeypatch.setattr("seedlab.pipelines.batches.worker.free_memory", fail)
    (first, second) = run(manager, make_recipe(tiny), make_recipe(tiny, seed=1))
    assert (first.index, second.index) == (0, 1)
    assert "try again" in first.sentence
    assert "A batch failed unexpectedly." in caplog.text


def test_a_picture_of_nan_is_never_shown_as_a_result(manager, tiny, tmp_path):
    folder = shutil.copytree(tiny, tmp_path / "nan")
    run(manager, make_recipe(folder))
    (loaded,) = manager._executor._cache._loaded.values()
    with torch.no_grad():
        loaded.pipeline.unet.conv_out.bias.fill_(float("nan"))
    (failed,) = (report for report in run(manager, make_recipe(folder)) if isinstance(report, Failed))
    assert failed.sentence.startswith("The picture came out as not-a-number")


def test_a_failure_ends_its_own_tile_alone(shared_manager, tiny):
    bad = make_recipe(tiny, scheduler="FlowMatchEulerDiscreteScheduler")
    reports = run(shared_manager, make_recipe(tiny), bad, make_recipe(tiny, seed=1))
    ends = sorted((each for each in reports if isinstance(each, Finished | Failed)), key=lambda each: each.index)
    assert [type(report) for report in ends] == [Finished, Failed, Finished]
    assert (
        ends[1].sentence
        == "Flow-match Euler does not work with tiny: choose "
        + ", ".join(scheduler.label for scheduler in list_family("DDIMScheduler"))
        + "."
    )
    assert [report.index for report in ends] == [0, 1, 2]


def test_words_that_are_not_read_are_named(shared_manager, tiny):
    (finished,) = (r for r in run(shared_manager, make_recipe(tiny, prompt="a " * 80)) if isinstance(r, Finished))
    assert finished.notice == "The prompt is longer than the model reads. Not read: “a a a a a”"
    recipe = make_recipe(tiny, negative_prompt="b " * 76)
    (finished,) = (r for r in run(shared_manager, recipe) if isinstance(r, Finished))
    assert finished.notice == "The negative prompt is longer than the model reads. Not read: “b”"


def test_a_recipe_out_of_a_browser_is_held_to_the_models_limits(shared_manager, tiny):
    (failed,) = run(shared_manager, make_recipe(tiny, height=4096))
    assert failed.sentence == "tiny makes 64 to 2048 pixels a side, not 4096."


def test_a_public_host_makes_only_what_it_offers(tiny):
    manager = PipelineManager(device="cpu", allowed=("sketch",))
    with pytest.raises(RecipeError, match="This server offers only: sketch"):
        manager.resolve(str(tiny))
    (failed,) = run(manager, make_recipe(tiny))
    assert failed.sentence == "This server offers only: sketch."
    manager.close()


def test_a_public_host_does_not_even_look_at_what_it_does_not_offer(tiny):
    manager = PipelineManager(device="cpu", allowed=("sketch",))
    with pytest.raises(RecipeError, match="This server offers only: sketch"):
        manager.environment(make_recipe(tiny))
    manager.close()


def test_a_public_host_keeps_to_the_dtype_of_its_models(tiny):
    """Or a visitor could have it load the same model again and again."""
    manager = PipelineManager(device="cpu", allowed=(str(tiny),))
    other = {"bfloat16": "float32"}.get(manager.resolve(str(tiny)).dtype, "bfloat16")
    (failed,) = (report for report in run(manager, make_recipe(tiny, dtype=other)) if isinstance(report, Failed))
    assert "This server makes pictures of tiny only in" in failed.sentence
    manager.close()


def test_a_folder_that_cannot_be_read_has_no_environment_but_a_sentence(manager, tiny, tmp_path, monkeypatch):
    def read(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("seedlab.pipelines.loaded.files.hash_weights", read)
    with pytest.raises(SeedLabError, match="The files of “tiny” cannot be read"):
        manager.environment(make_recipe(tiny))


def test_the_hub_is_asked_once_a_process(manager, tiny, monkeypatch):
    """What "main" means there may change in the middle of a grid."""
    asked, sought = [], []

    def download(model_id, **options):
        asked.append((model_id, options["revision"], options["use_safetensors"]))
        return str(tiny)

    def find_commit(model_id, revision, _):
        sought.append((model_id, revision))
        return COMMIT

    monkeypatch.setattr("diffusers.DiffusionPipeline.download", download)
    monkeypatch.setattr("huggingface_hub.HfApi.model_info", lambda *_, **__: SimpleNamespace(siblings=[]))
    monkeypatch.setattr("seedlab.pipelines.resolver.find_commit", find_commit)
    recipes = [replace(make_recipe(tiny, seed=seed), model_id="owner/name", revision="v1") for seed in range(3)]
    ends = [report for report in run(manager, *recipes) if isinstance(report, Finished | Failed)]
    assert [type(end) for end in ends] == [Finished] * 3
    assert asked == [("owner/name", COMMIT, True)]
    assert sought == [("owner/name", "v1")]
    assert manager.resolve("owner/name@v1").revision == COMMIT
    assert len(sought) == 1


def test_a_public_host_offers_the_commit_of_what_it_offers_and_no_other(monkeypatch):
    monkeypatch.setattr("seedlab.pipelines.resolver.find_commit", lambda model_id, revision, _: COMMIT)
    manager = PipelineManager(device="cpu", allowed=("sketch", "owner/name"))
    recipe = manager.resolve("owner/name").make_recipe(prompt="a boat", seed=0)
    assert recipe.model_address == f"owner/name@{COMMIT}"
    assert manager.find_model(recipe.model_address).model_id == "owner/name"
    for other in (f"owner/name@{'d' * 40}", "owner/name@main", f"owner/other@{COMMIT}", f"sketch@{COMMIT}"):
        with pytest.raises(RecipeError, match="This server offers only: sketch, owner/name"):
            manager.find_model(other)
    manager.close()


def test_what_is_on_this_machine_has_no_commit_and_asks_nobody(manager, tiny, monkeypatch):
    monkeypatch.setattr("seedlab.pipelines.resolver.find_commit", lambda *_: pytest.fail("asked"))
    for model_id in ("sketch", str(tiny)):
        assert manager.resolve(model_id).revision is None


def test_a_download_that_fails_says_what_to_do(manager, tiny, monkeypatch):
    def download(*_, **__):
        raise OSError("Couldn't connect")

    monkeypatch.setattr("diffusers.DiffusionPipeline.download", download)
    recipe = replace(make_recipe(tiny), model_id="owner/name", revision=COMMIT)
    (failed,) = (report for report in run(manager, recipe) if isinstance(report, Failed))
    assert failed.sentence.startswith(
        "owner/name could not be downloaded from the Hub: check the network and try again"
    )
    with pytest.raises(SeedLabError, match="The files of owner/name are not here"):
        manager.environment(recipe)


def test_a_model_that_is_not_there_is_said_and_the_others_still_work(manager, tiny, tmp_path):
    folder = shutil.copytree(tiny, tmp_path / "gone")
    recipe = make_recipe(folder)
    shutil.rmtree(folder)
    (failed,) = run(manager, recipe)
    assert failed.sentence.startswith("There is no model “")
    assert isinstance(run(manager, make_recipe(tiny))[-1], Finished)


def test_pickled_weights_are_refused(manager, tiny, tmp_path):
    folder = shutil.copytree(tiny, tmp_path / "pickled")
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    torch.save({}, weights.with_suffix(".bin"))
    weights.unlink()
    failed = run(manager, make_recipe(folder))[-1]
    assert isinstance(failed, Failed)
    assert failed.sentence == (
        "“pickled” lacks the weights of its denoiser, or has them only as pickles (.bin): download it again."
    )


@pytest.mark.parametrize("count", [1, 2])
def test_an_autoencoder_that_makes_no_numbers_is_reported_and_never_shown(manager, tiny, tmp_path, count):
    """As that of SDXL does in float16. Its picture would be black, in a batch too."""
    folder = shutil.copytree(tiny, tmp_path / "nan")
    run(manager, make_recipe(folder))
    (loaded,) = manager._executor._cache._loaded.values()
    with torch.no_grad():
        loaded.pipeline.vae.decoder.conv_out.bias.fill_(float("nan"))
    reports = run(manager, *(make_recipe(folder, seed=seed) for seed in range(count)))
    failures = [report for report in reports if isinstance(report, Failed)]
    assert [failed.index for failed in failures] == list(range(count))
    assert {failed.sentence.partition(",")[0] for failed in failures} == {
        "The model's autoencoder returned not-a-number"
    }
    assert not [report for report in reports if isinstance(report, Finished)]


def test_a_black_picture_is_reported_and_never_shown(manager, tiny, tmp_path):
    folder = shutil.copytree(tiny, tmp_path / "black")
    run(manager, make_recipe(folder))
    (loaded,) = manager._executor._cache._loaded.values()
    with torch.no_grad():
        loaded.pipeline.vae.decoder.conv_out.weight.zero_()
        loaded.pipeline.vae.decoder.conv_out.bias.fill_(-9.0)
    *_, failed = run(manager, make_recipe(folder))
    assert failed.sentence.startswith("The picture came out black")


def test_a_batch_that_does_not_fit_is_made_one_by_one_with_the_same_bytes(manager, tiny):
    alone = [run(manager, make_recipe(tiny, seed=seed))[-1].image.tobytes() for seed in range(3)]
    (loaded,) = manager._executor._cache._loaded.values()
    calls = []

    def refuse(module, args):
        calls.append(len(args[0]))
        if len(args[0]) > 2:  # the two of guidance are one picture's
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20 GiB")

    loaded.pipeline.unet.conv_in.register_forward_pre_hook(refuse)
    reports = run(manager, *(make_recipe(tiny, seed=seed) for seed in range(3)))
    made = {report.index: report.image.tobytes() for report in reports if isinstance(report, Finished)}
    assert [made[index] for index in range(3)] == alone
    assert 6 in calls


@pytest.mark.parametrize("dtype", ["float32", pytest.param("bfloat16", marks=pytest.mark.slow)])
def test_a_pipeline_that_comes_part_by_part_makes_the_same_bytes(manager, tiny, monkeypatch, dtype):
    """As where a card is too small: every part is moved in for its own call, by way of a replaced `forward`."""
    recipes = [make_recipe(tiny, seed=seed, dtype=dtype) for seed in range(4)]
    whole = run(manager, *recipes)
    parts = []

    def load_part_by_part(*arguments):
        pipeline = load_pipeline(*arguments)
        pipeline.enable_model_cpu_offload(device="cpu")
        parts.extend(part for part in (pipeline.unet, pipeline.text_encoder, pipeline.vae) if hasattr(part, "_hf_hook"))
        return pipeline

    monkeypatch.setattr("seedlab.pipelines.loaded.cache.load_pipeline", load_part_by_part)
    with closing(PipelineManager(device="cpu", plans=Plans(None))) as other:
        moved = run(other, *recipes)
    assert len(parts) == 3
    made = [
        {report.index: report.image.tobytes() for report in reports if isinstance(report, Finished)}
        for reports in (whole, moved)
    ]
    assert made[0] == made[1]
    assert sorted(made[1]) == [0, 1, 2, 3]


def test_the_environment_tells_other_weights(manager, tiny, tmp_path):
    other = build_stable_diffusion(tmp_path, weights_seed=1)
    ours, theirs = manager.environment(make_recipe(tiny)), manager.environment(make_recipe(other))
    assert ours.weights != theirs.weights
    assert ours.torch == torch.__version__


def test_a_device_that_is_not_there_is_said():
    manager = PipelineManager(device="mps")
    with pytest.raises(SeedLabError, match="There is no device “mps” on this machine: use cpu"):
        manager.resolve("sketch")
    manager.close()


def test_nothing_is_taken_after_close(tiny):
    manager = PipelineManager(device="cpu")
    manager.close()
    assert run(manager, make_recipe(tiny)) == []


def test_a_picture_is_finished_once_however_long_the_next_one_takes(tiny, monkeypatch):
    """Only what is unfinished is said again; a picture that came twice would be kept twice."""
    manager = PipelineManager(device="cpu", plans=Plans(None))
    monkeypatch.setattr("seedlab.pipelines.exact.denoiser.calibrate", lambda *_: Plan(exact=False))
    run(manager, make_recipe(tiny, num_inference_steps=1))
    (loaded,) = manager._executor._cache._loaded.values()
    loaded.pipeline.unet.register_forward_hook(lambda *_: time.sleep(0.3))
    reports = run(manager, *(make_recipe(tiny, seed=seed, num_inference_steps=3) for seed in range(2)))
    assert [report.index for report in reports if isinstance(report, Finished)] == [0, 1]
    assert len(reports) > 8, "and yet there was a sign of life"
    manager.close()


def test_noise_from_a_device_that_is_not_here_is_refused_before_a_model_is_loaded(manager, tiny):
    (failed,) = run(manager, make_recipe(tiny, generator_device="cuda"))
    assert failed.sentence.startswith("Pictures are made on the cpu here, so the noise cannot come from “cuda”")
    assert not manager._executor._cache._loaded


def test_a_model_that_needs_a_package_which_is_not_here_says_so(manager, tiny, tmp_path, monkeypatch):
    def load(*_, **__):
        raise ImportError("LMSDiscreteScheduler requires the scipy library but it was not found.")

    monkeypatch.setattr("diffusers.DiffusionPipeline.from_pretrained", load)
    *_, failed = run(manager, make_recipe(tiny))
    assert failed.sentence == (
        "“tiny” needs a package that is not installed (pip install scipy): choose another model."
    )
