"""Prompt embeddings: each prompt is encoded alone, once."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from seedlab.core.recipe import Recipe

if TYPE_CHECKING:
    from torch import Tensor
from seedlab.pipelines.models.families import EMBEDDINGS

MAX_PROMPTS = 128


class Prompts:
    """What a pipeline's text encoders made of prompts: each encoded alone, once.

    In half precision a text encoder's bits depend on its batch too; and the empty prompt is wanted for every picture.
    """

    def __init__(self, pipeline: Any) -> None:
        self._pipeline = pipeline
        self._names = EMBEDDINGS[type(pipeline).__name__]
        self._known: OrderedDict[str, tuple[Tensor, ...]] = OrderedDict()

    def encode(self, recipes: Sequence[Recipe]) -> "dict[str, Tensor | int]":
        """Return the arguments that stand for the recipes' prompts, a row for each recipe.

        A pipeline without prompts is told their number.
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
        # SDXL puts zeros where no negative prompt is given (`force_zeros_for_empty_prompt`).
        is_zero = not text and self._pipeline.config.get("force_zeros_for_empty_prompt", False)
        return tuple(each.new_zeros(each.shape) for each in encoded) if is_zero else encoded

    def _encode(self, text: str) -> "tuple[Tensor, ...]":
        import torch

        if text not in self._known:
            with torch.no_grad():
                encoded = self._pipeline.encode_prompt(
                    prompt=text,
                    device=self._pipeline._execution_device,
                    num_images_per_prompt=1,
                    do_classifier_free_guidance=False,
                )
            self._known[text] = tuple(each for each in encoded if each is not None)
            if len(self._known) > MAX_PROMPTS:
                self._known.popitem(last=False)
        self._known.move_to_end(text)
        return self._known[text]
