"""The pipeline manager: one per process, shared by all visitors. It loads, keeps, takes turns, reports and stops."""

import gc
import logging
from collections import OrderedDict
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event, Lock
from typing import Any

from PIL.Image import Image

from seedlab.environment import Environment
from seedlab.model import Model
from seedlab.pipelines import catalog
from seedlab.pipelines.environment import hash_weights, observe
from seedlab.pipelines.loading import choose_device, choose_dtype, find_folder, load_pipeline
from seedlab.pipelines.preview import Preview, find_clean_latents, fit_preview
from seedlab.pipelines.sampling import check_latents, make_scheduler, sample
from seedlab.pipelines.tokens import say_unread
from seedlab.recipe import Recipe, RecipeError, SeedLabError
from seedlab.reports import Failed, Finished, Progress, Report, Waiting

LOGGER = logging.getLogger(__name__)
PATIENCE = 0.2
"""Seconds between two looks at why a tile waits."""


class StoppedError(Exception):
    """Raised inside a pipeline's call to end it at once: its own `_interrupt` would still decode a picture."""


@dataclass(frozen=True)
class Loaded:
    """A pipeline that is ready, with what belongs to it."""

    pipeline: Any
    scheduler: Any
    preview: Preview | None
    environment: Environment


class PipelineManager:
    """Makes pictures of recipes, one at a time, in the order in which they were asked for.

    One thread does all the work of torch, so the queue before it is the fair lock: every caller of `generate` has at
    most one tile in it, and visitors take turns tile by tile.
    """

    def __init__(self, device: str | None = None, allowed: tuple[str, ...] | None = None, max_loaded: int = 2) -> None:
        """Make a manager; nothing is imported or loaded yet.

        Args:
            device: "cpu", "cuda" or "mps"; None for the best that is there.
            allowed: the ids of the models that may be used, as on a public host; None for any.
            max_loaded: how many pipelines are kept in memory; the least recently used goes first.
        """
        self._wish, self._allowed, self._max_loaded = device, allowed, max_loaded
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="pipelines")
        self._line: list[Future[None]] = []
        self._line_lock = Lock()
        self._closed = Event()
        self._loading = ""
        self._loaded: OrderedDict[tuple[Path, str], Loaded] = OrderedDict()
        self._folders: dict[str, Path] = {}
        self._hashes: dict[Path, str] = {}

    @cached_property
    def device(self) -> str:
        """The device that pictures are made on.

        Raises:
            SeedLabError: the one wished for is not there.
        """
        return choose_device(self._wish)

    def describe(self, model_id: str) -> Model:
        """Say what is known of a model, its dtype resolved for the device.

        Raises:
            RecipeError: there is no such model, or it is not allowed here.
            SeedLabError: the device wished for is not there.
        """
        if self._allowed is not None and model_id not in self._allowed:
            raise RecipeError("model_id", f"This server offers only: {', '.join(self._allowed)}.")
        model = catalog.describe(model_id)
        return replace(model, dtype=choose_dtype(self.device)) if model.dtype == "auto" else model

    def environment(self, recipe: Recipe) -> Environment:
        """Observe the environment that this recipe's picture would be made in; loads and downloads nothing.

        Raises:
            SeedLabError: the model is not here.
        """
        model = self.describe(recipe.model_address)
        try:
            return observe(self.device, self._hash(self._find_folder(model, download=False)))
        except OSError as error:
            raise SeedLabError(f"The files of {model.name} cannot be read: choose another model.") from error

    def warm_up(self, model_id: str) -> None:
        """Begin to load a model in the background; a failure is told to whoever asks for a picture."""
        self._submit(lambda: self._warm_up(model_id))

    def generate(self, recipes: Sequence[Recipe], stop: Event) -> Generator[Report, None, None]:
        """Make the recipes' pictures in order; see `seedlab.reports` for what is yielded.

        A failure ends its own tile alone. Progress that nobody has looked at yet is replaced by newer progress.
        Setting `stop`, or closing the generator, ends the work within one denoising step.
        """
        for index, recipe in enumerate(recipes):
            if stop.is_set() or self._closed.is_set():
                return
            with closing(self._generate_one(index, recipe, stop)) as reports:
                yield from reports

    def close(self) -> None:
        """End all work within one denoising step, and take no more."""
        self._closed.set()
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _generate_one(self, index: int, recipe: Recipe, stop: Event) -> Generator[Report, None, None]:
        reports: SimpleQueue[Report | None] = SimpleQueue()
        future = self._submit(lambda: self._work(index, recipe, stop, reports.put))
        report: Report | None = None
        try:
            while not isinstance(report, Finished | Failed):
                try:
                    report = _take(reports)
                except Empty:
                    if stop.is_set() or self._closed.is_set():
                        return
                    # Said again and again: whoever listens gets the chance to leave, and frees a thread meanwhile.
                    report = report or Waiting(index, "")
                    if isinstance(report, Waiting):
                        report = Waiting(index, self._say_why(future))
                if report is None:
                    return
                yield report
        except GeneratorExit:
            stop.set()
            raise
        finally:
            future.cancel()

    def _submit(self, work: Callable[[], None]) -> Future[None]:
        with self._line_lock:
            self._line = [each for each in self._line if not each.done()]
            future = self._executor.submit(work)
            self._line.append(future)
            return future

    def _say_why(self, future: Future[None]) -> str:
        """Say why a tile waits: its place in the line, or the model that is loading."""
        with self._line_lock:
            line = [each for each in self._line if not each.done()]
        before = line.index(future) if future in line else 0
        if self._loading or before == 0:
            return self._loading
        return "1 picture before this one" if before == 1 else f"{before} pictures before this one"

    def _work(self, index: int, recipe: Recipe, stop: Event, report: Callable[[Report | None], None]) -> None:
        """Make one picture in the working thread, whatever happens: the line goes on."""
        try:
            report(self._make(index, recipe, stop, report))
        except StoppedError:
            report(None)
        except SeedLabError as error:
            report(Failed(index, str(error)))
        except Exception as error:  # the edge: whatever torch raises ends this tile, not the manager
            LOGGER.exception("A picture could not be made.")
            report(Failed(index, _explain(error)))
            _free_memory()

    def _make(self, index: int, recipe: Recipe, stop: Event, report: Callable[[Report], None]) -> Finished:
        def check_stop() -> None:
            if stop.is_set() or self._closed.is_set():
                raise StoppedError

        check_stop()
        loaded = self._load(recipe)
        pipeline = loaded.pipeline
        # Schedulers have state: a fresh one for every picture, or one picture would depend on the one before.
        pipeline.scheduler = make_scheduler(loaded.scheduler, recipe.scheduler)

        def on_step(step: int, latents: Any) -> None:
            check_stop()
            check_latents(latents)
            steps = max(step, getattr(pipeline, "num_timesteps", recipe.num_inference_steps))
            report(Progress(index, step, steps, _show_preview(loaded, latents)))

        image = sample(pipeline, recipe, on_step)
        return Finished(index, image, loaded.environment, say_unread(pipeline, recipe))

    def _load(self, recipe: Recipe) -> Loaded:
        """Return the recipe's pipeline, loaded now if it is not there.

        Recipes come from visitors' browsers too, so the model's own limits are checked here once more.
        """
        model = self.describe(recipe.model_address)
        model.check(recipe)
        if self._allowed is not None and recipe.dtype != model.dtype:
            raise SeedLabError(f"This server makes pictures of {model.name} in {model.dtype} alone.")
        return self._load_model(model, recipe.dtype)

    def _find_folder(self, model: Model, *, download: bool) -> Path:
        # Once a process: what "main" means on the Hub may change in the middle of a grid, and asking takes its time.
        if model.address not in self._folders:
            folder = find_folder(model.model_id, model.revision, download=download)
            if not download:
                return folder
            self._folders[model.address] = folder
        return self._folders[model.address]

    def _load_model(self, model: Model, dtype: str) -> Loaded:
        self._loading = f"Loading {model.name}…"
        try:
            folder = self._find_folder(model, download=True)
            key = (folder, dtype)
            if key not in self._loaded:
                self._make_room()
                self._loaded[key] = self._load_folder(folder, dtype)
            self._loaded.move_to_end(key)
            return self._loaded[key]
        finally:
            self._loading = ""

    def _load_folder(self, folder: Path, dtype: str) -> Loaded:
        pipeline = load_pipeline(folder, dtype, self.device)
        environment = observe(self.device, self._hash(folder))
        return Loaded(pipeline, pipeline.scheduler, fit_preview(pipeline), environment)

    def _make_room(self) -> None:
        while len(self._loaded) >= self._max_loaded:
            self._loaded.popitem(last=False)
            _free_memory()

    def _hash(self, folder: Path) -> str:
        if folder not in self._hashes:
            self._hashes[folder] = hash_weights(folder)
        return self._hashes[folder]

    def _warm_up(self, model_id: str) -> None:
        with suppress(SeedLabError):
            model = self.describe(model_id)
            self._load_model(model, model.dtype)


def _take(reports: "SimpleQueue[Report | None]") -> Report | None:
    """Take the next report, passing over progress that newer progress has overtaken; raises Empty after a while."""
    report = reports.get(timeout=PATIENCE)
    while isinstance(report, Progress) and not reports.empty():
        report = reports.get_nowait()
    return report


def _show_preview(loaded: Loaded, latents: Any) -> Image | None:
    if loaded.preview is None:
        return None
    return loaded.preview.show(find_clean_latents(loaded.pipeline.scheduler, latents))


def _explain(error: Exception) -> str:
    text = str(error)
    if isinstance(error, MemoryError) or "out of memory" in text or ("memory" in text and "allocate" in text):
        return "Not enough memory for this picture: choose a smaller size, or a smaller model."
    line = (text.strip().splitlines() or [type(error).__name__])[0][:160]
    return f"This picture could not be made: {line}"


def _free_memory() -> None:
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
