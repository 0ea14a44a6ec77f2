"""Where weights are on a CUDA device, and what happens when its memory runs out."""

import gc
from dataclasses import replace
from threading import Event

import pytest
from diffusers import StableDiffusionPipeline

from seedlab.core.recipes.recipe import Recipe
from seedlab.core.reports import Failed, Finished, Progress
from seedlab.pipelines.devices.memory import ACTIVATION_BYTES
from seedlab.pipelines.devices.offload import is_offloaded, measure_size
from seedlab.pipelines.loaded.cache import PipelineCache
from seedlab.pipelines.models.addresses import find_model
from tests.pipelines.builders import build_stable_diffusion, make_recipe
from tests.rounds import seed_round
from tests.simulated_cuda.device import WHOLE, too_small_for

SIDE = 128
"""Of pictures whose work takes more memory than the weights of their model."""


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Three models of which the denoiser is the most: 28 MB each."""
    root = tmp_path_factory.mktemp("models")
    return [build_stable_diffusion(root, seed, f"model-{seed}", (64, 128, 128)) for seed in range(3)]


@pytest.fixture(scope="module")
def recipes(folders) -> tuple[Recipe, ...]:
    return seed_round(make_recipe(folders[0], dtype="float32", num_inference_steps=1), range(4))


def enlarge(recipe: Recipe) -> Recipe:
    return replace(recipe, height=SIDE, width=SIDE)


def make(manager, *recipes) -> list[bytes]:
    ends = run(manager, *recipes)
    assert [report.sentence for report in ends if isinstance(report, Failed)] == []
    return [report.image.tobytes() for report in ends]


def run(manager, *recipes) -> list[Finished | Failed]:
    reports = {
        report.index: report for report in manager.generate(recipes, Event()) if isinstance(report, Finished | Failed)
    }
    return [reports[index] for index in sorted(reports)]


def get_pipeline(manager):
    (loaded,) = manager._executor._cache._loaded.values()
    return loaded.pipeline


def measure_peak(device, manager, *recipes) -> tuple[int, list[bytes]]:
    """Return the device's peak memory in bytes while these are made, after calibration, and the pictures."""
    make(manager, *recipes)
    device.restart_peak()
    made = make(manager, *recipes)
    return device.peak, made


def watch(device, pipeline) -> dict[str, list[int]]:
    """Record the device memory in use, in bytes, each time a part runs."""
    parts = {"words": pipeline.text_encoder, "denoiser": pipeline.unet, "decoder": pipeline.vae.decoder}
    used = {name: [] for name in parts}
    for name, part in parts.items():
        *_, last = part.modules()
        last.register_forward_pre_hook(lambda *_, seen=used[name]: seen.append(device.used))
    return used


def test_what_fits_is_put_on_the_device_whole_and_leaves_nothing_when_it_goes(device, manager, recipes):
    make(manager, recipes[0])
    size = measure_size(get_pipeline(manager))
    assert not is_offloaded(get_pipeline(manager))
    assert size <= device.used < 1.01 * size
    manager.close()
    manager._executor._cache._loaded.clear()
    gc.collect()
    assert device.used < 0.01 * size


def test_what_does_not_fit_is_on_it_part_by_part(device, manager, folders, recipes):
    alone, together = make(manager, recipes[0]), make(manager, *recipes)
    size = measure_size(get_pipeline(manager))
    manager._executor._cache._loaded.clear()
    gc.collect()
    device.resize(too_small_for(folders[0]))
    assert make(manager, recipes[0]) == alone
    assert is_offloaded(get_pipeline(manager))
    assert device.used < 0.01 * size, "between pictures the device is free for others"
    used = watch(device, get_pipeline(manager))
    assert make(manager, *recipes) == together
    assert all(used.values())
    assert min(used["denoiser"]) > 0.9 * size, "the most of it"
    assert max(used["words"] + used["decoder"]) < 0.5 * size, "with the denoiser gone"


def test_what_is_moved_to_the_device_is_as_if_it_had_been_there(device, manager, folders, recipes):
    """Also by the search for a plan: no tensors of torch's inference mode, whose kernels are others."""
    device.resize(too_small_for(folders[0]))
    make(manager, recipes[0])
    pipeline, seen = get_pipeline(manager), set()
    for part in (pipeline.text_encoder, pipeline.unet, pipeline.vae.decoder):
        *_, last = part.modules()
        last.register_forward_pre_hook(lambda part, _: seen.add((part.weight.is_cuda, part.weight.is_inference())))
    manager._executor._runner.caches.plans._plans.clear()
    make(manager, *recipes)
    assert seen == {(True, False)}


def test_previews_are_fitted_to_an_autoencoder_that_waits(device, manager, folders, recipes):
    previews = []
    for size in (WHOLE, too_small_for(folders[0])):
        device.resize(size)
        manager._executor._cache._loaded.clear()
        reports = list(manager.generate(recipes[:1], Event()))
        previews.append(next(report.preview for report in reports if isinstance(report, Progress)))
    assert previews[0].size == (8, 8)
    assert previews[0].tobytes() == previews[1].tobytes()


