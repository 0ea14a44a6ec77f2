"""Calibration finds every module whose bits depend on the batch, and detects when that is not enough."""

import pytest
import torch
from diffusers.models.activations import GEGLU
from torch import nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from seedlab.pipelines.exact.kernels import group_norm
from seedlab.pipelines.exact.kernels import prepack as prepacking
from seedlab.pipelines.exact.kernels.prepack_cache import PrepackCache
from seedlab.pipelines.exact.layout import BatchCall, BatchLayout, call_per_image, run_per_image
from seedlab.pipelines.exact.plans import Plan
from seedlab.pipelines.exact.search import calibration
from seedlab.pipelines.exact.search.calibration import calibrate, follow_plan
from seedlab.pipelines.exact.search.probes import list_rounding_probes, list_summation_probes

needs_prepacking = pytest.mark.skipif(
    not prepacking.can_prepack(nn.Linear(1, 1)), reason="this build of torch has no such kernels"
)
PAIRS = BatchLayout(images=4, rows_per_image=2)
IMAGES = torch.randn(8, 6, 4, 4, generator=torch.Generator().manual_seed(0))


class Nudged(nn.Module):
    """Changes the last bit of each value in a batch of more rows than some number, as another kernel would."""

    def __init__(self, largest: int = 2):
        super().__init__()
        self.largest = largest

    def extra_repr(self):
        return f"{self.largest}"

    def forward(self, images):
        return images * (1 + 2**-23 * (len(images) > self.largest))


class Mean(nn.Module):
    """Mixes the images of a batch: exact only if it runs per image."""

    def forward(self, images):
        return images - images.mean()


class Attention(nn.Module):
    """Calls the attention function, which is not a module, as diffusers' processors do."""

    def __init__(self):
        super().__init__()
        self.to_out = nn.Identity()

    def forward(self, images):
        return self.to_out(functional.scaled_dot_product_attention(images, images, value=images))


class NudgedAttention(TorchFunctionMode):
    """An attention kernel that depends on the batch."""

    def __torch_function__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        is_attention = function is functional.scaled_dot_product_attention
        return result * (1 + 2**-22 * (len(result) > 2)) if is_attention else result


class LinearAttention(nn.Module):
    """Multiplies matrices without a layer, as Sana's attention does."""

    def forward(self, images):
        return images @ torch.matmul(images.transpose(-1, -2), images)


class NudgedProducts(TorchFunctionMode):
    """A kernel for matrix products that depends on the batch."""

    def __torch_function__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        is_product = function in (torch.matmul, torch.Tensor.__matmul__)
        return result * (1 + 2**-22 * (len(result) > 2)) if is_product else result


class Gate(nn.Module):
    """Calls an activation function, as a gated feed-forward layer does."""

    def __init__(self, function):
        super().__init__()
        self.function, self.project = function, nn.Identity()

    def forward(self, images):
        return self.project(images) * self.function(images)


class NudgedActivation(TorchFunctionMode):
    """A kernel whose scalar code rounds values above 1 differently; large batches end with it."""

    def __init__(self, name):
        super().__init__()
        self.name = name

    def __torch_function__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        if getattr(function, "__name__", "") != self.name or result.dtype != torch.float32:
            return result
        ends = (result.ndim == 2 and result.shape[-1] < 16) or (result.ndim == 4 and len(result) > 2)
        return torch.where(args[0] > 1, result * (1 + 2**-20), result) if ends else result


class Halved(nn.Conv2d):
    """Uses another kernel for more than one image, which sums the products of half of the channels first."""

    def forward(self, images):
        if len(images) == 2:
            return super().forward(images)
        parts = zip(images.float().split(3, 1), self.weight.float().split(3, 1), strict=True)
        first, second = (functional.conv2d(part, weight, padding=1) for part, weight in parts)
        return (first + second + self.bias.float()[:, None, None]).to(images.dtype)


class Denoiser(nn.Module):
    """Applies layers to images, and adds a projection of the prompts."""

    def __init__(self, *layers: nn.Module):
        super().__init__()
        self.layers = nn.Sequential(*layers)
        self.prompts = nn.Linear(3, 6)

    def forward(self, images, timestep, encoder_hidden_states=None):
        return (self.layers(images) + self.prompts(encoder_hidden_states)[..., None, None],)


