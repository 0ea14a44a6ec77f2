"""The rows of a batch, image by image: how they are laid out, and how a module runs on each image alone."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_map

from seedlab.pipelines.patching import replace_attribute

Forward = Callable[..., Any]
PROMPTS = "encoder_hidden_states"
"""The argument of denoisers that is the same at every step."""


@dataclass(frozen=True)
class BatchLayout:
    """How a batch is laid out: `count` images with `group` rows each, side by side.

    With guidance an image has two rows, one for each prompt; pipelines stack all negative prompts before all prompts.
    Here an image's rows stand together, so that a slice of the batch is what the image's own call would be given.
    """

    count: int
    group: int

    @property
    def rows(self) -> int:
        """Rows of the batch."""
        return self.count * self.group

    def gather(self, values: Any) -> Any:
        """Put each image's rows together, in all tensors of a nested structure that have the batch's rows."""
        return self._reorder(values, (self.group, self.count))

    def scatter(self, values: Any) -> Any:
        """Undo `gather`."""
        return self._reorder(values, (self.count, self.group))

    def take(self, values: Any, index: int) -> Any:
        """Return one image's rows, as views."""
        rows = slice(index * self.group, (index + 1) * self.group)
        return self._map(lambda tensor: tensor[rows], values)

    def roll(self, values: Any) -> Any:
        """Move every image one slot on."""
        return self._map(lambda tensor: tensor.roll(self.group, 0), values)

    def fits(self, values: Sequence[Any]) -> bool:
        """Whether any of these values is a tensor with the batch's rows."""
        return any(self._is_batch(value) for value in values)

    def _reorder(self, values: Any, shape: tuple[int, int]) -> Any:
        if 1 in shape:
            return values
        order = torch.arange(self.rows).view(shape).T.flatten()
        return self._map(lambda tensor: tensor[order.to(tensor.device)], values)

    def _map(self, change: Callable[[Tensor], Tensor], values: Any) -> Any:
        return tree_map(lambda value: change(value) if self._is_batch(value) else value, values)

    def _is_batch(self, value: Any) -> bool:
        return isinstance(value, Tensor) and value.ndim > 0 and len(value) == self.rows


def call_alone(forward: Forward, layout: BatchLayout) -> Forward:
    """Return a function that calls `forward` for each image of a batch and puts the results together."""

    def call(*args: Any, **kwargs: Any) -> Any:
        if not layout.fits((*args, *kwargs.values())):
            return forward(*args, **kwargs)
        results = [_call_slot(forward, layout, index, args, kwargs) for index in range(layout.count)]
        return tree_map(lambda *parts: torch.cat(parts) if isinstance(parts[0], Tensor) else parts[0], *results)

    return call


@contextmanager
def run_alone(root: nn.Module, names: Sequence[str], layout: BatchLayout) -> Iterator[None]:
    """Let the modules of these names run image by image, as long as this lasts."""
    with ExitStack() as stack:
        for name in names:
            module = root.get_submodule(name)
            stack.enter_context(replace_attribute(module, "forward", call_alone(module.forward, layout)))
        yield


def _call_slot(forward: Forward, layout: BatchLayout, index: int, args: Any, kwargs: Any) -> Any:
    return forward(*layout.take(args, index), **layout.take(kwargs, index))
