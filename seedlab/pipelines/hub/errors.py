"""Explains failed downloads from the Hub: what went wrong and what to do."""

import difflib
import errno
from collections.abc import Iterable, Iterator

from seedlab.pipelines.hub.transfer import DAMAGED

INDEX = "model_index.json"
"""The file that every diffusers pipeline has."""


def explain_failure(model_id: str, revision: str | None, error: Exception, known: Iterable[str]) -> str:
    """Return a sentence about a failed download, with the next step.

    Args:
        known: ids that the visitor may have meant.
    """
    causes = tuple(_list_causes(error))
    return (
        _explain_refusal(model_id, revision, causes, known)
        or _explain_content(model_id, causes)
        or f"{model_id} could not be downloaded from the Hub: check the network and try again (the download resumes), "
        "or choose Sketch, which is built in."
    )


def explain_no_pipeline(model_id: str) -> str:
    """Return a sentence about a repository without a pipeline."""
    return f"{model_id} is not a diffusers pipeline (it has no {INDEX}): choose another model."


def _list_causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _explain_refusal(
    model_id: str, revision: str | None, causes: tuple[BaseException, ...], known: Iterable[str]
) -> str:
    from huggingface_hub import errors

    page = f"https://huggingface.co/{model_id}"
    status = {each.response.status_code for each in causes if isinstance(each, errors.HfHubHTTPError)}
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
    if 401 in status:
        return (
            "The Hub rejects the token of the machine that runs SeedLab: log in again (`hf auth login`, or the "
            "variable HF_TOKEN), or log out, and try again."
        )
    if 429 in status:
        return (
            f"The Hub limits the requests from here: wait a few minutes, then try {model_id} again; the download "
            "resumes. Logging in raises the limit."
        )
    return ""


def _explain_content(model_id: str, causes: tuple[BaseException, ...]) -> str:
    from huggingface_hub import errors

    if any(isinstance(each, OSError) and each.errno in (errno.ENOSPC, errno.EDQUOT) for each in causes):
        return f"The disk is full: free some space for {model_id}, then try again; the download resumes."
    if any(DAMAGED in str(each) for each in causes):
        return f"{model_id} was damaged in the download: try again. If that does not help, choose another model."
    if any("trust_remote_code" in str(each) for each in causes):
        return f"{model_id} needs code of its own, and SeedLab runs no code that comes with a model: choose another."
    if any("necessary `safetensors` weights" in str(each) for each in causes):
        return f"{model_id} has no safetensors weights, and SeedLab loads no others: choose another model."
    is_offline = _has(causes, errors.LocalEntryNotFoundError)  # a subclass of EntryNotFoundError
    if any(INDEX in str(each) for each in causes) and _has(causes, errors.EntryNotFoundError) and not is_offline:
        return explain_no_pipeline(model_id)
    return ""


def _has(causes: tuple[BaseException, ...], kind: type[BaseException]) -> bool:
    return any(isinstance(each, kind) for each in causes)


def _suggest(model_id: str, known: Iterable[str]) -> str:
    others = [each for each in known if each != model_id]
    close = difflib.get_close_matches(model_id, others, n=1, cutoff=0.6)
    return f"; did you mean {close[0]}" if close else ""
