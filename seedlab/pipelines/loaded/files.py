"""The files of models: found or downloaded once, hashed once."""

from collections.abc import Callable
from pathlib import Path

from seedlab.core.errors import RecipeError, SeedLabError
from seedlab.core.models.model import Model
from seedlab.core.models.weights import WeightHashes
from seedlab.core.recipes.additions import Lora
from seedlab.core.storage.files import Signature
from seedlab.core.texts.text import quote
from seedlab.pipelines.hub.cache import COMMIT
from seedlab.pipelines.hub.progress import OnProgress
from seedlab.pipelines.loaded.hashes import add_hashes, hash_file, hash_tensors, hash_weights, sign_weights
from seedlab.pipelines.loaded.sources import Source, find_source, is_on_hub


class ModelFiles:
    """Remembers where the files of models are, and their hashes. Any thread may use it."""

    def __init__(self) -> None:
        """Remember nothing yet."""
        self._sources: dict[str, Source] = {}
        self._hashes: dict[tuple[Source, Signature], str] = {}

    def is_here(self, model: Model) -> bool:
        """Whether a model can be loaded without the network. A branch may have moved, so only a commit is."""
        if is_on_hub(model.model_id) and not COMMIT.fullmatch(model.revision or ""):
            return False
        try:
            self.find(model)
        except SeedLabError:
            return False
        return True

    def find(self, model: Model) -> Source:
        """Return where a model's files are; nothing is downloaded.

        Raises:
            SeedLabError: they are not here.
        """
        return self._find(model, lambda: find_source(model, download=False))

    def download(self, model: Model, on_progress: OnProgress = lambda _done, _total: None) -> Source:
        """Return where a model's files are, downloaded if necessary; after a failure the next download resumes.

        Args:
            on_progress: called with the progress in bytes; raises to end the download.

        Raises:
            SeedLabError: they cannot be downloaded.
        """
        return self._find(model, lambda: find_source(model, download=True, on_progress=on_progress))

    def hash(self, source: Source, loras: tuple[Lora, ...] = ()) -> str:
        """Return the SHA-256, in hex, of a model's files and of the LoRAs that are added.

        Raises:
            OSError: the files cannot be read.
        """
        # Files may be replaced while SeedLab runs: then they are other weights, and are hashed again.
        key = (source, sign_weights(source.path, source.config))
        if key not in self._hashes:
            self._hashes[key] = hash_weights(source.path, source.config)
        return add_hashes(self._hashes[key], [lora.sha256 for lora in loras])

    def list_hashes(self, model: Model, loras: tuple[Lora, ...]) -> WeightHashes:
        """Return the hashes by which other tools find a model and LoRAs that are in use; "" for a file that is gone."""
        try:
            source = self.find(model)
            checkpoint = "" if source.config is None else hash_file(source.path)
        except (SeedLabError, OSError):
            checkpoint = ""
        return WeightHashes(checkpoint=checkpoint, loras=tuple(hash_tensors(Path(lora.file)) for lora in loras))

    def _find(self, model: Model, find: Callable[[], Source]) -> Source:
        if not is_on_hub(model.model_id):
            return find()
        known = self._sources.get(model.address)
        # Checking that all files of a snapshot are there takes time: once, or again after it was deleted.
        if known is None or not known.path.exists():
            known = self._sources[model.address] = find()
        return known


def refuse_unreadable(model: Model) -> RecipeError:
    """Return the error of a model whose files were deleted, or are on a disk that is gone."""
    return RecipeError("model_id", f"The files of {quote(model.name, 80)} cannot be read: choose another model.")
