"""Recipes of rounds, as tests need them."""

from collections.abc import Iterable

from seedlab.core.recipes.recipe import Recipe
from seedlab.rules.kinds.seeds import Seeds
from seedlab.rules.kinds.wordings.suffixes import Suffixes


def seed_round(recipe: Recipe, seeds: Iterable[int]) -> tuple[Recipe, ...]:
    return tuple(Seeds(tuple(seeds)).make(recipe))


def suffix_round(recipe: Recipe, suffixes: Iterable[str]) -> tuple[Recipe, ...]:
    return tuple(Suffixes(tuple(suffixes)).make(recipe))
