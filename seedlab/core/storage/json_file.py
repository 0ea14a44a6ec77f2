"""What is remembered from one process to the next, in a small JSON file."""

import json
import logging
from pathlib import Path
from typing import Any

from seedlab.core.storage.files import write_atomically

LOGGER = logging.getLogger(__name__)
MAX_BYTES = 1_000_000


def read_json(file: Path | None) -> Any:
    """Return the data of a file; None if it is missing, too large or damaged."""
    if file is None:
        return None
    try:
        with file.open(encoding="utf-8") as stream:
            return json.loads(stream.read(MAX_BYTES))
    except (OSError, ValueError, RecursionError):
        return None


def write_json(file: Path | None, data: Any) -> None:
    """Write data to a file, whose folder is created if needed. A failure is only logged."""
    if file is None:
        return
    text = json.dumps(data)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(file, lambda temporary: temporary.write_text(text, encoding="utf-8"))
    except OSError:
        LOGGER.info("“%s” could not be written.", file.name, exc_info=True)
