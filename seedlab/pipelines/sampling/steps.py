"""Follows the steps of a pipeline's call: reports them, pauses the call after one, and resumes a paused call.

The pipeline itself is not changed and runs its own loop. Only its scheduler's `step` is wrapped, and to skip steps its
denoiser: a resumed call draws its noise and goes through its loop from the start, but up to the pause nothing is
computed; there, the latents, the generators and the scheduler get the state that they had.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

from seedlab.pipelines.patching import replace_attribute
from seedlab.pipelines.sampling.clean import predict_clean
from seedlab.pipelines.sampling.paused import PausedError, PausedRun, State, copy_state, join, pause, restore_state


@dataclass(frozen=True, eq=False)
class Step:
    """A finished step.

    Attributes:
        number: how many steps are finished: calls of the scheduler's `step`.
        count: after how many of them the call ends, or the draft is paused.
        latents: after this step, (images, ...), as the pipeline holds them.
        clean: the latents of the clean images that the model predicts, of the same shape.
    """

    number: int
    count: int
    latents: Any
    clean: Any


OnStep = Callable[[Step], object]
"""Called after every step. If it returns a true value, the call is paused; it may raise to end the call."""


@contextmanager
def follow_steps(
    pipeline: Any,
    on_step: OnStep,
    generators: Sequence[Any] = (),
    *,
    start: Sequence[PausedRun] = (),
    draft_steps: int | None = None,
) -> "Iterator[Follower]":
    """Follow the steps of the call inside the context.

    Args:
        pipeline: with the scheduler that the call uses.
        on_step: see `OnStep`.
        generators: those of the call, one for each image.
        start: what the call resumes from, for each image in order; empty to begin at the first step.
        draft_steps: how many denoising steps to compute, as `num_inference_steps` counts them; from there on the call
            goes to its end with the predicted clean images, so that the pipeline decodes these. None to compute all.

    Raises:
        PausedError: `on_step` asked for a pause.
        ValueError: the paused runs do not belong together, or not to this call.
    """
    scheduler, denoiser = pipeline.scheduler, find_denoiser(pipeline)
    follower = Follower(pipeline, scheduler, scheduler.step, on_step, generators, start, draft_steps)
    with ExitStack() as stack:
        stack.enter_context(replace_attribute(scheduler, "step", follower.wrap_step()))
        if denoiser is not None and (start or draft_steps is not None):
            stack.enter_context(replace_attribute(denoiser, "forward", follower.wrap_forward(denoiser.forward)))
        yield follower


def count_steps(scheduler: Any, inference_steps: int) -> int:
    """Return how many calls of `step` a scheduler needs for the first of its inference steps.

    Heun and DPM2 take two calls for one step, and a single one for the last. PNDM's linear multistep method takes two
    for the first; its Runge-Kutta start, where a model was saved with it, takes four for each of the first three.

    Args:
        scheduler: after `set_timesteps`.
        inference_steps: 1...`num_inference_steps`.
    """
    total = len(scheduler.timesteps)
    at_most = 4 if hasattr(scheduler, "prk_timesteps") else scheduler.order
    return int(min(at_most * inference_steps, total - scheduler.num_inference_steps + inference_steps))


def find_denoiser(pipeline: Any) -> Any:
    """Return the model that a pipeline calls at every step; None if it is unknown."""
    return getattr(pipeline, "unet", None) or getattr(pipeline, "transformer", None)


@dataclass
class Follower:
    """The steps of one call.

    Attributes:
        latents: of the last computed step; None before the first.
        drafted: the runs after `draft_steps`, one for each image; empty if the call has not come there.
    """

    pipeline: Any
    scheduler: Any
    take_step: Callable[..., Any]
    on_step: OnStep
    generators: Sequence[Any]
    start: Sequence[PausedRun]
    draft_steps: int | None
    latents: Any = None
    drafted: tuple[PausedRun, ...] = ()
    _number: int = 0
    _clean: Any = None
    _before: dict[str, State] = field(default_factory=dict)

    def wrap_step(self) -> Callable[..., Any]:
        """Return what replaces the scheduler's `step`."""

        @wraps(self.take_step)  # pipelines inspect the signature to find out which arguments the scheduler takes
        def step(output: Any, timestep: Any, sample: Any, *args: Any, **kwargs: Any) -> Any:
            if self._is_skipping():
                return _pack(self._skip(sample), kwargs)
            self._before = self._before or copy_state(self.scheduler)
            result = self.take_step(output, timestep, sample, *args, **kwargs)
            self._number += 1
            clean = predict_clean(self.scheduler, output, timestep, sample, result)
            # The new latents are the first item of a tuple or an output object.
            self._finish(Step(self._number, self._count_steps(), result[0], clean))
            return result

        return step

    def wrap_forward(self, forward: Callable[..., Any]) -> Callable[..., Any]:
        """Return what replaces the denoiser's `forward`: it returns its input while steps are skipped."""

        @wraps(forward)
        def call(*args: Any, **kwargs: Any) -> Any:
            if not self._is_skipping():
                return forward(*args, **kwargs)
            value = args[0] if args else next(iter(kwargs.values()))
            return _Output((value,)) if kwargs.get("return_dict", True) else (value,)

        return call

    def _is_skipping(self) -> bool:
        return self._clean is not None or (bool(self.start) and self._number < self.start[0].step)

    def _skip(self, sample: Any) -> Any:
        """Return the latents after a step that is not computed."""
        if self._clean is not None:
            return self._clean
        if self.start[0].step >= self._total:
            raise ValueError("runs with more steps")
        self._before = self._before or copy_state(self.scheduler)
        self._number += 1
        return sample if self._is_skipping() else self._restore(sample)

    def _restore(self, sample: Any) -> Any:
        self.latents, state = join(self.start, sample.device)
        if (self.latents.shape, self.latents.dtype) != (sample.shape, sample.dtype):
            raise ValueError("runs of another size or dtype")
        restore_state(self.scheduler, state)
        for generator, run in zip(self.generators, self.start, strict=True):
            generator.set_state(run.generator)
        return self.latents

    def _finish(self, step: Step) -> None:
        self.latents = step.latents
        is_draft = self.draft_steps is not None and step.number == step.count
        if self.on_step(step) and not is_draft:
            raise PausedError(self._pause())
        if is_draft:
            self.drafted, self._clean = self._pause(self.draft_steps), step.clean

    def _count_steps(self) -> int:
        if self.draft_steps is None:
            return max(self._number, self._total)
        return count_steps(self.scheduler, self.draft_steps)

    @property
    def _total(self) -> int:
        """How many calls of `step` the whole call takes. Image-to-image leaves out the first of the schedule."""
        return int(getattr(self.pipeline, "num_timesteps", len(self.scheduler.timesteps)))

    def _pause(self, draft_steps: int | None = None) -> tuple[PausedRun, ...]:
        return pause(self._number, self.latents, self.generators, self.scheduler, self._before, draft_steps)


class _Output(tuple):  # type: ignore[type-arg]
    """What a denoiser or a scheduler returns: an object whose first item has a name too."""

    __slots__ = ()

    @property
    def sample(self) -> Any:
        return self[0]

    @property
    def prev_sample(self) -> Any:
        return self[0]


def _pack(latents: Any, kwargs: dict[str, Any]) -> Any:
    # LCM's pipeline takes two: the new latents, and the predicted clean ones, which it decodes.
    return (latents, latents) if kwargs.get("return_dict") is False else _Output((latents,))