def find_plan(
    denoiser: nn.Module,
    dtype: torch.dtype = torch.float32,
    memory_format: torch.memory_format = torch.contiguous_format,
) -> Plan:
    images = IMAGES.to(dtype, memory_format=memory_format)
    with torch.no_grad():
        kwargs = {"encoder_hidden_states": torch.randn(8, 3, dtype=dtype)}
        call = BatchCall(denoiser, denoiser.forward, (images, torch.tensor(500)), kwargs, PAIRS)
        return calibrate(call, PrepackCache(), lambda: None)


def test_an_exact_denoiser_runs_as_a_batch():
    plan = find_plan(Denoiser(nn.Identity(), nn.SiLU()))
    assert plan.exact
    assert set(plan.per_image) <= {"prompts"}, "this processor's kernel may sum it in another order"


def test_exactly_the_modules_that_differ_are_found():
    plan = find_plan(Denoiser(nn.SiLU(), Nudged(), nn.SiLU(), Mean()))
    assert plan.exact
    assert set(plan.per_image) - {"prompts"} == {"layers.1", "layers.3"}


def test_modules_that_depend_only_on_the_prompts_are_constant():
    assert find_plan(Denoiser(nn.SiLU())).constant == ("prompts",)


def test_a_difference_outside_all_modules_is_detected():
    class Secret(Denoiser):
        def forward(self, images, timestep, encoder_hidden_states=None):
            (out,) = super().forward(images, timestep, encoder_hidden_states)
            return (out * (1 + 2**-22 * (len(images) > 2)),)

    assert not find_plan(Secret(nn.SiLU())).exact


def test_an_image_that_leaks_into_the_next_is_detected():
    class Leaky(Denoiser):
        def forward(self, images, timestep, encoder_hidden_states=None):
            (out,) = super().forward(images, timestep, encoder_hidden_states)
            return (out + out.roll(1, 0) * (len(images) > 2),)

    assert not find_plan(Leaky(nn.SiLU())).exact


def test_a_module_whose_attention_depends_on_the_batch_runs_per_image():
    denoiser = Denoiser(nn.SiLU(), Attention())
    assert "layers.1" not in find_plan(denoiser).per_image
    with NudgedAttention():
        plan = find_plan(denoiser)
    assert plan.exact
    assert "layers.1" in plan.per_image


def test_a_module_whose_matrix_products_depend_on_the_batch_runs_per_image():
    denoiser = Denoiser(nn.SiLU(), LinearAttention())
    assert "layers.1" not in find_plan(denoiser).per_image
    with NudgedProducts():
        plan = find_plan(denoiser)
    assert plan.exact
    assert "layers.1" in plan.per_image


@pytest.mark.parametrize("function", [functional.silu, functional.gelu, torch.tanh, torch.Tensor.sigmoid])
def test_a_module_whose_activation_function_depends_on_the_batch_runs_per_image(function):
    denoiser = Denoiser(nn.Identity(), Gate(function))
    with NudgedActivation(function.__name__):
        plan = find_plan(denoiser)
    assert plan.exact
    assert "layers.1" in plan.per_image


def test_a_difference_in_any_result_counts():
    """Z-Image returns an image for each row."""

    class Late(Denoiser):
        def forward(self, images, timestep, encoder_hidden_states=None):
            (out,) = super().forward(images, timestep, encoder_hidden_states)
            return (out, out * (1 + 2**-22 * (len(images) > 2)))

    assert not find_plan(Late(nn.SiLU())).exact


def test_an_order_of_summation_that_rounding_hides_is_found():
    """In bfloat16 another order changes one value of 25,000: none of these inputs, but perhaps another one."""
    torch.manual_seed(0)
    denoiser = Denoiser(Halved(6, 6, 3, padding=1)).to(torch.bfloat16)
    with torch.no_grad():
        layer, images = denoiser.layers[0], IMAGES.bfloat16()
        assert torch.equal(layer(images), call_per_image(layer.forward, PAIRS)(images))
    plan = find_plan(denoiser, torch.bfloat16)
    assert plan.exact
    assert "layers.0" in plan.per_image


