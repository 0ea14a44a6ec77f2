"""Seed variety: noise of the seed in the prompt's embedding, for the first steps.

A model of few steps makes much the same picture of every seed. This remedy is known from extensions for ComfyUI and
InvokeAI. The steps after it read the embedding as it is (see `late_words`), so that the picture keeps to the prompt.
"""

from typing import TYPE_CHECKING

from seedlab.core.recipes.recipe import Recipe

if TYPE_CHECKING:
    from torch import Tensor


def vary_embeddings(embeddings: "tuple[Tensor, ...]", recipe: Recipe) -> "tuple[Tensor, ...]":
    """Return a prompt's embeddings with the recipe's noise in the first of them; themselves if it has none.

    The noise is drawn on the CPU, whatever draws that of the latents: it is the same on every machine.

    Args:
        embeddings: a row each, as `seedlab.pipelines.sampling.prompts.embeddings.encode` returns them.
    """
    import torch

    if not recipe.seed_variety:
        return embeddings
    plain = embeddings[0].float()
    noise = torch.randn(plain.shape, generator=torch.Generator("cpu").manual_seed(recipe.seed)).to(plain.device)
    varied = plain + recipe.seed_variety * plain.std() * noise
    return varied.to(embeddings[0].dtype), *embeddings[1:]
