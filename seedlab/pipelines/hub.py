"""Models from the Hugging Face Hub: found in its cache, or downloaded into it, and what to do where that fails."""

import difflib
import errno
import logging
import re
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from pathlib import Path

from seedlab.pipelines.folders import DESCRIPTIONS
from seedlab.pipelines.progress import Tell, make_bar, watch_downloads
from seedlab.recipe import RecipeError, SeedLabError

LOGGER = logging.getLogger(__name__)
COMMIT = re.compile(r"[0-9a-f]{40}")
INDEX = "model_index.json"
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
        options = {"allow_patterns": list(DESCRIPTIONS), "etag_timeout": PATIENCE, "tqdm_class": make_bar()}
        folder = Path(snapshot_download(model_id, revision=revision, **options))
    except (OSError, ValueError) as error:
        LOGGER.info("%s could not be found: %s", model_id, error)
        raise RecipeError("model_id", _explain(model_id, revision, tuple(_list_causes(error)), known)) from error
    if not (folder / INDEX).is_file():
        raise RecipeError("model_id", _say_no_pipeline(model_id))
    return folder.name


def find_snapshot(
    model_id: str,
    revision: str | None,
    *,
    download: bool,
    known: Iterable[str] = (),
    tell: Tell = lambda _done, _total: None,
) -> Path:
    """Return the folder of a model's files; of a download that failed, the files that came whole are there already.

    Safetensors alone, and only what the pipeline needs of the repository.

    Args:
        known: ids that the visitor may have meant.
        tell: is told how far the download is, from several threads.

    Raises:
        SeedLabError: it is not here, or cannot be downloaded; the sentence says what to do.
    """
    from diffusers import DiffusionPipeline

    options = {"revision": revision, "use_safetensors": True, "local_files_only": not download}
    try:
        # Downloads are one thread's alone; who only looks may be any, and must not undo another's watching.
        with watch_downloads(tell) if download else nullcontext():
            return Path(DiffusionPipeline.download(model_id, **options))
    except (OSError, ValueError) as error:
        LOGGER.info("%s could not be downloaded: %s", model_id, error)
        raise SeedLabError(_explain(model_id, revision, tuple(_list_causes(error)), known)) from error


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
        options = {"allow_patterns": list(CONFIGURATIONS), "local_files_only": local, "tqdm_class": make_bar()}
        return Path(snapshot_download(model_id, **options))

    try:
        folder = find(local=True)  # these do not change, so that they need no asking
        if any(folder.glob("tokenizer*/*")) or not download:
            return folder
    except (OSError, ValueError) as error:
        if not download:
            raise SeedLabError(_explain(model_id, None, tuple(_list_causes(error)), ())) from error
    try:
        return find(local=False)
    except (OSError, ValueError) as error:
        raise SeedLabError(_explain(model_id, None, tuple(_list_causes(error)), ())) from error


def _list_causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _explain(model_id: str, revision: str | None, causes: tuple[BaseException, ...], known: Iterable[str]) -> str:
    from huggingface_hub import errors

    page = f"https://huggingface.co/{model_id}"
    if _has(causes, errors.GatedRepoError):
        return (
            f"{model_id} is gated: accept its licence at {page}, then log in on the machine that runs SeedLab "
            "(`hf auth login`, or the variable HF_TOKEN) and try again."
        )
    if _has(causes, errors.RevisionNotFoundError):
        return f"{model_id} has no revision “{revision}”: see {page}/tree/main for what there is."
    if _has(causes, errors.RepositoryNotFoundError):
        suggestion = _suggest(model_id, known)
        return f"There is no model {model_id} on the Hub: check the id{suggestion}. If it is private, log in."
    if any(isinstance(each, OSError) and each.errno in (errno.ENOSPC, errno.EDQUOT) for each in causes):
        return f"The disk is full: free some space for {model_id}, then try again; what was downloaded is kept."
    if any("trust_remote_code" in str(each) for each in causes):
        return f"{model_id} needs code of its own, and SeedLab runs none that comes with a model: choose another."
    if any("necessary `safetensors` weights" in str(each) for each in causes):
        return f"{model_id} has no safetensors weights, and SeedLab loads no others: choose another model."
    is_offline = _has(causes, errors.LocalEntryNotFoundError)  # which is an EntryNotFoundError too
    if any(INDEX in str(each) for each in causes) and _has(causes, errors.EntryNotFoundError) and not is_offline:
        return _say_no_pipeline(model_id)
    return (
        f"{model_id} could not be downloaded from the Hub: check the network and try again, the files that came "
        "whole are kept; or choose Sketch, which is built in."
    )


def _say_no_pipeline(model_id: str) -> str:
    return f"{model_id} is not a diffusers pipeline (it has no {INDEX}): choose another model."


def _has(causes: tuple[BaseException, ...], kind: type[BaseException]) -> bool:
    return any(isinstance(each, kind) for each in causes)


def _suggest(model_id: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(model_id, list(known), n=1, cutoff=0.6)
    return f"; did you mean {close[0]}" if close else ""
