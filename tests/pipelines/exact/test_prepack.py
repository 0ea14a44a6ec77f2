"""Layers with prepacked weights compute the same values, and nothing stays behind."""

import gc
import weakref

import pytest
import torch
from torch import nn

from seedlab.pipelines.exact.kernels import prepack as prepacking
from seedlab.pipelines.exact.kernels.prepack import can_prepack, is_equal_prepacked, prepack, prepack_weights
from seedlab.pipelines.exact.kernels.prepack_cache import PrepackCache

pytestmark = pytest.mark.skipif(not can_prepack(nn.Linear(1, 1)), reason="this build of torch has no such kernels")
needs_bfloat16 = pytest.mark.skipif(
    not (hasattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported") and torch.ops.mkldnn._is_mkldnn_bf16_supported()),
    reason="this processor has no bfloat16 kernels",
)
DTYPES = (torch.float32, pytest.param(torch.bfloat16, marks=needs_bfloat16))


@pytest.fixture
def cache():
    return PrepackCache()


def make_inputs(*shape: int, dtype: torch.dtype) -> torch.Tensor:
    values = torch.randn(*shape, generator=torch.Generator().manual_seed(0)).to(dtype)
    return values.to(memory_format=torch.channels_last) if len(shape) == 4 else values


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(16, 24, 3, padding=1),
        nn.Conv2d(16, 16, 3, padding=(0, 1), stride=2, bias=False),
        nn.Conv2d(16, 24, 1),
        nn.Conv2d(16, 16, 3, padding=2, dilation=2, groups=4),
    ],
    ids=repr,
)
def test_convolutions_compute_what_they_did(layer, dtype):
    layer.to(dtype, memory_format=torch.channels_last)
    images = make_inputs(4, 16, 8, 8, dtype=dtype)
    with torch.no_grad():
        prepacked = prepack(layer)
        torch.testing.assert_close(prepacked(images), layer(images))
        torch.testing.assert_close(prepacked(images[:2]), layer(images[:2]), msg="fewer images than at the first call")


@needs_bfloat16
@pytest.mark.parametrize("bias", [True, False])
def test_linear_layers_compute_what_they_did(bias):
    layer = nn.Linear(32, 48, bias=bias).to(torch.bfloat16)
    rows = make_inputs(4, 7, 32, dtype=torch.bfloat16)
    with torch.no_grad():
        torch.testing.assert_close(prepack(layer)(rows), layer(rows))


def test_weights_are_prepacked_once():
    layer, images = nn.Conv2d(4, 4, 1), make_inputs(1, 4, 2, 2, dtype=torch.float32)
    with torch.no_grad():
        prepacked = prepack(layer)
        before = prepacked(images)
        layer.weight.zero_()
        assert torch.equal(prepacked(images), before)


@pytest.mark.parametrize(
    "layer",
    [nn.GroupNorm(2, 4), nn.Conv2d(4, 4, 3, padding=1, padding_mode="reflect"), nn.Conv2d(4, 4, 3, padding="same")],
    ids=repr,
)
def test_layers_without_a_kernel_for_prepacked_weights_are_refused(layer):
    assert not can_prepack(layer)
    with pytest.raises(TypeError, match=type(layer).__name__):
        prepack(layer)


def test_subclasses_are_refused():
    class Custom(nn.Linear):
        """May use its weights in another way."""

    assert not can_prepack(Custom(2, 2))


def test_different_values_are_detected():
    layer = nn.Conv2d(4, 4, 1)
    images = make_inputs(1, 4, 2, 2, dtype=torch.float32)
    with torch.no_grad():
        prepacked = layer.forward = prepack(layer)  # the plain kernel gives other bits on some processors
        assert is_equal_prepacked(layer, (images,))
        layer.forward = lambda value: prepacked(value) * (1 + 2**-22)
        assert not is_equal_prepacked(layer, (images,))


def test_a_dtype_without_a_kernel_is_not_equal():
    with torch.no_grad():
        assert not is_equal_prepacked(nn.Linear(4, 4).double(), (make_inputs(2, 4, dtype=torch.float64),))