@pytest.mark.parametrize(("largest", "images"), [(8, None), (4, 2), (2, 1)])
def test_on_a_gpu_modules_run_on_as_many_images_as_give_the_same_bits(monkeypatch, largest, images):
    monkeypatch.setattr(calibration, "CHUNKED_DEVICES", ("cpu",))
    denoiser = Denoiser(nn.SiLU(), Nudged(largest), nn.SiLU())
    plan = find_plan(denoiser)
    assert plan.exact
    assert dict(plan.chunks).get("layers.1", 1 if "layers.1" in plan.per_image else None) == images


def test_a_module_of_which_no_part_can_be_a_batch_has_no_chunks(monkeypatch):
    monkeypatch.setattr(calibration, "CHUNKED_DEVICES", ("cpu",))
    plan = find_plan(Denoiser(nn.SiLU(), Mean()))
    assert plan.exact
    assert "layers.1" in plan.per_image


def test_a_call_that_follows_the_plan_is_exact():
    denoiser = Denoiser(nn.Conv2d(6, 6, 3, padding=1), Nudged(), nn.GroupNorm(2, 6))
    plan = find_plan(denoiser)
    prompts = torch.randn(8, 3)
    with torch.no_grad(), run_per_image(denoiser, dict.fromkeys(plan.per_image, 1), PAIRS):
        (batch,) = denoiser(IMAGES, 1, encoder_hidden_states=prompts)
    with torch.no_grad():
        (single,) = call_per_image(denoiser.forward, PAIRS)(IMAGES, 1, encoder_hidden_states=prompts)
    assert torch.equal(batch, single)


@needs_prepacking
def test_layers_that_give_the_same_bits_with_prepacked_weights_are_found():
    """But not those of the prompts, which are called once; nor subclasses, which may do anything."""
    torch.manual_seed(0)
    denoiser = Denoiser(nn.Conv2d(6, 6, 3, padding=1), Halved(6, 6, 3, padding=1), nn.SiLU())
    plan = find_plan(denoiser.to(memory_format=torch.channels_last), memory_format=torch.channels_last)
    assert plan.exact
    assert plan.prepacked == ("layers.0",)


def test_layers_whose_bits_change_with_prepacked_weights_are_not_listed(monkeypatch):
    prepack = prepacking.prepack
    monkeypatch.setattr(
        prepacking, "prepack", lambda layer, *cache: lambda value: prepack(layer, *cache)(value) * (1 + 2**-22)
    )
    denoiser = Denoiser(nn.Conv2d(6, 6, 3, padding=1)).to(memory_format=torch.channels_last)
    plan = find_plan(denoiser, memory_format=torch.channels_last)
    assert plan.exact
    assert plan.prepacked == ()


@needs_prepacking
def test_without_prepacking_a_batch_may_still_be_exact(monkeypatch):
    prepack, found = prepacking.prepack, Plan(exact=False, prepacked=("layers.0",))
    monkeypatch.setattr(prepacking, "prepack", lambda layer, *cache: lambda value: prepack(layer, *cache)(value) + 1)
    monkeypatch.setattr("seedlab.pipelines.exact.search.calibration._Search.make_plan", lambda _: found)
    denoiser = Denoiser(nn.Conv2d(6, 6, 1), nn.Identity())
    denoiser.prompts = nn.Identity()
    denoiser.forward = lambda images, timestep, encoder_hidden_states: (denoiser.layers(images),)
    plan = find_plan(denoiser)
    assert plan == Plan(exact=True, shapes=plan.shapes)


@needs_prepacking
def test_layers_that_run_per_image_use_prepacked_weights_too(monkeypatch):
    prepack, rows = prepacking.prepack, []

    def record(layer, *cache):
        prepacked = prepack(layer, *cache)
        return lambda value: (rows.append(len(value)), prepacked(value))[1]

    monkeypatch.setattr(prepacking, "prepack", record)
    root = nn.Sequential(nn.Conv2d(6, 6, 1))
    with (
        torch.no_grad(),
        follow_plan(
            root, Plan(exact=True, per_image=("0",), prepacked=("0",), shapes=((8, 6, 4, 4),)), PAIRS, PrepackCache()
        ),
    ):
        root(IMAGES)
    assert rows == [2, 2, 2, 2]
    assert "forward" not in vars(root[0])


