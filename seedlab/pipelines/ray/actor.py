"""What runs in a worker's process: a pipeline manager, whose reports are sent in one message a step."""

import hashlib
import os
import platform
import time
from collections import deque
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from threading import Event, Thread

from PIL.Image import Image

from seedlab import __version__
from seedlab.core.errors import SeedLabError
from seedlab.core.models.model import SKETCH
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.recipes.start import InputPicture
from seedlab.core.reports import Finished, Report
from seedlab.core.storage.files import find_cache
from seedlab.pipelines.devices.libraries import use_threads
from seedlab.pipelines.loaded.files import ModelFiles
from seedlab.pipelines.manager import PipelineManager
from seedlab.pipelines.ray.bundles import Bundle, Chunk, replace_files
from seedlab.pipelines.ray.messages import Canary, Examination, Message, Task, Unfit, WorkerOptions
from seedlab.pipelines.ray.received import ReceivedFiles
from seedlab.pipelines.run_store import RunStore
from seedlab.pipelines.thread_executor import ThreadExecutor

RUNS_FOLDER, RECEIVED_FOLDER = "drafts", "received"
LOST_INPUT = "The picture that this one starts from did not reach the worker: try again."
EARLY_STOPS = 64
"""How many tasks are known to be stopped before they begin. Most of them have ended already, and never will."""

GATHER_SECONDS = 0.002
"""The reports of one step come within this time."""


class Actor:
    """A worker. Its methods may be called from several threads."""

    def __init__(self, options: WorkerOptions) -> None:
        """Start a worker; torch is imported by its first work."""
        os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
        if options.threads is not None:
            use_threads(options.threads)
        runs = RunStore(options.runs or find_cache(RUNS_FOLDER), options.runs_bytes)
        self._executor = ThreadExecutor(
            options.device,
            deterministic=options.deterministic,
            files=ModelFiles(),
            runs=runs,
            memory_format=options.memory_format,
        )
        self._manager = PipelineManager(executor=self._executor, paths=options.paths)
        self._received = ReceivedFiles(find_cache(RECEIVED_FOLDER))
        self._stops: dict[str, Event] = {}
        self._early_stops: deque[str] = deque(maxlen=EARLY_STOPS)
        self._canaries: dict[str, str] = {}

    def examine(self) -> Examination:
        """Observe the environment, and make the canary: a small picture of Sketch."""
        environment = self._executor.observe("", "added")
        return Examination(
            host=platform.node(),
            version=__version__,
            device=self._executor.device,
            has_fast_bfloat16=self._executor.has_fast_bfloat16,
            memory=self._executor.measure_memory(),
            max_batch=self._executor.max_batch,
            environment=environment,
            canary=self._make_canary(),
        )

    def make(self, task: Task) -> Iterator[Message]:
        """Make a task's pictures, with the page's files or with copies of them."""
        stop = self._stops[task.name] = Event()
        if task.name in self._early_stops:
            stop.set()
        try:
            yield from self._make(task, stop)
        finally:
            stop.set()
            self._stops.pop(task.name, None)

    def lacks(self, bundle: Bundle) -> bool:
        """See `seedlab.pipelines.ray.sender.Receiver`."""
        return self._received.find(bundle) is None

    def receive(self, bundle: Bundle, chunk: Chunk) -> str:
        """See `seedlab.pipelines.ray.sender.Receiver`."""
        return self._received.receive(bundle, chunk)

    def discard(self) -> None:
        """See `seedlab.pipelines.ray.sender.Receiver`."""
        self._received.discard()

    def stop(self, name: str) -> None:
        """End a task within one denoising step."""
        self._early_stops.append(name)  # first: it may begin at this moment
        if (stop := self._stops.get(name)) is not None:
            stop.set()

    def preload(self, address: str) -> None:
        """Download and load a model in the background."""
        self._manager.warm_up(address)

    def _make(self, task: Task, stop: Event) -> Iterator[Message]:
        places = {name: self._received.find(bundle) for name, bundle in task.bundles.items()}
        here = {name: place for name, place in places.items() if place is not None}
        if len(here) < len(places):
            yield Unfit(f"The worker on {platform.node()} has lost a file that it was sent: try again.")
            return
        recipes = {index: replace_files(recipe, here) for index, recipe in task.recipes.items()}
        own = replace(task, recipes=recipes, canary=replace_files(task.canary, here))
        if unfit := self._find_obstacle(task, own):
            yield unfit
            return
        if digest := self._try_model(own, stop):
            yield Canary(task.canary_name, digest)
        for reports in gather(self._generate(own, stop)):
            for bundle in task.bundles.values():
                self._received.touch(bundle)
            yield reports

    def _generate(self, task: Task, stop: Event) -> Generator[Report, None, None]:
        indices, recipes = list(task.recipes), list(task.recipes.values())
        reports = self._manager.generate(
            recipes,
            stop,
            task.name,
            draft_steps=task.draft_steps,
            resume=task.resume,
            load_input=partial(_find_input, task),
        )
        with closing(reports):
            for report in reports:
                yield replace(report, index=indices[report.index])

    def _find_obstacle(self, task: Task, own: Task) -> Unfit | None:
        """Return why these recipes cannot be made here as elsewhere. What has to be downloaded is checked later."""
        for index, recipe in own.recipes.items():
            is_folder = Path(recipe.model_id).is_absolute() and task.recipes[index].model_id not in task.bundles
            try:
                self._manager.check(recipe)
                weights = self._read_weights(recipe, is_folder)
            except SeedLabError as error:
                return Unfit(f"The worker on {platform.node()} cannot make this picture. {error}")
            if weights and task.weights[index] not in ("", weights):
                return Unfit(_describe_other_file(recipe))
        return None

    def _read_weights(self, recipe: Recipe, is_folder: bool) -> str:
        """Return the hash of the model's files; "" if some will be downloaded. A folder never is: it has to be here."""
        try:
            return self._manager.environment(recipe).weights
        except SeedLabError:
            if is_folder:
                raise
            return ""

    def _make_canary(self) -> str:
        model = self._manager.resolve(SKETCH)
        recipe = model.make_recipe(prompt="a cat", seed=0, height=64, width=64, num_inference_steps=2)
        return self._hash_picture(recipe, Event())

    def _try_model(self, task: Task, stop: Event) -> str:
        """Return the digest of a task's canary, which is made once; "" if it fails, as the pictures will say."""
        digest = self._canaries.get(task.canary_name) or self._hash_picture(task.canary, stop, draft_steps=1)
        if digest:
            self._canaries[task.canary_name] = digest
        return digest

    def _hash_picture(self, recipe: Recipe, stop: Event, draft_steps: int | None = None) -> str:
        """Return the SHA-256, in hex, of a picture's latents and pixels; "" if it cannot be made."""
        digest = ""
        for report in self._manager.generate([recipe], stop, draft_steps=draft_steps, resume=False):
            if isinstance(report, Finished):  # no `return`: leaving the generator sets `stop`
                latents = report.checksums.latents if report.checksums else ""
                digest = hashlib.sha256(latents.encode() + report.image.tobytes()).hexdigest()
        return digest


