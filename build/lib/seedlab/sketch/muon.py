"""Muon (Jordan 2024): momentum, made orthogonal before each step; for matrices and convolutions. Others go to AdamW."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn


class Muon(torch.optim.Optimizer):
    """Muon for weights (rows, ...) that are read as matrices (rows, everything else)."""

    def __init__(self, weights: Iterable[nn.Parameter], lr: float, momentum: float = 0.95, weight_decay: float = 0.0):
        super().__init__(weights, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """One step; a weight without a gradient stays."""
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is not None:
                    self._move(weight, weight.grad, group)

    def _move(self, weight: Tensor, gradient: Tensor, group: dict[str, Any]) -> None:
        rate, momentum = group["lr"], group["momentum"]
        state = self.state[weight]
        if "momentum" not in state:
            state["momentum"] = torch.zeros_like(weight)
        average = state["momentum"].lerp_(gradient, 1 - momentum)
        ahead = gradient.lerp(average, momentum)
        rows = len(weight)
        update = orthogonalise(ahead.reshape(rows, -1)).reshape(weight.shape)
        # Liu et al. 2025: this scale makes the update as large as Adam's, so that one rate serves both
        scale = 0.2 * max(rows, weight[0].numel()) ** 0.5
        weight.mul_(1 - rate * group["weight_decay"]).add_(update.to(weight.dtype), alpha=-rate * scale)


def orthogonalise(matrix: Tensor, steps: int = 5) -> Tensor:
    """Nearly the closest matrix with equal singular values, by a quintic Newton-Schulz iteration in bfloat16."""
    tall = len(matrix) > matrix.shape[1]
    wide = (matrix.T if tall else matrix).bfloat16()
    wide = wide / (wide.norm() + 1e-7)
    for _ in range(steps):
        square = wide @ wide.T
        wide = 3.4445 * wide + (-4.775 * square + 2.0315 * square @ square) @ wide
    result: Tensor = wide.T if tall else wide
    return result
