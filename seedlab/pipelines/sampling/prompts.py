"""A cache of prompt embeddings, in which each prompt is encoded in a call of its own."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from seedlab.core.prompt_weights import has_marks
from seedlab.core.recipe import Recipe
from seedlab.pipelines.devices.library_warnings import collect_warnings, repeat_warnings
from seedlab.pipelines.models.families import family_of
from seedlab.pipelines.sampling.embeddings import encode

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
        # With the warnings about each, which belong to all pictures of this prompt.
        self._cache: OrderedDict[tuple[str, str], tuple[tuple[Tensor, ...], list[str]]] = OrderedDict()

    def encode(self, recipes: Sequence[Recipe]) -> "dict[str, Tensor | int]":
        """Return the arguments that replace the recipes' prompts, with one row for each recipe.

        For a pipeline without prompts, the argument is the batch's size.
        """
        import torch

        if not self._names:
            return {"batch_size": len(recipes)}
        rows = [self._encode(recipe.prompt, recipe.prompt_syntax) for recipe in recipes]
        negatives = [self._encode_negative(recipe.negative_prompt, recipe.prompt_syntax) for recipe in recipes]
        arguments: dict[str, Tensor | int] = dict(
            zip(self._names, map(torch.cat, zip(*rows, strict=True)), strict=True)
        )
        names = (f"negative_{name}" for name in self._names)
        return arguments | dict(zip(names, map(torch.cat, zip(*negatives, strict=True)), strict=True))

    def encode_late(self, recipe: Recipe) -> "tuple[Tensor, ...]":
        """Return the embeddings of a recipe's late prompt."""
        return self._encode(recipe.late_prompt, recipe.prompt_syntax)

    def _encode_negative(self, text: str, syntax: str) -> "tuple[Tensor, ...]":
        encoded = self._encode(text, syntax)
        # SDXL uses zeros if there is no negative prompt (`force_zeros_for_empty_prompt`).
        is_zero = not text and self._pipeline.config.get("force_zeros_for_empty_prompt", False)
        return tuple(each.new_zeros(each.shape) for each in encoded) if is_zero else encoded

    def _encode(self, text: str, syntax: str) -> "tuple[Tensor, ...]":
        # Prompts without weights are the same in both syntaxes, and the empty one is needed in both.
        key = (text, syntax if has_marks(text) else "") if syntax else (text, "")
        if key not in self._cache:
            with collect_warnings() as messages:
                encoded = encode(self._pipeline, *key)
            self._cache[key] = encoded, messages
            if len(self._cache) > MAX_PROMPTS:
                self._cache.popitem(last=False)
        self._cache.move_to_end(key)
        embeddings, messages = self._cache[key]
        repeat_warnings(messages)
        return embeddings
