"""The initial noise of recipes with nudges, or with noise of another size.

A nudged recipe has a seed's noise, turned towards the noise of other seeds. Then it is resized (see `noise_size`).

Noise a is turned towards noise b by spherical linear interpolation, as in InvokeAI's variations. With the angle θ
between the two as vectors, it is (sin((1-w) θ) a + sin(w θ) b) / sin θ, where w is the weight (Shoemake 1985,
"Animating rotation with quaternion curves"). It is computed in float64 and rounded once to the dtype of the latents.
AUTOMATIC1111's variation seed has this formula for each column of the latents on its own (`slerp` in modules/rng.py),
so its pictures differ from ours.

A pipeline's own `prepare_latents` gets the noise as its argument `latents`, so that the size, the dtype and the packing
are the pipeline's.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from seedlab.core.errors import SeedLabError
from seedlab.core.recipes.recipe import Recipe
from seedlab.pipelines.models.capabilities import resizes_noise, takes_nudges
from seedlab.pipelines.patching import replace_attribute
from seedlab.pipelines.sampling.noise_size import resize_noise

LEAST_ANGLE = 1e-6
"""Radians: the noise of one seed is at no angle to itself, and 0 / 0 would be not a number."""


@contextmanager
def replace_noise(pipeline: Any, recipes: Sequence[Recipe]) -> Iterator[None]:
    """Start the call inside the context from the recipes' own noise. Where it is the plain one, nothing is changed.

    Each recipe's own generator draws first, so the noise that a scheduler adds to a nudged picture later is that of the
    plain call.

    Args:
        pipeline: that is called.
        recipes: one for each image of the call.

    Raises:
        SeedLabError: in the call, if the pipeline draws its noise in another way than expected.
    """
    resizes = any(recipe.resizes_noise for recipe in recipes)
    if not (resizes or any(recipe.nudges for recipe in recipes)):
        yield
        return
    if not (resizes_noise if resizes else takes_nudges)(pipeline):
        raise _refuse()
    prepare = _make_preparation(pipeline, pipeline.prepare_latents, recipes)
    with replace_attribute(pipeline, "prepare_latents", prepare):
        yield


def _refuse() -> SeedLabError:
    sentence = "This model draws its noise in a way of its own, which cannot be nudged or resized"
    return SeedLabError(f"{sentence}: choose another model.")


def _make_preparation(pipeline: Any, plain: Callable[..., Any], recipes: Sequence[Recipe]) -> Callable[..., Any]:
    """Return what replaces a pipeline's `prepare_latents` during a call."""

    def prepare_latents(
        count: int, channels: int, height: int, width: int, dtype: Any, device: Any, generator: Any, _: Any = None
    ) -> Any:
        size = (count, channels, height, width, dtype, device)
        shape = (1, channels, height // pipeline.vae_scale_factor, width // pipeline.vae_scale_factor)
        generators = generator if isinstance(generator, list) else [generator]
        expected = [draw_noise(each, shape, dtype) for each in _seed_anew(generators, recipes)]
        anew = _seed_anew(generators, recipes)
        _check_equal(plain(*size, anew if len(anew) > 1 else anew[0]), plain(*size, None, _pack(pipeline, expected)))
        pairs = zip(generators, recipes, strict=True)
        noises = [make_noise(each, recipe, shape, pipeline.vae_scale_factor, dtype) for each, recipe in pairs]
        return plain(*size, generator, _pack(pipeline, noises))

    return prepare_latents


def draw_noise(generator: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    """Draw noise where the generator is, as diffusers' `randn_tensor` does for one image."""
    import torch

    return torch.randn(shape, generator=generator, device=generator.device, dtype=dtype)


def make_noise(generator: Any, recipe: Recipe, shape: tuple[int, ...], scale: int, dtype: Any) -> Any:
    """Draw a recipe's noise, nudge it, and resize it.

    Args:
        generator: of the recipe's seed.
        shape: (1, channels, height, width) of the picture's latents.
        scale: pixels a side of each of their elements.
    """
    import torch

    first = (*shape[:2], *(side // scale for side in recipe.noise_size)) if recipe.resizes_noise else shape
    noise = nudge(draw_noise(generator, first, dtype), recipe)
    if first == shape:
        return noise
    # In float64, which not every device has.
    height, width = shape[2:]
    return resize_noise(noise.to("cpu", torch.float64), height, width, generator).to(noise.device, dtype)


def nudge(noise: Any, recipe: Recipe) -> Any:
    """Return a recipe's noise, (1, channels, height, width), turned towards that of its nudges, in order.

    Args:
        noise: of the recipe's seed.
    """
    import torch

    if not recipe.nudges:
        return noise
    # In float64, which not every device has.
    turned = noise.to("cpu", torch.float64)
    for each in recipe.nudges:
        generator = torch.Generator(noise.device).manual_seed(each.seed)
        other = draw_noise(generator, noise.shape, noise.dtype).to("cpu", torch.float64)
        turned = interpolate(turned, other, each.weight)
    return turned.to(noise.device, noise.dtype)


def interpolate(one: Any, other: Any, weight: float) -> Any:
    """Return the spherical linear interpolation of two tensors: `one` at weight 0, `other` at 1."""
    cosine = (one * other).sum() / (one.norm() * other.norm())
    angle = cosine.clamp(-1, 1).arccos().clamp(min=LEAST_ANGLE)
    return (((1 - weight) * angle).sin() * one + (weight * angle).sin() * other) / angle.sin()


def _pack(pipeline: Any, noises: Sequence[Any]) -> Any:
    """Return noise as `prepare_latents` takes it; Flux and similar models pack 2x2 patches into rows."""
    import torch

    joined = torch.cat(list(noises))
    pack = getattr(pipeline, "_pack_latents", None)
    return joined if pack is None else pack(joined, *joined.shape)


def _seed_anew(generators: Sequence[Any], recipes: Sequence[Recipe]) -> list[Any]:
    import torch

    pairs = zip(generators, recipes, strict=True)
    return [torch.Generator(each.device).manual_seed(recipe.seed) for each, recipe in pairs]


def _check_equal(drawn: Any, given: Any) -> None:
    """Check that what a pipeline draws itself is what it makes of the same noise when that is given to it."""
    # Flux returns the positions of the patches, too.
    drawn, given = (each[0] if isinstance(each, tuple) else each for each in (drawn, given))
    if drawn.shape != given.shape or not bool((drawn == given).all()):
        raise _refuse()
