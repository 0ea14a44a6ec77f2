"""Latents -> a small picture, by a linear map fitted to the model's own autoencoder: 26 microseconds, any model."""

import logging
from dataclasses import dataclass
from typing import Any

from PIL import Image

from seedlab.pipelines.devices.offload import onload
from seedlab.pipelines.models.capabilities import is_video_module
from seedlab.pipelines.models.families import UNCONDITIONAL

LOGGER = logging.getLogger(__name__)
SAMPLES = 4
SIDE, LATENT_SIDE = 128, 8
"""How large the pictures are that the map is fitted to: at least so many pixels a side, and so many latent pixels."""


@dataclass(frozen=True)
class Preview:
    """A linear map from a latent pixel to an RGB pixel.

    Attributes:
        factors: tensor (latent channels + 1, 3), float32, on the CPU; the last row is the offset; RGB in 0...1.
    """

    factors: Any

    def show(self, latents: Any) -> Image.Image | None:
        """Return a picture of latents (1, channels, height, width), a pixel for each latent pixel.

        None where the latents are of another shape; packed ones are to be unpacked first.
        """
        import torch

        if latents.ndim != 4 or latents.shape[1] != len(self.factors) - 1:
            return None
        flat = latents[0].detach().to("cpu", torch.float32).movedim(0, -1)
        rgb = flat @ self.factors[:-1] + self.factors[-1]
        return Image.fromarray((rgb.nan_to_num().clamp(0, 1) * 255).round().to(torch.uint8).numpy())


def fit_preview(pipeline: Any) -> Preview | None:
    """Fit the map by least squares on smooth random pictures that the autoencoder encodes; None where it cannot.

    The pictures are drawn from a generator of their own, so that nobody else's randomness moves. What denoises the
    pixels themselves, -1...1, needs no fit.
    """
    import torch

    if type(pipeline).__name__ in UNCONDITIONAL:
        return Preview(torch.cat((torch.eye(3), torch.ones(1, 3))) / 2)
    vae = getattr(pipeline, "vae", None)
    if vae is None or not hasattr(vae, "encode"):
        return None
    try:
        with torch.no_grad():
            # Sana's latents are 32 times smaller a side and have 32 channels: to so few of them, anything would fit.
            pictures = _paint_pictures(max(SIDE, LATENT_SIDE * getattr(pipeline, "vae_scale_factor", 1)))
            return _fit(_encode(vae, pictures), pictures)
    except (AttributeError, RuntimeError, TypeError, ValueError):
        # Autoencoders of a kind that we do not know: the pictures are as good without a preview.
        LOGGER.info("No preview for %s.", type(vae).__name__, exc_info=True)
        return None


def _fit(latents: Any, pictures: Any) -> Preview | None:
    import torch

    if latents.ndim != 4 or not latents.isfinite().all():
        return None
    colours = torch.nn.functional.interpolate(pictures, size=latents.shape[-2:], mode="area")
    rows = latents.movedim(1, -1).flatten(0, 2)
    rows = torch.cat((rows, torch.ones(len(rows), 1)), 1)
    return Preview(torch.linalg.lstsq(rows, colours.movedim(1, -1).flatten(0, 2), driver="gelsd").solution)


def unpack_latents(pipeline: Any, latents: Any, height: int, width: int) -> Any:
    """Return latents as (n, channels, height, width): Flux and its kind pack them into rows, two by two.

    Args:
        height, width: of the picture, in pixels.
    """
    unpack = getattr(pipeline, "_unpack_latents", None)
    if latents.ndim != 3 or unpack is None:
        return latents
    unpacked = unpack(latents, height, width, pipeline.vae_scale_factor)
    # Qwen-Image's are those of a film of one picture.
    return unpacked.squeeze(2) if unpacked.ndim == 5 else unpacked


def find_clean_latents(scheduler: Any, latents: Any) -> Any:
    """Return the scheduler's own estimate of the finished latents where it keeps one, else the latents as they are.

    DPM++ and UniPC keep their last x0 predictions in `model_outputs`; a picture of these sharpens where a picture of
    the noisy latents crackles.
    """
    config = scheduler.config
    predicts_clean = config.get("predict_x0", False) or str(config.get("algorithm_type", "")).endswith("dpmsolver++")
    outputs = getattr(scheduler, "model_outputs", None)
    if predicts_clean and outputs and outputs[-1] is not None and outputs[-1].shape == latents.shape:
        return outputs[-1]
    return latents


def _paint_pictures(side: int) -> Any:
    """Paint smooth random fields of colour: (4, 3, side, side), float32, 0...1."""
    import torch

    generator = torch.Generator("cpu").manual_seed(0)
    coarse = torch.rand(SAMPLES, 3, 9, 9, generator=generator)
    return torch.nn.functional.interpolate(coarse, size=(side, side), mode="bicubic").clamp(0, 1)


def _encode(vae: Any, pictures: Any) -> Any:
    """Encode pictures (n, 3, h, w) in 0...1 to latents as the denoiser sees them, float32 on the CPU."""
    import torch

    onload(vae)
    pixels = (pictures * 2 - 1).to(vae.device, vae.dtype)
    if is_video_module(vae):  # of one picture each
        latents = _read_latents(vae.encode(pixels.unsqueeze(2))).squeeze(2)
    else:
        latents = _read_latents(vae.encode(pixels))
    return _normalise(latents.to("cpu", torch.float32), vae.config)


def _read_latents(encoded: Any) -> Any:
    """Return the latents of what an autoencoder gave: a distribution's mean, or themselves, which have two names."""
    if hasattr(encoded, "latent_dist"):
        return encoded.latent_dist.mean
    return encoded.latents if hasattr(encoded, "latents") else encoded.latent


def _normalise(latents: Any, config: Any) -> Any:
    """Bring latents (n, channels, h, w) to what the denoiser sees: the inverse of what pipelines do before they decode.

    Qwen-Image's autoencoder says by how much for each of its channels, and some of Stable Diffusion XL's do.
    """
    scale = config.get("scaling_factor", None) or 1.0
    mean, deviation = config.get("latents_mean", None), config.get("latents_std", None)
    if mean is None or deviation is None:
        return (latents - (config.get("shift_factor", None) or 0.0)) * scale
    mean, deviation = (latents.new_tensor(each).view(-1, 1, 1) for each in (mean, deviation))
    return (latents - mean) / deviation * scale
