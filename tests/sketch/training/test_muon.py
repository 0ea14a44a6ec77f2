"""The Muon optimizer."""

import pytest
import torch
from torch import nn

from seedlab.sketch.training.muon import Muon, orthogonalize


@pytest.mark.parametrize("shape", [(8, 24), (24, 8), (16, 16)])
def test_orthogonalized_matrices_have_singular_values_near_1(shape: tuple[int, int]) -> None:
    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    values = torch.linalg.svdvals(orthogonalize(matrix).float())
    assert values.min() > 0.5
    assert values.max() < 1.4


def test_step_reduces_the_loss_and_skips_parameters_without_gradient() -> None:
    used, unused = nn.Parameter(torch.ones(4, 6)), nn.Parameter(torch.ones(4, 6))
    optimizer = Muon([used, unused], lr=0.1)
    used.square().sum().backward()
    optimizer.step()
    assert used.square().sum() < 24
    assert torch.equal(unused, torch.ones(4, 6))
