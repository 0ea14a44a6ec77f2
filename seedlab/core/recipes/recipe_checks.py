"""The values that a recipe's fields may have. Each check raises `RecipeError` with a sentence that says what to do."""

from typing import TYPE_CHECKING

from seedlab.core.errors import RecipeError
from seedlab.core.recipes.additions import MAX_SEED, Lora, Nudge
from seedlab.core.validation import check_choice, check_int, check_side, check_text

if TYPE_CHECKING:
    from seedlab.core.recipes.recipe import Recipe

MAX_STEPS = 1000
MAX_GUIDANCE = 100.0
MAX_PROMPT_CHARACTERS = 10_000
MAX_LORAS = 8
MAX_NUDGES = 8
DTYPES = ("float32", "bfloat16", "float16")
GENERATOR_DEVICES = ("cpu", "cuda", "mps")


def check_fields(recipe: "Recipe") -> None:
    """Check the fields that a recipe keeps as they were given; `Recipe` checks the others where it changes them."""
    _check_model(recipe)
    _check_prompts(recipe)
    _check_sampling(recipe)
    _check_additions(recipe)
    _check_late_words(recipe)


def check_guidance(value: object) -> float:
    """Return the guidance as a float."""
    # 3 and 3.0 are the same recipe and need the same fingerprint, and so do 0.0 and -0.0. Comparing also rejects NaN,
    # and works for integers that no float can hold.
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MAX_GUIDANCE:
        raise RecipeError("guidance_scale", "The guidance must be a number from 0 to 100.")
    return float(value) + 0.0


def _check_model(recipe: "Recipe") -> None:
    check_text("model_id", recipe.model_id, "The model", 500)
    if not recipe.model_id:
        raise RecipeError("model_id", "The model is missing: choose one.")
    if recipe.revision is not None:
        check_text("revision", recipe.revision, "The revision", 200)


def _check_prompts(recipe: "Recipe") -> None:
    check_text("prompt", recipe.prompt, "The prompt", MAX_PROMPT_CHARACTERS)
    check_text("negative_prompt", recipe.negative_prompt, "The negative prompt", MAX_PROMPT_CHARACTERS)


def _check_sampling(recipe: "Recipe") -> None:
    check_text("scheduler", recipe.scheduler, "The scheduler", 100)
    check_int("seed", recipe.seed, "The seed", 0, MAX_SEED)
    check_int("num_inference_steps", recipe.num_inference_steps, "The number of steps", 1, MAX_STEPS)
    check_side("height", recipe.height)
    check_side("width", recipe.width)
    check_choice("dtype", recipe.dtype, DTYPES)
    check_choice("generator_device", recipe.generator_device, GENERATOR_DEVICES)
    if not isinstance(recipe.vae_tiling, bool):
        raise RecipeError("vae_tiling", "A picture is decoded in tiles or as a whole: say true or false.")


def _check_additions(recipe: "Recipe") -> None:
    if not isinstance(recipe.loras, tuple) or not all(isinstance(each, Lora) for each in recipe.loras):
        raise RecipeError("loras", "The LoRAs must be a list of files with their SHA-256 and weights.")
    if len(recipe.loras) > MAX_LORAS:
        raise RecipeError("loras", f"{len(recipe.loras)} LoRAs are too many: use {MAX_LORAS} or fewer.")
    if not isinstance(recipe.nudges, tuple) or not all(isinstance(each, Nudge) for each in recipe.nudges):
        raise RecipeError("nudges", "The nudges must be a list of seeds and strengths.")
    if len(recipe.nudges) > MAX_NUDGES:
        raise RecipeError("nudges", f"{len(recipe.nudges)} nudges are too many: use {MAX_NUDGES} or fewer.")


def _check_late_words(recipe: "Recipe") -> None:
    check_text("late_prompt", recipe.late_prompt, "The late prompt", MAX_PROMPT_CHARACTERS)
    check_int("late_step", recipe.late_step, "The step after which late words join", 0, MAX_STEPS)
    if bool(recipe.late_prompt) != bool(recipe.late_step):
        raise RecipeError("late_step", "Late words need both their text and the step after which they join.")
    if recipe.late_step >= recipe.num_inference_steps:
        sentence = f"Late words cannot join after step {recipe.late_step} of {recipe.num_inference_steps}."
        raise RecipeError("late_step", sentence)
    if recipe.late_prompt and recipe.late_prompt == recipe.prompt:
        raise RecipeError("late_prompt", "The late words change nothing: write other words.")
