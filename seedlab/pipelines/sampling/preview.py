"""Previews: a linear map from latents to colours, fitted to the model's autoencoder. Takes 26 microseconds."""

import logging
from dataclasses import dataclass
from typing import Any

from PIL import Image

from seedlab.pipelines.devices.offload import onload
from seedlab.pipelines.models.capabilities import is_video_module
from seedlab.pipelines.models.families import family_of

LOGGER = logging.getLogger(__name__)
SAMPLES = 4
MIN_SIDE, MIN_LATENT_SIDE = 128, 8
"""The least height and width of the images that the map is fitted to, in pixels and in latent pixels."""


@dataclass(frozen=True)
class Preview:
    """A linear map from a latent pixel to an RGB pixel.

    Attributes:
        factors: tensor (latent channels + 1, 3), float32, on the CPU; the last row is the offset; RGB in 0...1.
    """

    factors: Any

    def show(self, latents: Any) -> Image.Image | None:
        """Return an image of latents (1, channels, height, width), with one pixel for each latent pixel.

        None if the latents have another shape; packed ones have to be unpacked first.
        """
        import torch

        if latents.ndim != 4 or latents.shape[1] != len(self.factors) - 1:
            return None
        flat = latents[0].detach().to("cpu", torch.float32).movedim(0, -1)
        rgb = flat @ self.factors[:-1] + self.factors[-1]
        return Image.fromarray((rgb.nan_to_num().clamp(0, 1) * 255).round().to(torch.uint8).numpy())


def fit_preview(pipeline: Any) -> Preview | None:
    """Fit the map by least squares to smooth random images and their latents; None if the autoencoder is unknown.

    The images come from their own generator, so that the global random state does not change. Pipelines that denoise
    pixels, in -1...1, need no fit.
    """
    import torch

    if family_of(pipeline).is_unconditional:
        return Preview(torch.cat((torch.eye(3), torch.ones(1, 3))) / 2)
    vae = getattr(pipeline, "vae", None)
    if vae is None or not hasattr(vae, "encode"):
        return None
    try:
        with torch.no_grad():
            # Sana's latents have 32 channels and are 32 times smaller: any map would fit the few that 128 pixels give.
            images = _make_images(max(MIN_SIDE, MIN_LATENT_SIDE * getattr(pipeline, "vae_scale_factor", 1)))
            return _fit(_encode(vae, images), images)
    except (AttributeError, RuntimeError, TypeError, ValueError):
        # An unknown kind of autoencoder: generate without previews.
        LOGGER.info("No preview for %s.", type(vae).__name__, exc_info=True)
        return None


def _fit(latents: Any, images: Any) -> Preview | None:
    import torch

    if latents.ndim != 4 or not latents.isfinite().all():
        return None
    colours = torch.nn.functional.interpolate(images, size=latents.shape[-2:], mode="area")
    rows = latents.movedim(1, -1).flatten(0, 2)
    rows = torch.cat((rows, torch.ones(len(rows), 1)), 1)
    return Preview(torch.linalg.lstsq(rows, colours.movedim(1, -1).flatten(0, 2), driver="gelsd").solution)


def unpack_latents(pipeline: Any, latents: Any, height: int, width: int) -> Any:
    """Return latents as (n, channels, height, width); Flux and similar models pack 2x2 patches into rows.

    Args:
        pipeline: the pipeline that the latents belong to.
        latents: packed as (n, rows, 4 * channels), or not packed.
        height, width: of the image, in pixels.
    """
    unpack = getattr(pipeline, "_unpack_latents", None)
    if latents.ndim != 3 or unpack is None:
        return latents
    unpacked = unpack(latents, height, width, pipeline.vae_scale_factor)
    # Qwen-Image returns a video of one frame.
    return unpacked.squeeze(2) if unpacked.ndim == 5 else unpacked


def _make_images(side: int) -> Any:
    """Return smooth random images: (4, 3, side, side), float32, 0...1."""
    import torch

    generator = torch.Generator("cpu").manual_seed(0)
    coarse = torch.rand(SAMPLES, 3, 9, 9, generator=generator)
    return torch.nn.functional.interpolate(coarse, size=(side, side), mode="bicubic").clamp(0, 1)


def _encode(vae: Any, images: Any) -> Any:
    """Encode images (n, 3, h, w) in 0...1 to latents in the denoiser's range, float32 on the CPU."""
    import torch

    onload(vae)
    pixels = (images * 2 - 1).to(vae.device, vae.dtype)
    if is_video_module(vae):  # as videos of one frame
        latents = _read_latents(vae.encode(pixels.unsqueeze(2))).squeeze(2)
    else:
        latents = _read_latents(vae.encode(pixels))
    return _normalise(latents.to("cpu", torch.float32), vae.config)


def _read_latents(encoded: Any) -> Any:
    """Return the latents in an autoencoder's output: a distribution's mean, or a tensor with one of two names."""
    if hasattr(encoded, "latent_dist"):
        return encoded.latent_dist.mean
    return encoded.latents if hasattr(encoded, "latents") else encoded.latent


def _normalise(latents: Any, config: Any) -> Any:
    """Scale latents (n, channels, h, w) to the denoiser's range: the inverse of what pipelines do before decoding.

    Qwen-Image's autoencoder has a scale for each channel, and so have some of Stable Diffusion XL's.
    """
    scale = config.get("scaling_factor", None) or 1.0
    mean, deviation = config.get("latents_mean", None), config.get("latents_std", None)
    if mean is None or deviation is None:
        return (latents - (config.get("shift_factor", None) or 0.0)) * scale
    mean, deviation = (latents.new_tensor(each).view(-1, 1, 1) for each in (mean, deviation))
    return (latents - mean) / deviation * scale
