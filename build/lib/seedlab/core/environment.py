"""What decides a picture's bits beside its recipe, and is not asked for but observed."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from seedlab.core.errors import SeedLabError


@dataclass(frozen=True, kw_only=True)
class Environment:
    """The environment_key in which a picture was made; with the same recipe and the same of these, the same bytes.

    Attributes:
        torch, diffusers, transformers: versions.
        device: the device's name, as "cpu" or "NVIDIA H100".
        isa: the instruction set that torch chose its kernels for, as "AVX512" ("" on a GPU).
        threads: threads of one operation on the CPU.
        memory_format: "contiguous" or "channels_last".
        attention: the attention backend.
        weights: SHA-256 over the model's weight files.
        deterministic: whether full determinism was asked for (deterministic algorithms, no TF32, no benchmarking).
    """

    torch: str
    diffusers: str
    transformers: str
    device: str
    isa: str
    threads: int
    memory_format: str
    attention: str
    weights: str
    deterministic: bool = False

    @property
    def digest(self) -> str:
        """SHA-256, in hex, of the environment's canonical JSON."""
        text = json.dumps(asdict(self), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read an environment from untrusted data.

        Raises:
            SeedLabError: a field is missing or of the wrong type.
        """
        if not isinstance(data, Mapping):
            raise SeedLabError("This picture does not say in which environment it was made.")
        # Pictures of the first SeedLab say nothing of determinism; there was none to be had.
        values = {field.name: data.get(field.name) for field in fields(cls)}
        values["deterministic"] = data.get("deterministic", False)
        checks = {"threads": _is_count, "deterministic": _is_switch}
        if not all(checks.get(name, _is_line)(value) for name, value in values.items()):
            raise SeedLabError("This picture does not say in which environment it was made.")
        return cls(**values)  # type: ignore[arg-type]

    def differences(self, other: "Environment") -> tuple[str, ...]:
        """Name what differs between the two, as ("torch 2.13.0 instead of 2.12.0", ...)."""
        ours, theirs = asdict(self), asdict(other)
        return tuple(f"{name} {ours[name]} instead of {theirs[name]}" for name in ours if ours[name] != theirs[name])


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31


def _is_switch(value: object) -> bool:
    return isinstance(value, bool)


def _is_line(value: object) -> bool:
    # One line, and nothing that steers a terminal: it is shown to visitors, and stands in scripts.
    return isinstance(value, str) and len(value) <= 500 and value.isprintable()
