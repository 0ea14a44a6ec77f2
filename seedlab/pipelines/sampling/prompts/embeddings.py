"""The embeddings of a prompt, encoded in a call of its own: by the pipeline, and by compel where it has weights."""

import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from seedlab.core.errors import RecipeError
from seedlab.core.models.model_checks import ESCAPING
from seedlab.core.recipes.prompt_weights import Part, is_weighted, join_parts, read_parts
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.texts.text import quote
from seedlab.pipelines.models.families import family_of
from seedlab.pipelines.sampling.prompts.variety import vary_embeddings

if TYPE_CHECKING:
    from torch import Tensor


def encode(pipeline: Any, prompt: str, syntax: str, *, is_negative: bool = False) -> "tuple[Tensor, ...]":
    """Return the embeddings of one prompt, a row each, in the order in which `encode_prompt` returns them.

    Z-Image's are lists with one tensor. A prompt without weights has those of the plain call. Otherwise compel weighs
    the first ones; pooled ones are those of the words without weights.

    Args:
        is_negative: whether it is a negative prompt: Sana puts its instructions only before others.

    Raises:
        RecipeError: the prompt has weights that cannot be applied.
    """
    parts = read_parts(prompt, syntax)
    plain = _encode_plainly(pipeline, join_parts(parts), is_negative)
    return (_weigh(pipeline, parts), *plain[1:]) if is_weighted(parts) else plain


def replace_prompts(pipeline: Any, recipe: Recipe, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a call with embeddings in place of prompts that have weights, or seed variety.

    Raises:
        RecipeError: as for `encode`.
    """
    names = family_of(pipeline).embeddings or ("prompt_embeds",)
    replaced = dict(arguments)
    for field, prefix in (("prompt", ""), ("negative_prompt", "negative_")):
        is_varied = bool(recipe.seed_variety) and field == "prompt"
        if field not in arguments or not (recipe.prompt_syntax or is_varied):
            continue
        prompt = replaced.pop(field)
        parts = read_parts(prompt, recipe.prompt_syntax)
        if is_weighted(parts) or is_varied:
            rows = encode(pipeline, prompt, recipe.prompt_syntax)
            rows = vary_embeddings(rows, recipe) if is_varied else rows
            replaced |= {prefix + name: row for name, row in zip(names, rows, strict=False)}
        else:
            replaced[field] = join_parts(parts)
    return replaced


def _encode_plainly(pipeline: Any, prompt: str, is_negative: bool) -> "tuple[Tensor, ...]":
    import torch

    takes = inspect.signature(type(pipeline).encode_prompt).parameters
    # Prompts for the other text encoders are None, the default, which Stable Diffusion 3 requires to be passed.
    others = {name: None for name in ("prompt_2", "prompt_3") if name in takes}
    fixed = {"do_classifier_free_guidance": False, "num_images_per_prompt": 1}
    settings = {name: value for name, value in fixed.items() if name in takes} | _read_settings(pipeline, is_negative)
    with torch.no_grad():
        encoded = pipeline.encode_prompt(prompt=prompt, **others, device=pipeline._execution_device, **settings)
    found = tuple(each for each in encoded if each is not None)
    names = family_of(pipeline).embeddings or ()
    if len(found) < len(names) and names[-1].endswith("_mask"):  # Qwen-Image returns none if all tokens count
        return (*found, torch.ones(found[0].shape[:2], dtype=torch.long, device=found[0].device))
    return found


def _read_settings(pipeline: Any, is_negative: bool) -> dict[str, Any]:
    """Return what a pipeline's call passes to `encode_prompt`, whose own defaults may differ."""
    given = inspect.signature(type(pipeline).__call__).parameters
    takes = inspect.signature(type(pipeline).encode_prompt).parameters
    names = ("max_sequence_length",) if is_negative else ("max_sequence_length", "complex_human_instruction")
    return {name: given[name].default for name in names if name in given and name in takes}


def _weigh(pipeline: Any, parts: tuple[Part, ...]) -> "Tensor":
    """Return the weighted embeddings of all text encoders, side by side."""
    import torch
    from compel import EmbeddingsProvider, ReturnedEmbeddingsType

    names = family_of(pipeline).weighted_encoders
    if not names:
        raise RecipeError("prompt", f"This model reads no weights such as (word:1.3). {ESCAPING}")
    # Stable Diffusion reads the last layer, and SDXL with its two text encoders the one before.
    layer = "LAST_HIDDEN_STATES_NORMALIZED" if len(names) == 1 else "PENULTIMATE_HIDDEN_STATES_NON_NORMALIZED"
    texts, weights = [text for text, _ in parts], [weight for _, weight in parts]
    device, weighted = pipeline._execution_device, []
    for name in names:
        tokenizer = getattr(pipeline, name.replace("text_encoder", "tokenizer"))
        _refuse_special_tokens(tokenizer, texts)
        provider = EmbeddingsProvider(
            tokenizer, getattr(pipeline, name), returned_embeddings_type=ReturnedEmbeddingsType[layer], device=device
        )
        with torch.no_grad():
            weighted.append(provider.get_embeddings_for_weighted_prompt_fragments([texts], [weights], device=device))
    return torch.cat(weighted, dim=-1)


def _refuse_special_tokens(tokenizer: Any, texts: list[str]) -> None:
    """Refuse texts that mean the start or the end of a prompt, where compel looks for its pieces."""
    for token in (tokenizer.bos_token, tokenizer.eos_token):
        if any(token in text for text in texts):
            raise RecipeError("prompt", f"A prompt with weights cannot contain {quote(token)}: leave it out.")
