"""Replaying a denoiser's calls. Without a GPU, a graph is a function that computes its result anew, in place."""

import gc
from dataclasses import replace
from threading import Event

import pytest
import torch
from torch import nn

from seedlab.core.reports import Finished
from seedlab.images.compare import hash_pixels
from seedlab.pipelines.exact.caches import BatchCaches
from seedlab.pipelines.exact.graphs import MAX_GRAPHS, MAX_KINDS, GraphCache, replay_calls
from seedlab.pipelines.exact.plans import Plans
from seedlab.pipelines.manager import PipelineManager
from seedlab.pipelines.thread_executor import ThreadExecutor
from tests.pipelines import builders


class Recorder:
    """Captures calls, and counts captures and replays."""

    def __init__(self):
        self.captures = self.replays = 0

    def capture(self, run):
        self.captures += 1
        result = run()

        def replay():
            self.replays += 1
            for kept, value in zip(result, run(), strict=True):
                kept.copy_(value)

        return result, replay


class Denoiser(nn.Module):
    """Adds a timestep to its input."""

    def __init__(self):
        super().__init__()
        self.weights = nn.Parameter(torch.ones(1), requires_grad=False)

    def forward(self, latents, timestep, scale=1.0, return_dict=False):
        return (latents * self.weights * scale + timestep,)


@pytest.fixture
def recorder():
    return Recorder()


@pytest.fixture
def cache(recorder):
    return GraphCache(recorder.capture, device="cpu")


def call(cache, denoiser, latents, timestep=0, variant="alone", **kwargs):
    (result,) = cache.call(denoiser, denoiser.forward, variant, (latents, torch.tensor(timestep)), kwargs)
    return result.tolist()


def test_the_second_call_of_a_kind_is_captured_and_later_ones_are_replayed(cache, recorder):
    denoiser = Denoiser()
    results = [call(cache, denoiser, torch.full((2,), 10.0), timestep) for timestep in range(4)]
    assert results == [[10.0, 10.0], [11.0, 11.0], [12.0, 12.0], [13.0, 13.0]]
    assert (recorder.captures, recorder.replays) == (1, 3), "one replay is compared with the call itself"


def test_a_result_stays_when_the_graph_is_replayed(cache):
    denoiser, results = Denoiser(), []
    for timestep in range(4):
        results.append(cache.call(denoiser, denoiser.forward, "alone", (torch.ones(1), torch.tensor(timestep)), {})[0])
    assert [each.item() for each in results] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    "other",
    [{"latents": torch.ones(3)}, {"scale": 2.0}, {"variant": "a batch"}, {"latents": torch.ones(2).double()}],
)
def test_another_kind_of_call_has_a_graph_of_its_own(cache, recorder, other):
    denoiser, plain = Denoiser(), {"latents": torch.ones(2)}
    for _ in range(3):
        call(cache, denoiser, **plain)
        call(cache, denoiser, **plain | other)
    assert recorder.captures == 2


def test_a_graph_with_other_bits_is_not_used(recorder):
    def capture(run):
        result, replay = recorder.capture(run)
        return result, lambda: (replay(), result[0].add_(1))

    cache, denoiser = GraphCache(capture, device="cpu"), Denoiser()
    assert [call(cache, denoiser, torch.ones(1), timestep) for timestep in range(4)] == [[1], [2], [3], [4]]
    assert recorder.captures == 1, "it is not tried again"


def test_a_call_that_cannot_be_captured_works_without_a_graph():
    def capture(run):
        raise RuntimeError("operation not permitted when stream is capturing")

    cache, denoiser = GraphCache(capture, device="cpu"), Denoiser()
    assert [call(cache, denoiser, torch.ones(1), timestep) for timestep in range(4)] == [[1], [2], [3], [4]]


def test_arguments_that_are_no_values_are_never_captured(cache, recorder):
    denoiser = Denoiser()
    for _ in range(4):
        cache.call(denoiser, lambda *_: (torch.ones(1),), "alone", (torch.ones(1), object()), {})
    assert recorder.captures == 0


def test_few_graphs_are_kept_and_they_go_with_the_denoiser(cache, recorder):
    denoiser = Denoiser()
    for size in range(1, MAX_GRAPHS + 3):
        for _ in range(2):
            call(cache, denoiser, torch.ones(size))
    (kinds,) = cache._kinds.values()
    assert len(kinds) == MAX_GRAPHS
    for size in range(100, 100 + 2 * MAX_KINDS):
        call(cache, denoiser, torch.ones(size))
    assert len(kinds) <= MAX_KINDS
    del denoiser, kinds
    gc.collect()
    assert not cache._kinds


def test_offloaded_weights_and_other_devices_are_not_captured(cache):
    denoiser = Denoiser()
    assert cache.is_usable(denoiser)
    assert not GraphCache().is_usable(denoiser)
    denoiser._hf_hook = object()
    assert not cache.is_usable(denoiser)
    with replay_calls(denoiser, cache):
        assert "forward" not in vars(denoiser)


def test_pictures_have_the_same_bytes_with_graphs_alone_and_in_a_batch(monkeypatch, tmp_path, recorder, shared_manager):
    model = builders.build_stable_diffusion(tmp_path / "model")
    first = shared_manager.resolve(str(model)).make_recipe(prompt="a cat", seed=0, num_inference_steps=4)
    recipes = [first, *(replace(first, seed=seed) for seed in (1, 2))]
    others = [replace(each, prompt="a dog") for each in recipes]

    def make(manager):
        made = {}
        for batch in (recipes, others, [first], [replace(first, seed=7)]):
            for report in manager.generate(batch, Event(), resume=False):
                if isinstance(report, Finished):
                    made[batch[report.index]] = hash_pixels(report.image)
        return made

    caches = BatchCaches(graphs=GraphCache(recorder.capture, device="cpu"))
    monkeypatch.setattr("seedlab.pipelines.thread_executor.BatchCaches", lambda _: caches)
    manager = PipelineManager(executor=ThreadExecutor("cpu", Plans(None)))
    try:
        made = make(manager)
    finally:
        manager.close()
    assert recorder.captures == 2, "one for batches of any prompt, and one for single pictures"
    assert made == make(shared_manager)