def test_layers_use_prepacked_weights_inside_the_context_only(cache):
    root = nn.Sequential(nn.Conv2d(4, 4, 1), nn.SiLU(), nn.Conv2d(4, 4, 1))
    images = make_inputs(1, 4, 2, 2, dtype=torch.float32)
    with torch.no_grad():
        before = root(images)
        with prepack_weights(root, ("0", "2"), cache):
            assert ["forward" in vars(layer) for layer in root] == [True, False, True]
            torch.testing.assert_close(root(images), before)
    assert not any("forward" in vars(layer) for layer in root)


def test_prepacked_weights_are_cached_until_the_weights_or_the_shape_change(cache, monkeypatch):
    root, results = nn.Sequential(nn.Linear(4, 4, bias=False)), []
    layer, rows = root[0], make_inputs(2, 4, dtype=torch.float32)
    monkeypatch.setattr(prepacking, "_once", lambda make: lambda value: results.append(make(value)) or results[-1])

    def run(values: torch.Tensor) -> torch.Tensor:
        with torch.no_grad(), prepack_weights(root, ("0",), cache):
            return root(values)

    assert torch.equal(run(rows), run(rows))
    assert results[0] is results[1]
    run(rows[:1])
    assert results[2] is not results[1], "another shape"
    layer.weight.data = layer.weight.data * 2
    torch.testing.assert_close(run(rows), layer(rows), msg="other weights")
    with torch.no_grad():
        layer.weight.zero_()
    assert not run(rows).any(), "the same tensor, changed in place"


def run_prepacked(root: nn.Module, cache: PrepackCache, *names: str) -> list[weakref.ref]:
    """Run a model with prepacked weights; returns references to the tensors that the cache holds afterwards."""
    with torch.no_grad(), prepack_weights(root, names, cache):
        root(make_inputs(2, 4, dtype=torch.float32))
    return [weakref.ref(weight) for _, weight in cache._entries.values()]


def test_prepacked_weights_are_dropped_with_their_layer(cache):
    root = nn.Sequential(nn.Linear(4, 4))
    (prepacked,) = run_prepacked(root, cache, "0")
    assert prepacked() is not None
    del root
    gc.collect()
    assert prepacked() is None


def test_the_cache_keeps_the_weights_of_several_models_and_drops_those_used_longest_ago():
    first, second, third = (nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4)) for _ in range(3))
    cache = PrepackCache(limit=4 * first[0].weight.nbytes)
    run_prepacked(first, cache, "0", "1")
    run_prepacked(second, cache, "0", "1")
    run_prepacked(first, cache, "0")
    assert set(cache._entries) == {*first, *second}
    run_prepacked(third, cache, "0", "1")
    assert set(cache._entries) == {first[0], second[1], *third}


def test_the_weights_of_other_models_can_be_dropped(cache):
    roots = [nn.Sequential(nn.Linear(4, 4)) for _ in range(2)]
    for root in roots:
        run_prepacked(root, cache, "0")
    cache.retain(roots[1].modules())
    assert set(cache._entries) == set(roots[1])


def test_the_cache_knows_how_much_it_holds(cache):
    root = nn.Sequential(nn.Linear(4, 8), nn.Linear(8, 4))
    run_prepacked(root, cache, "0")
    assert cache.size == root[0].weight.nbytes
    cache.clear()
    assert cache.size == 0


def test_the_cache_can_be_cleared(cache):
    root = nn.Sequential(nn.Linear(4, 4))
    (prepacked,) = run_prepacked(root, cache, "0")
    cache.clear()
    assert prepacked() is None


def test_layers_that_cannot_be_prepacked_are_skipped(cache):
    """A plan from another build of torch may name them."""
    root = nn.Sequential(nn.GroupNorm(1, 2), nn.Sequential(), nn.Linear(2, 2))
    with prepack_weights(root, ("0", "1", "2"), cache):
        assert ["forward" in vars(layer) for layer in root] == [False, False, True]


def test_prepacked_weights_stay_within_the_caches_limit():
    root = nn.Sequential(nn.Linear(8, 8), nn.Linear(8, 16), nn.Linear(16, 4))
    cache = PrepackCache(limit=root[0].weight.nbytes + root[2].weight.nbytes)
    with prepack_weights(root, ("0", "1", "2"), cache):
        assert ["forward" in vars(layer) for layer in root] == [True, False, True]