def _find_input(task: Task, picture: InputPicture) -> Image:
    """Return one of the users' own pictures, which came in the size that the task needs."""
    for index, recipe in task.recipes.items():
        if index in task.inputs and recipe.input_picture == picture:
            return task.inputs[index]
    raise SeedLabError(LOST_INPUT)


def gather(reports: Generator[Report, None, None]) -> Generator[tuple[Report, ...], None, None]:
    """Yield reports in as few messages as possible: each costs a millisecond, however small it is."""
    queue: SimpleQueue[Report | None] = SimpleQueue()
    left = Event()

    def read() -> None:
        try:
            with closing(reports):
                for report in reports:
                    queue.put(report)
                    if left.is_set():
                        break
        finally:
            queue.put(None)

    Thread(target=read, daemon=True).start()
    try:
        yield from _merge(queue)
    finally:
        left.set()


def _merge(queue: "SimpleQueue[Report | None]") -> Iterator[tuple[Report, ...]]:
    report = queue.get()
    while report is not None:
        time.sleep(GATHER_SECONDS)
        newest = {report.index: report}
        while not queue.empty() and (report := queue.get()) is not None:
            newest[report.index] = report
        yield tuple(newest.values())
        if report is not None:
            report = queue.get()


def _describe_other_file(recipe: Recipe) -> str:
    name = Path(recipe.model_id).name
    return f"The worker on {platform.node()} has another file “{name}”: copy the page's file there."
