"""The pipeline manager: one per process, shared by all visitors. It is the interface of the package."""

from collections.abc import Generator, Hashable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from threading import Event

from seedlab.core.errors import RecipeError, SeedLabError
from seedlab.core.machine.environment import Environment
from seedlab.core.models.fit import Fit
from seedlab.core.models.model import Model, ResolvedModel
from seedlab.core.priority import Priority
from seedlab.core.recipes.additions import Lora
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.reports import Report
from seedlab.pipelines.devices.environment import note_libraries
from seedlab.pipelines.devices.selection import choose_dtype
from seedlab.pipelines.downloads import Downloads
from seedlab.pipelines.exact.batch import split_batches, split_models
from seedlab.pipelines.exact.plans import Plans
from seedlab.pipelines.executor import Executor
from seedlab.pipelines.fitting import is_short, rate_model
from seedlab.pipelines.inputs import LoadInput, refuse_input
from seedlab.pipelines.loaded.files import ModelFiles, refuse_unreadable
from seedlab.pipelines.loaded.loras.lines import check_loras, read_loras
from seedlab.pipelines.loaded.loras.plain import ADDED, choose_method
from seedlab.pipelines.preparation import Order, Preparation
from seedlab.pipelines.resolver import ModelResolver
from seedlab.pipelines.run_store import NO_RUNS, RunStore
from seedlab.pipelines.thread_executor import ThreadExecutor

NO_LORAS = "This server uses no LoRAs: leave the field empty."
RESOLVER_THREADS = 8
"""How many visitors can wait for the Hub at a time."""


