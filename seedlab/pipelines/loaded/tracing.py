"""Tensors without values that remember which weights of a file they were made of."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any


def make_traced(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Any]:
    """Return a traced tensor for each weight of a file: it has the weight's shape, and takes no memory."""
    import torch

    traced = {}
    for name, shape in shapes.items():
        traced[name] = torch.empty(shape, device="meta").as_subclass(_make_class())
        traced[name].sources = frozenset([name])
    return traced


def find_sources(tensors: Iterable[Any]) -> set[str]:
    """Return the names of the weights that tensors were made of."""
    return {name for tensor in tensors for name in getattr(tensor, "sources", ())}


@lru_cache(maxsize=1)
def _make_class() -> Any:
    """Make the class of traced tensors; torch must not be imported before it is needed."""
    import torch

    class Traced(torch.Tensor):
        """A tensor whose `sources` go on to whatever is computed with it."""

        @classmethod
        def __torch_function__(cls, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            result = super().__torch_function__(function, types, args, kwargs or {})  # type: ignore[no-untyped-call]
            sources = frozenset(find_sources(_list_tensors((args, tuple((kwargs or {}).values())))))
            for tensor in _list_tensors(result):
                tensor.sources = sources
            return result

    def _list_tensors(value: Any) -> list[Any]:
        if isinstance(value, Traced):
            return [value]
        return [tensor for each in value for tensor in _list_tensors(each)] if type(value) in (tuple, list) else []

    return Traced
