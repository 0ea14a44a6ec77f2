"""Models of the Hugging Face Hub: finds them in its cache, and downloads them into it."""

import logging
import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from seedlab.core.errors import RecipeError, SeedLabError
from seedlab.pipelines.hub.errors import INDEX, explain_failure, explain_no_pipeline
from seedlab.pipelines.hub.progress import OnProgress, SilentBar
from seedlab.pipelines.hub.transfer import HUB_TIMEOUT_SECONDS, download_large_files
from seedlab.pipelines.models.folders import DESCRIPTIONS
from seedlab.pipelines.models.parts import choose_parts, read_components
from seedlab.pipelines.models.weights import ENDING

LOGGER = logging.getLogger(__name__)
COMMIT = re.compile(r"[0-9a-f]{40}")
CONFIGURATIONS = ("*.json", "*/*.json", "*/*.txt", "*/*.model")


def find_commit(model_id: str, revision: str | None, known: Iterable[str] = ()) -> str:
    """Return the commit that a revision points to now; without a network, the one that was downloaded last.

    The pipeline's index and configurations are downloaded too. So a model that is missing, gated or not a pipeline is
    refused before any work, and its defaults are known.

    Args:
        revision: a branch, tag or commit; None for the main branch.
        known: ids that the visitor may have meant.

    Raises:
        RecipeError: the model or the revision cannot be found; the sentence says what to do.
    """
    if revision is not None and COMMIT.fullmatch(revision):
        return revision
    from huggingface_hub import snapshot_download

    try:
        # This stores the commit of the revision in the library's own cache, for use without a network. Without one,
        # downloading a single file would retry for half a minute; this does not.
        options: dict[str, Any] = {
            "allow_patterns": list(DESCRIPTIONS),
            "etag_timeout": HUB_TIMEOUT_SECONDS,
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
    """Return the folder of a model's files if all of them are in the cache; the network is not used."""
    from diffusers import DiffusionPipeline
    from huggingface_hub import get_cached_repo_tree
    from huggingface_hub.errors import CachedRepoTreeNotFoundError

    try:
        # Without this list it is unknown whether the folder is complete.
        names = [file.path for file in get_cached_repo_tree(model_id, revision=revision)]
        options = {"revision": revision, "use_safetensors": True, "local_files_only": True}
        return Path(DiffusionPipeline.download(model_id, **options, **_choose_files(model_id, names, options)))
    except (OSError, ValueError, CachedRepoTreeNotFoundError) as error:
        LOGGER.info("%s is not in the cache, or not completely: %s", model_id, error)
        return None


def download_snapshot(model_id: str, revision: str | None, known: Iterable[str], on_progress: OnProgress) -> Path:
    """Download a model's files and return their folder. After a failure the next download resumes.

    Only safetensors weights, and only the files that the pipeline needs.

    Args:
        known: ids that the visitor may have meant.
        on_progress: called from several threads; raises to end the download.

    Raises:
        SeedLabError: it cannot be downloaded; the sentence says what to do.
    """
    from diffusers import DiffusionPipeline
    from huggingface_hub import HfApi

    options = {"revision": revision, "use_safetensors": True}
    try:
        names = [file.rfilename for file in HfApi().model_info(model_id, revision=revision).siblings or ()]
        chosen = _choose_files(model_id, names, options)
        with download_large_files(on_progress):
            return Path(DiffusionPipeline.download(model_id, **options, **chosen))
    except _name_failures() as error:
        LOGGER.info("%s could not be downloaded: %s", model_id, error)
        raise SeedLabError(explain_failure(model_id, revision, error, known)) from error


def _choose_files(model_id: str, names: Collection[str], options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the further arguments with which diffusers downloads what a model needs: a variant, what is left out.

    Args:
        names: the paths of the repository's files.
        options: the other arguments of the download.

    Raises:
        RecipeError: a part of the model is missing, or only there as a pickle.
    """
    from huggingface_hub import hf_hub_download

    if not any(name.endswith(ENDING) for name in names):
        return {}  # diffusers refuses it
    place = {name: options[name] for name in ("revision", "local_files_only") if name in options}
    components = read_components(Path(hf_hub_download(model_id, INDEX, **place)))
    files: dict[str, list[str]] = {}
    for name in names:
        component, _, file = name.rpartition("/")
        files.setdefault(component, []).append(file)
    # Some early pipelines, with a single network, have their files in the root.
    listed = {component: files.get(component, files.get("", [])) for component in components}
    return dict(choose_parts(components, listed, model_id).arguments)


def find_downloaded_configurations(model_id: str, commit: str) -> Path | None:
    """Return the folder with the configurations that `find_commit` downloaded; None if they are not in the cache."""
    from huggingface_hub import try_to_load_from_cache

    file = try_to_load_from_cache(model_id, INDEX, revision=commit)
    return Path(file).parent if isinstance(file, str) else None


def find_configurations(model_id: str, *, download: bool) -> Path:
    """Return a folder with a pipeline's configurations and tokenizers, a few MB without its weights.

    Raises:
        SeedLabError: they are not in the cache, or cannot be downloaded.
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
        folder = find(local=True)  # these do not change, so the Hub need not be asked
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
    import httpx2  # the HTTP client of huggingface_hub, which does not wrap all of its errors

    return OSError, ValueError, httpx2.HTTPError
