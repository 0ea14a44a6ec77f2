"""Layers of LoRAs of every kind with random weights, each with what it means: the output of the changed module."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from peft.tuners.loha.layer import make_weight
from peft.tuners.lokr.layer import make_kron
from torch import Tensor, nn
from torch.nn import functional

Forward = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Change:
    """A layer of a LoRA.

    Attributes:
        tensors: by the ending that kohya and LyCORIS give their names.
        forward: computes the changed module's output from its input, at the weight that the LoRA has.
    """

    tensors: dict[str, Tensor]
    forward: Forward


def make_change(kind: str, module: nn.Module, rank: int, alpha: float | None, strength: float) -> Change:
    """Make a random layer for a linear layer or a convolution; for "norm", for a norm."""
    tensors, forward = MAKERS[kind](module, rank, 1.0 if alpha is None else alpha / rank, strength)
    return Change(tensors | ({} if alpha is None else {".alpha": torch.tensor(alpha)}), forward)


def random(*shape: int) -> Tensor:
    """Return random values that are small beside the tiny models' weights."""
    return torch.randn(shape) * 0.3


def run(module: Any, value: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Return what a module would give with other weights."""
    if isinstance(module, nn.Conv2d):
        return functional.conv2d(value, weight, bias, module.stride, module.padding)
    if isinstance(module, nn.Linear):
        return functional.linear(value, weight, bias)
    if isinstance(module, nn.GroupNorm):
        return functional.group_norm(value, module.num_groups, weight, bias, module.eps)
    return functional.layer_norm(value, module.normalized_shape, weight, bias, module.eps)


def make_input(module: Any) -> Tensor:
    """Return a random input of a module."""
    if isinstance(module, nn.Conv2d):
        return torch.randn(2, module.in_channels, 8, 8)
    if isinstance(module, nn.GroupNorm):
        return torch.randn(2, module.num_channels, 8, 8)
    return torch.randn(2, 5, module.in_features if isinstance(module, nn.Linear) else module.normalized_shape[0])


def _measure(module: Any) -> tuple[int, int, tuple[int, ...]]:
    rows, columns, *kernel = module.weight.shape
    return rows, columns, tuple(kernel)


def _split_measure(module: Any) -> tuple[int, int, tuple[int, ...]]:
    """Return the size of the second factor of a Kronecker product; the first is 2x2 where the sizes are even."""
    rows, columns, kernel = _measure(module)
    return rows // 2 if rows % 2 == 0 else rows, columns // 2 if columns % 2 == 0 else columns, kernel


def _make_core(core: Tensor, first: Tensor, second: Tensor) -> Tensor:
    """Return a Tucker decomposition's kernels: at each of their points, a product of three matrices."""
    points = [
        [first.T @ core[:, :, row, column] @ second for column in range(core.shape[3])] for row in range(core.shape[2])
    ]
    return torch.stack([torch.stack(row, -1) for row in points], -2)


def _make_lora(module: Any, rank: int, scale: float, strength: float) -> Any:
    rows, columns, kernel = _measure(module)
    down, up = random(rank, columns, *kernel), random(rows, rank, *(1 for _ in kernel))

    def forward(value: Tensor) -> Tensor:
        added = functional.linear(functional.linear(value, down), up) if not kernel else None
        if added is None:
            added = functional.conv2d(functional.conv2d(value, down, None, module.stride, module.padding), up)
        return module(value) + strength * scale * added

    return {".lora_down.weight": down, ".lora_up.weight": up}, forward


def _make_tucker(module: Any, rank: int, scale: float, strength: float) -> Any:
    rows, columns, kernel = _measure(module)
    if len(kernel) != 2:
        return _make_lora(module, rank, scale, strength)
    down, mid, up = random(rank, columns, 1, 1), random(rank, rank, *kernel), random(rows, rank, 1, 1)

    def forward(value: Tensor) -> Tensor:
        inner = functional.conv2d(functional.conv2d(value, down), mid, None, module.stride, module.padding)
        return module(value) + strength * scale * functional.conv2d(inner, up)

    return {".lora_down.weight": down, ".lora_mid.weight": mid, ".lora_up.weight": up}, forward


def _make_dora(module: Any, rank: int, scale: float, strength: float) -> Any:
    _, columns, kernel = _measure(module)
    tensors, _ = _make_lora(module, rank, scale, strength)
    lengths = torch.rand(1, columns, *(1 for _ in kernel)) + 0.5
    down, up = tensors.values()
    merged = module.weight + scale * torch.einsum("or,r...->o...", up.flatten(1), down)
    columns_of = [merged[:, number] / merged[:, number].norm() * lengths.flatten()[number] for number in range(columns)]
    decomposed = torch.stack(columns_of, 1)
    weight = module.weight + strength * (decomposed - module.weight)
    return tensors | {".dora_scale": lengths}, lambda value: run(module, value, weight, module.bias)


def _make_dense(module: Any, delta: Tensor, tensors: dict[str, Tensor], strength: float) -> Any:
    weight = module.weight + strength * delta.reshape(module.weight.shape)
    return tensors, lambda value: run(module, value, weight, module.bias)


def _make_loha(module: Any, rank: int, scale: float, strength: float) -> Any:
    rows, columns, kernel = _measure(module)
    size = columns * int(torch.tensor(kernel).prod())
    shapes = {"w1_a": (rows, rank), "w1_b": (rank, size), "w2_a": (rows, rank), "w2_b": (rank, size)}
    parts = {name: random(*shape) for name, shape in shapes.items()}
    delta = make_weight(*parts.values(), torch.tensor(scale))
    return _make_dense(module, delta, {f".hada_{name}": value for name, value in parts.items()}, strength)


def _make_tucker_loha(module: Any, rank: int, scale: float, strength: float) -> Any:
    rows, columns, kernel = _measure(module)
    if len(kernel) != 2:
        return _make_loha(module, rank, scale, strength)
    parts = {}
    for number in (1, 2):
        parts |= {f"t{number}": random(rank, rank, *kernel), f"w{number}_a": random(rank, rows)}
        parts[f"w{number}_b"] = random(rank, columns)
    first, second = (_make_core(*(parts[part] for part in (f"t{n}", f"w{n}_a", f"w{n}_b"))) for n in (1, 2))
    delta = first * second * scale
    return _make_dense(module, delta, {f".hada_{name}": value for name, value in parts.items()}, strength)


def _make_lokr(module: Any, rank: int, scale: float, strength: float) -> Any:
    """Make a LoKr whose second matrix is a product, with a core for kernels, and the first full."""
    rows, columns, kernel = _split_measure(module)
    parts = {"w1": random(module.weight.shape[0] // rows, module.weight.shape[1] // columns)}
    if len(kernel) == 2:
        parts |= {"t2": random(rank, rank, *kernel), "w2_a": random(rank, rows), "w2_b": random(rank, columns)}
        second = _make_core(parts["t2"], parts["w2_a"], parts["w2_b"])
    else:
        parts |= {"w2_a": random(rows, rank), "w2_b": random(rank, columns)}
        second = parts["w2_a"] @ parts["w2_b"]
    delta = make_kron(parts["w1"], second, scale)
    return _make_dense(module, delta, {f".lokr_{name}": value for name, value in parts.items()}, strength)


def _make_full_lokr(module: Any, rank: int, scale: float, strength: float) -> Any:
    """Make a LoKr of two full matrices, whose alpha means nothing."""
    rows, columns, kernel = _split_measure(module)
    first = random(module.weight.shape[0] // rows, module.weight.shape[1] // columns)
    parts = {"w1": first, "w2": random(rows, columns, *kernel)}
    delta = make_kron(parts["w1"], parts["w2"], 1.0)
    return _make_dense(module, delta, {f".lokr_{name}": value for name, value in parts.items()}, strength)


def _make_difference(module: Any, rank: int, scale: float, strength: float) -> Any:
    weight, rows = random(*module.weight.shape), module.weight.shape[0]
    bias = random(rows)
    before = torch.zeros(rows) if module.bias is None else module.bias
    return {".diff": weight, ".diff_b": bias}, lambda value: run(
        module, value, module.weight + strength * weight, before + strength * bias
    )


def _make_norm(module: Any, rank: int, scale: float, strength: float) -> Any:
    weight, bias = random(*module.weight.shape), random(*module.bias.shape)
    return {".w_norm": weight, ".b_norm": bias}, lambda value: run(
        module, value, module.weight + strength * weight, module.bias + strength * bias
    )


def _make_ia3(module: Any, rank: int, scale: float, strength: float) -> Any:
    _, columns, kernel = _measure(module)
    factors = random(columns)
    tensors = {".weight": factors[None], ".on_input": torch.tensor(True)}
    shape = (1, -1, 1, 1) if kernel else (-1,)
    return tensors, lambda value: module(value * (1 + strength * factors).reshape(shape))


MAKERS = {
    "lora": _make_lora,
    "tucker": _make_tucker,
    "dora": _make_dora,
    "loha": _make_loha,
    "tucker loha": _make_tucker_loha,
    "lokr": _make_lokr,
    "full lokr": _make_full_lokr,
    "difference": _make_difference,
    "norm": _make_norm,
    "ia3": _make_ia3,
}
