"""The pipelines that are in memory, each with what belongs to it."""

import gc
from collections import OrderedDict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from seedlab.environment import Environment
from seedlab.model import Model
from seedlab.pipelines.batch import Prompts, can_batch
from seedlab.pipelines.environment import hash_weights, observe
from seedlab.pipelines.hub import find_commit
from seedlab.pipelines.loading import KNOWN, find_folder, is_on_hub, load_pipeline
from seedlab.pipelines.preview import Preview, fit_preview


@dataclass(frozen=True)
class Loaded:
    """A pipeline that is ready.

    Attributes:
        scheduler: the one it was saved with.
        prompts: what its text encoders made of prompts; None where its pictures are made one a call.
    """

    pipeline: Any
    scheduler: Any
    preview: Preview | None
    environment: Environment
    prompts: Prompts | None


class Library:
    """Loads pipelines and keeps a few; the least recently used goes first. One thread at a time may load."""

    def __init__(self, max_loaded: int) -> None:
        self._max_loaded = max_loaded
        self._loaded: OrderedDict[tuple[Path, str], Loaded] = OrderedDict()
        self._commits: dict[str, str] = {}
        self._folders: dict[str, Path] = {}
        self._hashes: dict[Path, str] = {}
        self.loading = ""
        """What is being loaded, as a sentence; "" for nothing."""

    def pin(self, model: Model) -> Model:
        """Return a model of the Hub with the commit that its revision stands for; others as they are.

        Raises:
            RecipeError: it cannot be found.
        """
        if not is_on_hub(model.model_id):
            return model
        # Once a process: what "main" means on the Hub may change in the middle of a grid, and asking takes its time.
        if model.address not in self._commits:
            self._commits[model.address] = find_commit(model.model_id, model.revision, KNOWN)
        return replace(model, revision=self._commits[model.address])

    def load(self, model: Model, dtype: str, device: str) -> Loaded:
        """Return a pipeline, downloaded and loaded now if it is not there.

        Raises:
            SeedLabError: it cannot be.
        """
        self.loading = f"Loading {model.name}…"
        try:
            folder = self._find_folder(model, download=True)
            key = (folder, dtype)
            if key not in self._loaded:
                self._make_room()
                self._loaded[key] = self._load_folder(folder, dtype, device)
            self._loaded.move_to_end(key)
            return self._loaded[key]
        finally:
            self.loading = ""

    def observe(self, model: Model, device: str) -> Environment:
        """Observe the environment of a model's pictures; loads and downloads nothing.

        Raises:
            SeedLabError: the model is not here.
            OSError: its files cannot be read.
        """
        pinned = replace(model, revision=self._commits.get(model.address, model.revision))
        return observe(device, self._hash(self._find_folder(pinned, download=False)))

    def _find_folder(self, model: Model, *, download: bool) -> Path:
        if model.address not in self._folders:  # the Hub is asked for what is missing, which takes its time: once
            folder = find_folder(model.model_id, model.revision, download=download)
            if not download:
                return folder
            self._folders[model.address] = folder
        return self._folders[model.address]

    def _load_folder(self, folder: Path, dtype: str, device: str) -> Loaded:
        pipeline = load_pipeline(folder, dtype, device)
        return Loaded(
            pipeline,
            pipeline.scheduler,
            fit_preview(pipeline),
            observe(device, self._hash(folder)),
            Prompts(pipeline) if can_batch(pipeline) else None,
        )

    def _make_room(self) -> None:
        while len(self._loaded) >= self._max_loaded:
            self._loaded.popitem(last=False)
            free_memory()

    def _hash(self, folder: Path) -> str:
        if folder not in self._hashes:
            self._hashes[folder] = hash_weights(folder)
        return self._hashes[folder]


def free_memory() -> None:
    """Give back the memory of what is not used any more."""
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
