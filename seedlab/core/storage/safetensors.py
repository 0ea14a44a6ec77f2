"""Reads the headers of safetensors files, without the package of that name."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MAX_HEADER_BYTES = 25_000_000
"""The format allows 100 MB. The largest models have some thousand tensors, whose header takes less than 1 MB."""


@dataclass(frozen=True)
class Header:
    """What a safetensors file contains.

    Attributes:
        shapes: the shape of each tensor, by name.
        metadata: free text by key; {} if there is none.
        places: the dtype of each tensor, such as "F16", and where its values begin and end in the file, in bytes.
        size: the size in bytes that the file has if it is complete.
    """

    shapes: Mapping[str, tuple[int, ...]]
    metadata: Mapping[str, str]
    places: Mapping[str, tuple[str, int, int]] = field(default_factory=dict)
    size: int = 0


def read_header(file: Path) -> Header:
    """Read the header of a safetensors file; the weights are not read.

    Raises:
        OSError: it cannot be opened.
        ValueError: it is not a safetensors file.
    """
    length, data = _read_json(file)
    try:
        tensors = {name: each for name, each in data.items() if name != "__metadata__"}
        shapes = {name: _read_numbers(each["shape"]) for name, each in tensors.items()}
        places = {name: _read_place(each, 8 + length) for name, each in tensors.items() if "data_offsets" in each}
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError("not a safetensors header") from error
    metadata = data.get("__metadata__")
    size = max((end for _, _, end in places.values()), default=8 + length)
    return Header(shapes, metadata if isinstance(metadata, dict) else {}, places, size)


def _read_json(file: Path) -> tuple[int, Any]:
    with file.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        if length > MAX_HEADER_BYTES:
            raise ValueError("not a safetensors header")
        try:
            return length, json.loads(stream.read(length))
        except RecursionError as error:
            raise ValueError("not a safetensors header") from error


def _read_numbers(values: Any) -> tuple[int, ...]:
    if not isinstance(values, list) or not all(type(each) is int and 0 <= each < 2**63 for each in values):
        raise ValueError("not a safetensors header")
    return tuple(values)


def _read_place(tensor: Mapping[str, Any], start: int) -> tuple[str, int, int]:
    begin, end = _read_numbers(tensor["data_offsets"])
    return str(tensor.get("dtype")), start + begin, start + end
