"""Calibration finds every module whose bits depend on the batch, and says when that is not enough."""

import pytest
import torch
from diffusers.models.activations import GEGLU
from torch import nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from seedlab.pipelines.exact import group_norm as norms
from seedlab.pipelines.exact import prepack as prepacking
from seedlab.pipelines.exact.calibration import calibrate, follow_plan
from seedlab.pipelines.exact.layout import BatchLayout, call_alone, run_alone
from seedlab.pipelines.exact.plans import Plan
from seedlab.pipelines.exact.prepack_cache import PrepackCache
from seedlab.pipelines.exact.probes import list_sums, list_torn

needs_blocks = pytest.mark.skipif(
    not prepacking.can_prepack(nn.Linear(1, 1)), reason="this build of torch has no such kernels"
)
PAIRS = BatchLayout(count=4, group=2)
PICTURES = torch.randn(8, 6, 4, 4, generator=torch.Generator().manual_seed(0))


class Nudged(nn.Module):
    """Adds to each picture the last bit that another kernel would give, by the number of pictures it came with."""

    def forward(self, pictures):
        return pictures * (1 + 2**-23 * (len(pictures) > 2))


class Mean(nn.Module):
    """Looks at its neighbours: no wrapping makes this exact, unless it runs alone."""

    def forward(self, pictures):
        return pictures - pictures.mean()


class Attention(nn.Module):
    """Calls the attention function, as diffusers' processors do: no module of its own."""

    def __init__(self):
        super().__init__()
        self.to_out = nn.Identity()

    def forward(self, pictures):
        return self.to_out(functional.scaled_dot_product_attention(pictures, pictures, value=pictures))


class NudgedAttention(TorchFunctionMode):
    """An attention kernel that is chosen by the batch."""

    def __torch_function__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        is_attention = function is functional.scaled_dot_product_attention
        return result * (1 + 2**-22 * (len(result) > 2)) if is_attention else result


class Halved(nn.Conv2d):
    """Another kernel for more than one image: it sums the products of half of the channels first."""

    def forward(self, pictures):
        if len(pictures) == 2:
            return super().forward(pictures)
        parts = zip(pictures.float().split(3, 1), self.weight.float().split(3, 1), strict=True)
        first, second = (functional.conv2d(part, weight, padding=1) for part, weight in parts)
        return (first + second + self.bias.float()[:, None, None]).to(pictures.dtype)


class Denoiser(nn.Module):
    """Layers over pictures, and a projection of the prompts."""

    def __init__(self, *layers: nn.Module):
        super().__init__()
        self.layers = nn.Sequential(*layers)
        self.prompts = nn.Linear(3, 6)

    def forward(self, pictures, timestep, encoder_hidden_states=None):
        return (self.layers(pictures) + self.prompts(encoder_hidden_states)[..., None, None],)


def find_plan(
    denoiser: nn.Module, dtype: torch.dtype = torch.float32, layout: torch.memory_format | None = None
) -> Plan:
    pictures = PICTURES.to(dtype, memory_format=layout or torch.contiguous_format)
    with torch.no_grad():
        kwargs = {"encoder_hidden_states": torch.randn(8, 3, dtype=dtype)}
        return calibrate(
            denoiser, denoiser.forward, (pictures, torch.tensor(500)), kwargs, PAIRS, PrepackCache(), lambda: None
        )


def test_a_denoiser_that_is_exact_needs_nothing():
    plan = find_plan(Denoiser(nn.Identity(), nn.SiLU()))
    assert plan.exact
    assert set(plan.alone) <= {"prompts"}, "which a kernel of this processor may sum in another order"


def test_the_modules_that_differ_are_found_and_no_others():
    plan = find_plan(Denoiser(nn.SiLU(), Nudged(), nn.SiLU(), Mean()))
    assert plan.exact
    assert set(plan.alone) - {"prompts"} == {"layers.1", "layers.3"}


def test_what_depends_on_the_prompts_alone_is_constant():
    assert find_plan(Denoiser(nn.SiLU())).constant == ("prompts",)


