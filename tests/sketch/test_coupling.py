"""The seed decides the composition: noise and drawings are paired, and noise stays noise."""

from random import Random

import pytest
import torch

from seedlab.sketch.coupling import Coupling, couple, make_directions, score_compositions
from seedlab.sketch.scene import Composition, sample_composition

COUNT = 600
X, LIGHT = 0, 6
"""Where these numbers stand in a composition."""


@pytest.fixture(scope="module")
def compositions() -> list[Composition]:
    return [sample_composition(Random(index)) for index in range(COUNT)]


@pytest.fixture(scope="module")
def coupling(compositions: list[Composition]) -> Coupling:
    return couple(compositions, 2, 8)


def test_a_score_is_a_rank_among_all_drawings(compositions: list[Composition]) -> None:
    scores = score_compositions(compositions)
    places = torch.tensor([composition.x for composition in compositions])
    assert torch.equal(scores[:, X].argsort(), places.argsort())
    lit = torch.tensor([composition.light > 0 for composition in compositions])
    assert scores[lit, LIGHT].min() > scores[~lit, LIGHT].max(), "values that are equal lie side by side"


def test_scores_are_as_normal_as_noise(compositions: list[Composition]) -> None:
    scores = score_compositions(compositions)
    assert torch.allclose(scores.mean(0), torch.zeros(17), atol=1e-5)
    assert torch.allclose(scores.std(0), torch.ones(17), atol=0.01)
    within = (scores.abs() < 1).float().mean(0)
    assert torch.allclose(within, torch.full((17,), 0.683), atol=0.01)
    assert (scores.max(0).values > 2.5).all()
    others = torch.corrcoef(scores.T) - torch.eye(17)
    assert others.abs().max() < 0.2, "chance alone ties one number to another"


def test_directions_are_orthonormal(coupling: Coupling) -> None:
    assert coupling.directions.shape == (17, 2 * 8 * 8)
    assert torch.allclose(coupling.directions @ coupling.directions.T, torch.eye(17), atol=1e-5)


def test_a_direction_is_a_checkerboard_in_one_channel() -> None:
    first, second, third = make_directions(3, 2, 4).view(3, 2, 4, 4)
    board = torch.tensor([[1.0, -1.0], [-1.0, 1.0]]).repeat(2, 2) / 4
    assert torch.equal(first, torch.stack((board, torch.zeros(4, 4))))
    assert torch.equal(second, torch.stack((torch.zeros(4, 4), board)))
    assert torch.equal(third[0], torch.tensor([[1.0, 1.0, -1.0, -1.0], [-1.0, -1.0, 1.0, 1.0]]).repeat(2, 1) / 4)


def test_smooth_pictures_have_next_to_nothing_of_the_directions(coupling: Coupling) -> None:
    smooth = (torch.linspace(-3, 3, 8)[:, None] * torch.linspace(1, 2, 8)).repeat(2, 1, 1).flatten()
    assert (coupling.directions @ smooth).square().sum() < 0.1 * smooth.square().sum()


def test_paired_noise_says_the_composition_and_is_otherwise_unchanged(coupling: Coupling) -> None:
    noise = torch.randn((3, 2, 8, 8), generator=torch.Generator().manual_seed(0))
    paired = coupling.pair(noise, [5, 0, 9])
    said = paired.flatten(1) @ coupling.directions.T
    assert torch.allclose(said, coupling.scores[[5, 0, 9]], atol=1e-5)
    change = (paired - noise).flatten(1)
    assert torch.allclose(change, change @ coupling.directions.T @ coupling.directions, atol=1e-5)


def test_noise_stays_normal_over_all_drawings(coupling: Coupling) -> None:
    """Samplers start from plain normal noise, so training must have seen all of it, and nothing else."""
    generator = torch.Generator().manual_seed(0)
    paired = torch.cat(
        [coupling.pair(torch.randn((COUNT, 2, 8, 8), generator=generator), range(COUNT)) for _ in range(20)]
    ).flatten(1)
    assert paired.mean(0).abs().max() < 0.05
    covariance = paired.T @ paired / len(paired)
    assert (covariance - torch.eye(128)).abs().max() < 0.1
