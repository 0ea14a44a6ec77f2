"""Layers whose weights lie in blocks: the same values, and nothing left behind."""

import gc
import weakref

import pytest
import torch
from torch import nn

from seedlab.pipelines.exact import prepack as packing
from seedlab.pipelines.exact.prepack import can_pack, drop_prepacked, pack, pack_weights, packs_equally

pytestmark = pytest.mark.skipif(not can_pack(nn.Linear(1, 1)), reason="this build of torch has no such kernels")
DTYPES = (torch.float32, torch.bfloat16)


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
    pictures = make_inputs(4, 16, 8, 8, dtype=dtype)
    with torch.no_grad():
        packed = pack(layer)
        torch.testing.assert_close(packed(pictures), layer(pictures))
        torch.testing.assert_close(
            packed(pictures[:2]), layer(pictures[:2]), msg="fewer pictures than it was laid out for"
        )


@pytest.mark.parametrize("bias", [True, False])
def test_linear_layers_compute_what_they_did(bias):
    layer = nn.Linear(32, 48, bias=bias).to(torch.bfloat16)
    rows = make_inputs(4, 7, 32, dtype=torch.bfloat16)
    with torch.no_grad():
        torch.testing.assert_close(pack(layer)(rows), layer(rows))


def test_weights_are_laid_out_once():
    layer, pictures = nn.Conv2d(4, 4, 1), make_inputs(1, 4, 2, 2, dtype=torch.float32)
    with torch.no_grad():
        packed = pack(layer)
        before = packed(pictures)
        layer.weight.zero_()
        assert torch.equal(packed(pictures), before)


@pytest.mark.parametrize(
    "layer",
    [nn.GroupNorm(2, 4), nn.Conv2d(4, 4, 3, padding=1, padding_mode="reflect"), nn.Conv2d(4, 4, 3, padding="same")],
    ids=repr,
)
def test_what_has_no_such_kernel_is_left_alone(layer):
    assert not can_pack(layer)
    with pytest.raises(TypeError, match=type(layer).__name__):
        pack(layer)


def test_other_layers_than_torchs_own_are_left_alone():
    class Clever(nn.Linear):
        """Does something else with its weights, for all we know."""

    assert not can_pack(Clever(2, 2))


def test_values_that_differ_are_told():
    layer = nn.Conv2d(4, 4, 1)
    pictures = make_inputs(1, 4, 2, 2, dtype=torch.float32)
    with torch.no_grad():
        packed = layer.forward = pack(layer)  # its own way may give other bits, on some processors
        assert packs_equally(layer, (pictures,))
        layer.forward = lambda value: packed(value) * (1 + 2**-22)
        assert not packs_equally(layer, (pictures,))


def test_a_kind_of_number_without_a_kernel_is_told():
    with torch.no_grad():
        assert not packs_equally(nn.Linear(4, 4).double(), (make_inputs(2, 4, dtype=torch.float64),))


def test_layers_read_blocks_for_as_long_as_it_lasts():
    root = nn.Sequential(nn.Conv2d(4, 4, 1), nn.SiLU(), nn.Conv2d(4, 4, 1))
    pictures = make_inputs(1, 4, 2, 2, dtype=torch.float32)
    with torch.no_grad():
        before = root(pictures)
        with pack_weights(root, ("0", "2")):
            assert ["forward" in vars(layer) for layer in root] == [True, False, True]
            torch.testing.assert_close(root(pictures), before)
    assert not any("forward" in vars(layer) for layer in root)


def test_blocks_are_kept_for_as_long_as_the_weights_stay_what_they_are(monkeypatch):
    root, made = nn.Sequential(nn.Linear(4, 4, bias=False)), []
    layer, rows = root[0], make_inputs(2, 4, dtype=torch.float32)
    monkeypatch.setattr(packing, "_once", lambda make: lambda value: made.append(make(value)) or made[-1])

    def run(values: torch.Tensor) -> torch.Tensor:
        with torch.no_grad(), pack_weights(root, ("0",)):
            return root(values)

    assert torch.equal(run(rows), run(rows))
    assert made[0] is made[1]
    run(rows[:1])
    assert made[2] is not made[1], "laid out for another shape"
    layer.weight.data = layer.weight.data * 2
    torch.testing.assert_close(run(rows), layer(rows), msg="other weights")
    with torch.no_grad():
        layer.weight.zero_()
    assert not run(rows).any(), "the same weights, changed where they lie"


def run_in_blocks(root: nn.Module, *names: str) -> list[weakref.ref]:
    with torch.no_grad(), pack_weights(root, names):
        root(make_inputs(2, 4, dtype=torch.float32))
    return [weakref.ref(blocks.weight) for blocks in packing._KEPT.values()]


def test_blocks_go_with_their_layer():
    root = nn.Sequential(nn.Linear(4, 4))
    (blocks,) = run_in_blocks(root, "0")
    assert blocks() is not None
    del root
    gc.collect()
    assert blocks() is None


def test_the_blocks_of_one_plan_are_kept():
    roots = [nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4)) for _ in range(2)]
    for root, names in ((roots[0], ("0", "1")), (roots[0], ("1",)), (roots[1], ("0", "1"))):
        assert len(run_in_blocks(root, *names)) == len(names)


def test_blocks_can_be_dropped_at_once():
    root = nn.Sequential(nn.Linear(4, 4))
    (blocks,) = run_in_blocks(root, "0")
    drop_prepacked()
    assert blocks() is None


def test_what_cannot_be_packed_is_passed_over():
    """A plan may have been made by another build of torch."""
    root = nn.Sequential(nn.GroupNorm(1, 2), nn.Sequential(), nn.Linear(2, 2))
    with pack_weights(root, ("0", "1", "2")):
        assert ["forward" in vars(layer) for layer in root] == [False, False, True]


def test_blocks_take_no_more_memory_than_is_allowed(monkeypatch):
    root = nn.Sequential(nn.Linear(8, 8), nn.Linear(8, 16), nn.Linear(16, 4))
    monkeypatch.setattr(packing, "PREPACKED_BYTES", root[0].weight.nbytes + root[2].weight.nbytes)
    with pack_weights(root, ("0", "1", "2")):
        assert ["forward" in vars(layer) for layer in root] == [True, False, True]
