"""Checks of a recipe's fields. Each raises `RecipeError` with a message that says what to do."""

from seedlab.core.errors import RecipeError
from seedlab.core.texts.text import is_whole

MAX_SIDE = 4096
"""The largest height or width, in pixels."""


def check_text(field: str, value: object, name: str, limit: int) -> None:
    """Check for text of at most `limit` characters that every encoding can write."""
    if not isinstance(value, str):
        raise RecipeError(field, f"{name} must be text.")
    if len(value) > limit:
        raise RecipeError(field, f"{name} has {len(value):,} characters: shorten it to {limit:,} or fewer.")
    if "\0" in value or not is_whole(value):
        raise RecipeError(field, f"{name} contains a character that cannot be encoded: remove it.")


def check_int(field: str, value: object, name: str, low: int, high: int) -> None:
    """Check for a whole number in `low`...`high`."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise RecipeError(field, f"{name} must be a whole number from {low} to {high}.")
    if not low <= value <= high:
        # Python does not format integers of more than 4,300 digits.
        given = f", not {value}" if abs(value) < 10**20 else ""
        raise RecipeError(field, f"{name} must be from {low} to {high}{given}.")


def check_side(field: str, value: object) -> None:
    """Check for a height or width in pixels: 8...4096, a multiple of 8."""
    name = f"The {field.replace('_', ' ')}"
    check_int(field, value, name, 8, MAX_SIDE)
    assert isinstance(value, int)  # for mypy; check_int has checked it
    if value % 8:
        below = value // 8 * 8
        raise RecipeError(field, f"{name} must be a multiple of 8: use {below} or {below + 8}, not {value}.")


def check_choice(field: str, value: object, choices: tuple[str, ...]) -> None:
    """Check for one of several names."""
    if value not in choices:
        raise RecipeError(field, f"The {field.replace('_', ' ')} must be one of {', '.join(choices)}.")
