"""Finds the modules whose bits depend on the batch size.

The kernel for a matrix product depends on the shapes, so a batch of four may sum in another order than four single
calls, and its images differ (diffusers #2659). But only a few modules are affected, and which ones depends only on the
shapes. Each module is therefore compared on its own input during one call. Those that differ run image by image from
then on, and finally the whole call is compared. Calibration also finds the layers that give the same bits with
prepacked weights (see `exact.kernels.prepack`), and the group norms that give them in float32 (see
`exact.kernels.group_norm`).
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

from seedlab.pipelines.exact.functions import FunctionCall, FunctionHook
from seedlab.pipelines.exact.kernels.group_norm import is_equal_upcast, is_slow, upcast_norms
from seedlab.pipelines.exact.kernels.prepack import can_prepack, is_equal_prepacked, prepack_weights
from seedlab.pipelines.exact.kernels.prepack_cache import PrepackCache
from seedlab.pipelines.exact.layout import (
    PROMPT_ARGUMENT,
    BatchCall,
    BatchLayout,
    Forward,
    call_per_image,
    run_per_image,
)
from seedlab.pipelines.exact.plans import Plan
from seedlab.pipelines.exact.search.probes import list_summation_probes, list_trials, make_noise
from seedlab.pipelines.exact.search.shapes import find_shapes

CHUNKED_DEVICES = ("cuda",)
"""The devices where modules may run on a few images at a time: on a GPU, each call of a small layer costs the same."""


def calibrate(call: BatchCall, cache: PrepackCache, check_stop: Callable[[], None]) -> Plan:
    """Return the plan by which a batch gives each image the bits of its own call. Takes about ten calls of the batch.

    Args:
        call: a call as the pipeline makes it.
        cache: keeps prepacked weights for the next batch.
        check_stop: is called before every module, and may raise to end the calibration.
    """
    with torch.inference_mode(), ExitStack() as stack:
        for module in call.denoiser.modules():
            stack.callback(module.register_forward_pre_hook(lambda *_: check_stop()).remove)
        shapes = find_shapes(call)
        if shapes is None:
            return Plan(exact=False)
        search = _Search(call, replace(call.layout, shapes=shapes))
        search.run()
        plan = search.make_plan()
        # If the fastest plan is not exact, a slower one may be.
        slower = replace(plan, upcast=()), replace(plan, prepacked=(), upcast=())
        for attempt in dict.fromkeys((plan, *slower)):
            if _is_exact(call, attempt, cache):
                return replace(attempt, exact=True)
    return plan


@contextmanager
def follow_plan(denoiser: nn.Module, plan: Plan, layout: BatchLayout, cache: PrepackCache) -> Iterator[None]:
    """Run the denoiser's modules as the plan says inside the context. The cache keeps prepacked weights."""
    # In this order, modules that run image by image use the faster kernels too.
    with (
        prepack_weights(denoiser, plan.prepacked, cache),
        upcast_norms(denoiser, plan.upcast),
        run_per_image(
            denoiser,
            {**dict.fromkeys(plan.per_image, 1), **dict(plan.chunks)},
            replace(layout, shapes=frozenset(plan.shapes)),
        ),
    ):
        yield


def is_equal_per_image(call: BatchCall, plan: Plan, cache: PrepackCache) -> bool:
    """Whether a call that follows the plan gives each image the bits of its own call."""
    with torch.inference_mode():
        single = call.run_per_image()
        with follow_plan(call.denoiser, plan, call.layout, cache):
            return _are_equal(call.run(), single)


def _is_exact(call: BatchCall, plan: Plan, cache: PrepackCache) -> bool:
    """Whether a plan is exact for these images, in other positions, and together with other images."""
    layout = call.layout
    rolled = replace(call, args=layout.roll(call.args), kwargs=layout.roll(call.kwargs))
    other = replace(call, args=(_replace_by_noise(call.args[0]), *call.args[1:]))
    single = call.run_per_image()
    with follow_plan(call.denoiser, plan, layout, cache):
        results = call.run(), rolled.run()
    return (
        _are_equal(results[0], single)
        and _are_equal(results[1], layout.roll(single))
        and is_equal_per_image(other, plan, cache)
    )


def _replace_by_noise(images: Any) -> Any:
    return [make_noise(image) for image in images] if isinstance(images, list) else make_noise(images)


