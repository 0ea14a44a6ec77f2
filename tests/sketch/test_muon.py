"""Muon, and its orthogonal steps."""

import pytest
import torch
from torch import nn

from seedlab.sketch.muon import Muon, orthogonalise


@pytest.mark.parametrize("shape", [(8, 24), (24, 8), (16, 16)])
def test_orthogonalised_matrices_have_singular_values_near_1(shape: tuple[int, int]) -> None:
    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    values = torch.linalg.svdvals(orthogonalise(matrix).float())
    assert values.min() > 0.5
    assert values.max() < 1.4


def test_a_step_goes_down_the_slope_and_leaves_weights_without_gradient() -> None:
    used, unused = nn.Parameter(torch.ones(4, 6)), nn.Parameter(torch.ones(4, 6))
    optimizer = Muon([used, unused], lr=0.1)
    used.square().sum().backward()
    optimizer.step()
    assert used.square().sum() < 24
    assert torch.equal(unused, torch.ones(4, 6))
