"""The cache of prepacked weights. It does not import torch, so that whoever runs batches can create it early."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from seedlab.pipelines.devices.memory import PREPACKED_BYTES

if TYPE_CHECKING:
    from torch import Tensor, nn


class PrepackCache:
    """Keeps the prepacked weights of layers from one batch to the next, those of several models if there is room.

    Prepacking a Stable Diffusion takes as long as half a step of four images of 256x256. A layer's entry is dropped
    with the layer.

    Attributes:
        limit: the most bytes of prepacked weights.
    """

    def __init__(self, limit: int = PREPACKED_BYTES) -> None:
        self.limit = limit
        self._entries: WeakKeyDictionary[nn.Module, tuple[Any, Tensor]] = WeakKeyDictionary()

    @property
    def size(self) -> int:
        """How many bytes of weights are prepacked."""
        return sum(weights.nbytes for _, weights in self._entries.values())

    def get(self, layer: "nn.Module", key: Any, prepack: "Callable[[], Tensor]") -> "Tensor":
        """Return a layer's prepacked weights.

        Args:
            key: everything that `prepack` depends on; a new key replaces the layer's entry.
            prepack: computes the weights if they are not cached.
        """
        entry = self._entries.get(layer)
        if entry is None or entry[0] != key:
            entry = self._entries[layer] = (key, prepack())
        return entry[1]

    def make_room(self, layers: "Iterable[Any]") -> None:
        """Drop entries of other layers until these layers fit, those that were used longest ago first."""
        wanted = dict.fromkeys(layers)
        free = self.limit - sum(layer.weight.nbytes for layer in wanted)
        for layer in reversed([layer for layer in self._entries if layer not in wanted]):
            free -= self._entries[layer][1].nbytes
            if free < 0:
                del self._entries[layer]
        for layer in wanted:
            if layer in self._entries:
                self._entries[layer] = self._entries.pop(layer)  # used last

    def retain(self, layers: "Iterable[nn.Module]") -> None:
        """Drop the entries of all other layers."""
        for layer in set(self._entries) - set(layers):
            del self._entries[layer]

    def clear(self) -> None:
        """Drop all entries; they can be computed again."""
        self._entries.clear()
