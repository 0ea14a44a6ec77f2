"""Replays calls of a denoiser as CUDA graphs: one launch for the whole call instead of one for each kernel.

A denoiser launches thousands of kernels, and on a fast GPU launching them takes longer than running them. A graph
contains the same kernels with the same arguments (PyTorch's documentation, "CUDA Graphs"), so it gives the same bits.
Each graph is compared with a call that was launched normally before it is used. What cannot be captured is called as
before.
"""

import logging
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from seedlab.pipelines.patching import replace_attribute

if TYPE_CHECKING:
    from torch import nn

LOGGER = logging.getLogger(__name__)
MAX_GRAPHS = 2
"""The most graphs of a denoiser: of single images and of a batch. Each holds the memory of its activations."""

MAX_KINDS = 32
"""The most kinds of calls of a denoiser that are remembered."""

Forward = Callable[..., Any]
Capture = Callable[[Callable[[], Any]], tuple[Any, Callable[[], object]]]
"""Captures a function: returns its result, and a function that computes this result anew, in place."""


class _Mark(Enum):
    SEEN = auto()
    """Was called once. A second call pays for capturing the graph."""
    REFUSED = auto()
    """Cannot be captured, or the graph gives other bits."""


@dataclass(frozen=True)
class _Graph:
    """A captured call: its tensors are overwritten before and by every replay."""

    inputs: Sequence[Any]
    result: Any
    replay: Callable[[], object]

    def run(self, values: Sequence[Any]) -> Any:
        from torch import Tensor
        from torch.utils._pytree import tree_map

        for kept, value in zip(self.inputs, values, strict=True):
            if isinstance(kept, Tensor):
                kept.copy_(value)
        self.replay()
        return tree_map(lambda each: each.clone() if isinstance(each, Tensor) else each, self.result)


def capture_graph(run: Callable[[], Any]) -> tuple[Any, Callable[[], object]]:
    """Capture a function as a CUDA graph; see `Capture`. The function has to have run before.

    Raises:
        RuntimeError: it does something that a graph cannot contain, such as waiting for the GPU.
    """
    import torch

    graph = torch.cuda.CUDAGraph()
    # "thread_local": other threads may use CUDA meanwhile, for example to measure its memory.
    with torch.cuda.graph(graph, capture_error_mode="thread_local"):
        result = run()
    return result, graph.replay


class GraphCache:
    """Keeps the graphs of denoisers. They are dropped with the denoiser, or when memory is short."""

    def __init__(self, capture: Capture = capture_graph, device: str = "cuda") -> None:
        """Make an empty cache.

        Args:
            capture: captures a call.
            device: the type of the device whose calls are captured.
        """
        self._capture, self._device = capture, device
        self._kinds: WeakKeyDictionary[nn.Module, OrderedDict[Hashable, Any]] = WeakKeyDictionary()

    def is_usable(self, denoiser: "nn.Module") -> bool:
        """Whether calls of this denoiser can be captured: not if its weights move, as with model CPU offload."""
        import torch

        has_graphs = self._device != "cuda" or torch.version.cuda is not None
        weights = next(denoiser.parameters(), None)
        is_there = weights is not None and weights.device.type == self._device
        return has_graphs and is_there and not hasattr(denoiser, "_hf_hook")

    def call(self, denoiser: "nn.Module", forward: Forward, variant: Hashable, args: Any, kwargs: Any) -> Any:
        """Return the result of `forward(*args, **kwargs)`, from a graph if there is one.

        The second call of a kind captures the graph.

        Args:
            denoiser: whose `forward` it is, for which `is_usable` is true.
            variant: everything besides the arguments that decides which kernels run. Calls of one variant have to be
                made in the same one of torch's modes without gradients.
        """
        from torch.utils._pytree import tree_flatten

        values, structure = tree_flatten((args, kwargs))
        if (kind := self._identify(variant, structure, values)) is None:
            return forward(*args, **kwargs)
        kinds = self._kinds.setdefault(denoiser, OrderedDict())
        known = kinds.get(kind)
        if isinstance(known, _Graph):
            kinds.move_to_end(kind)
            return known.run(values)
        result = forward(*args, **kwargs)
        kinds[kind] = _Mark.SEEN if known is None else known
        if known is _Mark.SEEN:
            kinds[kind] = self._try_capture(forward, structure, values, result)
        _limit(kinds)
        return result

    def clear(self) -> None:
        """Drop all graphs; they can be captured again."""
        self._kinds.clear()

    def _identify(self, variant: Hashable, structure: Any, values: Sequence[Any]) -> Hashable | None:
        """Return what tells calls apart that cannot use one graph; None if a call cannot be captured."""
        from torch import Tensor

        kind: list[Hashable] = [variant, str(structure)]
        for value in values:
            if isinstance(value, Tensor):
                if value.device.type != self._device:
                    return None
                kind.append((tuple(value.shape), value.stride(), value.dtype))
            elif isinstance(value, bool | int | float | str | None):
                kind.append((type(value), value))
            else:
                return None
        return tuple(kind)

    def _try_capture(self, forward: Forward, structure: Any, values: Sequence[Any], expected: Any) -> Any:
        try:
            graph = self._make_graph(forward, structure, values)
            if _are_equal(graph.run(values), expected):
                return graph
            LOGGER.info("A CUDA graph gives other bits and is not used.")
        except Exception:  # whatever torch raises: the call works without a graph
            LOGGER.info("A call cannot be captured as a CUDA graph.", exc_info=True)
        return _Mark.REFUSED

    def _make_graph(self, forward: Forward, structure: Any, values: Sequence[Any]) -> _Graph:
        from torch import Tensor
        from torch.utils._pytree import tree_unflatten

        inputs = [value.clone() if isinstance(value, Tensor) else value for value in values]
        args, kwargs = tree_unflatten(inputs, structure)
        result, replay = self._capture(lambda: forward(*args, **kwargs))
        return _Graph(inputs, result, replay)


@contextmanager
def replay_calls(denoiser: Any, cache: GraphCache) -> Iterator[None]:
    """Replay the denoiser's calls for single images as CUDA graphs inside the context, where that is possible."""
    if denoiser is None or not cache.is_usable(denoiser):
        yield
        return
    forward = denoiser.forward

    def call(*args: Any, **kwargs: Any) -> Any:
        return cache.call(denoiser, forward, "alone", args, kwargs)

    with replace_attribute(denoiser, "forward", call):
        yield


def _limit(kinds: "OrderedDict[Hashable, Any]") -> None:
    """Drop the graphs and the marks that were used least recently."""
    graphs = [kind for kind, known in kinds.items() if isinstance(known, _Graph)]
    for kind in graphs[:-MAX_GRAPHS]:
        del kinds[kind]
    while len(kinds) > MAX_KINDS:
        kinds.popitem(last=False)


def _are_equal(one: Any, other: Any) -> bool:
    import torch
    from torch.utils._pytree import tree_leaves

    pairs = zip(tree_leaves(one), tree_leaves(other), strict=True)
    return all(torch.equal(*pair) if isinstance(pair[0], torch.Tensor) else pair[0] == pair[1] for pair in pairs)
