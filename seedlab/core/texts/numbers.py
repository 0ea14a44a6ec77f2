"""Numbers as people write them: "7,5", "20.0", "256 x 256", with the digits and marks of any script.

A number is read as it is meant or refused, never split: "1,000" may mean 1000 or two numbers.
"""

import re
import unicodedata

from seedlab.core.errors import RecipeError
from seedlab.core.texts.text import quote
from seedlab.core.validation import check_text

MARKS = str.maketrans(
    {
        **dict.fromkeys("、،", ","),
        **dict.fromkeys("؛", ";"),
        **dict.fromkeys("٫", "."),
        **dict.fromkeys("‐‑‒–—−﹣〜", "-"),
        **dict.fromkeys("×✕✖", "x"),
        **dict.fromkeys("’٬", "'"),
    }
)
"""Marks that input methods, word processors and the Arabic script put in place of those in ASCII."""

GROUPED = re.compile(r"[+-]?[1-9][0-9]{0,2}(?:([,.' _])[0-9]{3})(?:\1[0-9]{3})*")
"""A number whose digits are in groups of three: 1,000 or 1 000 000."""

WHOLE = re.compile(r"([+-]?[0-9]{1,20})(?:[.,]0{1,2})?")
NUMBER = re.compile(r"[+-]?(?:[0-9]{1,9}(?:[.,][0-9]{0,9})?|[.,][0-9]{1,9})")
SIZE = re.compile(r"([0-9]{1,6})(?: ?[x*] ?([0-9]{1,6}))?")

MAX_CHARACTERS = 6_000
"""A list of 256 numbers of twenty digits takes fewer. Longer texts are not parsed."""

MAX_DIGITS = 50
"""Characters. No number on a recipe is longer."""

RUN = re.compile(r"[0-9]+(?:([, ])[0-9]+)(?:\1[0-9]+)*")
"""Numbers with nothing but one comma or one space between them."""


def tidy_digits(text: str) -> str:
    """Return a text with the ASCII digits, marks and spaces for those of other scripts and of full width."""
    return "".join(map(_tidy, text)).translate(MARKS)


def _tidy(character: str) -> str:
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    if character.isspace():
        return character if character in "\n\r" else " "
    # Not NFKC for all: it makes 102 of 10².
    is_wide = unicodedata.east_asian_width(character) in "FH"
    return unicodedata.normalize("NFKC", character) if is_wide else character


def _tidy_number(text: str) -> str:
    text = text.strip()
    return tidy_digits(text).strip() if len(text) <= MAX_DIGITS else ""


def read_whole(field: str, text: str) -> int:
    """Read a whole number; "20.0" is one.

    Args:
        field: the recipe field that an error is about.

    Raises:
        RecipeError: it is not one, or its digits are grouped.
    """
    tidy = _tidy_number(text)
    if match := WHOLE.fullmatch(tidy):
        return int(match[1])
    if GROUPED.fullmatch(tidy):
        plain = re.sub(r"[,.' _]", "", tidy)
        raise RecipeError(field, f"{quote(text.strip())} can be read in two ways: write {plain} without separators.")
    example = 512 if field in ("width", "height") else 20
    raise RecipeError(field, f"{quote(text.strip())} is not a whole number: write one such as {example}.")


def read_number(field: str, text: str) -> float:
    """Read a number with a decimal point or comma.

    Args:
        field: the recipe field that an error is about.

    Raises:
        RecipeError: it is not one, or its comma may separate thousands.
    """
    tidy = _tidy_number(text)
    if "," in tidy and GROUPED.fullmatch(tidy):
        sentence = f"{quote(text.strip())} can be read in two ways: write {tidy.replace(',', '.')} or without a comma."
        raise RecipeError(field, sentence)
    if NUMBER.fullmatch(tidy) is None:
        raise RecipeError(field, f"{quote(text.strip())} is not a number: write one such as 7.5.")
    return float(tidy.replace(",", "."))


def read_size(field: str, text: str) -> tuple[int, int]:
    """Read width and height in pixels: "256", "320x256", "320 × 256" or "320*256".

    Args:
        field: the recipe field that an error is about.

    Raises:
        RecipeError: it is not a size.
    """
    match = SIZE.fullmatch(" ".join(_tidy_number(text).lower().split()))
    if match is None:
        sentence = f"{quote(text.strip())} is not a size: write 256 or, width first, 320x256."
        raise RecipeError(field, sentence)
    return int(match[1]), int(match[2] or match[1])


def split_numbers(field: str, text: str) -> list[str]:
    """Split a list of numbers at commas, semicolons, spaces and new lines, into ASCII.

    Args:
        field: the recipe field that an error is about.

    Raises:
        RecipeError: it has "1,000", "1 000" or "7,05", which may be one number or several; or more than 6,000
            characters.
    """
    check_text(field, text, "The list of numbers", MAX_CHARACTERS)
    lines = re.split(r"[\n\r]", tidy_digits(text))
    for line in lines:
        for run in RUN.finditer(re.sub(r"(?<=[0-9]) +(?=[0-9])", " ", line)):
            _refuse_ambiguous(field, run[0], run[1])
    return [word for line in lines for word in re.split(r"[,; ]+", line) if word]


def _refuse_ambiguous(field: str, run: str, mark: str) -> None:
    first, *others = run.split(mark)
    is_decimal = mark == "," and any(re.match("0[0-9]", each) for each in others)
    if GROUPED.fullmatch(run) or is_decimal:
        listed = ", ".join((first, *others))
        one = run.replace(mark, ".") if is_decimal and not GROUPED.fullmatch(run) else run.replace(mark, "")
        raise RecipeError(field, f"{quote(run)} can be read in two ways: write {one}, or with spaces {listed}.")
