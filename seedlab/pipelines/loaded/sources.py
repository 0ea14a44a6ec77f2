"""Finds the files of models: built in, on this machine, or on the Hub."""

from dataclasses import dataclass
from pathlib import Path

from seedlab.core.errors import SeedLabError
from seedlab.core.models.model import SKETCH, Model
from seedlab.core.texts.file_names import is_name, is_path
from seedlab.core.texts.text import quote
from seedlab.pipelines.devices.libraries import import_libraries
from seedlab.pipelines.hub.cache import download_snapshot, find_configurations, find_snapshot
from seedlab.pipelines.hub.progress import OnProgress
from seedlab.pipelines.models.catalog import ALIASES, CATALOG, SKETCH_FOLDER

KNOWN = (*(model.model_id for model in CATALOG), *ALIASES)
"""Ids that are suggested where a visitor mistyped one."""


def is_on_hub(model_id: str) -> bool:
    """Whether a model is a repository on the Hub; the others are on this machine."""
    return model_id != SKETCH and not is_path(model_id) and not is_name(model_id)


@dataclass(frozen=True)
class Source:
    """Where a model's files are.

    Attributes:
        path: a diffusers folder or a single-file checkpoint.
        pipeline, config: for a checkpoint, its pipeline class and the folder with its configurations; for a folder ""
            and None.
        reading: further arguments with which a checkpoint is read.
        scheduler_settings: as in `Model`.
    """

    path: Path
    pipeline: str = ""
    config: Path | None = None
    reading: tuple[tuple[str, str | None], ...] = ()
    scheduler_settings: tuple[tuple[str, str | bool], ...] = ()


def find_source(model: Model, *, download: bool, on_progress: OnProgress = lambda _done, _total: None) -> Source:
    """Return where a model's files are.

    Args:
        download: whether missing files may be downloaded from the Hub.
        on_progress: called with the progress in bytes; raises to end the download.

    Raises:
        SeedLabError: they are not here, or cannot be downloaded.
    """
    if model.model_id == SKETCH:
        return Source(SKETCH_FOLDER)
    if is_on_hub(model.model_id):
        return _find_on_hub(model, download, on_progress)
    path = Path(model.path or model.model_id)
    if not path.exists():
        raise SeedLabError(f"The model {quote(model.name, 80)} does not exist any more: choose another model.")
    if not model.config:
        return Source(path)
    return Source(path, model.pipeline, _find_config(model, download), model.reading, model.scheduler_settings)


def _find_on_hub(model: Model, download: bool, on_progress: OnProgress) -> Source:
    import_libraries()
    folder = find_snapshot(model.model_id, model.revision)
    if folder is None and download:
        folder = download_snapshot(model.model_id, model.revision, KNOWN, on_progress)
    if folder is None:
        raise SeedLabError(
            f"The files of {model.name} are not here, or not all of them: generate a picture with it to download them."
        )
    return Source(folder)


def _find_config(model: Model, download: bool) -> Path:
    if (folder := Path(model.config)).is_absolute():
        return folder
    try:
        return find_configurations(model.config, download=download)
    except SeedLabError as error:
        raise SeedLabError(
            f"To load {model.name}, the configurations of {model.config} are needed, which are downloaded once: check "
            f"the network and try again, or put a diffusers folder of that kind next to it, named {model.name}."
        ) from error
