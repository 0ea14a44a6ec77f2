"""Looks for the modules whose bits depend on the shape of the batch.

Which kernel multiplies two matrices depends on their shapes, so a batch of four sums in another order than four single
calls, and its pictures differ (diffusers #2659). But only a handful of modules is affected, and which ones depends on
nothing but shapes. So each is compared on its own input during one call, those that differ run image by image from
then on, and the whole is compared in the end. On the way it finds out which layers give the same bits by weights that
are laid out once (see `seedlab.pipelines.exact.prepack`).
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from seedlab.pipelines.exact.group_norm import is_slow, widen_norms, widens_equally
from seedlab.pipelines.exact.layout import PROMPTS, BatchLayout, Forward, call_alone, run_alone
from seedlab.pipelines.exact.plans import Plan
from seedlab.pipelines.exact.prepack import can_prepack, is_equal_prepacked, prepack_weights
from seedlab.pipelines.exact.prepack_cache import PrepackCache
from seedlab.pipelines.exact.probes import cancel_attention, list_sums, list_torn, list_trials, make_noise
from seedlab.pipelines.exact.trimming import trim


def calibrate(
    denoiser: nn.Module,
    forward: Forward,
    args: Any,
    kwargs: Any,
    layout: BatchLayout,
    cache: PrepackCache,
    check_stop: Callable[[], None],
) -> Plan:
    """Find out how a batch gives each image the bits that it has alone. Costs about ten calls of the batch.

    Args:
        forward: the denoiser's own.
        args, kwargs: a batch that it is called with, its rows gathered by image.
        check_stop: is called before every module, and may raise.
    """
    with torch.inference_mode(), ExitStack() as stack:
        search = _Search(denoiser, layout, kwargs)
        for module in denoiser.modules():
            stack.callback(module.register_forward_pre_hook(lambda *_: check_stop()).remove)
        search.run(forward, args)
        plan = search.describe()
        # What is slower may be exact still.
        slower = replace(plan, widened=()), replace(plan, packed=(), widened=())
        for attempt in dict.fromkeys((plan, *slower)):
            if _is_exact(denoiser, forward, args, kwargs, layout, attempt, cache):
                return replace(attempt, exact=True)
    return plan


@contextmanager
def follow_plan(denoiser: nn.Module, plan: Plan, layout: BatchLayout, cache: PrepackCache) -> Iterator[None]:
    """Run the modules as the plan says inside the context. The cache keeps prepacked weights for the next batch."""
    # In this order: what runs alone takes the faster way too.
    with (
        trim(denoiser),
        prepack_weights(denoiser, plan.packed, cache),
        widen_norms(denoiser, plan.widened),
        run_alone(denoiser, plan.alone, layout),
    ):
        yield


def is_equal_alone(
    denoiser: nn.Module, forward: Forward, args: Any, kwargs: Any, layout: BatchLayout, plan: Plan, cache: PrepackCache
) -> bool:
    """Whether this batch, made as a plan says, gives each image what it has alone. The arguments are `calibrate`'s."""
    with torch.inference_mode():
        alone = call_alone(forward, layout)(*args, **kwargs)
        with follow_plan(denoiser, plan, layout, cache):
            return _are_equal(forward(*args, **kwargs), alone)


def _is_exact(
    denoiser: nn.Module, forward: Forward, args: Any, kwargs: Any, layout: BatchLayout, plan: Plan, cache: PrepackCache
) -> bool:
    """Whether a batch gives each image what it has alone: here, in another slot, and beside other images."""
    other = [make_noise(value) if layout.fits((value,)) else value for value in args]
    alone = call_alone(forward, layout)(*args, **kwargs)
    with follow_plan(denoiser, plan, layout, cache):
        batch, rolled = forward(*args, **kwargs), forward(*layout.roll(args), **layout.roll(kwargs))
    return (
        _are_equal(batch, alone)
        and _are_equal(rolled, layout.roll(alone))
        and is_equal_alone(denoiser, forward, other, kwargs, layout, plan, cache)
    )