def test_a_difference_that_no_module_shows_is_said():
    class Secret(Denoiser):
        def forward(self, pictures, timestep, encoder_hidden_states=None):
            (out,) = super().forward(pictures, timestep, encoder_hidden_states)
            return (out * (1 + 2**-22 * (len(pictures) > 2)),)

    assert not find_plan(Secret(nn.SiLU())).exact


def test_a_slot_that_leaks_into_the_next_is_said():
    class Leaky(Denoiser):
        def forward(self, pictures, timestep, encoder_hidden_states=None):
            (out,) = super().forward(pictures, timestep, encoder_hidden_states)
            return (out + out.roll(1, 0) * (len(pictures) > 2),)

    assert not find_plan(Leaky(nn.SiLU())).exact


def test_attention_is_a_function_so_the_module_that_calls_it_runs_alone():
    denoiser = Denoiser(nn.SiLU(), Attention())
    assert "layers.1" not in find_plan(denoiser).alone
    with NudgedAttention():
        plan = find_plan(denoiser)
    assert plan.exact
    assert "layers.1" in plan.alone


def test_an_order_of_summation_that_rounding_hides_is_found():
    """In bfloat16 another order shows in one value of 25,000; here in none, and yet it would some day."""
    torch.manual_seed(0)
    denoiser = Denoiser(Halved(6, 6, 3, padding=1)).to(torch.bfloat16)
    with torch.no_grad():
        layer, pictures = denoiser.layers[0], PICTURES.bfloat16()
        assert torch.equal(layer(pictures), call_alone(layer.forward, PAIRS)(pictures))
    plan = find_plan(denoiser, torch.bfloat16)
    assert plan.exact
    assert "layers.0" in plan.alone


def test_the_plan_makes_the_whole_equal():
    denoiser = Denoiser(nn.Conv2d(6, 6, 3, padding=1), Nudged(), nn.GroupNorm(2, 6))
    plan = find_plan(denoiser)
    prompts = torch.randn(8, 3)
    with torch.no_grad(), run_alone(denoiser, plan.alone, PAIRS):
        (batch,) = denoiser(PICTURES, 1, encoder_hidden_states=prompts)
    with torch.no_grad():
        (alone,) = call_alone(denoiser.forward, PAIRS)(PICTURES, 1, encoder_hidden_states=prompts)
    assert torch.equal(batch, alone)


@needs_blocks
def test_layers_that_give_the_same_bits_by_weights_in_blocks_are_named():
    """Not those of the prompts, which are called once; nor a layer of another class, which may do anything."""
    torch.manual_seed(0)
    denoiser = Denoiser(nn.Conv2d(6, 6, 3, padding=1), Halved(6, 6, 3, padding=1), nn.SiLU())
    plan = find_plan(denoiser.to(memory_format=torch.channels_last), layout=torch.channels_last)
    assert plan.exact
    assert plan.packed == ("layers.0",)


def test_layers_whose_bits_blocks_change_are_not_named(monkeypatch):
    pack = prepacking.prepack
    monkeypatch.setattr(
        prepacking, "prepack", lambda layer, *kept: lambda value: pack(layer, *kept)(value) * (1 + 2**-22)
    )
    denoiser = Denoiser(nn.Conv2d(6, 6, 3, padding=1)).to(memory_format=torch.channels_last)
    plan = find_plan(denoiser, layout=torch.channels_last)
    assert plan.exact
    assert plan.packed == ()


@needs_blocks
def test_blocks_that_change_the_whole_are_left_out_and_the_batch_is_kept(monkeypatch):
    pack, found = prepacking.prepack, Plan(exact=False, packed=("layers.0",))
    monkeypatch.setattr(prepacking, "prepack", lambda layer, *kept: lambda value: pack(layer, *kept)(value) + 1)
    monkeypatch.setattr("seedlab.pipelines.exact.calibration._Search.describe", lambda _: found)
    denoiser = Denoiser(nn.Conv2d(6, 6, 1), nn.Identity())
    denoiser.prompts = nn.Identity()
    denoiser.forward = lambda pictures, timestep, encoder_hidden_states: (denoiser.layers(pictures),)
    assert find_plan(denoiser) == Plan(exact=True)


