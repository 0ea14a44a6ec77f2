"""Runs a denoiser on several images at once so that each gets the bits of its own call.

A plan names the few modules that run image by image (see `exact.calibration`); all others run on the batch. Plans are
computed for the first batch of their kind and cached. If no plan gives equal results, the images are not batched.
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
from seedlab.pipelines.exact.calibration import calibrate, follow_plan, is_equal_per_image
from seedlab.pipelines.exact.graphs import GraphCache
from seedlab.pipelines.exact.layout import PROMPT_ARGUMENT, BatchCall, BatchLayout, Forward
from seedlab.pipelines.exact.plans import VERSION, NotExactError, Plan, Plans
from seedlab.pipelines.exact.prepack_cache import PrepackCache
from seedlab.pipelines.patching import replace_attribute


@contextmanager
def batch_exactly(
    denoiser: nn.Module,
    images: int,
    plans: Plans,
    cache: PrepackCache,
    graphs: GraphCache,
    environment_key: str,
    announce: Callable[[], None],
    check_stop: Callable[[], None],
) -> Iterator[None]:
    """Let the denoiser give each image of a batch the bits of its own call inside the context.

    Args:
        denoiser: is called with rows in the order of diffusers' pipelines: all negative prompts, then all prompts.
        images: the number of images in the batch.
        plans: the known plans; a new one is added.
        cache: keeps prepacked weights for the next batch.
        graphs: keeps CUDA graphs for the next batch.
        environment_key: identifies everything else that decides the bits: the environment's digest and the dtype.
        announce: is called before a calibration, which takes as long as about ten steps.
        check_stop: is called during a calibration, and may raise to end it.

    Raises:
        NotExactError: from a call of the denoiser, if the batch cannot be exact.
    """
    with ExitStack() as stack:
        forward = _ExactForward(
            denoiser, denoiser.forward, images, plans, cache, graphs, environment_key, announce, check_stop, stack
        )
        stack.enter_context(replace_attribute(denoiser, "forward", forward))
        yield


@dataclass
class _ExactForward:
    """Replaces the denoiser's `forward` inside `batch_exactly`."""

    denoiser: nn.Module
    forward: Forward
    images: int
    plans: Plans
    cache: PrepackCache
    graphs: GraphCache
    environment_key: str
    announce: Callable[[], None]
    check_stop: Callable[[], None]
    stack: ExitStack
    _planned: BatchLayout | None = None
    _variant: str = ""
    _replays: bool = False
    _gathered: dict[str, tuple[Tensor, Tensor]] = field(default_factory=dict)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not args and "hidden_states" in kwargs:  # pipelines with a transformer pass its first argument by name
            args = (kwargs.pop("hidden_states"),)
        layout = self._find_layout(args)
        call = BatchCall(self.denoiser, self.forward, layout.gather(args), self._gather(layout, kwargs), layout)
        if self._planned is None:
            onload(self.denoiser)
            self._replays = self.graphs.is_usable(self.denoiser)
            self._apply_plan(call)
            self._planned = layout
        if layout != self._planned:
            raise NotExactError  # the pipeline stops its guidance midway, and the plan is for another kind of call
        with torch.inference_mode():  # saves two percent of the time, compared with no_grad
            result = self._run(call)
        return layout.scatter(tree_map(_copy, result))  # copies, because schedulers may change them in place

    def _run(self, call: BatchCall) -> Any:
        if not self._replays:
            return call.run()
        return self.graphs.call(self.denoiser, self.forward, self._variant, call.args, call.kwargs)

    def _find_layout(self, args: Any) -> BatchLayout:
        rows = len(args[0]) if args and isinstance(args[0], Tensor) else 0
        if rows == 0 or rows % self.images:
            raise NotExactError
        return BatchLayout(self.images, rows // self.images)

    def _gather(self, layout: BatchLayout, kwargs: Any) -> Any:
        # The same prompts have to be the same tensor at every step, so that constant modules are called only once.
        prompts = kwargs.get(PROMPT_ARGUMENT)
        known = self._gathered.get(PROMPT_ARGUMENT)
        if known is None or known[0] is not prompts:
            known = self._gathered[PROMPT_ARGUMENT] = (prompts, layout.gather(prompts))
        others = {name: value for name, value in kwargs.items() if name != PROMPT_ARGUMENT}
        return {**layout.gather(others), **({PROMPT_ARGUMENT: known[1]} if PROMPT_ARGUMENT in kwargs else {})}

    def _apply_plan(self, call: BatchCall) -> None:
        """Find or compute the plan for this kind of call, and let the modules follow it until the context ends."""
        self._variant = fingerprint = _fingerprint(self.environment_key, call)
        plan = self.plans.find(fingerprint)
        if plan is None or (self.plans.is_unverified(fingerprint) and not self._verify(plan, call)):
            self.announce()
            plan = calibrate(call, self.cache, self.check_stop)
            self.plans.keep(fingerprint, plan)
        self.plans.mark_verified(fingerprint)
        if not plan.exact:
            raise NotExactError
        self.stack.enter_context(follow_plan(self.denoiser, plan, call.layout, self.cache))
        # A graph computes everything that depends on its arguments, which a result from before would not.
        for name in () if self._replays else plan.constant:
            module = self.denoiser.get_submodule(name)
            self.stack.enter_context(replace_attribute(module, "forward", remember_last(module.forward)))

    def _verify(self, plan: Plan, call: BatchCall) -> bool:
        """Whether a plan from disk is valid in this process; takes two calls, once in each process."""
        if not {name for name, _ in self.denoiser.named_modules()}.issuperset(plan.names):
            return False
        return not plan.exact or is_equal_per_image(call, plan, self.cache)


def remember_last(forward: Forward) -> Forward:
    """Return a function that calls `forward` only if its input is not the same object as the time before."""
    memory: list[tuple[Any, Any]] = []

    def call(value: Any) -> Any:
        if not memory or memory[0][0] is not value:
            memory[:] = [(value, forward(value))]
        return memory[0][1]

    return call


def _copy(value: Any) -> Any:
    return value.clone() if isinstance(value, Tensor) else value


def _fingerprint(environment_key: str, call: BatchCall) -> str:
    """Return the SHA-256, in hex, of everything that the choice of kernels depends on."""
    values = [*call.args, *(value for _, value in sorted(call.kwargs.items()))]
    shapes = [(tuple(value.shape), value.stride(), str(value.dtype)) for value in _list_tensors(values)]
    return hashlib.sha256(repr((VERSION, environment_key, call.layout, shapes)).encode()).hexdigest()


def _list_tensors(values: Any) -> Iterator[Tensor]:
    for value in values.values() if isinstance(values, dict) else values:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, dict | list | tuple):
            yield from _list_tensors(value)
