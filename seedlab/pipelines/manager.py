"""The pipeline manager: one per process, shared by all visitors. It loads, keeps, takes turns, reports and stops."""

import logging
from collections.abc import Generator, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import closing, suppress
from dataclasses import replace
from functools import cached_property
from queue import Empty, SimpleQueue
from threading import Event

from seedlab.core.environment import Environment
from seedlab.core.errors import RecipeError, SeedLabError
from seedlab.core.model import Model
from seedlab.core.recipe import Lora, Recipe
from seedlab.core.reports import Failed, Finished, Report, Waiting
from seedlab.pipelines.devices.environment import enable_determinism
from seedlab.pipelines.devices.libraries import import_libraries
from seedlab.pipelines.devices.malloc import retain_freed_memory
from seedlab.pipelines.devices.selection import choose_device, choose_dtype
from seedlab.pipelines.downloads import Downloads
from seedlab.pipelines.exact.batch import split_batches
from seedlab.pipelines.exact.plans import Plans, find_folder
from seedlab.pipelines.exact.prepack_cache import PrepackCache
from seedlab.pipelines.hub.cache import COMMIT
from seedlab.pipelines.loaded.cache import LoadedPipeline, PipelineCache
from seedlab.pipelines.loaded.loras import check_loras, read_loras
from seedlab.pipelines.models import catalog
from seedlab.pipelines.models.introspection import fit
from seedlab.pipelines.work_queue import WorkQueue
from seedlab.pipelines.worker import BatchRunner

LOGGER = logging.getLogger(__name__)
BROKEN = "Something went wrong here, and this picture was not made: try again; if that does not help, restart SeedLab."

PATIENCE = 0.2
"""Seconds between two looks at why a tile waits."""

NO_LORAS = "This server uses no LoRAs: leave the field empty."

Reports = SimpleQueue[Report | None]
"""What the working thread says; None at the end."""


