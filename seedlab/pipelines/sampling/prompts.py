"""A cache of prompt embeddings, in which each prompt is encoded in a call of its own."""

import inspect
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from seedlab.core.recipe import Recipe
from seedlab.pipelines.devices.library_warnings import collect_warnings, repeat_warnings
from seedlab.pipelines.models.families import family_of

if TYPE_CHECKING:
    from torch import Tensor

MAX_PROMPTS = 128


class Prompts:
    """The prompt embeddings of one pipeline.

    Each prompt is encoded in a call of its own, because in half precision a text encoder's bits depend on the batch
    too; and they are cached, because every image needs the empty prompt.
    """

    def __init__(self, pipeline: Any) -> None:
        """Create an empty cache for a pipeline whose family `can_batch`."""
        self._pipeline = pipeline
        self._names = family_of(pipeline).embeddings or ()
        # Prompts for the other text encoders are None, the default, which Stable Diffusion 3 requires to be passed.
        names = inspect.signature(pipeline.encode_prompt).parameters if self._names else ()
        self._other_prompts = {name: None for name in names if name in ("prompt_2", "prompt_3")}
        # With the warnings about each, which belong to all pictures of this prompt.
        self._cache: OrderedDict[str, tuple[tuple[Tensor, ...], list[str]]] = OrderedDict()

    def encode(self, recipes: Sequence[Recipe]) -> "dict[str, Tensor | int]":
        """Return the arguments that replace the recipes' prompts, with one row for each recipe.

        For a pipeline without prompts, the argument is the batch's size.
        """
        import torch

        if not self._names:
            return {"batch_size": len(recipes)}
        rows = [self._encode(recipe.prompt) for recipe in recipes]
        negatives = [self._encode_negative(recipe.negative_prompt) for recipe in recipes]
        arguments: dict[str, Tensor | int] = dict(
            zip(self._names, map(torch.cat, zip(*rows, strict=True)), strict=True)
        )
        names = (f"negative_{name}" for name in self._names)
        return arguments | dict(zip(names, map(torch.cat, zip(*negatives, strict=True)), strict=True))

    def _encode_negative(self, text: str) -> "tuple[Tensor, ...]":
        encoded = self._encode(text)
        # SDXL uses zeros if there is no negative prompt (`force_zeros_for_empty_prompt`).
        is_zero = not text and self._pipeline.config.get("force_zeros_for_empty_prompt", False)
        return tuple(each.new_zeros(each.shape) for each in encoded) if is_zero else encoded

    def _encode(self, text: str) -> "tuple[Tensor, ...]":
        import torch

        if text not in self._cache:
            with collect_warnings() as messages, torch.no_grad():
                encoded = self._pipeline.encode_prompt(
                    prompt=text,
                    **self._other_prompts,
                    device=self._pipeline._execution_device,
                    num_images_per_prompt=1,
                    do_classifier_free_guidance=False,
                )
            self._cache[text] = tuple(each for each in encoded if each is not None), messages
            if len(self._cache) > MAX_PROMPTS:
                self._cache.popitem(last=False)
        self._cache.move_to_end(text)
        embeddings, messages = self._cache[text]
        repeat_warnings(messages)
        return embeddings
