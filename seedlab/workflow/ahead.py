"""Makes pictures ahead: those that a visitor will probably ask for, while nobody waits for anything."""

import logging
from collections import OrderedDict
from collections.abc import Callable, Generator, Hashable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from threading import Event, Lock
from typing import Protocol

from seedlab.core.errors import SeedLabError
from seedlab.core.machine.environment import Environment
from seedlab.core.priority import Priority
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.reports import Failed, Finished, Generate, Report
from seedlab.images.png import encode_png

LOGGER = logging.getLogger(__name__)

MAX_BYTES = 64 * 2**20
"""Of all pictures that are kept, as pixels and as PNG files: about 50 of 512 x 512.

The ones that were made first are dropped first."""

MAX_RECIPES = 8
"""Of one suggestion."""


Suggest = Callable[[str, Sequence[Recipe]], None]
"""Takes a visitor and what they will probably ask for."""


class GenerateFor(Protocol):
    """Makes pictures for a visitor; see `seedlab.pipelines.manager.PipelineManager.generate`."""

    def __call__(
        self, recipes: Sequence[Recipe], stop: Event, visitor: Hashable, *, priority: Priority
    ) -> Generator[Report, None, None]:
        """Yield reports as `seedlab.core.reports.Generate`."""
        ...


class Ahead:
    """Pictures that were made ahead, in memory until they are asked for. All methods are thread-safe.

    Each is made alone, so that what somebody asks for waits for one denoising step of one picture. It has the bytes
    that it has in a batch. Nothing is written to the store before a visitor asks for it, so that galleries show only
    what was asked for.
    """

    def __init__(
        self, generate: GenerateFor, observe: Callable[[Recipe], Environment], max_bytes: int = MAX_BYTES
    ) -> None:
        """Make an empty collection.

        Args:
            generate: makes pictures.
            observe: returns the environment in which a recipe would be made now; raises SeedLabError.
            max_bytes: of all pictures that are kept.
        """
        self._generate, self._observe, self._max_bytes = generate, observe, max_bytes
        self._made: OrderedDict[str, Finished] = OrderedDict()
        self._suggested: OrderedDict[Hashable, _Suggestion] = OrderedDict()
        self._working = False
        self._closed = Event()
        self._lock = Lock()
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="ahead")

    def suggest(self, visitor: Hashable, recipes: Sequence[Recipe]) -> None:
        """Make these pictures while nobody waits, in place of what was suggested for this visitor before.

        Args:
            visitor: who will probably ask for them.
            recipes: the most probable first; only the first `MAX_RECIPES` are made.
        """
        with self._lock:
            wanted = list(recipes[:MAX_RECIPES])
            current = self._suggested.get(visitor)
            if self._closed.is_set() or (current is not None and current.wanted == wanted):
                return
            self._forget(visitor)
            self._suggested[visitor] = _Suggestion(wanted)
            if not self._working:
                self._working = True
                self._executor.submit(self._work)

    def forget(self, visitor: Hashable) -> None:
        """Make nothing more ahead for a visitor, who has left."""
        with self._lock:
            self._forget(visitor)

    def take(self, recipes: Sequence[Recipe]) -> dict[int, Finished]:
        """Return the pictures that are there, by their places among the recipes. The others are left to `serve`.

        They are encoded as PNG files already. Each is returned once: whoever takes it keeps it. Those that would have
        other bytes now are dropped.
        """
        with self._lock:
            found = {index: self._made.pop(recipe.fingerprint, None) for index, recipe in enumerate(recipes)}
        return {
            index: replace(report, index=index)
            for index, report in found.items()
            if report is not None and self._is_current(recipes[index], report)
        }

    def serve(self, visitor: Hashable, make: Generate) -> Generate:
        """Return a function that makes pictures for a visitor, and begins with those that are there already.

        Args:
            make: makes the others.
        """

        def generate(
            recipes: Sequence[Recipe], stop: Event, *, draft_steps: int | None = None, resume: bool = True
        ) -> Generator[Report, None, None]:
            self.forget(visitor)
            made = {} if draft_steps is not None else self.take(recipes)
            yield from made.values()
            missing = [index for index in range(len(recipes)) if index not in made]
            if missing:
                wanted = [recipes[index] for index in missing]
                with closing(make(wanted, stop, draft_steps=draft_steps, resume=resume)) as reports:
                    yield from (replace(report, index=missing[report.index]) for report in reports)

        return generate

    def close(self) -> None:
        """End all work within one denoising step."""
        self._closed.set()
        with self._lock:
            for visitor in list(self._suggested):
                self._forget(visitor)
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _forget(self, visitor: Hashable) -> None:
        suggestion = self._suggested.pop(visitor, None)
        if suggestion is not None:
            suggestion.stop.set()

    def _drop(self, visitor: Hashable, suggestion: "_Suggestion") -> None:
        """Forget a suggestion, unless it has been replaced."""
        with self._lock:
            if self._suggested.get(visitor) is suggestion:
                self._forget(visitor)

    def _is_current(self, recipe: Recipe, report: Finished) -> bool:
        """Whether a picture would be the same now: a recipe does not say when its model's files are replaced."""
        try:
            return report.environment == self._observe(recipe)
        except SeedLabError:
            return False  # making it will say why

    def _work(self) -> None:
        for visitor, suggestion, recipe in iter(self._find_next, None):
            try:
                self._make(visitor, suggestion, recipe)
            except Exception:  # the edge: nobody waits for this
                LOGGER.exception("A picture could not be made ahead.")
                suggestion.end()

    def _find_next(self) -> "tuple[Hashable, _Suggestion, Recipe] | None":
        """Return the next recipe of the newest suggestion; None if nothing is to be made."""
        with self._lock:
            for visitor, suggestion in reversed(self._suggested.items()):
                for recipe in suggestion.take_unmade():
                    if recipe.fingerprint not in self._made:
                        return visitor, suggestion, recipe
            self._working = False
            return None

    def _make(self, visitor: Hashable, suggestion: "_Suggestion", recipe: Recipe) -> None:
        with closing(self._generate([recipe], suggestion.stop, visitor, priority=Priority.IDLE)) as reports:
            ends = [report for report in reports if isinstance(report, Finished | Failed)]
        if not ends:  # its model is not loaded, and may be when the same is suggested again
            self._drop(visitor, suggestion)
        for end in ends:
            if isinstance(end, Failed):  # asking for it will say why
                suggestion.end()
            elif not suggestion.stop.is_set():
                self._keep(recipe, end)

    def _keep(self, recipe: Recipe, report: Finished) -> None:
        encoded = replace(report, png=encode_png(report.image))
        with self._lock:
            self._made[recipe.fingerprint] = encoded
            while sum(map(_count_bytes, self._made.values())) > self._max_bytes:
                self._made.popitem(last=False)


class _Suggestion:
    def __init__(self, wanted: list[Recipe]) -> None:
        self.wanted, self.stop = wanted, Event()
        self._unmade = list(wanted)

    def take_unmade(self) -> Iterator[Recipe]:
        """Yield each recipe once, however often this is called."""
        while self._unmade:
            yield self._unmade.pop(0)

    def end(self) -> None:
        """Leave out the rest, which would probably fail in the same way, and free memory that others use."""
        self._unmade.clear()


def _count_bytes(report: Finished) -> int:
    return 3 * report.image.width * report.image.height + len(report.png or b"")