class PipelineManager:
    """Makes pictures of recipes, up to four in a call, in the order in which they were asked for.

    One thread does all the work of torch, so the line before it is the fair lock: every caller of `generate` has at
    most one batch in it, and visitors take turns batch by batch.
    """

    def __init__(
        self,
        device: str | None = None,
        allowed: tuple[str, ...] | None = None,
        plans: Plans | None = None,
        deterministic: bool = False,
    ) -> None:
        """Make a manager; nothing is imported or loaded yet.

        Args:
            device: "cpu", "cuda" or "mps"; None for the best that is there.
            allowed: the ids of the models that may be used, as on a public host; None for any.
            plans: what is known of exact batches; None for what earlier processes found out.
            deterministic: whether only deterministic algorithms may be used, from now on in this process.
        """
        retain_freed_memory()  # here, as the threads that compute are not there yet
        self._wish, self._allowed, self._deterministic = device, allowed, deterministic
        self._queue = WorkQueue()
        self._closed = Event()
        prepack_cache = PrepackCache()
        self._cache = PipelineCache(release=prepack_cache.clear)
        self._downloads = Downloads(self._cache, self._closed)
        plans = plans or Plans(find_folder())
        library = self._cache
        self._runner = BatchRunner(
            self._load, plans, prepack_cache, self._closed, library.evict_others, library.free_space
        )

    @cached_property
    def device(self) -> str:
        """The device that pictures are made on.

        Raises:
            SeedLabError: the one wished for is not there.
        """
        if self._deterministic:
            enable_determinism()
        return choose_device(self._wish)

    def describe(self, model_id: str) -> Model:
        """Say what is known of a model, its dtype settled for the device and its revision a commit.

        Raises:
            RecipeError: there is no such model, or it is not allowed here.
            SeedLabError: the device wished for is not there.
        """
        return self.settle(self.look_up(model_id))

    def look_up(self, model_id: str) -> Model:
        """Say what is known of a model without asking the device: its dtype may still be "auto".

        Raises:
            RecipeError: there is no such model, or it is not allowed here.
        """
        if not self._is_allowed(model_id):
            raise RecipeError("model_id", f"This server offers only: {', '.join(self._allowed or ())}.")
        return catalog.describe(model_id)

    def _is_allowed(self, model_id: str) -> bool:
        """Whether a model may be used: as it is offered, or at the commit that this stands for, as recipes name it."""
        if self._allowed is None or model_id in self._allowed:
            return True
        name, _, commit = model_id.partition("@")
        offered = [address for address in self._allowed if address.partition("@")[0] == name]
        return bool(COMMIT.fullmatch(commit)) and model_id in [
            self._cache.pin(catalog.describe(address)).address for address in offered
        ]

    def settle(self, model: Model) -> Model:
        """Fill in the commit of a model of the Hub, what its pipeline takes, and what depends on the device.

        The first time takes seconds, in which torch is imported and the Hub is asked.

        Raises:
            RecipeError: the model cannot be found, or not be used.
            SeedLabError: the device wished for is not there.
        """
        model = self._cache.pin(model)
        if (index := self._cache.find_index(model)) is not None:
            import_libraries()
            model = fit(model, index)
        return replace(model, dtype=choose_dtype(self.device, model.half)) if model.dtype == "auto" else model

    def check(self, recipe: Recipe) -> None:
        """Refuse what this machine cannot make, before any work starts.

        Raises:
            RecipeError: its noise is to come from a device that is not here, or one of its LoRAs cannot be used.
        """
        if recipe.loras and self._allowed is not None:
            raise RecipeError("loras", NO_LORAS)  # nor are a stranger's paths looked at
        check_loras(recipe.loras)
        if recipe.generator_device not in ("cpu", self.device):
            raise RecipeError(
                "generator_device",
                f"Pictures are made on the {self.device} here, so that the noise cannot come from “"
                f"{recipe.generator_device}”: choose the CPU, whose noise is the same on every machine.",
            )

    def read_loras(self, text: str) -> tuple[Lora, ...]:
        """Read LoRAs as people write them: a file a line, and its weight after it.

        Raises:
            RecipeError: a line names none, or LoRAs are not allowed here.
        """
        if text.strip() and self._allowed is not None:
            raise RecipeError("loras", NO_LORAS)
        return read_loras(text)

    def environment(self, recipe: Recipe) -> Environment:
        """Observe the environment that this recipe's picture would be made in; loads and downloads nothing.

        Raises:
            SeedLabError: the model is not here.
        """
        model = self.look_up(recipe.model_address)
        try:
            return self._cache.observe(model, self.device, recipe.loras)
        except OSError as error:
            raise SeedLabError(f"The files of {model.name} cannot be read: choose another model.") from error

    def warm_up(self, model_id: str) -> None:
        """Begin to load a model in the background; a failure is told to whoever asks for a picture."""
        with suppress(SeedLabError):
            model = self.look_up(model_id)
            self._downloads.begin(model, lambda: self._queue.submit(lambda: self._warm_up(model)))

    def generate(self, recipes: Sequence[Recipe], stop: Event) -> Generator[Report, None, None]:
        """Make the recipes' pictures in order; see `seedlab.core.reports` for what is yielded.

        Neighbours that differ in seed and prompts alone are made together, where their bytes are what they are alone.
        A failure ends its own tile alone. Progress that nobody has looked at yet is replaced by newer progress.
        Setting `stop`, or closing the generator, ends the work within one denoising step.
        """
        for batch in split_batches(recipes):
            if stop.is_set() or self._closed.is_set():
                return
            with closing(self._generate_batch({index: recipes[index] for index in batch}, stop)) as reports:
                yield from reports

    def close(self) -> None:
        """End all work within one denoising step, and take no more."""
        self._closed.set()
        self._downloads.close()
        self._queue.close()

    def _generate_batch(self, batch: Mapping[int, Recipe], stop: Event) -> Generator[Report, None, None]:
        try:
            yield from self._bring(batch, stop)
        except SeedLabError as error:
            yield from (Failed(index, str(error)) for index in batch)
        except Exception:  # the edge, as below
            LOGGER.exception("A download ended badly.")
            yield from (Failed(index, BROKEN) for index in batch)
        else:
            if not (stop.is_set() or self._closed.is_set()):
                yield from self._make(batch, stop)

    def _bring(self, batch: Mapping[int, Recipe], stop: Event) -> Generator[Report, None, None]:
        """See to it that the model of a batch is here, before the batch takes its place in the queue."""
        model = self.look_up(next(iter(batch.values())).model_address)
        with closing(self._downloads.bring(model, stop)) as sentences:
            for sentence in sentences:
                yield from (Waiting(index, sentence) for index in batch)

    def _make(self, batch: Mapping[int, Recipe], stop: Event) -> Generator[Report, None, None]:
        reports: Reports = SimpleQueue()

        def work() -> None:
            try:
                self._runner.make(batch, stop, reports.put)
            except Exception:  # the edge: a visitor who is not told of the end would wait for ever
                LOGGER.exception("A batch ended badly.")
                for index in batch:
                    reports.put(Failed(index, BROKEN))
            finally:
                reports.put(None)

        future = self._queue.submit(work)
        try:
            yield from self._pass_on(batch, reports, future, stop)
        except GeneratorExit:
            stop.set()
            raise
        finally:
            future.cancel()

    def _pass_on(
        self, batch: Mapping[int, Recipe], reports: Reports, future: Future[None], stop: Event
    ) -> Iterator[Report]:
        """Yield what the working thread says, and where it says nothing, for a sign of life, the last of it again."""
        latest: dict[int, Report] = {index: Waiting(index, "") for index in batch}
        while True:
            try:
                news, is_last = _take(reports)
            except Empty:
                if stop.is_set() or self._closed.is_set():
                    return
                # Whoever listens gets the chance to leave, and frees a thread meanwhile.
                news, is_last = [self._say_again(report, future) for report in latest.values()], False
            for report in news:
                latest[report.index] = report
                if isinstance(report, Finished | Failed):
                    del latest[report.index]  # kept once; only what is unfinished is said again
                yield report
            if is_last:
                return

    def _say_again(self, report: Report, future: Future[None]) -> Report:
        if isinstance(report, Waiting):
            return Waiting(report.index, self._say_why(future) or report.sentence)
        return report

    def _say_why(self, future: Future[None]) -> str:
        """Say why a tile waits: its place in the line, or the model that is loading."""
        before = self._queue.count_ahead(future)
        if self._cache.loading or before == 0:
            return self._cache.loading
        return "1 batch before this one" if before == 1 else f"{before} batches before this one"

    def _load(self, recipe: Recipe) -> LoadedPipeline:
        """Return the recipe's pipeline, loaded now if it is not there.

        Recipes come from visitors' browsers too, so the model's own limits are checked here once more.
        """
        model = self.describe(recipe.model_address)
        model.check(recipe)
        self.check(recipe)
        if self._allowed is not None and recipe.dtype != model.dtype:
            raise SeedLabError(f"This server makes pictures of {model.name} in {model.dtype} alone.")
        return self._cache.load(model, recipe.dtype, self.device, recipe.loras)

    def _warm_up(self, model: Model) -> None:
        with suppress(SeedLabError):
            model = self.settle(model)
            self._cache.load(model, model.dtype, self.device)


def _take(reports: Reports) -> tuple[list[Report], bool]:
    """Take what there is, of each tile the newest alone, and whether it is the last; raises Empty after a while."""
    newest: dict[int, Report] = {}
    report = reports.get(timeout=PATIENCE)
    while report is not None:
        newest[report.index] = report
        if reports.empty():
            break
        report = reports.get_nowait()
    return list(newest.values()), report is None
