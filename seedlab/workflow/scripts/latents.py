"""Stages that start from the latents of earlier ones, in scripts."""

from collections.abc import Iterable, Sequence

from seedlab.core.recipes.recipe import Recipe

KEEPING = (
    "kept = {}",
    "def follow(name, callback_on_step_end=lambda *given: {}, callback_on_step_end_tensor_inputs=[], **settings):",
    "    def keep(pipe, step, time, tensors):  # the last latents, which are decoded to the picture",
    '        kept[name] = tensors["latents"].cpu()',
    "        return callback_on_step_end(pipe, step, time, tensors)",
    '    inputs = ["latents", *callback_on_step_end_tensor_inputs]',
    "    return dict(settings, callback_on_step_end=keep, callback_on_step_end_tensor_inputs=inputs)",
    "def enlarge(start, size):",
    "    wide, high = (side // pipe.vae_scale_factor for side in size)",
    "    latents, scale = kept[start], pipe.vae_scale_factor",
    "    if latents.ndim == 3: latents = pipe._unpack_latents(latents, *made[start].size[::-1], scale)",
    "    latents = latents.reshape(1, latents.shape[1], *latents.shape[-2:])",
    "    n, m = latents.shape[-2:]",
    "    rows, columns = min(n, max(1, m * high // wide)), min(m, max(1, n * wide // high))",
    "    latents = latents[..., (n - rows) // 2 :, (m - columns) // 2 :][..., :rows, :columns]",
    "    if (rows, columns) == (high, wide): return latents",
    '    resize = torch.nn.functional.interpolate(latents.float(), (high, wide), mode="bicubic", antialias=True)',
    "    return resize.to(latents.dtype)",
)
"""As `seedlab.pipelines.sampling.stages.resize_latents`."""

PIXELS = "ImageOps.fit(made[start], size, Image.Resampling.LANCZOS)"
"""As `seedlab.pipelines.sampling.stages.resize`."""

ENLARGE = "enlarge(start, size)"


def find_kept(recipes: Iterable[Recipe]) -> frozenset[Recipe]:
    """Return the earlier stages of which the latents are needed."""
    starts = (each.start for each in recipes if each.start is not None and each.start.resizes_latents)
    return frozenset(start.recipe for start in starts if start.recipe is not None)


def list_ways(recipe: Recipe, recipes: Sequence[Recipe]) -> dict[str, str]:
    """Return what `write_start` reads in the loop over some recipes, of one of them: literals by name."""
    if recipe.start is None or len(_find_ways(recipes)) == 1:
        return {}
    return {"from_latents": str(recipe.start.resizes_latents)}


def write_start(recipes: Sequence[Recipe]) -> list[str]:
    """Return the line of the loop over some recipes that makes what a picture starts from; none for noise."""
    match sorted(_find_ways(recipes)):
        case []:
            return []
        case [only]:
            return [f"    image = {ENLARGE if only else PIXELS}"]
        case _:
            return [f"    image = {ENLARGE} if from_latents else {PIXELS}"]


def _find_ways(recipes: Iterable[Recipe]) -> set[bool]:
    """Return whether latents are resized; both if the recipes differ, and nothing if they start from noise."""
    return {each.start.resizes_latents for each in recipes if each.start is not None}
