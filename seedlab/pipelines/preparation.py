"""Prepares batches, and hands them to an executor: their model is resolved and downloaded, and all recipes checked."""

import logging
from collections.abc import Callable, Generator, Hashable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass, replace
from threading import Event

from seedlab.core.errors import SeedLabError
from seedlab.core.models.model import ResolvedModel
from seedlab.core.priority import Priority
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.reports import Failed, Finished, Report, Waiting
from seedlab.pipelines.devices.libraries import are_imported
from seedlab.pipelines.downloads import Downloads
from seedlab.pipelines.executor import Batch, Executor
from seedlab.pipelines.inputs import LoadInput, fit_inputs
from seedlab.pipelines.loaded.files import ModelFiles
from seedlab.pipelines.resolver import ModelResolver
from seedlab.pipelines.work_queue import POLL_SECONDS

LOGGER = logging.getLogger(__name__)
BROKEN = "Something went wrong, and this picture was not made: try again. If that does not help, restart SeedLab."

Check = Callable[[ResolvedModel, Recipe], None]
"""Raises SeedLabError for a recipe of a model that cannot be made."""


@dataclass(frozen=True)
class Order:
    """A batch whose model is not resolved yet.

    Attributes:
        recipes: by their index. They have the same model.
        stop: ends the work when it is set.
        visitor, draft_steps, resume, load_input, priority: as for `PipelineManager.generate`.
    """

    recipes: Mapping[int, Recipe]
    stop: Event
    visitor: Hashable
    draft_steps: int | None
    resume: bool
    load_input: LoadInput
    priority: Priority


class Preparation:
    """Runs orders in the threads of those who placed them."""

    def __init__(
        self,
        executor: Executor,
        files: ModelFiles,
        resolver: ModelResolver,
        downloads: Downloads,
        resolving: ThreadPoolExecutor,
        check: Check,
        closed: Event,
    ) -> None:
        """Share the parts of a manager.

        Args:
            executor: makes the batches.
            files, resolver, downloads: what is known of models, and brings them.
            resolving: resolves models in threads of its own.
            check: is asked for each recipe.
            closed: ends all work when it is set.
        """
        self._executor, self._files, self._resolver, self._downloads = executor, files, resolver, downloads
        self._resolving, self._check, self._closed = resolving, check, closed

    def run(self, order: Order) -> Generator[Report, None, None]:
        """Make the pictures of an order; yields reports. A failure ends only the tiles that are not made yet.

        Setting its `stop`, or closing the generator, ends the work within one denoising step.
        """
        unfinished = set(order.recipes)
        try:
            with closing(self._prepare_and_run(order)) as reports:
                for report in reports:
                    if isinstance(report, Finished | Failed):
                        unfinished.discard(report.index)
                    yield report
        except SeedLabError as error:
            yield from (Failed(index, str(error)) for index in sorted(unfinished))
        except Exception:  # the edge: otherwise the visitor would wait for ever
            LOGGER.exception("A batch failed unexpectedly.")
            yield from (Failed(index, BROKEN) for index in sorted(unfinished))

    def _prepare_and_run(self, order: Order) -> Generator[Report, None, None]:
        recipes, stop = order.recipes, order.stop
        model = yield from self._resolve(recipes, stop)
        if model is not None and not self._files.is_here(model):
            if order.priority is Priority.IDLE:
                return
            yield from self._download(model, recipes, stop)
            # Only its files tell everything that its recipes are checked against.
            model = yield from self._resolve(recipes, stop)
        if model is None:
            return
        failures = self._find_failures(model, recipes)
        inputs = fit_inputs({index: recipes[index] for index in recipes if index not in failures}, order.load_input)
        failures |= {index: Failed(index, found) for index, found in inputs.items() if isinstance(found, str)}
        yield from failures.values()
        possible = {index: recipe for index, recipe in recipes.items() if index not in failures}
        batch = Batch(
            model=model,
            recipes=possible,
            visitor=order.visitor,
            draft_steps=order.draft_steps,
            resume=order.resume,
            inputs={index: found for index, found in inputs.items() if not isinstance(found, str)},
            priority=order.priority,
        )
        if possible:
            with closing(self._executor.run(batch, stop)) as reports:
                for report in reports:
                    yield self._add_hashes(report, batch)

    def _add_hashes(self, report: Report, batch: Batch) -> Report:
        if not isinstance(report, Finished):
            return report
        loras = batch.recipes[report.index].loras
        return replace(report, hashes=self._files.list_hashes(batch.model, loras))

    def _resolve(self, recipes: Mapping[int, Recipe], stop: Event) -> Generator[Report, None, ResolvedModel | None]:
        """Resolve the model of a batch in another thread, with signs of life; returns None if the work ended."""
        if self._is_ended(stop):
            return None
        model = self._resolver.find(next(iter(recipes.values())).model_address)
        if are_imported() and not self._resolver.needs_hub(model):
            return self._resolver.resolve(model)
        sentence = f"Asking the Hub for {model.name}…" if self._resolver.needs_hub(model) else ""
        future: Future[ResolvedModel] = self._resolving.submit(self._resolver.resolve, model)
        try:
            while not wait([future], POLL_SECONDS).done:
                if self._is_ended(stop):
                    return None
                yield from (Waiting(index, sentence) for index in recipes)
        finally:
            future.cancel()
        return None if self._is_ended(stop) else future.result()

    def _find_failures(self, model: ResolvedModel, recipes: Mapping[int, Recipe]) -> dict[int, Failed]:
        """Return the recipes that cannot be made. They may come from a browser, so everything is checked again."""
        failures = {}
        for index, recipe in recipes.items():
            try:
                self._check(model, recipe)
            except SeedLabError as error:
                failures[index] = Failed(index, str(error))
        return failures

    def _download(
        self, model: ResolvedModel, recipes: Mapping[int, Recipe], stop: Event
    ) -> Generator[Report, None, None]:
        with closing(self._downloads.ensure(model, stop)) as sentences:
            for sentence in sentences:
                yield from (Waiting(index, sentence) for index in recipes)

    def _is_ended(self, stop: Event) -> bool:
        return stop.is_set() or self._closed.is_set()
