"""The noise coupling: the noise encodes the composition and stays normally distributed."""

from random import Random

import pytest
import torch

from seedlab.sketch.scene import Composition, sample_composition
from seedlab.sketch.training.coupling import Coupling, build_coupling, make_directions, normal_scores

COUNT = 600
X, LIGHT = 0, 6
"""The indices of these values in a composition."""


@pytest.fixture(scope="module")
def compositions() -> list[Composition]:
    return [sample_composition(Random(index)) for index in range(COUNT)]


@pytest.fixture(scope="module")
def coupling(compositions: list[Composition]) -> Coupling:
    return build_coupling(compositions, 2, 8)


def test_scores_follow_the_ranks(compositions: list[Composition]) -> None:
    scores = normal_scores(compositions)
    positions = torch.tensor([composition.x for composition in compositions])
    assert torch.equal(scores[:, X].argsort(), positions.argsort())
    lit = torch.tensor([composition.light > 0 for composition in compositions])
    assert scores[lit, LIGHT].min() > scores[~lit, LIGHT].max(), "ties must have adjacent ranks"


def test_scores_are_normally_distributed(compositions: list[Composition]) -> None:
    scores = normal_scores(compositions)
    assert torch.allclose(scores.mean(0), torch.zeros(17), atol=1e-5)
    assert torch.allclose(scores.std(0), torch.ones(17), atol=0.01)
    within = (scores.abs() < 1).float().mean(0)
    assert torch.allclose(within, torch.full((17,), 0.683), atol=0.01)
    assert (scores.max(0).values > 2.5).all()
    correlations = torch.corrcoef(scores.T) - torch.eye(17)
    assert correlations.abs().max() < 0.2, "the values of a composition must be independent"


def test_directions_are_orthonormal(coupling: Coupling) -> None:
    assert coupling.directions.shape == (17, 2 * 8 * 8)
    assert torch.allclose(coupling.directions @ coupling.directions.T, torch.eye(17), atol=1e-5)


def test_a_direction_is_a_checkerboard_in_one_channel() -> None:
    first, second, third = make_directions(3, 2, 4).view(3, 2, 4, 4)
    board = torch.tensor([[1.0, -1.0], [-1.0, 1.0]]).repeat(2, 2) / 4
    assert torch.equal(first, torch.stack((board, torch.zeros(4, 4))))
    assert torch.equal(second, torch.stack((torch.zeros(4, 4), board)))
    assert torch.equal(third[0], torch.tensor([[1.0, 1.0, -1.0, -1.0], [-1.0, -1.0, 1.0, 1.0]]).repeat(2, 1) / 4)


def test_smooth_images_have_small_components_along_the_directions(coupling: Coupling) -> None:
    smooth = (torch.linspace(-3, 3, 8)[:, None] * torch.linspace(1, 2, 8)).repeat(2, 1, 1).flatten()
    assert (coupling.directions @ smooth).square().sum() < 0.1 * smooth.square().sum()


def test_pairing_changes_only_the_components_along_the_directions(coupling: Coupling) -> None:
    noise = torch.randn((3, 2, 8, 8), generator=torch.Generator().manual_seed(0))
    paired = coupling.pair(noise, [5, 0, 9])
    components = paired.flatten(1) @ coupling.directions.T
    assert torch.allclose(components, coupling.scores[[5, 0, 9]], atol=1e-5)
    change = (paired - noise).flatten(1)
    assert torch.allclose(change, change @ coupling.directions.T @ coupling.directions, atol=1e-5)


def test_paired_noise_is_normally_distributed(coupling: Coupling) -> None:
    """Samplers start from normal noise, so training must cover exactly this distribution."""
    generator = torch.Generator().manual_seed(0)
    paired = torch.cat(
        [coupling.pair(torch.randn((COUNT, 2, 8, 8), generator=generator), range(COUNT)) for _ in range(20)]
    ).flatten(1)
    assert paired.mean(0).abs().max() < 0.05
    covariance = paired.T @ paired / len(paired)
    assert (covariance - torch.eye(128)).abs().max() < 0.1