@dataclass
class _Search:
    """Compares each module on its own input, during one call of the batch."""

    root: nn.Module
    layout: BatchLayout
    kwargs: dict[str, Any]
    alone: dict[str, None] = field(default_factory=dict)
    constant: dict[str, None] = field(default_factory=dict)
    packed: dict[str, bool] = field(default_factory=dict)
    widened: dict[str, bool] = field(default_factory=dict)
    _path: list[str] = field(default_factory=list)
    _seen: dict[Any, bool] = field(default_factory=dict)
    _is_comparing: bool = False

    def run(self, forward: Forward, args: Any) -> None:
        with ExitStack() as stack:
            for name, module in self.root.named_modules():
                for handle in self._watch(name, module):
                    stack.callback(handle.remove)
            stack.enter_context(_FunctionWatch(self._compare_attention, self._compare_elementwise))
            forward(*args, **self.kwargs)

    def describe(self) -> Plan:
        """Return what was found; that the whole is exact is still to be seen."""
        packed, widened = (
            tuple(name for name, is_equal in found.items() if is_equal) for found in (self.packed, self.widened)
        )
        return Plan(exact=False, alone=tuple(self.alone), constant=tuple(self.constant), packed=packed, widened=widened)

    def _watch(self, name: str, module: nn.Module) -> Iterator[Any]:
        if any(module.children()):
            yield module.register_forward_pre_hook(lambda *_: self._path.append(name))
            yield module.register_forward_hook(lambda *_: self._path.pop() and None)
        else:
            hook = lambda module, args, kwargs, _: self._compare(name, module, args, kwargs)  # noqa: E731
            yield module.register_forward_hook(hook, with_kwargs=True)

    def _compare(self, name: str, module: nn.Module, args: Any, kwargs: Any) -> None:
        if self._is_comparing:
            return
        if len(args) == 1 and not kwargs and args[0] is self.kwargs.get(PROMPTS):
            self.constant[name] = None
        kind = (type(module), repr(module), _describe(getattr(module, "weight", None)))
        if self._depends_on_batch(kind, lambda: list_trials(module, args), args, kwargs):
            self.alone[name] = None
        if name not in self.constant and not kwargs and can_prepack(module):
            self._compare_ways(self.packed, name, module, args, _is_equal_prepacked)
        if len(args) == 1 and is_slow(module, args[0]):
            self._compare_ways(self.widened, name, module, args, widens_equally)

    def _compare_ways(self, found: Any, name: str, module: Any, args: Any, is_equal: Callable[..., bool]) -> None:
        """Note whether a layer's bits are the same in a faster way: for the batch, and for an image alone."""
        look = lambda: all(is_equal(module, *inputs) for inputs in (args, self.layout.take(args, 0)))  # noqa: E731
        key = (is_equal, repr(module), _describe(module.weight), *map(_describe, args))
        # Of several calls each has to be equal.
        found[name] = found.get(name, True) and self._remember(key, look)

    def _compare_attention(self, attend: Forward, args: Any, kwargs: Any) -> None:
        """Compare what is no module, but a function that a module calls; then that module runs alone."""
        trials = lambda: ((attend, inputs) for inputs in (args, cancel_attention(args)))  # noqa: E731
        if self._depends_on_batch((functional.scaled_dot_product_attention,), trials, args, kwargs):
            self.alone[self._path[-1]] = None

    def _compare_elementwise(self, function: Forward, args: Any, kwargs: Any) -> None:
        """Compare an activation that is called as a function; then the module that calls it runs alone."""
        call = lambda value: function(value, **kwargs)  # noqa: E731
        trials = lambda: ((call, (value,)) for value in (args[0], *list_torn(call, args[0])))  # noqa: E731
        if self._depends_on_batch((function, repr(kwargs)), trials, args, {}):
            self.alone[self._path[-1]] = None

    def _depends_on_batch(self, kind: Any, list_trials: Any, args: Any, kwargs: Any) -> bool:
        if self._is_comparing or not self.layout.fits((*args, *kwargs.values())):
            return False
        # Kernels are chosen by kind and shape: what was seen of one module holds for all that are alike.
        key = (*kind, *(_describe(value) for value in (*args, *kwargs.values())))
        return not self._remember(
            key,
            lambda: all(
                _are_equal(forward(*inputs, **kwargs), call_alone(forward, self.layout)(*inputs, **kwargs))
                for forward, inputs in list_trials()
            ),
        )

    def _remember(self, key: Any, look: Callable[[], bool]) -> bool:
        if key not in self._seen:
            self._is_comparing = True
            self._seen[key] = look()
            self._is_comparing = False
        return self._seen[key]


class _FunctionWatch(TorchFunctionMode):
    """Shows every call of scaled dot-product attention, and of GELU, which GEGLU calls as a function."""

    def __init__(self, compare: Callable[..., None], compare_elementwise: Callable[..., None]) -> None:
        super().__init__()
        self._compare, self._compare_elementwise = compare, compare_elementwise

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if function is functional.scaled_dot_product_attention:
            names = ("query", "key", "value")
            tensors = (*args[:3], *(kwargs[name] for name in names[len(args[:3]) :]))
            others = {name: value for name, value in kwargs.items() if name not in names}
            self._compare(lambda *qkv, **rest: function(*qkv, *args[3:], **rest), tensors, others)
        elif function is functional.gelu:
            self._compare_elementwise(function, args, kwargs)
        return function(*args, **kwargs)


def _is_equal_prepacked(layer: nn.Module, *inputs: Any) -> bool:
    return all(is_equal_prepacked(*trial) for trial in list_sums(layer, inputs))


def _describe(value: Any) -> Any:
    if not isinstance(value, Tensor):
        return repr(value)
    return tuple(value.shape), value.stride(), value.dtype, value.requires_grad


def _are_equal(one: Any, other: Any) -> bool:
    return bool(torch.equal(*(_first_tensor(each) for each in (one, other))))


def _first_tensor(value: Any) -> Tensor:
    while not isinstance(value, Tensor):
        value = value[0]
    return value
