"""Noise in another size that keeps the composition of its seed.

Noise is taken for the means of white noise over the cells of a grid. Another grid cuts the same white noise
differently: where a cell is cut, the noise within is drawn, on the condition that the cell keeps its mean. So the
result is white noise too, and its coarse parts are where they were ("integral noise": Chang et al. 2024, "How I Warped
Your Noise", arXiv 2504.03072, section 3.1). One axis is resized after the other.

The noise within is drawn by the generator that drew the first noise, on its device, and computed with in float64.
"""

from typing import Any


def resize_noise(noise: Any, height: int, width: int, generator: Any) -> Any:
    """Resize noise to (..., height, width).

    Args:
        noise: float64 on the CPU.
        generator: draws the noise within cells that are cut.
    """
    return resize_rows(resize_rows(noise, width, generator).mT, height, generator).mT


def resize_rows(noise: Any, size: int, generator: Any) -> Any:
    """Resize noise along its last axis; see the module."""
    import torch

    count = noise.shape[-1]
    if count == size:
        return noise
    # Where either grid has an edge: the old cells are `size` long, the new ones `count`.
    edges = torch.tensor(sorted({*range(0, count * size + 1, size), *range(0, count * size + 1, count)}))
    starts, lengths = edges[:-1], edges.diff().double()
    old, new = starts // size, starts // count
    shape = (*noise.shape[:-1], len(starts))
    parts = torch.randn(shape, generator=generator, device=generator.device).cpu().double() * lengths.sqrt()
    missing = noise * size**0.5 - torch.zeros_like(noise).index_add(-1, old, parts)
    parts = parts + missing[..., old] * lengths / size
    return noise.new_zeros((*noise.shape[:-1], size)).index_add(-1, new, parts) / count**0.5
