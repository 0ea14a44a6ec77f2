"""Models from the Hugging Face Hub: found in its cache, or downloaded into it."""

import logging
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from seedlab.core.errors import RecipeError, SeedLabError
from seedlab.pipelines.hub.errors import INDEX, explain_failure, explain_no_pipeline
from seedlab.pipelines.hub.progress import OnProgress, SilentBar
from seedlab.pipelines.hub.transfer import bring_large_files
from seedlab.pipelines.models.folders import DESCRIPTIONS

LOGGER = logging.getLogger(__name__)
COMMIT = re.compile(r"[0-9a-f]{40}")
CONFIGURATIONS = ("*.json", "*/*.json", "*/*.txt", "*/*.model")
PATIENCE = 10.0
"""Seconds within which the Hub has to answer."""


def find_commit(model_id: str, revision: str | None, known: Iterable[str] = ()) -> str:
    """Return the commit that a revision stands for at present; without a network, the one that was downloaded last.

    It takes the pipeline's index and configurations, so that what is missing, gated or no pipeline is said before any
    work, and what the model makes is known.

    Args:
        revision: a branch, tag or commit; None for the main branch.
        known: ids that the visitor may have meant.

    Raises:
        RecipeError: the model, or the revision, cannot be found; the sentence says what to do.
    """
    if revision is not None and COMMIT.fullmatch(revision):
        return revision
    from huggingface_hub import snapshot_download

    try:
        # It keeps what the revision stands for in the library's own cache, for the time without a network; and unlike
        # the download of a single file it does not try for half a minute where there is none.
        options: dict[str, Any] = {
            "allow_patterns": list(DESCRIPTIONS),
            "etag_timeout": PATIENCE,
            "tqdm_class": SilentBar,
        }
        folder = Path(snapshot_download(model_id, revision=revision, **options))
    except _name_failures() as error:
        LOGGER.info("%s could not be found: %s", model_id, error)
        raise RecipeError("model_id", explain_failure(model_id, revision, error, known)) from error
    if not (folder / INDEX).is_file():
        raise RecipeError("model_id", explain_no_pipeline(model_id))
    return folder.name


def find_snapshot(model_id: str, revision: str | None) -> Path | None:
    """Return the folder of a model's files, if all of them are here; nothing is asked of the network."""
    from diffusers import DiffusionPipeline
    from huggingface_hub import get_cached_repo_tree
    from huggingface_hub.errors import CachedRepoTreeNotFoundError

    try:
        get_cached_repo_tree(model_id, revision=revision)  # without this nobody can say whether a folder is whole
        options = {"revision": revision, "use_safetensors": True, "local_files_only": True}
        return Path(DiffusionPipeline.download(model_id, **options))
    except (OSError, ValueError, CachedRepoTreeNotFoundError) as error:
        LOGGER.info("%s is not here, or not whole: %s", model_id, error)
        return None


def download_snapshot(model_id: str, revision: str | None, known: Iterable[str], on_progress: OnProgress) -> Path:
    """Download a model's files and return their folder; where that fails, what came is kept for the next time.

    Safetensors alone, and only what the pipeline needs of the repository.

    Args:
        known: ids that the visitor may have meant.
        on_progress: is told how far the download is, from several threads; raises to end it.

    Raises:
        SeedLabError: it cannot be downloaded; the sentence says what to do.
    """
    from diffusers import DiffusionPipeline

    try:
        with bring_large_files(on_progress):
            return Path(DiffusionPipeline.download(model_id, revision=revision, use_safetensors=True))
    except _name_failures() as error:
        LOGGER.info("%s could not be downloaded: %s", model_id, error)
        raise SeedLabError(explain_failure(model_id, revision, error, known)) from error


def find_index(model_id: str, commit: str) -> Path | None:
    """Return the pipeline's index that `find_commit` took; None where it is not here."""
    from huggingface_hub import try_to_load_from_cache

    file = try_to_load_from_cache(model_id, INDEX, revision=commit)
    return Path(file) if isinstance(file, str) else None


def find_configurations(model_id: str, *, download: bool) -> Path:
    """Return a folder with a pipeline's configurations and tokenizers, some MB without its weights.

    Raises:
        SeedLabError: they are not here, or cannot be downloaded.
    """
    from huggingface_hub import snapshot_download

    def find(local: bool) -> Path:
        options: dict[str, Any] = {
            "allow_patterns": list(CONFIGURATIONS),
            "local_files_only": local,
            "tqdm_class": SilentBar,
        }
        return Path(snapshot_download(model_id, **options))

    try:
        folder = find(local=True)  # these do not change, so that they need no asking
        if any(folder.glob("tokenizer*/*")) or not download:
            return folder
    except _name_failures() as error:
        if not download:
            raise SeedLabError(explain_failure(model_id, None, error, ())) from error
    try:
        return find(local=False)
    except _name_failures() as error:
        raise SeedLabError(explain_failure(model_id, None, error, ())) from error


def _name_failures() -> tuple[type[Exception], ...]:
    import httpx2  # what huggingface_hub speaks to the network with; not all of its errors are told as the Hub's own

    return OSError, ValueError, httpx2.HTTPError
