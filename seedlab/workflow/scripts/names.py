"""The names of a script's pictures."""

import re
from collections.abc import Mapping, Sequence
from itertools import takewhile

from seedlab.core.recipes.recipe import Recipe
from seedlab.core.recipes.schedulers import find_scheduler
from seedlab.images.output_folder import name_variations
from seedlab.workflow.scripts.noise import name_noise
from seedlab.workflow.scripts.prompts import PROMPT_ARGUMENTS


def name_pictures(recipes: Sequence[Recipe], settings: Mapping[Recipe, str]) -> dict[Recipe, str]:
    """Name pictures as `seedlab refine` does, "seed-2-artsy": by the words and settings that they do not share.

    Args:
        settings: `caption_own` of each.
    """
    prompts = {recipe: recipe.late_prompt or recipe.prompt for recipe in recipes}
    start = len(_find_shared_words(list(prompts.values())))
    captions = {each: f"{prompts[each][start:]} {settings[each]}".strip() for each in recipes}
    names = {recipe: f"seed-{recipe.seed}" for recipe in recipes}
    for stem in dict.fromkeys(names.values()):
        longer = [recipe for recipe in recipes if names[recipe] == stem and captions[recipe]]
        variations = name_variations(stem, [captions[recipe] for recipe in longer])
        names |= dict(zip(longer, variations, strict=True))
    return names


def caption_own(recipe: Recipe, own: Mapping[str, str], settings: Mapping[str, str]) -> str:
    """Return what a picture does not share with the others, besides words.

    Args:
        own: what is in its line of the script, as literals by the names of the loop's variables.
        settings: those of its arguments that it does not share.
    """
    named = " ".join(f"{name} {value}" for name, value in settings.items() if name not in PROMPT_ARGUMENTS)
    scheduler = find_scheduler(recipe.scheduler).label if "scheduler" in own else ""
    size = f"{recipe.width}x{recipe.height}" if "size" in own else ""
    latents = "latents" if own.get("from_latents") == "True" else ""
    return f"{size} {latents} {named} {scheduler} {own.get('weights', '')} {name_noise(recipe)}"


def _find_shared_words(prompts: Sequence[str]) -> str:
    """Return the common start of the prompts, up to the end of a word."""
    places = takewhile(lambda letters: len(set(letters)) == 1, zip(*prompts, strict=False))
    shared = "".join(letters[0] for letters in places)
    is_cut = any(re.match(r"\w", prompt[len(shared) :]) for prompt in prompts)
    return re.sub(r"\w+\Z", "", shared) if is_cut else shared
