"""A cache that drops what was used longest ago, by the memory that its values take."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class LRUCache(Generic[K, V]):
    """Values by key, of at most `max_bytes` bytes together. The newest value is kept, however large it is.

    Args:
        max_bytes: the most memory that the values take.
        measure: returns the bytes of a value.
    """

    def __init__(self, max_bytes: int, measure: Callable[[V], int]) -> None:
        self._max_bytes, self._measure = max_bytes, measure
        self._values: OrderedDict[K, V] = OrderedDict()

    def __len__(self) -> int:
        """Return the number of values."""
        return len(self._values)

    def get(self, key: K) -> V | None:
        """Return a value; None if it is not here."""
        if key not in self._values:
            return None
        self._values.move_to_end(key)
        return self._values[key]

    def put(self, key: K, value: V) -> None:
        """Keep a value, in place of those that were used longest ago where there is no room."""
        self._values[key] = value
        self._values.move_to_end(key)
        while len(self._values) > 1 and sum(map(self._measure, self._values.values())) > self._max_bytes:
            self._values.popitem(last=False)
