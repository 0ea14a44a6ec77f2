"""What a model cannot make, in sentences that say what to do."""

from typing import TYPE_CHECKING, Any

from seedlab.core.errors import RecipeError
from seedlab.core.recipes.prompt_weights import is_weighted, read_parts
from seedlab.core.recipes.recipe import PROMPTS, Recipe
from seedlab.core.recipes.schedulers import find_scheduler

if TYPE_CHECKING:
    from seedlab.core.models.model import Model

CHARACTERS_PER_TOKEN = 25
"""A prompt with more characters than this per token that the model reads is a mistake."""

ESCAPING = r"Leave them out; for brackets themselves, write \( and \)."

NO_RESIZED_NOISE = "draws its noise in a way of its own, which cannot be resized: explore its seeds instead"
NO_NUDGES = "draws its noise in a way of its own, which cannot be nudged: explore its seeds instead"

NO_STAGES = "cannot start from a picture, because diffusers has no image-to-image pipeline for it"
NO_LATENTS = "cannot start from latents: resize the pixels"


def check_recipe(model: "Model", recipe: Recipe) -> None:
    """Raise RecipeError if this model cannot make the recipe."""
    _check_scheduler(model, recipe.scheduler, recipe.num_inference_steps)
    _check_stage(model, recipe)
    if model.unconditional:
        _check_unconditional(model, recipe)
        return
    _check_ignored(model, recipe)
    if recipe.nudges and not model.takes_nudges:
        raise RecipeError("nudges", f"{model.name} {NO_NUDGES}.")
    if recipe.resizes_noise and not model.can_resize_noise:
        raise RecipeError("noise_height", f"{model.name} {NO_RESIZED_NOISE}.")
    _check_supported(model, recipe)
    sides = {"height": recipe.height, "width": recipe.width}
    for field, side in (*sides.items(), *zip(sides, recipe.noise_size, strict=True)):
        _check_side(model, field, side)
    for field in PROMPTS:
        _check_length(model, field, len(getattr(recipe, field)))


def _check_stage(model: "Model", recipe: Recipe) -> None:
    """Refuse a start or a decoding that this model does not have. An earlier stage is checked too."""
    if recipe.vae_tiling and not model.can_tile:
        raise RecipeError("vae_tiling", f"{model.name} cannot decode in tiles: decode the whole picture.")
    if recipe.start is not None:
        if not model.can_develop:
            raise RecipeError("start", f"{model.name} {NO_STAGES}: choose another model.")
        if recipe.start.resizes_latents and not model.takes_latents:
            raise RecipeError("start", f"{model.name} {NO_LATENTS}.")
        if recipe.start.recipe is not None:
            check_recipe(model, recipe.start.recipe)


def _check_ignored(model: "Model", recipe: Recipe) -> None:
    """Refuse values that would be ignored: two recipes must not mean the same picture."""
    neutral = {"negative_prompt": "", "guidance_scale": model.guidance_scale}
    for field in model.ignores:
        if getattr(recipe, field) != neutral[field]:
            words = {"guidance_scale": "guidance"}.get(field, field.replace("_", " "))
            raise RecipeError(field, f"{model.name} takes no {words}: leave it empty.")


def _check_supported(model: "Model", recipe: Recipe) -> None:
    unchanging = f"{model.name} cannot change its prompt between two steps"
    if recipe.late_prompt and not model.step_embeddings:
        raise RecipeError("late_prompt", f"{unchanging}: vary the picture by suffixes instead.")
    if recipe.seed_variety and not model.step_embeddings:
        raise RecipeError("seed_variety", f"{unchanging}, so it has no seed variety: leave it 0.")
    for field in () if model.weighted_encoders else PROMPTS:
        if is_weighted(read_parts(getattr(recipe, field), recipe.prompt_syntax)):
            raise RecipeError(field, f"{model.name} reads no weights such as (word:1.3). {ESCAPING}")


def check_unread(model: "Model", recipe: Recipe) -> None:
    """Refuse a negative prompt that would be ignored. Only new recipes are checked: old pictures stay valid."""
    if recipe.negative_prompt and recipe.guidance_scale <= model.neutral_guidance:
        needed = f"guidance above {model.neutral_guidance:g}"
        sentence = f"{model.name} reads a negative prompt only with {needed}: set one, or leave it empty."
        raise RecipeError("negative_prompt", sentence)


def _check_unconditional(model: "Model", recipe: Recipe) -> None:
    """Refuse values that have no effect: two recipes must not mean the same picture."""
    size = f"{model.width}×{model.height}"
    sentences = {
        "prompt": "takes no prompt and no suffixes: leave it empty, and explore its seeds",
        "negative_prompt": "takes no negative prompt: leave it empty",
        "late_prompt": "takes no prompt, so no words can join late: explore its seeds",
        "seed_variety": "takes no prompt, and has no seed variety: leave it 0",
        "guidance_scale": "takes no guidance: leave it empty or at 0",
        "height": f"makes only pictures of {size} pixels: leave the height empty",
        "width": f"makes only pictures of {size} pixels: leave the width empty",
        # Its pipeline converts the picture to numpy, which has no bfloat16.
        "dtype": "works only in float32: choose float32",
        "nudges": NO_NUDGES,
        "noise_height": NO_RESIZED_NOISE,
    }
    only: dict[str, Any] = dict.fromkeys(PROMPTS, "")
    only |= {"guidance_scale": 0.0, "dtype": "float32", "nudges": (), "noise_height": 0, "seed_variety": 0.0}
    only |= {"height": model.height, "width": model.width}
    for field, sentence in sentences.items():
        if getattr(recipe, field) != only[field]:
            raise RecipeError(field, f"{model.name} {sentence}.")


def _check_scheduler(model: "Model", name: str, steps: int) -> None:
    scheduler = find_scheduler(name)
    if scheduler not in model.schedulers:
        labels = ", ".join(each.label for each in model.schedulers)
        raise RecipeError("scheduler", f"{scheduler.label} does not work with {model.name}: choose {labels}.")
    if steps < scheduler.least_steps:
        sentence = f"{scheduler.label} needs {scheduler.least_steps} steps or more, not {steps}."
        raise RecipeError("num_inference_steps", sentence)


def _check_side(model: "Model", field: str, side: int) -> None:
    multiple, low = model.size_multiple, max(64, model.size_multiple)
    if side % multiple:
        below = max(low, side // multiple * multiple)
        raise RecipeError(
            field, f"{model.name} makes sizes in steps of {multiple}: use {below} or {below + multiple}, not {side}."
        )
    if not low <= side <= model.max_side:
        raise RecipeError(field, f"{model.name} makes {low} to {model.max_side} pixels a side, not {side}.")


def _check_length(model: "Model", field: str, characters: int) -> None:
    limit = model.max_tokens * CHARACTERS_PER_TOKEN
    if characters > limit:
        words = field.replace("_", " ")
        raise RecipeError(
            field,
            f"The {words} has {characters:,} characters, but {model.name} reads only {model.max_tokens} tokens "
            f"(about {model.max_tokens * 4} characters): shorten it to {limit:,} or fewer.",
        )
