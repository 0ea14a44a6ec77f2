"""Sentences about failed downloads; what the Hub itself refuses is in `test_cache`."""

import errno

import pytest

from seedlab.pipelines.hub.errors import explain_failure


def nest(error: Exception) -> Exception:
    """Return the error as it comes here: as the cause of another one."""
    outer = OSError("Cannot load the model.")
    outer.__cause__ = error
    return outer


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "The disk is full: free some space for owner/name"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "the download resumes"),
        (ValueError("set the option trust_remote_code=True"), "SeedLab runs no code that comes with a model"),
        (OSError("Could not find the necessary `safetensors` weights in it"), "has no safetensors weights"),
        (OSError("https://huggingface.co/file is damaged."), "owner/name was damaged in the download: try again"),
        (ConnectionError("Connection reset"), "check the network and try again (the download resumes)"),
    ],
)
def test_the_cause_decides_what_is_said(error, words):
    assert words in explain_failure("owner/name", None, error, ())
    assert words in explain_failure("owner/name", None, nest(error), ())
