"""The share of the variance that the prompt leaves to the seed, on pictures of which it is known."""

import numpy as np
import pytest

from seedlab.measures.seed_share import measure_seed_share


def make_features(by_seed: float, by_prompt: float, together: float, seeds: int = 24, prompts: int = 12) -> np.ndarray:
    """Return pictures whose places vary with seed, prompt and both, with these standard deviations."""
    draw = np.random.default_rng(7).normal
    coarse = (
        by_seed * draw(size=(seeds, 1, 8, 8))
        + by_prompt * draw(size=(1, prompts, 8, 8))
        + together * draw(size=(seeds, prompts, 8, 8))
    )
    fine = coarse.repeat(4, axis=2).repeat(4, axis=3)
    return np.stack((fine, np.zeros_like(fine), np.zeros_like(fine)), axis=-1)


@pytest.mark.parametrize(
    ("deviations", "share"), [((3, 1, 1), 10 / 11), ((1, 3, 1), 2 / 11), ((2, 2, 2), 2 / 3), ((0, 2, 2), 0.5)]
)
def test_the_estimate_is_near_and_the_interval_holds_it(deviations: tuple[float, ...], share: float) -> None:
    measured = measure_seed_share(make_features(*deviations), "in a test")
    assert measured.share == pytest.approx(share, abs=0.06)
    assert measured.low - 0.01 <= share <= measured.high + 0.01


def test_a_model_without_noise_has_no_seed_share() -> None:
    measured = measure_seed_share(make_features(0, 2, 0), "in a test")
    assert (measured.share, measured.low, measured.high) == pytest.approx((0, 0, 0), abs=1e-12)


def test_fewer_pictures_give_a_wider_interval() -> None:
    many, few = (measure_seed_share(make_features(2, 2, 2, *size), "in a test") for size in ((24, 12), (5, 4)))
    assert few.high - few.low > many.high - many.low


def test_the_sentence_has_the_figure_its_interval_and_its_source() -> None:
    sentence = measure_seed_share(make_features(0, 2, 0), "in a test").format()
    assert sentence == "The seed decides 0% of the composition (0% to 0%; measured in a test)."
