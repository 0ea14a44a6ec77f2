"""What it means where a model cannot be had from the Hub, and what to do."""

import difflib
import errno
from collections.abc import Iterable, Iterator

from seedlab.pipelines.hub.transfer import DAMAGED

INDEX = "model_index.json"
"""The file that makes a folder a pipeline."""


def explain_failure(model_id: str, revision: str | None, error: Exception, known: Iterable[str]) -> str:
    """Say why a download failed, and the next step.

    Args:
        known: ids that the visitor may have meant.
    """
    causes = tuple(_list_causes(error))
    return (
        _explain_refusal(model_id, revision, causes, known)
        or _explain_content(model_id, causes)
        or f"{model_id} could not be downloaded from the Hub: check the network and try again, what came is kept; "
        "or choose Sketch, which is built in."
    )


def explain_no_pipeline(model_id: str) -> str:
    """Say that a repository holds something else."""
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
            "The Hub does not take the token of the machine that runs SeedLab: log in again (`hf auth login`, or the "
            "variable HF_TOKEN), or log out, and try again."
        )
    if 429 in status:
        return (
            f"The Hub is asked too often from here: wait some minutes for {model_id}, and try again; what came is "
            "kept. Who is logged in may ask more often."
        )
    return ""


def _explain_content(model_id: str, causes: tuple[BaseException, ...]) -> str:
    from huggingface_hub import errors

    if any(isinstance(each, OSError) and each.errno in (errno.ENOSPC, errno.EDQUOT) for each in causes):
        return f"The disk is full: free some space for {model_id}, then try again; what was downloaded is kept."
    if any(DAMAGED in str(each) for each in causes):
        return f"{model_id} came damaged: try again. If it does so again, its files on the Hub are; choose another."
    if any("trust_remote_code" in str(each) for each in causes):
        return f"{model_id} needs code of its own, and SeedLab runs none that comes with a model: choose another."
    if any("necessary `safetensors` weights" in str(each) for each in causes):
        return f"{model_id} has no safetensors weights, and SeedLab loads no others: choose another model."
    is_offline = _has(causes, errors.LocalEntryNotFoundError)  # which is an EntryNotFoundError too
    if any(INDEX in str(each) for each in causes) and _has(causes, errors.EntryNotFoundError) and not is_offline:
        return explain_no_pipeline(model_id)
    return ""


def _has(causes: tuple[BaseException, ...], kind: type[BaseException]) -> bool:
    return any(isinstance(each, kind) for each in causes)


def _suggest(model_id: str, known: Iterable[str]) -> str:
    others = [each for each in known if each != model_id]
    close = difflib.get_close_matches(model_id, others, n=1, cutoff=0.6)
    return f"; did you mean {close[0]}" if close else ""
