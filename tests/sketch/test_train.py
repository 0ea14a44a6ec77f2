"""Training: the same seed gives the same bytes, and an interruption leaves no trace. All on a tiny model."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionPipeline

from seedlab.sketch import train
from seedlab.sketch.models import Shape
from seedlab.sketch.training import Loop, choose_share

TINY = Shape(
    picture_size=32, latent_channels=4, encoder_width=16, decoder_width=16, encoder_blocks=(1, 1, 1, 1),
    decoder_blocks=(1, 1, 1, 1), text_width=16, text_layers=1, text_heads=2,
    unet_channels=(16, 32), attended=1, time_width=32, unet_groups=8, head_width=8,
)  # fmt: skip
STEPS = 4


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> train.Plan:
    """A plan whose drawings are there."""
    folder = tmp_path_factory.mktemp("sketch")
    plan = train.Plan(
        folder, folder / "model", TINY, pictures=12, tokenizer_captions=40,
        autoencoder_loop=Loop("autoencoder", STEPS, 1e-3, 1e-3, warmup=1), autoencoder_batch=4,
        denoiser_loop=Loop("denoiser", STEPS, 1e-3, 1e-3, warmup=1), denoiser_batch=4,
    )  # fmt: skip
    train.draw_corpus(plan)
    return plan


def elsewhere(plan: train.Plan, folder: Path) -> train.Plan:
    """The same plan in another folder, with the same drawings and latents."""
    for path in (plan.corpus_path, plan.latents_path):
        if path.exists():
            (folder / path.name).symlink_to(path)
    return replace(plan, folder=folder)


def weights(run: train.training.Run) -> dict[str, bytes]:
    state = {**run.network.state_dict(prefix="now."), **run.average.state_dict(prefix="average.")}
    return {name: weight.numpy().tobytes() for name, weight in state.items()}


@pytest.fixture(scope="module")
def encoded(plan: train.Plan) -> train.Plan:
    """A plan whose autoencoder is trained and whose latents are there."""
    train.train_autoencoder(plan)
    train.encode_latents(plan)
    return plan


def test_the_autoencoder_trains_the_same_again_and_across_an_interruption(plan: train.Plan, tmp_path: Path) -> None:
    once = weights(train.train_autoencoder(elsewhere(plan, tmp_path)))
    (tmp_path / "autoencoder.pt").unlink()
    broken = replace(plan, folder=tmp_path)
    train.train_autoencoder(broken, stop_at=2)
    assert weights(train.train_autoencoder(broken)) == once


def test_the_denoiser_trains_the_same_again_and_across_an_interruption(encoded: train.Plan, tmp_path: Path) -> None:
    once = weights(train.train_denoiser(elsewhere(encoded, tmp_path)))
    (tmp_path / "denoiser.pt").unlink()
    broken = replace(encoded, folder=tmp_path)
    train.train_denoiser(broken, stop_at=3)
    assert weights(train.train_denoiser(broken)) == once
    other = replace(encoded, folder=tmp_path, seed=1)
    (tmp_path / "denoiser.pt").unlink()
    assert weights(train.train_denoiser(other)) != once


def test_latents_have_about_unit_variance_after_scaling(encoded: train.Plan) -> None:
    latents = np.load(encoded.latents_path)
    assert latents.shape == (12, 4, 4, 4)
    assert latents.std() * train.choose_scaling_factor(latents) == pytest.approx(1, rel=0.01)


def test_the_export_loads_as_a_pipeline_with_exactly_the_float16_weights(encoded: train.Plan) -> None:
    run = train.train_denoiser(encoded)
    train.export_pipeline(encoded)
    pipeline = StableDiffusionPipeline.from_pretrained(encoded.output)
    exported = pipeline.unet.state_dict()
    for name, weight in run.average.unet.state_dict().items():
        assert torch.equal(exported[name], weight.half().float())
    assert pipeline.vae.config.scaling_factor != 1
    assert pipeline.text_encoder.dtype == pipeline.unet.dtype == torch.float32


def test_rates_warm_up_and_fall_to_nothing() -> None:
    loop = Loop("any", steps=100, learning_rate=1.0, matrix_rate=1.0, warmup=10, cooldown=0.5)
    shares = [choose_share(loop, step) for step in (0, 9, 49, 75, 100)]
    assert shares == pytest.approx([0.1, 1.0, 1.0, 0.5, 0.0])
