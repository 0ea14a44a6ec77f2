"""Runs a denoiser on several images at once so that each gets the bits of its own call.

A plan names the few modules that run image by image; all others run on the batch. Plans are computed for the first
batch of their kind (see `exact.search.calibration`) and cached. If no plan gives equal results, the images are not
batched.

Pipelines with true CFG make two kinds of calls at each step, one with the prompts and one with the negative prompts,
which may have other lengths. Each kind has its own plan.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves, tree_map

from seedlab.pipelines.devices.offload import onload
from seedlab.pipelines.exact.caches import BatchCaches
from seedlab.pipelines.exact.kernels.prepack_cache import PrepackCache
from seedlab.pipelines.exact.layout import PROMPT_ARGUMENT, BatchCall, BatchLayout, Forward
from seedlab.pipelines.exact.plans import VERSION, NotExactError, Plan
from seedlab.pipelines.exact.search.calibration import calibrate, follow_plan, is_equal_per_image
from seedlab.pipelines.exact.search.gain import may_lose, measure_gain
from seedlab.pipelines.models.families import Family
from seedlab.pipelines.patching import replace_attribute


@contextmanager
def batch_exactly(
    denoiser: nn.Module,
    images: int,
    caches: BatchCaches,
    environment_key: str,
    announce: Callable[[], None],
    check_stop: Callable[[], None],
    family: Family = Family(),  # noqa: B008
) -> Iterator[None]:
    """Let the denoiser give each image of a batch the bits of its own call inside the context.

    Args:
        denoiser: is called with rows in the order of diffusers' pipelines: all negative prompts, then all prompts; or
            the other way round.
        images: the number of images in the batch.
        caches: what earlier batches have kept. New plans, weights and graphs are added for the next ones.
        environment_key: identifies everything else that decides the bits: the environment's digest and the dtype.
        announce: is called before a calibration, which takes as long as about ten steps.
        check_stop: is called during a calibration, and may raise to end it.
        family: of the pipeline.

    Raises:
        NotExactError: from a call of the denoiser, if the batch cannot be exact.
    """
    with ExitStack() as stack:
        forward = _ExactForward(
            denoiser, denoiser.forward, images, caches, environment_key, announce, check_stop, family, stack
        )
        with replace_attribute(denoiser, "forward", forward):
            yield


@dataclass
class _ExactForward:
    """Replaces the denoiser's `forward` inside `batch_exactly`.

    Attributes:
        stack: what the modules follow now: the plan for the last kind of call. The first kind keeps its prepacked
            weights in the cache; another has what memory they leave, until the end of the batch.
    """

    denoiser: nn.Module
    forward: Forward
    images: int
    caches: BatchCaches
    environment_key: str
    announce: Callable[[], None]
    check_stop: Callable[[], None]
    family: Family
    stack: ExitStack
    _kinds: dict[str, tuple[Plan, PrepackCache]] = field(default_factory=dict)
    _kind: str = ""
    _layout: BatchLayout | None = None
    _replays: bool = False
    _gathered: dict[str, tuple[Tensor, Tensor]] = field(default_factory=dict)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not args and "hidden_states" in kwargs:  # pipelines with a transformer pass its first argument by name
            args = (kwargs.pop("hidden_states"),)
        layout = self._find_layout(args)
        shared = {name: kwargs.pop(name) for name in self.family.shared_arguments if name in kwargs}
        forward = partial(self.forward, **shared) if shared else self.forward
        call = BatchCall(self.denoiser, forward, layout.gather(args), self._gather(layout, kwargs), layout)
        self._follow_plan(call, _fingerprint(self.environment_key, call, shared, self.family.prompt_multiple))
        with torch.inference_mode():  # saves two percent of the time, compared with no_grad
            result = self._run(call, shared)
        return layout.scatter(tree_map(_copy, result))  # copies, because schedulers may change them in place

    def _run(self, call: BatchCall, shared: Any) -> Any:
        if not self._replays:
            return call.run()
        return self.caches.graphs.call(self.denoiser, self.forward, self._kind, call.args, {**call.kwargs, **shared})

    def _find_layout(self, args: Any) -> BatchLayout:
        rows = len(args[0]) if args and isinstance(args[0], Tensor | list) else 0
        if rows == 0 or rows % self.images:
            raise NotExactError
        layout = BatchLayout(self.images, rows // self.images)
        if layout != (self._layout or layout):
            raise NotExactError  # the pipeline stops its guidance midway
        self._layout = layout
        return layout

    def _gather(self, layout: BatchLayout, kwargs: Any) -> Any:
        # The same prompts have to be the same tensor at every step, so that constant modules are called only once.
        prompts = kwargs.get(PROMPT_ARGUMENT)
        known = self._gathered.get(PROMPT_ARGUMENT)
        if known is None or known[0] is not prompts:
            known = self._gathered[PROMPT_ARGUMENT] = (prompts, layout.gather(prompts))
        others = {name: value for name, value in kwargs.items() if name != PROMPT_ARGUMENT}
        return {**layout.gather(others), **({PROMPT_ARGUMENT: known[1]} if PROMPT_ARGUMENT in kwargs else {})}

    def _follow_plan(self, call: BatchCall, kind: str) -> None:
        """Let the modules follow the plan for this kind of call, until the next kind or the end of the context."""
        if kind == self._kind:
            return
        self.stack.close()
        self._kind = ""
        if kind not in self._kinds:
            onload(self.denoiser)
            self._replays = self.caches.graphs.is_usable(self.denoiser)
            cache = self._make_cache() if self._kinds else self.caches.prepacked
            self._kinds[kind] = self._find_plan(call, kind, cache), cache
        plan, cache = self._kinds[kind]
        self.stack.enter_context(follow_plan(self.denoiser, plan, call.layout, cache))
        # A graph computes everything that depends on its arguments, which a result from before would not.
        for name in () if self._replays else plan.constant:
            module = self.denoiser.get_submodule(name)
            self.stack.enter_context(replace_attribute(module, "forward", remember_last(module.forward)))
        self._kind = kind

    def _make_cache(self) -> PrepackCache:
        """Return a cache for the weights of one more kind of calls, with what room those before it leave."""
        self.caches.prepacked.retain(self.denoiser.modules())
        return PrepackCache(limit=self.caches.prepacked.limit - sum(known.size for _, known in self._kinds.values()))

    def _find_plan(self, call: BatchCall, fingerprint: str, cache: PrepackCache) -> Plan:
        """Return the plan for this kind of call: a known one, or a new one.

        Raises:
            NotExactError: there is none by which the batch is exact, and not slower than its images one by one.
        """
        _check_equal_parts(call, self.family.prompt_multiple)
        plan = self.caches.plans.find(fingerprint)
        if plan is None or (self.caches.plans.is_unverified(fingerprint) and not self._verify(plan, call, cache)):
            self.announce()
            plan = calibrate(call, cache, self.check_stop)
            if plan.exact and may_lose(self.denoiser):
                plan = replace(plan, pays=measure_gain(call, plan, cache) >= 1)
            self.caches.plans.keep(fingerprint, plan)
        self.caches.plans.mark_verified(fingerprint)
        if not plan.exact or not plan.pays:
            raise NotExactError
        return plan

    def _verify(self, plan: Plan, call: BatchCall, cache: PrepackCache) -> bool:
        """Whether a plan from disk is valid in this process; takes two calls, once in each process."""
        if not {name for name, _ in self.denoiser.named_modules()}.issuperset(plan.names):
            return False
        return not plan.exact or not plan.pays or is_equal_per_image(call, plan, cache)


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


def _fingerprint(environment_key: str, call: BatchCall, shared: Any, multiple: int) -> str:
    """Return the SHA-256, in hex, of everything that the choice of kernels depends on."""
    values = [*call.args, *(value for _, value in sorted({**call.kwargs, **shared}.items()))]
    described = (VERSION, environment_key, call.layout, _describe_tensors(values, multiple))
    return hashlib.sha256(repr(described).encode()).hexdigest()


def _check_equal_parts(call: BatchCall, multiple: int) -> None:
    """Raise NotExactError if the arguments of some images have other shapes than those of others."""
    parts = [_describe_tensors(call.take(index), multiple) for index in range(call.layout.images)]
    if any(part != parts[0] for part in parts):
        raise NotExactError


def _describe_tensors(values: Any, multiple: int) -> list[Any]:
    """Return the shape, strides and dtype of each tensor in a nested structure.

    Args:
        multiple: as `Family.prompt_multiple`, for the tensors in lists.
    """
    found = []
    for value in tree_leaves(values, is_leaf=lambda value: isinstance(value, list)):
        by = multiple if isinstance(value, list) else 1
        tensors = [each for each in tree_leaves(value) if isinstance(each, Tensor)]
        found += [(_round_up(tuple(each.shape), by), each.stride(), str(each.dtype)) for each in tensors]
    return found


def _round_up(shape: tuple[int, ...], multiple: int) -> tuple[int, ...]:
    return (-(-shape[0] // multiple) * multiple, *shape[1:]) if shape else shape
