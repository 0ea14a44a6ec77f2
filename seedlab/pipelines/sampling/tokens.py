"""Finds the words of a prompt that are beyond the text encoders' limit."""

from typing import Any

from seedlab.core.recipe import Recipe

TOKENIZERS = ("tokenizer", "tokenizer_2", "tokenizer_3")


def find_truncated(pipeline: Any, prompt: str) -> str:
    """Return the end of the prompt that no text encoder of the pipeline reads; "" if it is read completely."""
    tokenizers = [tokenizer for name in TOKENIZERS if (tokenizer := getattr(pipeline, name, None)) is not None]
    if not tokenizers:
        return ""
    longest = max(tokenizers, key=lambda tokenizer: int(tokenizer.model_max_length))
    # The begin and end tokens count too.
    limit = int(longest.model_max_length) - 2
    ids = longest(prompt, add_special_tokens=False, verbose=False).input_ids
    return str(longest.decode(ids[limit:])).strip() if len(ids) > limit else ""


def format_truncation_notice(pipeline: Any, recipe: Recipe) -> str:
    """Return a sentence that lists the words of the prompts that were not read; "" if all were."""
    prompts = {"The prompt": recipe.prompt, "The negative prompt": recipe.negative_prompt}
    unread = {name: find_truncated(pipeline, prompt) for name, prompt in prompts.items()}
    return " ".join(
        f"{name} is longer than the model reads. Not read: “{words}”" for name, words in unread.items() if words
    )
