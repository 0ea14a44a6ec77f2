"""SeedLab assembled: settings -> pipeline manager and store -> the services of the page and of the commands."""

from collections.abc import Callable, Generator, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from threading import Event
from typing import Any

from seedlab.core.models.model import SKETCH, Model, ResolvedModel
from seedlab.core.models.seed_share import SeedShare
from seedlab.core.picture import Picture
from seedlab.core.priority import Priority
from seedlab.core.recipes.additions import Lora
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.reports import Generate, Report
from seedlab.core.storage.files import find_cache
from seedlab.core.texts.file_names import is_path
from seedlab.core.visitors import name_owner
from seedlab.executors import make_executor
from seedlab.images.index.search import NOBODY, OPERATOR
from seedlab.images.inputs.store import InputStore
from seedlab.images.inputs.visitors import VisitorInputs
from seedlab.images.store import make_store
from seedlab.pipelines.devices.libraries import use_threads
from seedlab.pipelines.loaded.lora_folder import LoraFolder
from seedlab.pipelines.manager import PipelineManager
from seedlab.pipelines.models.addresses import find_model
from seedlab.pipelines.models.catalog import CATALOG
from seedlab.pipelines.resolver import hide_path
from seedlab.pipelines.run_store import RunStore
from seedlab.settings import INPUTS_FOLDER, RUNS_BYTES, Settings
from seedlab.sketch import vocabulary
from seedlab.sketch.phrases import add_phrase
from seedlab.workflow.ahead import Ahead
from seedlab.workflow.gallery.gallery import Gallery
from seedlab.workflow.gallery.thumbnail_addresses import ThumbnailAddresses
from seedlab.workflow.known.files import KnownFiles
from seedlab.workflow.known.shares import KnownShares
from seedlab.workflow.known.times import KnownTimes
from seedlab.workflow.measuring import Made, Tried, measure_model, try_suffixes
from seedlab.workflow.page_services import PageServices
from seedlab.workflow.pictures.local_files import LocalFiles
from seedlab.workflow.programs.tools import Tools
from seedlab.workflow.scripts.script import write_script
from seedlab.workflow.services import Services
from seedlab.workflow.sessions.session import Session, TakeReady
from seedlab.workflow.trails.trail import Trail
from seedlab.workflow.verification import VerificationResult, read_original, verify

KNOWN_FILES = "local-files.json"
KNOWN_SHARES = "seed-shares.json"
KNOWN_TIMES = "picture-times.json"


