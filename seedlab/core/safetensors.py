"""Reads the headers of safetensors files, without the package of that name."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MAX_HEADER_BYTES = 100_000_000
"""The limit that the format itself sets."""


@dataclass(frozen=True)
class Header:
    """What a safetensors file contains.

    Attributes:
        shapes: the shape of each tensor, by name.
        metadata: free text by key; {} if there is none.
    """

    shapes: Mapping[str, tuple[int, ...]]
    metadata: Mapping[str, str]


def read_header(file: Path) -> Header:
    """Read the header of a safetensors file; the weights are not read.

    Raises:
        OSError: it cannot be opened.
        ValueError: it is not a safetensors file.
    """
    try:
        data = _read_json(file)
        shapes = {name: tuple(each["shape"]) for name, each in data.items() if name != "__metadata__"}
    except (TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ValueError("not a safetensors header") from error
    metadata = data.get("__metadata__")
    return Header(shapes, metadata if isinstance(metadata, dict) else {})


def _read_json(file: Path) -> Any:
    with file.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        return json.loads(stream.read(length)) if length <= MAX_HEADER_BYTES else None
