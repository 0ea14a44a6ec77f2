"""The noise of nudged recipes, and noise of another size, in scripts."""

from collections.abc import Collection, Sequence

from seedlab.core.recipes.additions import Nudge
from seedlab.core.recipes.recipe import Recipe

NOISE = frozenset({"nudges", "drawn"})
"""What `list_noise` returns."""

RESIZING = (
    "def resize(noise, size, by):  # along the last axis; it stays white (https://arxiv.org/abs/2504.03072)",
    "    n = noise.shape[-1]",
    "    if n == size: return noise",
    "    edges = torch.tensor(sorted({*range(0, n * size + 1, size), *range(0, n * size + 1, n)}))",
    "    old, new, lengths = edges[:-1] // size, edges[:-1] // n, edges.diff().double()",
    "    parts = torch.randn((*noise.shape[:-1], len(old)), generator=by, device=by.device)",
    "    parts = parts.cpu().double() * lengths.sqrt()",
    "    missing = noise * size**0.5 - torch.zeros_like(noise).index_add(-1, old, parts)",
    "    parts = parts + missing[..., old] * lengths / size",
    "    return noise.new_zeros((*noise.shape[:-1], size)).index_add(-1, new, parts) / n**0.5",
)
"""As `seedlab.pipelines.sampling.noise_size`."""

RESIZED = (
    "    noise = resize(resize(noise.to(dtype).double(), columns, generator).mT, rows, generator).mT",
    "    shape = noise.shape",
)


def write_nudges(nudges: Sequence[Nudge]) -> str:
    """Return nudges as a literal: a list of (seed, weight)."""
    return str([(each.seed, each.weight) for each in nudges])


def name_noise(recipe: Recipe) -> str:
    """Return what names a picture with such noise: " toward 7 0.1 noise 256x256"; "" for its seed's own."""
    nudges = "".join(f" toward {each.seed} {each.weight:g}" for each in recipe.nudges)
    return nudges + (f" noise {recipe.noise_width}x{recipe.noise_height}" if recipe.resizes_noise else "")


def list_noise(recipe: Recipe, recipes: Sequence[Recipe]) -> dict[str, str]:
    """Return what `write_noise` reads in the loop over some recipes, of one of them: literals by name."""
    own = {}
    if any(each.nudges for each in recipes):
        own["nudges"] = write_nudges(recipe.nudges)
    if any(each.resizes_noise for each in recipes):
        own["drawn"] = str(recipe.noise_size)
    return own


def write_noise(device: str, names: Collection[str]) -> list[str]:
    """Write a function that gives the pipeline its noise, as `seedlab.pipelines.sampling.noise` makes it.

    It is turned towards that of the pairs (seed, weight) in `nudges`, and resized from the height and width `drawn`.

    Args:
        device: that draws the noise.
        names: those of "nudges" and "drawn" that there are; none for the pipeline's own noise.
    """
    if not names:
        return []
    scaled = "height // pipe.vae_scale_factor, width // pipe.vae_scale_factor"
    resizes = "drawn" in names
    return [
        *(RESIZING if resizes else []),
        "def prepare(n, channels, height, width, dtype, device, generator, latents=None, plain=pipe.prepare_latents):",
        *([f"    rows, columns = {scaled}"] if resizes else []),
        f"    shape = (1, channels, {'*(side // pipe.vae_scale_factor for side in drawn)' if resizes else scaled})",
        "    draw = lambda by: torch.randn(shape, generator=by, device=by.device, dtype=dtype).cpu().double()",
        "    noise = draw(generator)",
        *(_write_nudging(device) if "nudges" in names else []),
        *(RESIZED if resizes else []),
        '    pack = getattr(pipe, "_pack_latents", lambda noise, *shape: noise)  # Flux packs 2x2 patches into rows',
        "    return plain(n, channels, height, width, dtype, device, None, pack(noise.to(dtype), *shape))",
        "pipe.prepare_latents = prepare",
    ]


def _write_nudging(device: str) -> list[str]:
    return [
        "    for seed, weight in nudges:  # turns the noise towards that of another seed (slerp, Shoemake 1985)",
        f'        other = draw(torch.Generator("{device}").manual_seed(seed))',
        "        angle = ((noise * other).sum() / (noise.norm() * other.norm())).clamp(-1, 1).arccos().clamp(min=1e-6)",
        "        noise = (((1 - weight) * angle).sin() * noise + (weight * angle).sin() * other) / angle.sin()",
    ]