def test_norms_that_give_the_same_bits_in_float32_are_found():
    torch.manual_seed(0)
    denoiser = Denoiser(nn.GroupNorm(3, 6), nn.SiLU()).to(torch.bfloat16, memory_format=torch.channels_last)
    plan = find_plan(denoiser, torch.bfloat16, memory_format=torch.channels_last)
    assert plan.exact
    assert plan.upcast == ("layers.0",)


def test_norms_whose_bits_change_in_float32_are_not_listed(monkeypatch):
    upcast = group_norm.upcast
    monkeypatch.setattr(group_norm, "upcast", lambda norm: lambda value: upcast(norm)(value) + (value.mean() > 9))
    denoiser = Denoiser(nn.GroupNorm(3, 6)).to(torch.bfloat16, memory_format=torch.channels_last)
    plan = find_plan(denoiser, torch.bfloat16, memory_format=torch.channels_last)
    assert plan.exact
    assert plan.upcast == ()


def test_layers_whose_prepacked_kernel_returns_other_strides_are_not_listed():
    """Other strides let the next layer choose another kernel."""
    assert find_plan(Denoiser(nn.Conv2d(6, 6, 3, padding=1))).prepacked == ()


@pytest.mark.parametrize("threads", [1, 5, 7])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_an_activation_whose_remainder_rounds_differently_runs_per_image(threads, dtype):
    """GELU, as GEGLU calls it, rounds a few values differently in its vector code and its scalar code.

    Which values the scalar code computes depends on the batch and on the threads; real data seldom reveal it.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        plan = find_plan(Denoiser(nn.Upsample(scale_factor=(9, 1)), GEGLU(4, 128)).to(dtype), dtype)
        gate = torch.empty(8, 6, 36, 256, dtype=dtype).chunk(2, dim=-1)[1]
        single = call_per_image(functional.gelu, PAIRS)
        depends = any(
            not torch.equal(functional.gelu(x), single(x)) for x in list_rounding_probes(functional.gelu, gate)
        )
    finally:
        torch.set_num_threads(before)
    assert depends == ("layers.1" in plan.per_image)


def test_values_that_vectors_and_scalars_round_differently_are_found():
    def round_ends(values):
        """A kernel with vectors of 16, whose scalar code is one bit off for values above 1."""
        whole = values.shape[-1] // 16 * 16
        tail = torch.where(values[..., whole:] > 1, values[..., whole:] * (1 + 2**-20), values[..., whole:])
        return torch.cat((values[..., :whole], tail), -1)

    probes = list(list_rounding_probes(round_ends, torch.empty(2, 5)))
    assert len(probes) == 4
    assert all(values.shape == (2, 5) and (values > 1).all() for values in probes)


@pytest.mark.parametrize("requires_grad", [True, False])
@pytest.mark.parametrize("layer", [nn.Linear(6, 6), nn.Linear(6, 6, bias=False), nn.Conv2d(6, 6, 1)], ids=repr)
def test_the_copy_of_a_layer_requires_gradients_if_the_layer_does(layer, requires_grad):
    """If weights do, torch multiplies non-contiguous rows as one matrix, and otherwise as a batch of matrices."""
    layer.requires_grad_(requires_grad)
    value = IMAGES if isinstance(layer, nn.Conv2d) else IMAGES.flatten(2).transpose(1, 2)
    with torch.inference_mode():
        (own, _), (twin, inputs) = list_summation_probes(layer, (value,))
        assert own is layer
        assert [weights.requires_grad for weights in twin.parameters()] == [requires_grad] * len(
            list(layer.parameters())
        )
        assert twin.weight.view(-1).requires_grad == requires_grad, "tensors from inference mode lose it"
        assert twin(*inputs).abs().max() < 1e-5, "only the rounding error remains"
