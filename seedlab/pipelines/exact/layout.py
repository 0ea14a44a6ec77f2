"""The rows of a batch, grouped by image, and running modules on one image at a time."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_map

from seedlab.pipelines.patching import replace_attribute

Forward = Callable[..., Any]
PROMPT_ARGUMENT = "encoder_hidden_states"
"""The denoiser's argument that has the same value at every step."""


@dataclass(frozen=True)
class BatchLayout:
    """The number of images in a batch, and of rows for each.

    With guidance an image has two rows, one for each prompt. Most pipelines stack all negative prompts before all
    prompts, Z-Image after them. Here an image's rows are adjacent, so that a slice of the batch equals the input of the
    image's own call.

    Attributes:
        images: the number of images.
        rows_per_image: the number of rows for each of them.
        shapes: of the tensors inside the denoiser that have equal parts for all images, one after the other. Other
            tensors may have the batch's size by chance, such as the positions of as many patches. None for the
            denoiser's own arguments: tensors with the batch's size, and lists with an item for each row.
    """

    images: int
    rows_per_image: int
    shapes: frozenset[tuple[int, ...]] | None = None

    @property
    def rows(self) -> int:
        """The batch's size."""
        return self.images * self.rows_per_image

    def gather(self, values: Any) -> Any:
        """Make each image's rows adjacent, in all tensors and lists of a nested structure that have rows."""
        return self._reorder(values, (self.rows_per_image, self.images))

    def scatter(self, values: Any) -> Any:
        """Undo `gather`."""
        return self._reorder(values, (self.images, self.rows_per_image))

    def take(self, values: Any, index: int, images: int = 1) -> Any:
        """Return the rows of one image, or of several from there on, as views."""

        def take_rows(value: Any) -> Any:
            count = len(value) // self.images
            return value[index * count : (index + images) * count]

        return self._map(take_rows, values)

    def roll(self, values: Any) -> Any:
        """Move every image to the next position, and the last to the first."""
        count = self.rows_per_image
        return self._map(
            lambda rows: rows.roll(count, 0) if isinstance(rows, Tensor) else rows[-count:] + rows[:-count], values
        )

    def fits(self, values: Sequence[Any]) -> bool:
        """Whether any of these values has rows for all images."""
        return any(self._has_rows(value) for value in values)

    def join(self, parts: Sequence[Any]) -> Any:
        """Concatenate what was computed for each image."""
        if isinstance(parts[0], Tensor):
            return torch.cat(list(parts))
        is_list = self._is_list if self.shapes is None else None
        return tree_map(_concatenate, *parts, is_leaf=is_list)

    def _reorder(self, values: Any, shape: tuple[int, int]) -> Any:
        if 1 in shape:
            return values
        return self._map(
            lambda rows: (
                rows[_order(shape, rows.device)]
                if isinstance(rows, Tensor)
                else [rows[i] for i in _order(shape, torch.device("cpu")).tolist()]
            ),
            values,
        )

    def _map(self, change: Callable[[Any], Any], values: Any) -> Any:
        return tree_map(lambda value: change(value) if self._has_rows(value) else value, values, is_leaf=self._has_rows)

    def _has_rows(self, value: Any) -> bool:
        if self.shapes is not None:
            return isinstance(value, Tensor) and tuple(value.shape) in self.shapes
        is_batch = self._is_list(value) or (isinstance(value, Tensor) and value.ndim > 0)
        return is_batch and len(value) == self.rows

    @staticmethod
    def _is_list(value: Any) -> bool:
        return isinstance(value, list)


def _concatenate(*parts: Any) -> Any:
    if isinstance(parts[0], list):
        return [row for part in parts for row in part]
    return torch.cat(parts) if isinstance(parts[0], Tensor) else parts[0]


@cache
def _order(shape: tuple[int, int], device: torch.device) -> Tensor:
    # Kept, because copying it to a GPU at every step would make the step wait.
    return torch.arange(shape[0] * shape[1], device=device).view(shape).T.flatten()


@dataclass(frozen=True)
class BatchCall:
    """A call of a denoiser for a batch.

    Attributes:
        denoiser: the module.
        forward: its own `forward`, which may have been replaced on the module since.
        args, kwargs: its arguments; each image's rows are adjacent.
        layout: the layout of these rows.
    """

    denoiser: nn.Module
    forward: Forward
    args: Any
    kwargs: Any
    layout: BatchLayout

    def run(self) -> Any:
        """Call the denoiser for the whole batch."""
        return self.forward(*self.args, **self.kwargs)

    def take(self, index: int) -> tuple[Any, Any]:
        """Return the arguments for one image."""
        return self.layout.take(self.args, index), self.layout.take(self.kwargs, index)

    def run_image(self, index: int) -> Any:
        """Call the denoiser for one image."""
        args, kwargs = self.take(index)
        return self.forward(*args, **kwargs)

    def run_per_image(self) -> Any:
        """Call the denoiser for each image, and concatenate the results."""
        return call_per_image(self.forward, self.layout)(*self.args, **self.kwargs)


def call_per_image(forward: Forward, layout: BatchLayout, images: int = 1) -> Forward:
    """Return a function that calls `forward` for each image of a batch, and concatenates the results.

    Args:
        images: how many images each call gets, if it is not one; a divisor of the batch's.
    """

    def call(*args: Any, **kwargs: Any) -> Any:
        if not layout.fits((*args, *kwargs.values())):
            return forward(*args, **kwargs)
        if len(args) == 1 and not kwargs and isinstance(args[0], Tensor):  # like most layers; `take` costs much more
            return layout.join([forward(part) for part in torch.split(args[0], len(args[0]) // layout.images * images)])
        indices = range(0, layout.images, images)
        return layout.join([forward(*layout.take(args, i, images), **layout.take(kwargs, i, images)) for i in indices])

    return call


@contextmanager
def run_per_image(root: nn.Module, names: Mapping[str, int], layout: BatchLayout) -> Iterator[None]:
    """Let modules run image by image inside the context, or on so many images at a time as their names map to."""
    with ExitStack() as stack:
        for name, images in names.items():
            module = root.get_submodule(name)
            stack.enter_context(replace_attribute(module, "forward", call_per_image(module.forward, layout, images)))
        yield
