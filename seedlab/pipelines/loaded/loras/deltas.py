"""What the layers of LoRAs add to a model's weights, as dense tensors in float32.

The formulas are those of LoRA (https://arxiv.org/abs/2106.09685), LoHa (https://arxiv.org/abs/2108.06098), LoKr and
IA3 as LyCORIS has them (https://arxiv.org/abs/2309.14859, https://github.com/KohakuBlueleaf/LyCORIS), and DoRA
(https://arxiv.org/abs/2402.09353).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from seedlab.pipelines.loaded.loras.names import BIAS, DIFFERENCE, IA3, LOHA, LOKR, LORA, NORM

if TYPE_CHECKING:
    from torch import Tensor

Tensors = Mapping[str, "Tensor"]
"""The tensors of a layer by role, in float32."""


def find_rank(kind: str, shapes: Mapping[str, tuple[int, ...]]) -> int | None:
    """Return the rank of a layer, by the shapes of its tensors; None if it is not decomposed."""
    if kind == LORA:
        return shapes["down"][0]
    if kind == LOHA:
        return shapes["w1_b"][0]
    pair = next((shapes[role] for role in ("k_w1_b", "k_w2_b") if role in shapes), None)
    return pair[0] if kind == LOKR and pair is not None else None


def apply_layer(kind: str, tensors: Tensors, weight: Tensor, scale: float, strength: float) -> Tensor:
    """Return a module's weight with a layer of a LoRA added.

    Args:
        kind: the layer's kind, from `names`.
        tensors: its tensors.
        weight: the module's weight, float32.
        scale: of the layer: alpha divided by the rank.
        strength: the weight that the user gave the LoRA.

    Raises:
        ValueError: their shapes do not fit.
    """
    if kind == BIAS:
        return weight
    if kind == IA3:
        return weight + strength * weight * _shape_ia3(tensors, weight)
    delta = DELTAS[kind](tensors)
    # A convolution of 1x1 and a linear layer are the same, and some trainers flatten kernels.
    if delta.numel() != weight.numel() or (kind != NORM and delta.shape[0] != weight.shape[0]):
        raise ValueError("shapes")
    delta = delta.reshape(weight.shape) * scale
    if (magnitude := _find_magnitude(tensors, weight.shape[0])) is not None:
        delta = _decompose(weight + delta, *magnitude) - weight
    return weight + strength * delta


def bias_delta(tensors: Tensors, scale: float) -> Tensor | None:
    """Return what a layer adds to its module's bias; None for nothing."""
    if "diff_b" in tensors:
        return tensors["diff_b"].flatten()
    return tensors["up_bias"] * scale if "up_bias" in tensors else None


def _multiply(tensors: Tensors) -> Tensor:
    """LoRA: up times down. With a Tucker core: `mid` is the kernel between two convolutions of 1x1."""
    import torch

    up, down = tensors["up"].flatten(1), tensors["down"]
    if "mid" not in tensors:
        return (up @ down.flatten(1)).reshape(up.shape[0], *down.shape[1:])
    return torch.einsum("nmkl,in,mj->ijkl", tensors["mid"], up, down.flatten(1))


def _multiply_hadamard(tensors: Tensors) -> Tensor:
    """LoHa: the elementwise product of two low-rank matrices."""
    return _rebuild(tensors, "w1_a", "w1_b", "t1") * _rebuild(tensors, "w2_a", "w2_b", "t2")


def _multiply_kronecker(tensors: Tensors) -> Tensor:
    """LoKr: the Kronecker product of two matrices, each of which may be a product itself."""
    import torch

    first = tensors["k_w1"] if "k_w1" in tensors else tensors["k_w1_a"] @ tensors["k_w1_b"]
    second = tensors["k_w2"] if "k_w2" in tensors else _rebuild(tensors, "k_w2_a", "k_w2_b", "k_t2")
    # Not `torch.kron`, which fails for some strides.
    product = torch.einsum("ab,cd...->acbd...", first, second)
    return product.reshape(len(first) * len(second), -1)


def _rebuild(tensors: Tensors, first: str, second: str, core: str) -> Tensor:
    """Return the product of two matrices, with a Tucker core between them if there is one."""
    if core in tensors:
        import torch

        return torch.einsum("ijkl,jr,ip->prkl", tensors[core], tensors[second], tensors[first])
    return tensors[first] @ tensors[second].flatten(1)


def _shape_ia3(tensors: Tensors, weight: Tensor) -> Tensor:
    """Return IA3's factors so that they scale the weight's inputs (columns) or outputs (rows)."""
    on_input = bool(tensors["on_input"].item())
    factors = tensors["weight"].flatten()
    if factors.numel() != weight.shape[1 if on_input else 0]:
        raise ValueError("shapes")
    shape = (1, -1) if on_input else (-1, 1)
    return factors.reshape(*shape, *[1] * (weight.ndim - 2))


def _find_magnitude(tensors: Tensors, rows: int) -> tuple[Tensor, int] | None:
    """Return DoRA's lengths, and whether they are of the rows (0) or the columns (1) of the weight; None if absent."""
    if "magnitude" in tensors:  # PEFT's are always of the rows
        return tensors["magnitude"], 0
    if "dora" in tensors:
        return tensors["dora"], 0 if tensors["dora"].shape[0] == rows else 1
    return None


def _decompose(weight: Tensor, magnitude: Tensor, axis: int) -> Tensor:
    """DoRA: give the rows (axis 0) or columns (axis 1) of a weight these lengths."""
    import torch

    others = [other for other in range(weight.ndim) if other != axis]
    length = torch.linalg.vector_norm(weight, dim=others, keepdim=True) + torch.finfo(weight.dtype).eps
    factors: Tensor = magnitude.reshape(length.shape) / length
    return weight * factors


DELTAS: Mapping[str, Callable[[Tensors], Tensor]] = {
    LORA: _multiply,
    LOHA: _multiply_hadamard,
    LOKR: _multiply_kronecker,
    DIFFERENCE: lambda tensors: tensors["diff"],
    NORM: lambda tensors: tensors["w_norm"],
}
"""What a layer of each kind adds to a weight, in the weight's shape or one with as many values."""


def divide(alpha: float, rank: int | None, *, by_root: bool = False) -> float:
    """Return the scale of a layer; 1 if it is not decomposed."""
    if rank is None:
        return 1.0
    return alpha / (math.sqrt(rank) if by_root else rank)