class PipelineManager:
    """Makes the pictures of recipes, and answers what can be known before: about models, files and recipes."""

    def __init__(
        self,
        device: str | None = None,
        allowed: tuple[str, ...] | None = None,
        plans: Plans | None = None,
        deterministic: bool = False,
        executor: Executor | None = None,
        paths: Mapping[str, str] | None = None,
        runs: RunStore = NO_RUNS,
        memory_format: str | None = None,
    ) -> None:
        """Make a manager; nothing is imported or loaded yet.

        Args:
            device, plans, deterministic, runs, memory_format: as for `ThreadExecutor`, which is made of them.
            allowed: the addresses of the models that may be used, as on a public host; None for any.
            executor: makes the pictures, in place of a `ThreadExecutor`; it is closed with the manager.
            paths: as for `ModelResolver`.
        """
        self._allowed = allowed
        self._files = ModelFiles()
        self._executor = executor or ThreadExecutor(device, plans, deterministic, self._files, runs, memory_format)
        self._resolver = ModelResolver(self._files, self._choose_dtype, allowed, paths)
        self._resolving = ThreadPoolExecutor(RESOLVER_THREADS, thread_name_prefix="resolver")
        self._closed = Event()
        self._downloads = Downloads(self._files, self._closed)
        parts = self._executor, self._files, self._resolver, self._downloads, self._resolving
        self._preparation = Preparation(*parts, self._check_all, self._closed)

    @property
    def device(self) -> str:
        """The device that pictures are made on.

        Raises:
            SeedLabError: the requested device does not exist.
        """
        return self._executor.device

    def find_model(self, address: str) -> Model:
        """Return what is known about the model at an address, without a device and (but for `allowed`) the network.

        Raises:
            RecipeError: there is no such model, or it is not allowed here.
        """
        return self._resolver.find(address)

    def is_here(self, model: Model) -> bool:
        """Whether a resolved model's files are on this machine."""
        return self._files.is_here(model)

    def rate(self, model: Model) -> Fit:
        """Return whether a model is here, or fits where pictures are made. The first call takes seconds.

        Raises:
            SeedLabError: the requested device does not exist.
        """
        return rate_model(model, self.device, self._executor.measure_memory())

    def is_short(self, recipe: Recipe) -> bool:
        """Whether there is too little memory to decode a recipe's picture as a whole. The first call takes seconds.

        Raises:
            SeedLabError: there is no such model, or the requested device does not exist.
        """
        model = self.find_model(recipe.model_address)
        return model.can_tile and is_short(recipe, self._executor.measure_memory())

    def resolve(self, model: str | Model) -> ResolvedModel:
        """Return a model, or the model at an address, with its commit, what its pipeline takes, and its dtype.

        The first call takes seconds: torch is imported, and the Hub may be asked.

        Raises:
            RecipeError: the model cannot be found, or not be used.
            SeedLabError: the requested device does not exist.
        """
        return self._resolver.resolve(self.find_model(model) if isinstance(model, str) else model)

    def check(self, recipe: Recipe) -> None:
        """Refuse a recipe that cannot be made on this machine, before any work starts.

        Raises:
            RecipeError: its noise is to come from a device that is not here, or one of its LoRAs cannot be used.
        """
        if recipe.loras and self._allowed is not None:
            raise RecipeError("loras", NO_LORAS)  # without a look at a stranger's paths
        check_loras(recipe.loras)
        if recipe.generator_device not in ("cpu", self.device):
            raise RecipeError(
                "generator_device",
                f"Pictures are made on the {self.device} here, so the noise cannot come from “"
                f"{recipe.generator_device}”: choose the CPU, whose noise is the same on every machine.",
            )

    def read_loras(self, text: str) -> tuple[Lora, ...]:
        """Read LoRAs as people write them: one file per line, followed by its weight.

        Raises:
            RecipeError: a line names none, or LoRAs are not allowed here.
        """
        if text.strip() and self._allowed is not None:
            raise RecipeError("loras", NO_LORAS)
        return read_loras(text)

    def environment(self, recipe: Recipe) -> Environment:
        """Observe the environment that this recipe's picture would be made in; nothing is loaded or downloaded.

        Raises:
            SeedLabError: the model is not here.
        """
        model = self._resolver.use_known_commit(self.find_model(recipe.model_address))
        try:
            # Without a look at a stranger's paths.
            method = choose_method(recipe.loras) if self._allowed is None else ADDED
            weights = self._files.hash(self._files.find(model), recipe.loras)
            return note_libraries(self._executor.observe(weights, method), recipe)
        except OSError as error:
            raise refuse_unreadable(model) from error

    def warm_up(self, address: str) -> None:
        """Download and load a model in the background; a failure is reported to whoever requests a picture of it."""
        self._resolving.submit(self.preload, address)

    def preload(self, address: str) -> None:
        """Download a model, and let the executor preload it; failures as for `warm_up`."""
        with suppress(SeedLabError):
            model = self.resolve(address)
            for _ in self._downloads.ensure(model, self._closed):
                pass
            self._executor.preload(self.resolve(address))

    def generate(
        self,
        recipes: Sequence[Recipe],
        stop: Event,
        visitor: Hashable = None,
        *,
        draft_steps: int | None = None,
        resume: bool = True,
        load_input: LoadInput = refuse_input,
        priority: Priority = Priority.REQUEST,
    ) -> Generator[Report, None, None]:
        """Make the recipes' pictures; see `seedlab.core.reports` for what is yielded.

        Recipes that differ only in seed and prompts are made together if their bytes stay the same. A failure ends
        only its own tile. Progress that nobody has read yet is replaced by newer progress. Setting `stop`, or closing
        the generator, ends the work within one denoising step.

        Args:
            recipes: of the pictures.
            stop: ends the work when it is set.
            visitor: takes turns with the other visitors, however many calls each of them makes.
            draft_steps, resume: as for `seedlab.core.reports.Generate`.
            load_input: returns the pixels of a picture of the user's own; raises SeedLabError if it is not theirs.
            priority: as for `seedlab.pipelines.executor.Batch`.
        """
        limit = self._executor.max_batch
        for indices in split_models(recipes) if limit is None else split_batches(recipes, limit):
            if stop.is_set() or self._closed.is_set():
                return
            chosen = {index: recipes[index] for index in indices}
            order = Order(chosen, stop, visitor, draft_steps, resume, load_input, priority)
            with closing(self._preparation.run(order)) as reports:
                yield from reports

    def close(self) -> None:
        """End all work within one denoising step, and begin no more."""
        self._closed.set()
        self._resolving.shutdown(wait=False, cancel_futures=True)
        self._downloads.close()
        self._executor.close()

    def _choose_dtype(self, half: str) -> str:
        return choose_dtype(self.device, half, self._executor.has_fast_bfloat16)

    def _check_all(self, model: ResolvedModel, recipe: Recipe) -> None:
        """Check a recipe, which may come from a browser, once its model is resolved."""
        model.check(recipe)
        self.check(recipe)
        if self._allowed is not None and recipe.dtype != model.dtype:
            raise SeedLabError(f"This server makes pictures of {model.name} only in {model.dtype}.")
