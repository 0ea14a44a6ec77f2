"""Notices about a recipe, before its picture is made. The page and the command line give the same ones."""

from collections.abc import Sequence


def format_unknown_words(name: str, words: Sequence[str], examples: Sequence[str] = (), where: str = "") -> str:
    """Format a notice about words that a model was not trained on; "" if there are none.

    Args:
        name: of the model.
        examples: some words that the model knows.
        where: where all of them are listed, as the end of a sentence; "" if they are not.
    """
    if not words:
        return ""
    listed = ", ".join(f"“{word[:40]}”" for word in words[:6]) + ("…" if len(words) > 6 else "")
    known = ", ".join(examples)
    listing = f": {where}" if where else ""
    hint = f"It knows {known} and more{listing}." if known else "The other words still count."
    return f"{name} does not know {listed}. {hint}"
