"""Sentences for what torch raises while a picture is made."""

import re

from seedlab.pipelines.devices.warning_kinds import PATH

NO_MEMORY = (
    "Not enough memory for this picture: choose a smaller size, or a smaller model. To make a picture larger, decode "
    "it in tiles."
)
FULL = ("out of memory", "(?s)memory.*allocate|allocate.*memory", "STATUS_ALLOC_FAILED", "unable to find an engine")
"""Error messages of torch, cuBLAS and cuDNN for full memory; the last one is pytorch #108645."""


def explain(error: Exception) -> str:
    """Return a sentence for the visitor: `NO_MEMORY`, or the message's first line without this machine's paths."""
    text = str(error)
    if isinstance(error, MemoryError) or any(re.search(words, text) for words in FULL):
        return NO_MEMORY
    line = (text.strip().splitlines() or [type(error).__name__])[0]
    return f"This picture could not be made: {PATH.sub('…', line)[:160]}"
