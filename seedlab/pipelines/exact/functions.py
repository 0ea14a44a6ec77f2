"""The functions whose bits may depend on the batch size, and that transformers call without a module of their own."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from seedlab.pipelines.exact.layout import Forward
from seedlab.pipelines.exact.search.probes import list_rounding_probes, make_attention_probe, make_product_probe

ATTENTION = ("query", "key", "value", "attn_mask", "dropout_p", "is_causal")
PRODUCTS = (torch.matmul, torch.bmm, Tensor.matmul, Tensor.__matmul__, Tensor.bmm)
"""Sana's linear attention is made of matrix products."""

ELEMENTWISE = (
    functional.gelu,
    functional.silu,
    torch.tanh,
    Tensor.tanh,
    torch.sigmoid,
    Tensor.sigmoid,
)
"""GEGLU and gated feed-forward layers call their activations, and Z-Image's blocks call the tanh of their gates."""


@dataclass(frozen=True, eq=False)
class FunctionCall:
    """A call of one of these functions.

    Attributes:
        function: that was called.
        tensors: its operands: three for attention, two for a product, one for an activation.
        others: its other arguments, by name.
        list_probes: returns operands that reveal a different rounding, for the operands of the call.
    """

    function: Forward
    tensors: tuple[Tensor, ...]
    others: Mapping[str, Any]
    list_probes: Callable[..., Iterator[tuple[Tensor, ...]]]

    def list_trials(self) -> Iterator[tuple[Forward, Any]]:
        """Yield the function with its own operands, and with probes."""
        yield self.function, self.tensors
        for probe in self.list_probes(*self.tensors):
            yield self.function, probe


class FunctionHook(TorchFunctionMode):
    """Reports every call of these functions inside the context, before it is made."""

    def __init__(self, report: Callable[[FunctionCall], None]) -> None:
        super().__init__()
        self._report = report

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        call = _read_call(function, args, kwargs or {})
        if call is not None:
            self._report(call)
        return function(*args, **(kwargs or {}))


def _read_call(function: Any, args: Any, kwargs: Mapping[str, Any]) -> FunctionCall | None:
    if function is functional.scaled_dot_product_attention:
        named: dict[str, Any] = {**dict(zip(ATTENTION, args, strict=False)), **kwargs}
        tensors = tuple(named.pop(name) for name in ATTENTION[:3])
        return FunctionCall(function, tensors, named, lambda *qkv: iter((make_attention_probe(qkv),)))
    if function in PRODUCTS and len(args) == 2 and not kwargs and all(each.ndim >= 2 for each in args):
        return FunctionCall(function, args, {}, lambda *pair: iter((make_product_probe(*pair),)))
    if function in ELEMENTWISE and len(args) == 1:
        others = {name: value for name, value in kwargs.items() if name != "inplace"}
        run = lambda value: function(value, **others)  # noqa: E731
        return FunctionCall(
            function, args, others, lambda value: ((each,) for each in list_rounding_probes(run, value))
        )
    return None
