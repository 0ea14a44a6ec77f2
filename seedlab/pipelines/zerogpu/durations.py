"""How long a call may use the GPU: estimated from steps, sizes and the number of pictures, and from earlier calls.

ZeroGPU asks for a duration before each call. Visitors with little time left are refused long ones, shorter ones come
first in its queue, and a call that takes longer may be killed: https://huggingface.co/docs/hub/spaces-zerogpu.
"""

from collections.abc import Iterable
from threading import Lock

from seedlab.core.recipes.recipe import Recipe
from seedlab.pipelines.batches.work import Work

STEP_SECONDS = 0.1
"""What one step of one image of a megapixel takes, without guidance."""

MIN_STEP_SECONDS = 0.02
DECODING_STEPS = 3
"""Decoding a picture takes about as long as so many steps."""

FIRST_SECONDS = 30
"""What comes before the first pictures of a model: its weights are moved to the GPU, and exact batches calibrated."""

START_SECONDS = 6
MIN_SECONDS, MAX_SECONDS = 10, 60
"""The shortest and the longest duration that is asked for. Longer work goes on in another call."""

RESERVE_SECONDS = 2.0
"""How long before its end a call is paused: it has to finish a step, and to send what it has."""


def measure(works: Iterable[Work]) -> float:
    """Return about how many seconds the remaining steps take on a usual GPU with a model of a usual size."""
    return sum(_measure_picture(work, index) for work in works for index in work.recipes)


class Durations:
    """Estimates durations, and learns from each call. Any thread may use it."""

    def __init__(self) -> None:
        """Know no model yet."""
        self._factors: dict[str, float] = {}
        self._lock = Lock()

    def estimate(self, model: str, expected: float) -> int:
        """Return the seconds to ask for, MIN_SECONDS...MAX_SECONDS.

        Args:
            model: the address of the model.
            expected: as `measure` returns it.
        """
        with self._lock:
            factor = self._factors.get(model)
        seconds = FIRST_SECONDS + expected if factor is None else START_SECONDS + factor * expected
        return round(min(max(seconds, MIN_SECONDS), MAX_SECONDS))

    def note(self, model: str, expected: float, seconds: float) -> None:
        """Record a call.

        Args:
            model: the address of the model.
            expected: the expected seconds of what the call did, as `measure` returns them.
            seconds: that it took. The first call of a model includes what is needed only once.
        """
        if expected <= 0:
            return
        with self._lock:
            known = self._factors.get(model)
            factor = seconds / expected
            # Slow calls count at once, so that none is killed; a fast one may have found its pictures half finished.
            self._factors[model] = min(factor, 4.0) if known is None else max(factor, (known + factor) / 2)


def _measure_picture(work: Work, index: int) -> float:
    recipe = work.recipes[index]
    *earlier, last = recipe.stages
    done = work.earlier.done
    seconds = _measure_steps(last, work.count_left(index) + DECODING_STEPS)
    # All pictures of a batch share the earlier stages.
    if index == next(iter(work.recipes)):
        seconds += sum(_measure_steps(each, each.num_inference_steps + DECODING_STEPS) for each in earlier[done:])
    return seconds


def _measure_steps(recipe: Recipe, steps: int) -> float:
    passes = 2 if recipe.guidance_scale > 1 else 1
    return steps * max(MIN_STEP_SECONDS, STEP_SECONDS * passes * recipe.width * recipe.height / 1e6)
