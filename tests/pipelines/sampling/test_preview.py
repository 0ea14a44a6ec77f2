"""Previews: a linear map from latents to colours, fitted to the model's autoencoder."""

from threading import Event

import numpy as np
import pytest
import torch
from diffusers import (
    DiffusionPipeline,
)

from seedlab.core.reports import Finished, Progress
from seedlab.pipelines.sampling.preview import Preview, fit_preview, unpack_latents
from tests.pipelines.builders import (
    build_ddim,
    build_flux,
    build_qwen_image,
    make_autoencoder,
    make_deep_autoencoder,
    make_default_recipe,
    make_film_autoencoder,
)


class LinearAutoencoder(torch.nn.Module):
    """Averages 8x8 pixels and mixes the colours linearly, which a linear map can invert exactly."""

    device, dtype = torch.device("cpu"), torch.float32
    config = {"scaling_factor": 0.5, "shift_factor": 0.1}  # noqa: RUF012
    mix = torch.tensor([[1.0, 0.2, 0.0], [0.0, 1.0, 0.3], [0.5, 0.0, 1.0], [0.1, 0.1, 0.1]])

    def encode(self, pictures):
        small = torch.nn.functional.interpolate(pictures, scale_factor=1 / 8, mode="area")
        return type("Encoded", (), {"latents": torch.einsum("lc,nchw->nlhw", self.mix, small)})


def test_a_linear_autoencoder_is_inverted_exactly():
    vae = LinearAutoencoder()
    preview = fit_preview(type("Pipeline", (), {"vae": vae}))
    colour = torch.tensor([0.2, 0.6, 0.9])
    picture = colour.view(1, 3, 1, 1).expand(1, 3, 64, 96)
    latents = (vae.encode(picture * 2 - 1).latents - 0.1) * 0.5
    shown = preview.show(latents)
    assert shown.size == (12, 8)
    assert shown.getpixel((5, 5)) == tuple(round(float(value) * 255) for value in colour)


MEAN, DEVIATION = (torch.tensor(values).view(-1, 1, 1) for values in ([-0.5, 0.0, 0.5, 1.0], [0.5, 1.0, 2.0, 4.0]))
CHANNELS = {"latents_mean": MEAN.flatten().tolist(), "latents_std": DEVIATION.flatten().tolist()}
SAME = {"latents_mean": [0.0] * 4, "latents_std": [1.0] * 4}
DECODED = [
    pytest.param(
        make_deep_autoencoder,
        {"scaling_factor": 0.41407},
        {"scaling_factor": 1.0},
        lambda latents: latents / 0.41407,
        id="Sana",
    ),
    pytest.param(make_film_autoencoder, CHANNELS, SAME, lambda latents: latents * DEVIATION + MEAN, id="Qwen-Image"),
    pytest.param(
        make_autoencoder,
        {"scaling_factor": 0.3611, "shift_factor": 0.1159},
        {"scaling_factor": 1.0, "shift_factor": 0.0},
        lambda latents: latents / 0.3611 + 0.1159,
        id="Z-Image, Flux and Stable Diffusion 3",
    ),
    pytest.param(
        make_autoencoder,
        {"scaling_factor": 0.13025, **CHANNELS},
        {"scaling_factor": 1.0, **SAME},
        lambda latents: latents * DEVIATION / 0.13025 + MEAN,
        id="Stable Diffusion XL",
    ),
]
"""An autoencoder, its scaling of latents, the settings without scaling, and how its pipeline undoes the scaling."""


@pytest.mark.parametrize(("make", "settings", "without", "rescale"), DECODED)
def test_previews_are_for_latents_in_the_denoisers_range(make, settings, without, rescale):
    """The map of the same autoencoder without scaling is for the latents that the pipelines decode."""
    torch.manual_seed(0)
    pipeline = type(
        "Pipeline", (), {"vae": make().eval(), "vae_scale_factor": 32 if make is make_deep_autoencoder else 8}
    )
    pipeline.vae.register_to_config(**settings)
    preview = fit_preview(pipeline)
    pipeline.vae.register_to_config(**without)
    latents = torch.randn(1, len(preview.factors) - 1, 8, 12)
    shown = np.int16(preview.show(latents))
    decoded = np.int16(fit_preview(pipeline).show(rescale(latents)))
    assert np.abs(shown - decoded).max() <= 1
    assert np.abs(shown - np.int16(fit_preview(pipeline).show(latents))).max() > 20


def test_a_pipeline_without_an_autoencoder_has_no_preview():
    assert fit_preview(type("Pipeline", (), {})) is None


def test_a_pipeline_that_denoises_pixels_shows_them(tmp_path):
    preview = fit_preview(DiffusionPipeline.from_pretrained(build_ddim(tmp_path)))
    pixels = torch.tensor([-1.0, 0.0, 1.0]).view(1, 3, 1, 1).expand(1, 3, 16, 24)
    shown = preview.show(pixels)
    assert shown.size == (24, 16)
    assert shown.getpixel((5, 5)) == (0, 128, 255)


def test_latents_of_another_shape_have_no_preview():
    preview = Preview(torch.zeros(17, 3))
    assert preview.show(torch.zeros(1, 1024, 64)) is None, "packed, like those of Flux"
    assert preview.show(torch.zeros(1, 4, 8, 8)) is None


@pytest.mark.parametrize("build", [build_flux, build_qwen_image])
def test_packed_latents_are_unpacked_and_shown(manager, tmp_path, build):
    recipe = make_default_recipe(build(tmp_path), height=64, width=96)
    reports = list(manager.generate([recipe], Event()))
    previews = [report.preview for report in reports if isinstance(report, Progress)]
    assert previews
    assert {preview.size for preview in previews} == {(12, 8)}
    assert isinstance(reports[-1], Finished)


@pytest.mark.parametrize("build", [build_flux, build_qwen_image])
def test_unpacking_inverts_packing(tmp_path, build):
    """Qwen-Image's pipeline unpacks to a video of one frame."""
    pipeline = DiffusionPipeline.from_pretrained(build(tmp_path))
    latents = torch.arange(4 * 8 * 12.0).view(1, 4, 8, 12)
    packed = pipeline._pack_latents(latents, 1, 4, 8, 12)
    assert packed.ndim == 3
    assert torch.equal(unpack_latents(pipeline, packed, 64, 96), latents)
    assert unpack_latents(pipeline, latents, 64, 96) is latents


def test_an_unknown_autoencoder_has_no_preview():
    class Other(LinearAutoencoder):
        def encode(self, pictures):
            return type("Encoded", (), {"codes": pictures})

    assert fit_preview(type("Pipeline", (), {"vae": Other()})) is None


def test_the_fit_does_not_change_the_global_random_state():
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    fit_preview(type("Pipeline", (), {"vae": LinearAutoencoder()}))
    assert torch.equal(torch.rand(3), expected)


def test_latents_that_are_not_finite_have_a_preview():
    preview = Preview(torch.zeros(5, 3))
    assert preview.show(torch.full((1, 4, 2, 2), float("nan"))).size == (2, 2)
