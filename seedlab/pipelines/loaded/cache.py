"""The pipelines that are in memory, each with what belongs to it."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from seedlab.core.environment import Environment
from seedlab.core.errors import SeedLabError
from seedlab.core.model import Model
from seedlab.core.recipe import Lora
from seedlab.pipelines.devices.environment import observe
from seedlab.pipelines.devices.malloc import release_freed_memory
from seedlab.pipelines.devices.memory import HOST, choose_weights, estimate_size, free_memory, measure_room
from seedlab.pipelines.devices.offload import can_offload, enable_cpu_offload, is_offloaded, measure_size
from seedlab.pipelines.hub.cache import COMMIT, find_commit, find_index
from seedlab.pipelines.hub.errors import INDEX
from seedlab.pipelines.hub.progress import OnProgress
from seedlab.pipelines.loaded.hashes import Signature, add_hashes, hash_weights, list_files, sign_weights
from seedlab.pipelines.loaded.loading import load_pipeline
from seedlab.pipelines.loaded.sources import KNOWN, Source, find_source, is_on_hub
from seedlab.pipelines.models.families import family_of
from seedlab.pipelines.sampling.call import leave_as_found
from seedlab.pipelines.sampling.preview import Preview, fit_preview
from seedlab.pipelines.sampling.prompts import Prompts

Key = tuple[Source, Signature, str, tuple[Lora, ...]]
"""What makes a pipeline another one: its files as they are now, its dtype, its LoRAs."""


@dataclass(frozen=True)
class LoadedPipeline:
    """A pipeline that is ready.

    Attributes:
        prompts: what its text encoders made of prompts; None where its pictures are made one a call.
    """

    pipeline: Any
    preview: Preview | None
    environment: Environment
    prompts: Prompts | None


class PipelineCache:
    """Loads pipelines, and keeps them while there is room. One thread at a time may load."""

    def __init__(
        self, measure_room: Callable[[str], int] = measure_room, release: Callable[[], None] = lambda: None
    ) -> None:
        """Make a library that is empty.

        Args:
            measure_room: says how many bytes more of weights a device has room for.
            release: drops what is kept only to save time, and can be computed again; called when memory is short.
        """
        self._measure_room = measure_room
        self._release = release
        self._loaded: OrderedDict[Key, LoadedPipeline] = OrderedDict()
        self._commits: dict[str, str] = {}
        self._sources: dict[str, Source] = {}
        self._hashes: dict[tuple[Source, Signature], str] = {}
        self.loading = ""
        """What is being loaded, as a sentence; "" for nothing."""

    def pin(self, model: Model) -> Model:
        """Return a model of the Hub with the commit that its revision stands for; others as they are.

        Raises:
            RecipeError: it cannot be found.
        """
        if not is_on_hub(model.model_id):
            self._find_source(model, download=True)  # of one in one file the configurations may have to come
            return model
        # Once a process: what "main" means on the Hub may change in the middle of a grid, and asking takes its time.
        if model.address not in self._commits:
            self._commits[model.address] = find_commit(model.model_id, model.revision, KNOWN)
        return replace(model, revision=self._commits[model.address])

    def find_index(self, model: Model) -> Path | None:
        """Return the index of a pipeline that was pinned; None where it is not here, or the model is known well."""
        if model.card is not None:
            return None
        if is_on_hub(model.model_id):
            return find_index(model.model_id, model.revision or "")
        return (self._find_source(model, download=True).config or Path(model.model_id)) / INDEX

    def is_here(self, model: Model) -> bool:
        """Whether a model can be loaded without a download, and without asking what its revision stands for."""
        model = self._name_commit(model)
        if is_on_hub(model.model_id) and not COMMIT.fullmatch(model.revision or ""):
            return False
        try:
            self._find_source(model, download=False)
        except SeedLabError:
            return False
        return True

    def bring(self, model: Model, on_progress: OnProgress) -> None:
        """Download what is not here of a model; any thread may, and what came is kept where it fails or is ended.

        Args:
            on_progress: is told how far it is, in bytes; raises to end it.

        Raises:
            SeedLabError: it cannot be downloaded.
        """
        self._find_source(self.pin(model), download=True, on_progress=on_progress)

    def load(self, model: Model, dtype: str, device: str, loras: tuple[Lora, ...] = ()) -> LoadedPipeline:
        """Return a pipeline with these LoRAs in it, loaded now if it is not there; nothing is downloaded.

        Raises:
            SeedLabError: it cannot be, or is not here.
        """
        self.loading = f"Loading {model.name}…"
        try:
            source = self._find_source(model, download=False)
            key = (source, sign_weights(source.path, source.config), dtype, loras)
            if key not in self._loaded:
                self._make_room(device, 0, self._weigh(source, dtype, loras))
                self._loaded[key] = self._load_source(source, dtype, loras, device)
            self._loaded.move_to_end(key)
            self._make_room(device, 1)
            return self._loaded[key]
        finally:
            self.loading = ""

    def observe(self, model: Model, device: str, loras: tuple[Lora, ...] = ()) -> Environment:
        """Observe the environment of a model's pictures; loads and downloads nothing.

        Raises:
            SeedLabError: the model is not here.
            OSError: its files cannot be read.
        """
        return observe(device, self._hash(self._find_source(self._name_commit(model), download=False), loras))

    def _name_commit(self, model: Model) -> Model:
        return replace(model, revision=self._commits.get(model.address, model.revision))

    def _find_source(
        self, model: Model, *, download: bool, on_progress: OnProgress = lambda _done, _total: None
    ) -> Source:
        if not is_on_hub(model.model_id):
            return find_source(model, download=download)
        if model.address not in self._sources:  # it takes its time to see that all is there: once
            self._sources[model.address] = find_source(model, download=download, on_progress=on_progress)
        return self._sources[model.address]

    def _load_source(self, source: Source, dtype: str, loras: tuple[Lora, ...], device: str) -> LoadedPipeline:
        pipeline = load_pipeline(source, dtype, device, loras)
        release_freed_memory()  # of weights in another dtype, or on their way to a card
        with leave_as_found(pipeline):
            preview = fit_preview(pipeline)
        return LoadedPipeline(
            pipeline,
            preview,
            observe(device, self._hash(source, loras)),
            Prompts(pipeline) if family_of(pipeline).can_batch else None,
        )

    def _weigh(self, source: Source, dtype: str, loras: tuple[Lora, ...]) -> int:
        weights = choose_weights(list_files(source.path, source.config))
        return estimate_size((*weights, *(Path(lora.file) for lora in loras)), dtype)

    def _make_room(self, device: str, kept: int, size: int = 0) -> None:
        """Let go of pipelines, the least recently used first, until there is room or so many are left."""
        others = list(self._loaded)[: len(self._loaded) - kept]
        places = {key: HOST if is_offloaded(self._loaded[key].pipeline) else device for key in others}
        # Weights come to a card by way of the machine's memory, too.
        for place in (device, HOST) if device == "cuda" else (device,):
            self._let_go([key for key in others if places[key] == place], place, size)

    def _let_go(self, keys: Sequence[Key], device: str, size: int) -> None:
        for key in keys:
            if not self._is_short(device, size):
                return
            self._drop(key)

    def _is_short(self, device: str, size: int) -> bool:
        if size <= self._measure_room(device):
            return False
        self._release()
        release_freed_memory()  # memory that can be had back counts as room
        return size > self._measure_room(device)

    def evict_others(self) -> bool:
        """Keep only the pipeline that was used last; returns whether there were others."""
        others = list(self._loaded)[:-1]
        for key in others:
            del self._loaded[key]
        self._free_memory()
        return bool(others)

    def free_space(self) -> bool:
        """Free memory for the pipeline that was used last; returns whether that could be done.

        The others go, else it is put on its card part by part and stays so. Where that was not enough either, it goes,
        and is whole again when it is loaded anew, if there is room then.
        """
        if self.evict_others():
            return True
        key, loaded = next(reversed(self._loaded.items()), (None, None))
        if key is None or loaded is None:
            return False
        if is_offloaded(loaded.pipeline):
            self._drop(key)
            return False
        return can_offload(loaded.pipeline) and self._divide(key, loaded.pipeline)

    def _divide(self, key: Key, pipeline: Any) -> bool:
        if self._is_short(HOST, measure_size(pipeline)):
            return False
        try:
            enable_cpu_offload(pipeline, "cuda")
        except Exception:  # half of it may have been moved
            self._drop(key)
            raise
        self._free_memory()
        return True

    def _drop(self, key: Key) -> None:
        del self._loaded[key]
        self._free_memory()

    def _free_memory(self) -> None:
        self._release()
        free_memory()

    def _hash(self, source: Source, loras: tuple[Lora, ...]) -> str:
        # Files may be replaced while SeedLab runs: then they are other weights, and are loaded and hashed anew.
        key = (source, sign_weights(source.path, source.config))
        if key not in self._hashes:
            self._hashes[key] = hash_weights(source.path, source.config)
        return add_hashes(self._hashes[key], [lora.sha256 for lora in loras])
