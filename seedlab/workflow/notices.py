"""Notices about a recipe, before its picture is made. The page and the command line give the same ones."""

from collections.abc import Sequence

from seedlab.workflow.services import Services

EXAMPLES = 4
"""Words that the model knows, in the notice about those that it does not."""


def describe_unknown_words(
    services: Services, model_id: str, name: str, prompts: Sequence[str], where: str = ""
) -> str:
    """Return a notice about words of prompts that a model was not trained on; "" if there are none.

    Args:
        name: of the model.
        where: see `format_unknown_words`.
    """
    words = dict.fromkeys(word for prompt in prompts for word in services.unknown_words(model_id, prompt))
    examples = next(iter(services.list_words(model_id).values()), ())[:EXAMPLES]
    return format_unknown_words(name, tuple(words), examples, where)


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