class Application:
    """The parts of one process. Nothing is imported or loaded yet when it is made."""

    def __init__(self, settings: Settings, manager: PipelineManager | None = None) -> None:
        """Assemble the application.

        Args:
            manager: None for a new one with these settings.

        Raises:
            SeedLabError: the default model does not exist, or workers cannot be used.
        """
        self.settings = settings
        default = find_model(settings.model)
        # Strangers learn the name of the operator's model, and not where it is.
        self._default = hide_path(default) if settings.public else default
        self._runs = RunStore(settings.runs_folder, RUNS_BYTES)
        paths = {self._default.address: self._default.path} if self._default.path else None
        executor = make_executor(settings, paths) if manager is None else None  # may refuse the settings
        if threads := settings.threads or (1 if settings.workers else None):
            use_threads(threads)  # of the whole process
        self.manager = manager or PipelineManager(
            settings.device,
            allowed=tuple(self._list_models()) if settings.public else None,
            deterministic=settings.deterministic,
            memory_format=settings.memory_format,
            executor=executor,
            paths=paths,
            runs=self._runs,
        )
        self._ahead = Ahead(self.manager.generate, self.manager.environment) if settings.makes_ahead else None
        self._known = KnownFiles(find_cache(KNOWN_FILES))
        self._shares = KnownShares(find_cache(KNOWN_SHARES))
        self._times = KnownTimes(find_cache(KNOWN_TIMES))
        # Strangers must not find the operator's files.
        self._loras = LoraFolder(None) if settings.public else LoraFolder(settings.loras, self._known.list_paths)
        self._store = make_store(settings.store, settings.store_bytes, embed=settings.embed)
        inputs = InputStore(settings.inputs_folder, _list_other_inputs(settings))
        self._inputs = VisitorInputs(inputs, public=settings.public)
        self._thumbnail_addresses = ThumbnailAddresses()

    @property
    def services(self) -> Services:
        """The services of the commands."""
        return Services(**self._shared())

    @cached_property
    def page_services(self) -> PageServices:
        """The services of the page."""
        return PageServices(
            **self._shared(),
            make_session=self._make_session,
            verify=self._verify,
            measure=self._measure,
            try_suffixes=self._try_suffixes,
            draft=self._draft,
            write_script=self._write_script,
            default_model=self._default.address,
            models=tuple((name, model_id) for model_id, name in self._list_models().items()),
            local=not self.settings.public,
            is_here=self.manager.is_here,
            rate_model=self.manager.rate,
            find_seconds=lambda model: self._times.find(model, self.manager.device),
            examples=vocabulary.EXAMPLES,
            add_phrase=add_phrase,
            suggest=None if self._ahead is None else partial(self._suggest, self._ahead),
        )

    def make_tools(self, address: Callable[[Path], str], visitor: str = "") -> Tools:
        """Return what programs and agents are offered.

        Args:
            address: returns where a picture is served.
            visitor: whose turns the work takes.
        """
        return Tools(self.page_services, self._store.find_file, address, visitor)

    def preload(self) -> None:
        """On ZeroGPU, load Sketch and the default model in this thread: the main one, before the page is launched."""
        for address in dict.fromkeys((SKETCH, self._default.address)) if self.settings.zero_gpu else ():
            self.manager.preload(address)

    def warm_up(self) -> None:
        """Begin to load the default model in the background."""
        self.manager.warm_up(self._default.address)

    def sweep(self) -> None:
        """Delete what killed processes left in the store."""
        self._store.sweep()
        self._runs.sweep()

    def tidy(self) -> None:
        """Sweep, and bring the index in step with what users did in the store's folder."""
        self.sweep()
        self._store.update_index()

    def open_gallery(self, cookies: Mapping[str, str]) -> Gallery:
        """Return the gallery of a visitor: on a public host their own pictures, otherwise all."""
        return Gallery(self._store, self._thumbnail_addresses, self._find_owner(cookies))

    def find_thumbnail(self, address: str, cookies: Mapping[str, str]) -> Path:
        """Return the file of a thumbnail.

        Args:
            address: as the gallery of this visitor gave it.

        Raises:
            SeedLabError: it is not an address of theirs, or the picture is not there any more.
        """
        name = self._thumbnail_addresses.read(address, self._find_owner(cookies))
        return self._store.find_thumbnail(name)

    def _find_owner(self, cookies: Mapping[str, str]) -> str:
        return name_owner(cookies, NOBODY) if self.settings.public else OPERATOR

    def close(self) -> None:
        """End all work."""
        if self._ahead is not None:
            self._ahead.close()
        self.manager.close()
        self._store.close()

    def _shared(self) -> dict[str, Any]:
        manager = self.manager
        return {
            "find_model": manager.find_model,
            "resolve_model": self._resolve_model,
            "check": manager.check,
            "read_loras": self._read_loras,
            "find_lora": self._loras.find,
            "locate": self._local_files.locate,
            "observe": manager.environment,
            "unknown_words": lambda model_id, prompt: vocabulary.unknown_words(prompt) if model_id == SKETCH else (),
            "list_words": lambda model_id: vocabulary.KINDS if model_id == SKETCH else {},
            "generate": partial(manager.generate, load_input=partial(self._inputs.load, owner=OPERATOR)),
            "take_input": self._inputs.take,
            "find_input": self._inputs.find,
            "shares": self._shares,
            "is_short": self._is_short,
            "open_gallery": self.open_gallery,
            "close": self.close,
        }

    @property
    def _local_files(self) -> LocalFiles:
        public, manager = self.settings.public, self.manager
        return LocalFiles(
            find_model=manager.find_model,
            read_loras=manager.read_loras,
            list_known=self._known.list_paths,
            inputs=self._inputs.store,
            offered=tuple(self._list_models()) if public else None,
        )

    def _resolve_model(self, model: Model) -> ResolvedModel:
        resolved = self.manager.resolve(model)
        self._remember(resolved.model_id)
        return resolved

    def _read_loras(self, text: str) -> tuple[Lora, ...]:
        loras = self.manager.read_loras(text)
        self._remember(*(lora.file for lora in loras))
        return loras

    def _is_short(self, recipe: Recipe) -> bool:
        """Whether memory is short; never where pictures are made by workers, whose memory is not known here."""
        return not self.settings.workers and not self.settings.zero_gpu and self.manager.is_short(recipe)

    def _remember(self, *files: str) -> None:
        self._known.add(filter(is_path, files))

    def _list_models(self) -> dict[str, str]:
        """Return the names of the offered models by their addresses.

        A public host offers Sketch and the operator's choice alone: strangers must not fill its memory.
        """
        models = {each.model_id: each.name for each in CATALOG if each.model_id == SKETCH or not self.settings.public}
        return models | {self._default.address: self._default.name}

    def _make_session(self, trail: Trail | None, visitor: str, owner: str = NOBODY) -> Session:
        """Start a session.

        Args:
            visitor: whose turns its work takes.
            owner: whose gallery its pictures go to, on a public host.
        """
        manager, store = self.manager, self._store
        owner = owner if self.settings.public else OPERATOR
        generate = self._generate_for(visitor, owner)
        take_ready: TakeReady | None = None
        if self._ahead is not None:
            generate, take_ready = self._ahead.serve(visitor, generate), self._ahead.take

        def find(recipe: Recipe, draft_steps: int | None) -> Picture | None:
            if not self._inputs.may_see(recipe, owner):
                return None
            environment = manager.environment(recipe)
            whole = store.find(recipe, environment, owner=owner)
            return whole if whole or draft_steps is None else store.find(recipe, environment, draft_steps, owner)

        keep = partial(store.keep, owner=owner)
        return Session(generate, find, keep, trail, self._times.add, take_ready, self._is_short)

    def _suggest(self, ahead: Ahead, visitor: str, recipes: Sequence[Recipe]) -> None:
        find, observe = self._store.find, self.manager.environment
        # A visitor's own pictures are read for those who ask, and for nobody else.
        others = [recipe for recipe in recipes if recipe.input_picture is None]
        ahead.suggest(visitor, [recipe for recipe in others if find(recipe, observe(recipe)) is None])

    def _verify(
        self, recipe: Recipe, file: Path, stop: Event, visitor: str, owner: str = NOBODY, draft_steps: int | None = None
    ) -> Generator[Report | VerificationResult, None, None]:
        return verify(read_original(file, recipe, draft_steps), self._generate_for(visitor, owner), stop)

    def _generate_for(self, visitor: str, owner: str) -> Generate:
        """Return what makes pictures in a visitor's turns, from their own pictures where they start from one."""
        return partial(self.manager.generate, visitor=visitor, load_input=partial(self._inputs.load, owner=owner))

    def _measure(self, model: Model, stop: Event, visitor: str) -> Generator[Made, None, SeedShare | None]:
        return measure_model(partial(self.manager.generate, visitor=visitor), self._shares, model, stop)

    def _try_suffixes(
        self, model: Model, recipe: Recipe, suffixes: Sequence[str], stop: Event, visitor: str
    ) -> Generator[Made | Tried, None, None]:
        draft_steps = model.choose_draft_steps(recipe.num_inference_steps)
        return try_suffixes(partial(self.manager.generate, visitor=visitor), recipe, suffixes, draft_steps, stop)

    def _draft(
        self, recipe: Recipe, draft_steps: int | None, stop: Event, visitor: str
    ) -> Generator[Report, None, None]:
        # Without `resume`: no run is kept either.
        return self.manager.generate(
            [recipe], stop, visitor, draft_steps=draft_steps, resume=False, priority=Priority.LIVE
        )

    def _write_script(self, recipes: Sequence[Recipe]) -> str:
        model = self.manager.resolve(recipes[0].model_address)
        return write_script(recipes, self.manager.environment(recipes[0]), model)


def _list_other_inputs(settings: Settings) -> tuple[Path, ...]:
    """Return where the operator's own pictures may be too: those of the commands, and those of the page."""
    folders = (settings.store / INPUTS_FOLDER, find_cache(INPUTS_FOLDER))
    return () if settings.public else tuple(each for each in folders if each and each != settings.inputs_folder)