@needs_blocks
def test_what_runs_alone_runs_by_blocks_too(monkeypatch):
    pack, rows = prepacking.prepack, []

    def watch(layer, *kept):
        packed = pack(layer, *kept)
        return lambda value: (rows.append(len(value)), packed(value))[1]

    monkeypatch.setattr(prepacking, "prepack", watch)
    root = nn.Sequential(nn.Conv2d(6, 6, 1))
    with torch.no_grad(), follow_plan(root, Plan(exact=True, alone=("0",), packed=("0",)), PAIRS, PrepackCache()):
        root(PICTURES)
    assert rows == [2, 2, 2, 2]
    assert "forward" not in vars(root[0])


def test_norms_that_give_the_same_bits_in_float32_are_named():
    torch.manual_seed(0)
    denoiser = Denoiser(nn.GroupNorm(3, 6), nn.SiLU()).to(torch.bfloat16, memory_format=torch.channels_last)
    plan = find_plan(denoiser, torch.bfloat16, layout=torch.channels_last)
    assert plan.exact
    assert plan.widened == ("layers.0",)


def test_norms_whose_bits_change_in_float32_are_not_named(monkeypatch):
    widen = norms.widen
    monkeypatch.setattr(norms, "widen", lambda norm: lambda value: widen(norm)(value) + (value.mean() > 9))
    denoiser = Denoiser(nn.GroupNorm(3, 6)).to(torch.bfloat16, memory_format=torch.channels_last)
    plan = find_plan(denoiser, torch.bfloat16, layout=torch.channels_last)
    assert plan.exact
    assert plan.widened == ()


def test_layers_that_blocks_would_lay_out_another_way_are_not_named():
    """Another order in memory lets the next layer choose another kernel."""
    assert find_plan(Denoiser(nn.Conv2d(6, 6, 3, padding=1))).packed == ()


@pytest.mark.parametrize("threads", [1, 5, 7])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_an_activation_that_rounds_its_ends_otherwise_runs_alone(threads, dtype):
    """GELU as GEGLU calls it: vectors and what is left of them round a few values differently.

    Where something is left depends on the batch and on the threads; real data seldom show it.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        plan = find_plan(Denoiser(nn.Upsample(scale_factor=(9, 1)), GEGLU(4, 128)).to(dtype), dtype)
        gate = torch.empty(8, 6, 36, 256, dtype=dtype).chunk(2, dim=-1)[1]
        alone = call_alone(functional.gelu, PAIRS)
        depends = any(not torch.equal(functional.gelu(x), alone(x)) for x in list_torn(functional.gelu, gate))
    finally:
        torch.set_num_threads(before)
    assert depends == ("layers.1" in plan.alone)


def test_values_that_vectors_and_scalars_round_differently_are_found():
    def round_ends(values):
        """A kernel whose vectors are 16 wide, and whose scalars are one bit off where they are above 1."""
        whole = values.shape[-1] // 16 * 16
        tail = torch.where(values[..., whole:] > 1, values[..., whole:] * (1 + 2**-20), values[..., whole:])
        return torch.cat((values[..., :whole], tail), -1)

    torn = list(list_torn(round_ends, torch.empty(2, 5)))
    assert len(torn) == 4
    assert all(values.shape == (2, 5) and (values > 1).all() for values in torn)


@pytest.mark.parametrize("asks", [True, False])
@pytest.mark.parametrize("layer", [nn.Linear(6, 6), nn.Linear(6, 6, bias=False), nn.Conv2d(6, 6, 1)], ids=repr)
def test_a_twin_asks_for_gradients_as_its_layer_does(layer, asks):
    """By weights that do, torch multiplies rows that lie apart as one matrix, and else as a batch of matrices."""
    layer.requires_grad_(asks)
    value = PICTURES if isinstance(layer, nn.Conv2d) else PICTURES.flatten(2).transpose(1, 2)
    with torch.inference_mode():
        (own, _), (twin, inputs) = list_sums(layer, (value,))
        assert own is layer
        assert [weights.requires_grad for weights in twin.parameters()] == [asks] * len(list(layer.parameters()))
        assert twin.weight.view(-1).requires_grad == asks, "what is made in inference mode forgets it"
        assert twin(*inputs).abs().max() < 1e-5, "nothing but rounding is left"
