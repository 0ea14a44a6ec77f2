"""Exact batches: several images in one call of the denoiser, each with the bits that it has alone.

A plan names the few modules that run image by image (see `exact.calibration`); everything else runs as a batch. It is
made at the first batch of its kind and cached. If the result is not equal, the images are not batched.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_map

from seedlab.pipelines.devices.offload import onload
from seedlab.pipelines.exact.calibration import calibrate, follow_plan, is_equal_alone
from seedlab.pipelines.exact.layout import PROMPTS, BatchLayout, Forward
from seedlab.pipelines.exact.plans import VERSION, NotExactError, Plan, Plans
from seedlab.pipelines.exact.prepack_cache import PrepackCache
from seedlab.pipelines.patching import replace_attribute


@contextmanager
def batch_exactly(
    denoiser: nn.Module,
    count: int,
    plans: Plans,
    cache: PrepackCache,
    environment_key: str,
    announce: Callable[[], None],
    check_stop: Callable[[], None],
) -> Iterator[None]:
    """Let the denoiser give each of `count` images the bits that it has alone, as long as this lasts.

    Args:
        denoiser: is called with the batch's rows as pipelines stack them: all negative prompts, then all prompts.
        plans: where the plan for this kind of call is found and kept.
        cache: keeps prepacked weights for the next batch.
        environment_key: what else decides bits: the environment's digest, and the dtype.
        announce: is called before a calibration, which takes as long as some ten steps.
        check_stop: is called while it calibrates; what it raises ends that.

    Raises:
        NotExactError: from the denoiser's first call, where a batch cannot be exact.
    """
    with ExitStack() as stack:
        call = _ExactCall(denoiser, denoiser.forward, count, plans, cache, environment_key, announce, check_stop, stack)
        stack.enter_context(replace_attribute(denoiser, "forward", call))
        yield


@dataclass
class _ExactCall:
    """The denoiser's `forward` while batches are exact."""

    denoiser: nn.Module
    forward: Forward
    count: int
    plans: Plans
    cache: PrepackCache
    environment_key: str
    announce: Callable[[], None]
    check_stop: Callable[[], None]
    stack: ExitStack
    _planned: BatchLayout | None = None
    _memory: dict[str, tuple[Tensor, Tensor]] = field(default_factory=dict)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        layout = self._lay_out(args)
        args, kwargs = layout.gather(args), self._gather(layout, kwargs)
        if self._planned is None:
            onload(self.denoiser)
            self._follow(layout, args, kwargs)
            self._planned = layout
        if layout != self._planned:
            raise NotExactError  # a pipeline that drops its guidance on the way: the plan is for another call
        with torch.inference_mode():  # what is noted for gradients takes a fiftieth of the time
            made = self.forward(*args, **kwargs)
        return layout.scatter(tree_map(_copy, made))  # copies, which a scheduler may change

    def _lay_out(self, args: Any) -> BatchLayout:
        rows = len(args[0]) if args and isinstance(args[0], Tensor) else 0
        if rows == 0 or rows % self.count:
            raise NotExactError
        return BatchLayout(self.count, rows // self.count)

    def _gather(self, layout: BatchLayout, kwargs: Any) -> Any:
        # The same tensor at every step stays the same tensor, so that what is made of it need not be made again.
        prompts = kwargs.get(PROMPTS)
        known = self._memory.get(PROMPTS)
        if known is None or known[0] is not prompts:
            known = self._memory[PROMPTS] = (prompts, layout.gather(prompts))
        others = {name: value for name, value in kwargs.items() if name != PROMPTS}
        return {**layout.gather(others), **({PROMPTS: known[1]} if PROMPTS in kwargs else {})}

    def _follow(self, layout: BatchLayout, args: Any, kwargs: Any) -> None:
        """Find or make the plan for this kind of call, and let the modules run as it says."""
        fingerprint = _describe_call(self.environment_key, layout, args, kwargs)
        plan = self.plans.find(fingerprint)
        if plan is None or (self.plans.is_unverified(fingerprint) and not self._holds(plan, layout, args, kwargs)):
            self.announce()
            plan = calibrate(self.denoiser, self.forward, args, kwargs, layout, self.cache, self.check_stop)
            self.plans.keep(fingerprint, plan)
        self.plans.trust(fingerprint)
        if not plan.exact:
            raise NotExactError
        self._install(plan, layout)

    def _holds(self, plan: Plan, layout: BatchLayout, args: Any, kwargs: Any) -> bool:
        """Whether a plan from the disk is right here and now; costs two calls, once a process."""
        if not {name for name, _ in self.denoiser.named_modules()}.issuperset(plan.names):
            return False
        return not plan.exact or is_equal_alone(self.denoiser, self.forward, args, kwargs, layout, plan, self.cache)

    def _install(self, plan: Plan, layout: BatchLayout) -> None:
        self.stack.enter_context(follow_plan(self.denoiser, plan, layout, self.cache))
        for name in plan.constant:
            module = self.denoiser.get_submodule(name)
            self.stack.enter_context(replace_attribute(module, "forward", remember(module.forward)))


def remember(forward: Forward) -> Forward:
    """Return a function that calls `forward` again only for another input than the time before."""
    memory: list[tuple[Any, Any]] = []

    def call(value: Any) -> Any:
        if not memory or memory[0][0] is not value:
            memory[:] = [(value, forward(value))]
        return memory[0][1]

    return call


def _copy(value: Any) -> Any:
    return value.clone() if isinstance(value, Tensor) else value


def _describe_call(environment_key: str, layout: BatchLayout, args: Any, kwargs: Any) -> str:
    """Return the SHA-256, in hex, of all that the choice of kernels depends on."""
    values = [*args, *(value for _, value in sorted(kwargs.items()))]
    shapes = [(tuple(value.shape), value.stride(), str(value.dtype)) for value in _list_tensors(values)]
    return hashlib.sha256(repr((VERSION, environment_key, layout, shapes)).encode()).hexdigest()


def _list_tensors(values: Any) -> Iterator[Tensor]:
    for value in values.values() if isinstance(values, dict) else values:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, dict | list | tuple):
            yield from _list_tensors(value)
