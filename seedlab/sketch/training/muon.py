"""The Muon optimizer (Jordan 2024) for linear and convolution weights: orthogonalized momentum."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn


class Muon(torch.optim.Optimizer):
    """Muon. Flattens each parameter (rows, ...) to a matrix (rows, -1); other parameters need another optimizer."""

    def __init__(self, params: Iterable[nn.Parameter], lr: float, momentum: float = 0.95, weight_decay: float = 0.0):
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Perform one optimization step. Skips parameters without a gradient."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._update(parameter, parameter.grad, group)

    def _update(self, parameter: Tensor, gradient: Tensor, group: dict[str, Any]) -> None:
        lr, momentum = group["lr"], group["momentum"]
        state = self.state[parameter]
        if "momentum" not in state:
            state["momentum"] = torch.zeros_like(parameter)
        average = state["momentum"].lerp_(gradient, 1 - momentum)
        nesterov = gradient.lerp(average, momentum)
        rows = len(parameter)
        update = orthogonalize(nesterov.reshape(rows, -1)).reshape(parameter.shape)
        # Matches the RMS of Adam's updates, so that both can use similar learning rates (Liu et al. 2025).
        scale = 0.2 * max(rows, parameter[0].numel()) ** 0.5
        parameter.mul_(1 - lr * group["weight_decay"]).add_(update.to(parameter.dtype), alpha=-lr * scale)


def orthogonalize(matrix: Tensor, steps: int = 5) -> Tensor:
    """Approximate the nearest semi-orthogonal matrix with a quintic Newton-Schulz iteration in bfloat16."""
    is_tall = len(matrix) > matrix.shape[1]
    wide = (matrix.T if is_tall else matrix).bfloat16()
    wide = wide / (wide.norm() + 1e-7)
    for _ in range(steps):
        square = wide @ wide.T
        wide = 3.4445 * wide + (-4.775 * square + 2.0315 * square @ square) @ wide
    result: Tensor = wide.T if is_tall else wide
    return result
