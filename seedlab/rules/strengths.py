"""Lists of strengths from 0 to 1, some of which have names."""

import re
from collections.abc import Mapping

from seedlab.core.errors import RecipeError
from seedlab.core.texts.numbers import MAX_CHARACTERS, read_number, tidy_digits
from seedlab.core.validation import check_text
from seedlab.rules.rule import unique


def read_strengths(field: str, text: str, names: Mapping[str, float]) -> tuple[float, ...]:
    """Read words and numbers, separated by spaces, semicolons and commas; "0,1" is one number.

    Args:
        field: the parameter that an error is about.
        names: strengths by name, in lower case.

    Raises:
        RecipeError: there is none, or one is not from 0 to 1.
    """
    check_text(field, text, "The list of strengths", MAX_CHARACTERS)
    words: list[str] = []
    for part in re.split(r"[;\s]+|,\s+", tidy_digits(text)):
        words += [part] if re.fullmatch(r"[0-9]*,[0-9]+", part) else part.split(",")
    strengths = unique(_read_strength(field, word, names) for word in words if word)
    if not strengths:
        raise RecipeError(field, f"No strength given. Write {_list(names)}a number such as 0.3.")
    return strengths


def _read_strength(field: str, word: str, names: Mapping[str, float]) -> float:
    if word.lower() in names:
        return names[word.lower()]
    try:
        strength = read_number(field, word)
    except RecipeError as error:
        raise RecipeError(field, f"{error} Or write {' or '.join(names)}." if names else str(error)) from error
    if not 0 <= strength <= 1:
        raise RecipeError(field, f"The strength must be from 0 to 1, not {strength:g}.")
    return strength


def _list(names: Mapping[str, float]) -> str:
    return f"{', '.join(names)}, or " if names else ""
