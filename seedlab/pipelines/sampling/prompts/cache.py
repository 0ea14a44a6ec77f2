"""A cache of prompt embeddings, in which each prompt is encoded in a call of its own."""

import inspect
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from seedlab.core.lru_cache import LRUCache
from seedlab.core.recipes.prompt_weights import has_marks
from seedlab.core.recipes.recipe import Recipe
from seedlab.pipelines.devices.library_warnings import collect_warnings, repeat_warnings
from seedlab.pipelines.models.capabilities import Capabilities
from seedlab.pipelines.models.families import family_of
from seedlab.pipelines.sampling.arguments import make_true_guidance
from seedlab.pipelines.sampling.prompts.embeddings import encode
from seedlab.pipelines.sampling.prompts.variety import vary_embeddings

if TYPE_CHECKING:
    from torch import Tensor

MAX_BYTES = 256 * 2**20
"""Of the embeddings. In half precision a prompt of Flux takes 4 MB, and one of Stable Diffusion 0.1 to 0.6."""

Encoded = tuple[tuple["Tensor", ...], list[str]]
"""The embeddings of a prompt, and the warnings about it, which belong to all its pictures."""


class UnequalPromptsError(ValueError):
    """The embeddings of these prompts have different lengths: a batch would pad the shorter ones."""


class Prompts:
    """The prompt embeddings of one pipeline.

    Each prompt is encoded in a call of its own, because in half precision a text encoder's bits depend on the batch
    too; and they are cached, because every image needs the empty prompt.
    """

    def __init__(self, pipeline: Any) -> None:
        """Create an empty cache for a pipeline whose family `can_batch`."""
        self._pipeline = pipeline
        self._names = family_of(pipeline).embeddings or ()
        self._cache: LRUCache[tuple[str, str, bool], Encoded] = LRUCache(MAX_BYTES, _measure)

    def encode(self, recipes: Sequence[Recipe]) -> "dict[str, Any]":
        """Return the arguments that replace the recipes' prompts, with one row for each recipe.

        For a pipeline without prompts, the argument is the batch's size.

        Raises:
            UnequalPromptsError: the pipeline does not pad a prompt that is encoded alone, and these differ in length.
        """
        if not self._names:
            return {"batch_size": len(recipes)}
        rows = [vary_embeddings(self._encode(each.prompt, each.prompt_syntax), each) for each in recipes]
        texts = [self._find_negative(recipe) for recipe in recipes]
        negatives = [
            self._encode_negative(text, recipe.prompt_syntax)
            for text, recipe in zip(texts, recipes, strict=True)
            if text is not None
        ]
        if not negatives:
            return self._join(rows, "")
        # PixArt and Sana would read their default, an empty text, too.
        default = inspect.signature(self._pipeline.__call__).parameters["negative_prompt"].default
        texts_given = {} if default is None else {"negative_prompt": None}
        return self._join(rows, "") | self._join(negatives, "negative_") | texts_given

    def _join(self, rows: Sequence[Any], prefix: str) -> "dict[str, Any]":
        # Flux returns the positions of the tokens too, which its call finds out itself.
        return {
            prefix + name: _join_rows(each) for name, each in zip(self._names, zip(*rows, strict=True), strict=False)
        }

    def _find_negative(self, recipe: Recipe) -> str | None:
        """Return the negative prompt that the plain call encodes for a recipe; None if it encodes none."""
        capabilities = Capabilities.read(self._pipeline)
        if capabilities.true_cfg_scale:
            negative: str | None = make_true_guidance(recipe)["negative_prompt"]
            return negative
        is_distilled = "true_cfg_scale" in inspect.signature(self._pipeline.__call__).parameters
        return recipe.negative_prompt if capabilities.negative_prompt and not is_distilled else None

    def encode_later(self, recipe: Recipe) -> "tuple[Tensor, ...]":
        """Return the embeddings of a recipe's `later_prompt`."""
        return self._encode(recipe.later_prompt, recipe.prompt_syntax)

    def _encode_negative(self, text: str, syntax: str) -> "tuple[Tensor, ...]":
        encoded = self._encode(text, syntax, is_negative=True)
        # SDXL uses zeros if there is no negative prompt (`force_zeros_for_empty_prompt`).
        is_zero = not text and self._pipeline.config.get("force_zeros_for_empty_prompt", False)
        return tuple(each.new_zeros(each.shape) for each in encoded) if is_zero else encoded

    def _encode(self, text: str, syntax: str, *, is_negative: bool = False) -> "tuple[Tensor, ...]":
        # Prompts without weights are the same in both syntaxes, and the empty one is needed in both.
        syntax = syntax if has_marks(text) else ""
        key = (text, syntax, is_negative)
        found = self._cache.get(key)
        if found is None:
            with collect_warnings() as messages:
                found = encode(self._pipeline, text, syntax, is_negative=is_negative), messages
            self._cache.put(key, found)
        embeddings, messages = found
        repeat_warnings(messages)
        return embeddings


def _measure(encoded: Encoded) -> int:
    """Return the bytes of a prompt's embeddings; Z-Image has lists of them."""
    tensors = (each for value in encoded[0] for each in (value if isinstance(value, list) else [value]))
    return sum(each.nbytes for each in tensors)


def _join_rows(rows: Sequence[Any]) -> Any:
    import torch

    if isinstance(rows[0], list):
        return [each for row in rows for each in row]
    if any(row.shape != rows[0].shape for row in rows):
        raise UnequalPromptsError
    return torch.cat(list(rows))