@dataclass
class _Search:
    """Compares each module on its own input, during one call of the batch."""

    call: BatchCall
    layout: BatchLayout
    per_image: dict[str, int] = field(default_factory=dict)
    constant: dict[str, None] = field(default_factory=dict)
    prepacked: dict[str, bool] = field(default_factory=dict)
    upcast: dict[str, bool] = field(default_factory=dict)
    _path: list[str] = field(default_factory=list)
    _results: dict[Any, bool] = field(default_factory=dict)
    _is_comparing: bool = False

    def run(self) -> None:
        with ExitStack() as stack:
            for name, module in self.call.denoiser.named_modules():
                for handle in self._add_hooks(name, module):
                    stack.callback(handle.remove)
            stack.enter_context(FunctionHook(self._compare_function))
            self.call.run()

    def make_plan(self) -> Plan:
        """Return the plan that was found; whether the whole call is exact has yet to be checked."""
        prepacked, upcast = (
            tuple(name for name, is_equal in found.items() if is_equal) for found in (self.prepacked, self.upcast)
        )
        return Plan(
            exact=False,
            per_image=tuple(name for name, images in self.per_image.items() if images == 1),
            chunks=tuple((name, images) for name, images in self.per_image.items() if images > 1),
            constant=tuple(self.constant),
            prepacked=prepacked,
            upcast=upcast,
            shapes=tuple(sorted(self.layout.shapes or ())),
        )

    def _add_hooks(self, name: str, module: nn.Module) -> Iterator[Any]:
        yield module.register_forward_pre_hook(lambda *_: self._path.append(name))
        yield module.register_forward_hook(lambda *_: self._path.pop() and None)
        if not any(module.children()):
            hook = lambda module, args, kwargs, _: self._compare(name, module, args, kwargs)  # noqa: E731
            yield module.register_forward_hook(hook, with_kwargs=True)

    def _compare(self, name: str, module: nn.Module, args: Any, kwargs: Any) -> None:
        if self._is_comparing:
            return
        if len(args) == 1 and not kwargs and args[0] is self.call.kwargs.get(PROMPT_ARGUMENT):
            self.constant[name] = None
        kind = (type(module), repr(module), _describe(getattr(module, "weight", None)))
        trials = lambda: list_trials(module, args)  # noqa: E731
        if self._depends_on_batch(kind, trials, args, kwargs):
            images = self._find_chunk(kind, trials, args, kwargs)
            self.per_image[name] = min(images, self.per_image.get(name, images))
        if name not in self.constant and not kwargs and can_prepack(module):
            self._compare_faster(self.prepacked, name, module, args, _is_equal_prepacked)
        if len(args) == 1 and is_slow(module, args[0]):
            self._compare_faster(self.upcast, name, module, args, is_equal_upcast)

    def _find_chunk(self, kind: Any, list_trials: Any, args: Any, kwargs: Any) -> int:
        """Return on how many images at a time a module can run, of which a batch gives other bits; often on one."""
        images = self.call.layout.images // 2
        if not args or args[0].device.type not in CHUNKED_DEVICES:
            return 1
        while images > 1 and self._depends_on_batch(kind, list_trials, args, kwargs, images):
            images //= 2
        return images if self.call.layout.images % images == 0 else 1

    def _compare_faster(self, found: Any, name: str, module: Any, args: Any, is_equal: Callable[..., bool]) -> None:
        """Record whether a faster kernel gives the layer's bits, for the batch and for a single image."""
        compare = lambda: all(is_equal(module, *inputs) for inputs in (args, self.layout.take(args, 0)))  # noqa: E731
        key = (is_equal, repr(module), _describe(module.weight), *map(_describe, args))
        # If a layer is called several times, each call has to be equal.
        found[name] = found.get(name, True) and self._compare_once(key, compare)

    def _compare_function(self, call: FunctionCall) -> None:
        """Compare a function; if it differs, the innermost module that calls it runs image by image."""
        if self._depends_on_batch((call.function,), call.list_trials, call.tensors, call.others):
            self.per_image[self._path[-1]] = 1

    def _depends_on_batch(self, kind: Any, list_trials: Any, args: Any, kwargs: Any, images: int = 0) -> bool:
        """Whether a batch gives other bits than single images: the whole batch, or one of so many images."""
        layout = self.layout
        if self._is_comparing or not layout.fits((*args, *kwargs.values())):
            return False
        # Kind and shape decide the kernel, so a result holds for all modules that are alike.
        key = (images, *kind, *(_describe(value) for value in (*args, *kwargs.values())))

        def are_equal(forward: Forward, inputs: Any) -> bool:
            together = call_per_image(forward, layout, images) if images else forward
            return _are_equal(together(*inputs, **kwargs), call_per_image(forward, layout)(*inputs, **kwargs))

        return not self._compare_once(key, lambda: all(are_equal(*trial) for trial in list_trials()))

    def _compare_once(self, key: Any, compare: Callable[[], bool]) -> bool:
        if key not in self._results:
            self._is_comparing = True
            self._results[key] = compare()
            self._is_comparing = False
        return self._results[key]


def _is_equal_prepacked(layer: nn.Module, *inputs: Any) -> bool:
    return all(is_equal_prepacked(*trial) for trial in list_summation_probes(layer, inputs))


def _describe(value: Any) -> Any:
    if not isinstance(value, Tensor):
        return repr(value)
    return tuple(value.shape), value.stride(), value.dtype, value.requires_grad


def _are_equal(one: Any, other: Any) -> bool:
    """Whether two results have the same tensors, of which there are some."""
    pairs = [pair for pair in zip(tree_leaves(one), tree_leaves(other), strict=True) if isinstance(pair[0], Tensor)]
    return bool(pairs) and all(torch.equal(*pair) for pair in pairs)