@pytest.mark.parametrize("count", [1, 4], ids=["a picture", "a batch"])
def test_what_was_stopped_leaves_the_device(device, manager, folders, recipes, count):
    device.resize(too_small_for(folders[0]))
    expected = make(manager, *recipes[:count])
    stop, ends = Event(), []
    for report in manager.generate([replace(each, num_inference_steps=9) for each in recipes[:count]], stop):
        if isinstance(report, Progress):
            stop.set()
        ends.append(isinstance(report, Finished | Failed))
    assert not any(ends)
    manager._executor._queue.submit(lambda: None).result()
    assert device.used < 10**6
    assert make(manager, *recipes[:count]) == expected


def test_a_batch_that_the_device_cannot_hold_is_made_one_by_one_with_the_same_bytes(device, manager, recipes):
    large = [enlarge(recipe) for recipe in recipes]
    (together, expected), (alone, _) = measure_peak(device, manager, *large), measure_peak(device, manager, large[0])
    assert together > alone + 10**6
    device.resize((together + alone) // 2)
    assert make(manager, *large) == expected
    assert not is_offloaded(get_pipeline(manager)), "nor slower than it has to be"


def test_a_picture_that_does_not_fit_beside_its_model_comes_part_by_part_with_the_same_bytes(device, manager, recipes):
    large = enlarge(recipes[0])
    whole, expected = measure_peak(device, manager, large)
    device.resize(whole - 10**6)
    assert make(manager, large) == expected
    assert is_offloaded(get_pipeline(manager))
    assert make(manager, *recipes[:2])


def test_a_picture_that_no_way_makes_ends_in_words_and_the_next_one_is_made_as_ever(device, manager, recipes):
    expected = make(manager, *recipes)
    device.resize(10**6)
    for failed in run(manager, *recipes):
        assert failed.sentence.startswith("Not enough memory for this picture: choose a smaller size, or a smaller")
    assert device.used < 10**6
    device.resize(WHOLE)
    assert make(manager, *recipes) == expected
    assert not is_offloaded(get_pipeline(manager)), "it would be slower for everybody"


@pytest.mark.slow
def test_a_model_without_parts_is_whole_or_not_at_all(device, manager, folders, recipes, monkeypatch):
    monkeypatch.setattr(StableDiffusionPipeline, "model_cpu_offload_seq", None)
    expected = make(manager, recipes[0])
    device.resize(10**6)
    manager._executor._cache._loaded.clear()
    gc.collect()
    assert [failed.sentence[:17] for failed in run(manager, recipes[0])] == ["Not enough memory"]
    device.resize(too_small_for(folders[0]) - ACTIVATION_BYTES + 10**9)
    assert make(manager, recipes[0]) == expected


def test_a_device_that_fills_up_while_a_model_comes_gets_it_part_by_part(
    device, manager, folders, recipes, monkeypatch
):
    expected = make(manager, recipes[0])
    size = measure_size(get_pipeline(manager))
    manager._executor._cache._loaded.clear()
    gc.collect()
    device.resize(size // 2)
    with monkeypatch.context() as patch:
        patch.setattr("seedlab.pipelines.devices.offload.measure_room", lambda _: WHOLE)
        manager._executor._cache.load(find_model(str(folders[0])), "float32", "cuda")
    device.resize(WHOLE)
    assert is_offloaded(get_pipeline(manager))
    assert make(manager, recipes[0]) == expected


@pytest.mark.parametrize("room", [0, WHOLE])
def test_a_model_is_divided_only_where_the_machine_has_room_for_it(device, folders, room):
    library = PipelineCache({"cuda": WHOLE, "host": room}.get)
    loaded = library.load(find_model(str(folders[0])), "float32", "cuda")
    assert library.free_space() == is_offloaded(loaded.pipeline) == bool(room)
    assert not library.free_space()


@pytest.mark.slow
def test_a_model_that_was_divided_and_went_can_be_divided_again(device, folders):
    library = PipelineCache({"cuda": WHOLE, "host": WHOLE}.get)
    for _ in range(2):
        first = library.load(find_model(str(folders[0])), "float32", "cuda")
        library.evict_others()
        assert library.free_space()
        assert is_offloaded(first.pipeline)
        library.load(find_model(str(folders[1])), "float32", "cuda")
        library.evict_others()


@pytest.mark.slow
def test_another_model_takes_the_place_of_the_one_that_was_used_longest_ago(device, manager, folders):
    first, *others = (make_recipe(folder, dtype="float32", num_inference_steps=1) for folder in folders)
    make(manager, first)
    size = measure_size(get_pipeline(manager))
    device.resize(ACTIVATION_BYTES + 2 * size + size // 2)
    used = []
    for recipe in (others[0], first, others[1], *(first, *others)):
        make(manager, recipe)
        used.append(device.used)
    assert max(used) < 2.01 * size
    assert min(used) > 1.99 * size
    assert not any(is_offloaded(loaded.pipeline) for loaded in manager._executor._cache._loaded.values())


@pytest.mark.slow
def test_weights_that_wait_in_the_machines_memory_need_room_there(device, folders):
    """They are evicted when host memory is short; a model that is whole on the device takes none of it."""
    room = {"cuda": WHOLE, "host": WHOLE}
    library = PipelineCache(room.get)
    load = lambda folder: library.load(find_model(str(folder)), "float32", "cuda")  # noqa: E731
    whole = load(folders[0])
    device.resize(too_small_for(folders[1]))
    divided = load(folders[1])
    assert [is_offloaded(each.pipeline) for each in (whole, divided)] == [False, True]
    room["host"] = 0
    load(folders[2])
    assert whole in library._loaded.values()
    assert divided not in library._loaded.values()
