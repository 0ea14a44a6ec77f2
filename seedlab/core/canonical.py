"""Canonical JSON of frozen data: the text that fingerprints and digests are taken from."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

ADDED: Mapping[str, Any] = MappingProxyType({"added": True})
"""Metadata of a field that the first version did not have: `field(default=..., metadata=ADDED)`.

Such a field is left out of the JSON while it has its default, so that old fingerprints, digests and file names stay.
"""


def to_json(data: Mapping[str, Any]) -> str:
    """Return the canonical JSON: sorted keys, no spaces, text as UTF-8."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def hash_json(data: Mapping[str, Any]) -> str:
    """Return the SHA-256, in hex, of the canonical JSON."""
    return hashlib.sha256(to_json(data).encode()).hexdigest()


def to_dict(instance: "DataclassInstance") -> dict[str, Any]:
    """Return a dataclass as JSON data, without the fields that were added later and have their default."""
    data: dict[str, Any] = {}
    for field in fields(instance):
        value = getattr(instance, field.name)
        if not (field.metadata.get("added") and value == default_of(field)):
            data[field.name] = to_data(value)
    return data


def to_data(value: Any) -> Any:
    """Return the value of a field as JSON data: dataclasses become mappings, also those in a tuple."""
    if isinstance(value, tuple):
        return tuple(map(to_data, value))
    return to_dict(value) if is_dataclass(value) and not isinstance(value, type) else value


def default_of(field: Any) -> Any:
    """Return the default of a dataclass field; `MISSING` if it has none."""
    return field.default if field.default_factory is MISSING else field.default_factory()
