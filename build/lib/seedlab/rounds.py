"""The rules that make a round: pure functions from a recipe to the recipes of its tiles."""

from collections.abc import Sequence
from dataclasses import replace

from seedlab.core.errors import RecipeError
from seedlab.core.recipe import Recipe

GUIDE_SEEDS = "0-3"
GUIDE_SUFFIXES = (", highly realistic", ", artsy", ", trending", ", colorful")
MAX_SUFFIXES = 16


def seed_round(recipe: Recipe, seeds: Sequence[int]) -> tuple[Recipe, ...]:
    """Same prompt, other seeds: the first round of the diffusers guide."""
    return tuple(replace(recipe, seed=seed) for seed in seeds)


def name_seeds(seeds: Sequence[int]) -> str:
    """Name a round of seeds: "Seed 7", "Seeds 0–3"."""
    if len(seeds) == 1:
        return f"Seed {seeds[0]}"
    if list(seeds) == list(range(seeds[0], seeds[0] + len(seeds))):
        return f"Seeds {seeds[0]}–{seeds[-1]}"
    listed = ", ".join(str(seed) for seed in seeds[:4])
    return f"Seeds {listed}{'…' if len(seeds) > 4 else ''}"


def suffix_round(recipe: Recipe, suffixes: Sequence[str]) -> tuple[Recipe, ...]:
    """Same seed, prompt + suffix: the second round of the diffusers guide.

    Raises:
        RecipeError: a prompt becomes too long.
    """
    return tuple(replace(recipe, prompt=extend_prompt(recipe.prompt, suffix)) for suffix in suffixes)


def extend_prompt(prompt: str, suffix: str) -> str:
    """Put a suffix after a prompt: glued to it if it begins with punctuation, after a space if with a word."""
    if not prompt:
        return suffix.lstrip(" ,;.")
    return f"{prompt} {suffix}" if suffix[:1].isalnum() else prompt + suffix


def cut_suffix(prompt: str, suffix: str) -> str:
    """Take a suffix off a prompt's end: what `extend_prompt` made of the answer and the suffix is the prompt.

    Raises:
        RecipeError: the prompt does not end in it.
    """
    for shorter in (prompt.removesuffix(f" {suffix}"), prompt.removesuffix(suffix), ""):
        if extend_prompt(shorter, suffix) == prompt:
            return shorter
    raise RecipeError("suffixes", "This suffix is not the end of this prompt: use the prompt as it was.")


def find_ancestors(recipe: Recipe, suffixes: Sequence[str]) -> tuple[Recipe, ...]:
    """Return the recipes of all parents of a picture, that of the first round first, by the suffixes that led to it.

    Raises:
        RecipeError: the suffixes did not lead to it.
    """
    ancestors = [recipe]
    for suffix in reversed(suffixes):
        ancestors.insert(0, replace(ancestors[0], prompt=cut_suffix(ancestors[0].prompt, suffix)))
    return tuple(ancestors[:-1])


def parse_suffixes(text: str) -> tuple[str, ...]:
    """Read suffixes as people write them: one a line. Blank lines and doubles are dropped.

    Raises:
        RecipeError: no suffix, or more than 16.
    """
    suffixes = tuple(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))
    if not suffixes:
        raise RecipeError("suffixes", "No suffix given. Write one a line, such as “, artsy”.")
    if len(suffixes) > MAX_SUFFIXES:
        raise RecipeError("suffixes", f"{len(suffixes)} suffixes are too many for one round: use {MAX_SUFFIXES}.")
    return suffixes
