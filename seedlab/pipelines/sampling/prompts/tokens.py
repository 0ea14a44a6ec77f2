"""Finds the words of a prompt that are beyond the text encoders' limit."""

import inspect
from typing import Any

from seedlab.core.recipes.prompt_weights import strip_weights
from seedlab.core.recipes.recipe import Recipe
from seedlab.pipelines.models.families import family_of

TOKENIZERS = ("tokenizer", "tokenizer_2", "tokenizer_3")


def find_truncated(pipeline: Any, prompt: str) -> str:
    """Return the end of the prompt that no text encoder of the pipeline reads; "" if it is read completely."""
    if not prompt:
        return ""
    limits = [(_count_read(pipeline, name), getattr(pipeline, name)) for name in TOKENIZERS if _is_read(pipeline, name)]
    if not limits:
        return ""
    limit, tokenizer = max(limits, key=lambda pair: pair[0])
    ids = tokenizer(prompt, add_special_tokens=False, verbose=False).input_ids
    return str(tokenizer.decode(ids[limit:])).strip() if len(ids) > limit else ""


def _is_read(pipeline: Any, name: str) -> bool:
    """Whether the pipeline has this tokenizer, and the text encoder that it is for."""
    encoder = name.replace("tokenizer", "text_encoder")
    return getattr(pipeline, name, None) is not None and getattr(pipeline, encoder, True) is not None


def _count_read(pipeline: Any, name: str) -> int:
    """Return the number of a prompt's tokens that a text encoder reads, without those that the pipeline adds."""
    tokenizer, added = getattr(pipeline, name), family_of(pipeline).added_tokens
    limit = int(tokenizer.model_max_length)
    # CLIP reads as many tokens as it can; for other text encoders the pipelines have limits of their own.
    argument = inspect.signature(pipeline.__call__).parameters.get("max_sequence_length")
    if argument is not None and "CLIP" not in type(tokenizer).__name__:
        limit = min(limit, argument.default)
    return limit - (tokenizer.num_special_tokens_to_add() if added is None else added)


def format_truncation_notice(pipeline: Any, recipe: Recipe) -> str:
    """Return a sentence that lists the words of the prompts that were not read; "" if all were."""
    prompts = {
        "The prompt": recipe.prompt,
        "The prompt with late words": recipe.late_prompt,
        "The negative prompt": recipe.negative_prompt,
    }
    unread = {
        name: find_truncated(pipeline, strip_weights(prompt, recipe.prompt_syntax)) for name, prompt in prompts.items()
    }
    return " ".join(
        f"{name} is longer than the model reads. Not read: “{words}”" for name, words in unread.items() if words
    )
