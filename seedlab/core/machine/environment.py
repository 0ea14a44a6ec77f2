"""The environment: what decides a picture's bytes besides its recipe. It is observed, not chosen."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Self

from seedlab.core import canonical
from seedlab.core.canonical import ADDED, default_of
from seedlab.core.errors import SeedLabError

NEEDED_BY_SOME = ("compel", "pillow", "peft")
"""The libraries whose versions are noted only where a recipe needs them."""


@dataclass(frozen=True, kw_only=True)
class Environment:
    """Everything but the recipe that decides a picture's bytes. Equal recipes and environments give equal bytes.

    A new field needs a default and `metadata=ADDED`, so that the digests, and file names, of stored pictures stay.

    Attributes:
        torch, diffusers, transformers: versions.
        device: the device's name, as "cpu" or "NVIDIA H100".
        isa: the instruction set that torch chose kernels for, as "AVX512" ("" on a GPU).
        threads: the number of threads of one operation on the CPU.
        memory_format: "contiguous_format" or "channels_last".
        attention: the attention backend.
        weights: SHA-256 over the model's weight files.
        deterministic: whether only deterministic algorithms were allowed (no TF32, no benchmarking).
        loras: "added" by diffusers, or "merged" into the weights; "added" if there are none.
        compel: the version of the library that applied prompt weights; "" for prompts without weights.
        pillow: the version of the library that resized the picture that it starts from; "" if it starts from noise.
        peft: the version of the library that applied LoRAs; "" without any.
        kernels: what chose a CUDA GPU's kernels, as "sm_90, cuDNN 91900, driver 580.159.04"; "" on other devices.
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
    loras: str = field(default="added", metadata=ADDED)
    compel: str = field(default="", metadata=ADDED)
    kernels: str = field(default="", metadata=ADDED)
    pillow: str = field(default="", metadata=ADDED)
    peft: str = field(default="", metadata=ADDED)

    @property
    def digest(self) -> str:
        """SHA-256, in hex, of the environment's canonical JSON."""
        return canonical.hash_json(canonical.to_dict(self))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read an environment from untrusted data.

        Raises:
            SeedLabError: a field is missing or of the wrong type.
        """
        if not isinstance(data, Mapping):
            raise SeedLabError("This picture does not say in which environment it was made.")
        # The first pictures lack the fields that were added later.
        values = {each.name: data.get(each.name, default_of(each)) for each in fields(cls)}
        checks = {"threads": _is_count, "deterministic": _is_switch}
        if not all(checks.get(name, _is_line)(value) for name, value in values.items()):
            raise SeedLabError("This picture does not say in which environment it was made.")
        return cls(**values)

    def differences(self, other: "Environment") -> tuple[str, ...]:
        """Return what differs, as ("torch 2.13.0 instead of 2.12.0", ...).

        A library that only one of two recipes needs is no difference.
        """
        ours, theirs = asdict(self), asdict(other)
        names = [name for name in ours if name not in NEEDED_BY_SOME or (ours[name] and theirs[name])]
        return tuple(f"{name} {ours[name]} instead of {theirs[name]}" for name in names if ours[name] != theirs[name])


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31


def _is_switch(value: object) -> bool:
    return isinstance(value, bool)


def _is_line(value: object) -> bool:
    # One printable line, without control characters: it is shown to users and written into scripts.
    return isinstance(value, str) and len(value) <= 500 and value.isprintable()
