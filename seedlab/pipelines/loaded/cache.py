"""The cache of loaded pipelines, each with what belongs to it."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from seedlab.core.machine.environment import Environment
from seedlab.core.models.model import Model
from seedlab.core.recipes.additions import Lora
from seedlab.core.storage.files import Signature
from seedlab.pipelines.devices.environment import observe
from seedlab.pipelines.devices.malloc import release_freed_memory
from seedlab.pipelines.devices.memory import HOST, choose_weights, estimate_size, free_memory, measure_room
from seedlab.pipelines.devices.offload import can_offload, enable_cpu_offload, is_offloaded, measure_size
from seedlab.pipelines.loaded.files import ModelFiles, refuse_unreadable
from seedlab.pipelines.loaded.hashes import list_files, sign_weights
from seedlab.pipelines.loaded.loading import load_pipeline
from seedlab.pipelines.loaded.loras.plain import choose_method
from seedlab.pipelines.loaded.sources import Source
from seedlab.pipelines.models.families import family_of
from seedlab.pipelines.sampling.call import leave_as_found
from seedlab.pipelines.sampling.preview import Preview, fit_preview
from seedlab.pipelines.sampling.prompts.cache import Prompts

Key = tuple[Source, Signature, str, tuple[Lora, ...]]
"""What identifies a loaded pipeline: its files in their present state, its dtype and its LoRAs."""


@dataclass(frozen=True)
class LoadedPipeline:
    """A pipeline that is ready to be called.

    Attributes:
        prompts: caches its encoded prompts; None if its pictures are made one per call.
        notices: sentences about the model and its LoRAs that go with each picture.
    """

    pipeline: Any
    preview: Preview | None
    environment: Environment
    prompts: Prompts | None
    notices: tuple[str, ...] = ()


class PipelineCache:
    """Loads pipelines, and keeps them while there is room; the least recently used ones are evicted first.

    Only one thread at a time may load.
    """

    def __init__(
        self,
        measure_room: Callable[[str], int] = measure_room,
        release: Callable[[], None] = lambda: None,
        files: ModelFiles | None = None,
        memory_format: str | None = None,
    ) -> None:
        """Make an empty cache.

        Args:
            measure_room: returns how many more bytes of weights a device has room for.
            release: drops what is only kept to save time; called when memory is short.
            files: where the files of models are.
            memory_format: as for `load_pipeline`.
        """
        self._measure_room, self._release = measure_room, release
        self._memory_format = memory_format
        self._files = files or ModelFiles()
        self._loaded: OrderedDict[Key, LoadedPipeline] = OrderedDict()
        self.loading = ""
        """What is being loaded, as a sentence; "" for nothing."""

    def load(
        self, model: Model, dtype: str, device: str, loras: tuple[Lora, ...] = (), *, has_gpu: bool = True
    ) -> LoadedPipeline:
        """Return a pipeline with these LoRAs, loaded now if necessary; nothing is downloaded.

        Args:
            model, dtype, loras: as in `Recipe`.
            device: "cpu", "cuda" or "mps".
            has_gpu: whether the device is there. If not, `renew` completes the pipeline where it is.

        Raises:
            SeedLabError: it cannot be loaded, or its files are not here.
        """
        self.loading = f"Loading {model.name}…"
        try:
            key = self._identify(model, dtype, loras)
            source = key[0]
            if key not in self._loaded:
                self._make_room(device, 0, self._weigh(source, dtype, loras))
                self._loaded[key] = self._load_source(source, dtype, loras, device, has_gpu)
            self._loaded.move_to_end(key)
            self._make_room(device, 1)
            return self._loaded[key]
        finally:
            self.loading = ""

    def is_loaded(self, model: Model, dtype: str, loras: tuple[Lora, ...] = ()) -> bool:
        """Whether a pipeline is in memory.

        Raises:
            SeedLabError: its files are not here.
        """
        return self._identify(model, dtype, loras) in self._loaded

    def renew(self, device: str) -> None:
        """Complete the pipelines that were loaded without this device, in a forked process that has been given it."""
        for key, loaded in self._loaded.items():
            known = loaded.environment
            self._loaded[key] = replace(
                loaded,
                environment=observe(device, known.weights, known.loras, self._memory_format),
                preview=loaded.preview or _fit_preview(loaded.pipeline),
            )

    def _identify(self, model: Model, dtype: str, loras: tuple[Lora, ...]) -> Key:
        source = self._files.find(model)
        try:
            return source, sign_weights(source.path, source.config), dtype, loras
        except OSError as error:  # deleted since, or on a disk that is gone
            raise refuse_unreadable(model) from error

    def _load_source(
        self, source: Source, dtype: str, loras: tuple[Lora, ...], device: str, has_gpu: bool
    ) -> LoadedPipeline:
        notices: list[str] = []
        with ThreadPoolExecutor(1, thread_name_prefix="hashes") as executor:
            weights = executor.submit(self._files.hash, source, loras)  # while they are loaded
            pipeline = load_pipeline(source, dtype, device, loras, notices.append, self._memory_format)
        release_freed_memory()  # of weights in another dtype, or that were moved to a GPU
        return LoadedPipeline(
            pipeline,
            _fit_preview(pipeline) if has_gpu else None,  # in half precision, a CPU takes minutes
            observe(device, weights.result(), choose_method(loras), self._memory_format),
            Prompts(pipeline) if family_of(pipeline).can_batch else None,
            tuple(notices),
        )

    def _weigh(self, source: Source, dtype: str, loras: tuple[Lora, ...]) -> int:
        weights = choose_weights(list_files(source.path, source.config))
        return estimate_size((*weights, *(Path(lora.file) for lora in loras)), dtype)

    def _make_room(self, device: str, kept: int, size: int = 0) -> None:
        """Evict the least recently used pipelines until there is room for `size` bytes, or only `kept` are left."""
        others = list(self._loaded)[: len(self._loaded) - kept]
        places = {key: HOST if is_offloaded(self._loaded[key].pipeline) else device for key in others}
        # Weights pass through the machine's memory on their way to a GPU.
        for place in (device, HOST) if device == "cuda" else (device,):
            self._evict([key for key in others if places[key] == place], place, size)

    def _evict(self, keys: Sequence[Key], device: str, size: int) -> None:
        for key in keys:
            if not self._is_short(device, size):
                return
            self._drop(key)

    def _is_short(self, device: str, size: int) -> bool:
        if size <= self._measure_room(device):
            return False
        self._release()
        release_freed_memory()  # before any pipeline is evicted
        return size > self._measure_room(device)

    def evict_others(self) -> bool:
        """Evict all pipelines but the one that was used last; returns whether there were others."""
        others = list(self._loaded)[:-1]
        for key in others:
            del self._loaded[key]
        self._free_memory()
        return bool(others)

    def free_space(self) -> bool:
        """Free memory for the pipeline that was used last; returns whether it is worth trying again.

        First the others are evicted. If there are none, its weights are offloaded to the machine's memory, and stay
        there. If they are already, it is evicted too; loaded again, it is on the GPU as a whole if there is room.
        """
        if self.evict_others():
            return True
        key, loaded = next(reversed(self._loaded.items()), (None, None))
        if key is None or loaded is None:
            return False
        if is_offloaded(loaded.pipeline):
            self._drop(key)
            return False
        return can_offload(loaded.pipeline) and self._offload(key, loaded.pipeline)

    def _offload(self, key: Key, pipeline: Any) -> bool:
        if self._is_short(HOST, measure_size(pipeline)):
            return False
        try:
            enable_cpu_offload(pipeline, "cuda")
        except Exception:  # some of its weights may have been moved
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


def _fit_preview(pipeline: Any) -> Preview | None:
    with leave_as_found(pipeline):
        return fit_preview(pipeline)
