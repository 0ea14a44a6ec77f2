"""Nudged noise in scripts."""

from collections.abc import Sequence

from seedlab.core.additions import Nudge


def write_nudges(nudges: Sequence[Nudge]) -> str:
    """Return nudges as a literal: a list of (seed, weight)."""
    return str([(each.seed, each.weight) for each in nudges])


def name_nudges(nudges: Sequence[Nudge]) -> str:
    """Return what names a nudged picture: " toward 7 0.1"; "" for no nudges."""
    return "".join(f" toward {each.seed} {each.weight:g}" for each in nudges)


def write_nudging(device: str) -> list[str]:
    """Write a function that gives the pipeline its noise, turned towards that of the pairs (seed, weight) in `nudges`.

    It computes what `seedlab.pipelines.sampling.noise` does.

    Args:
        device: that draws the noise.
    """
    source = f'torch.Generator("{device}")'
    return [
        "def prepare(n, channels, height, width, dtype, device, generator, latents=None, plain=pipe.prepare_latents):",
        "    shape = (1, channels, height // pipe.vae_scale_factor, width // pipe.vae_scale_factor)",
        "    draw = lambda by: torch.randn(shape, generator=by, device=by.device, dtype=dtype).cpu().double()",
        "    noise = draw(generator)",
        "    for seed, weight in nudges:  # turns the noise towards that of another seed (slerp, Shoemake 1985)",
        f"        other = draw({source}.manual_seed(seed))",
        "        angle = ((noise * other).sum() / (noise.norm() * other.norm())).clamp(-1, 1).arccos().clamp(min=1e-6)",
        "        noise = (((1 - weight) * angle).sin() * noise + (weight * angle).sin() * other) / angle.sin()",
        '    pack = getattr(pipe, "_pack_latents", lambda noise, *shape: noise)  # Flux packs 2x2 patches into rows',
        "    return plain(n, channels, height, width, dtype, device, None, pack(noise.to(dtype), *shape))",
        "pipe.prepare_latents = prepare",
    ]
