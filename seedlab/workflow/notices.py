"""Notices about a recipe, before its picture is made. The page and the command line give the same ones."""

from collections.abc import Sequence

from seedlab.core.models.model import Model
from seedlab.core.models.seed_share import SeedShare
from seedlab.core.recipes.prompt_weights import choose_syntax, strip_typed_weights
from seedlab.core.texts.text import quote
from seedlab.rules.expansion import find_choice
from seedlab.workflow.services import Services

LITTLE_SHARE = 0.2
REMEDY = "Seed variety, such as 0.5, makes its seeds differ more."
EXAMPLES = 4
"""Words that the model knows, in the notice about those that it does not."""

WEIGHING = (
    r"Brackets weigh words: (word) more, [word] less, (word:1.3) by a number. For brackets themselves write \( and \)."
)

CHOOSING = "Choices such as {} in the prompt are read as they are: lock a picture and vary it by wildcards to choose."


def describe_marks(prompt: str, negative_prompt: str = "") -> str:
    """Return a notice for prompts with weights or choices, as they are typed; "" for others."""
    weighing = WEIGHING if choose_syntax(prompt, negative_prompt) else ""
    choice = find_choice(prompt)
    choosing = CHOOSING.format(quote(choice)) if choice else ""
    return " ".join(filter(None, (weighing, choosing)))


def describe_unknown_words(
    services: Services, model_id: str, name: str, prompts: Sequence[str], where: str = ""
) -> str:
    """Return a notice about words of prompts that a model was not trained on; "" if there are none.

    Args:
        name: of the model.
        where: see `format_unknown_words`.
    """
    texts = map(strip_typed_weights, prompts)
    words = dict.fromkeys(word for text in texts for word in services.unknown_words(model_id, text))
    examples = next(iter(services.list_words(model_id).values()), ())[:EXAMPLES]
    return format_unknown_words(name, tuple(words), examples, where)


def describe_seeds(services: Services, model: Model) -> str:
    """Return what is known about the effect of the seed on a model's pictures; "" for nothing."""
    share = services.shares.find(model)
    note = model.card.seeds if model.card else ""
    remedy = REMEDY if _is_little(share, model) and model.step_embeddings else ""
    return " ".join(filter(None, (note, share.format() if share else "", remedy)))


def warn_of_seeds(services: Services, model: Model) -> str:
    """Return a notice where a model leaves little to the seed, so that exploring seeds is in vain; "" otherwise."""
    return describe_seeds(services, model) if _is_little(services.shares.find(model), model) else ""


def _is_little(share: SeedShare | None, model: Model) -> bool:
    return (share is not None and share.share < LITTLE_SHARE) or bool(model.card and model.card.seeds)


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
