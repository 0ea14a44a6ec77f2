"""Paused runs as files: safetensors, with the rest of the state as JSON in the header, and a checksum of both."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seedlab.core.errors import SeedLabError
from seedlab.core.storage.files import write_atomically
from seedlab.pipelines.sampling.paused import PausedRun, State

if TYPE_CHECKING:
    from torch import Tensor

VERSION = 2
KEY, CHECKSUM = "seedlab_paused_run", "sha256"
MAX_BYTES = 50 * 2**20
BROKEN = (OSError, KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError)


def save(run: PausedRun, file: Path, owner: str) -> None:
    """Write a paused run atomically.

    Args:
        run: the run.
        file: in a folder that exists.
        owner: identifies the picture that it is of.

    Raises:
        OSError: the disk is full, or the folder is not writable.
        TypeError: the scheduler's state cannot be written.
    """
    from safetensors.torch import save_file

    tensors: dict[str, Tensor] = {}
    text = json.dumps(
        {
            "version": VERSION,
            "owner": owner,
            "step": run.step,
            "draft_steps": run.draft_steps,
            "latents": _write(run.latents, tensors),
            "generator": _write(run.generator, tensors),
            "scheduler": {name: _write(value, tensors) for name, value in run.scheduler.items()},
        }
    )
    metadata = {KEY: text, CHECKSUM: _hash(text, tensors)}
    write_atomically(file, lambda temporary: save_file(tensors, temporary, metadata))


def load(file: Path, owner: str) -> PausedRun:
    """Read a paused run.

    Args:
        file: an untrusted file.
        owner: as given to `save`.

    Raises:
        SeedLabError: there is no such file, it is damaged, it has another owner, or another version wrote it. The run
            has to be made again.
    """
    from safetensors import SafetensorError, safe_open

    try:
        if file.stat().st_size > MAX_BYTES:
            raise ValueError("larger than any paused run")
        with safe_open(file, framework="pt") as opened:
            text, checksum = opened.metadata()[KEY], opened.metadata()[CHECKSUM]
            tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118 - not a mapping
        if _hash(text, tensors) != checksum:
            raise ValueError("damaged")
        return _read_run(json.loads(text), owner, tensors)
    except (*BROKEN, SafetensorError) as error:
        raise SeedLabError("This draft cannot be read any more: it is made again from its first step.") from error


def _hash(text: str, tensors: "Mapping[str, Tensor]") -> str:
    import torch

    digest = hashlib.sha256(text.encode())
    for name in sorted(tensors):
        digest.update(tensors[name].reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _read_run(data: Any, owner: str, tensors: "Mapping[str, Tensor]") -> PausedRun:
    if data["version"] != VERSION or data["owner"] != owner:
        raise ValueError("of another picture or version")
    return PausedRun(
        step=_read_count(data["step"]),
        latents=_read(data["latents"], tensors),
        generator=_read(data["generator"], tensors),
        scheduler={str(name): _read(value, tensors) for name, value in data["scheduler"].items()},
        draft_steps=None if data["draft_steps"] is None else _read_count(data["draft_steps"]),
    )


def _read_count(value: Any) -> int:
    if type(value) is not int or value < 1:
        raise ValueError("not a number of steps")
    return value


def _write(value: State, tensors: "dict[str, Tensor]") -> Any:
    """Return a value as JSON, and add its tensors to those of the file."""
    import torch

    if isinstance(value, torch.Tensor):
        name = f"{len(tensors):03}"
        tensors[name] = value.contiguous()
        is_channels_last = not value.is_contiguous() and value.is_contiguous(memory_format=torch.channels_last)
        return {"tensor": name, "channels_last": is_channels_last}
    if isinstance(value, list | tuple):
        return [_write(each, tensors) for each in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"a scheduler with a {type(value).__name__}")


def _read(value: Any, tensors: "Mapping[str, Tensor]") -> State:
    import torch

    if isinstance(value, list):
        return [_read(each, tensors) for each in value]
    if not isinstance(value, dict):
        return value
    tensor = tensors[value["tensor"]]
    return tensor.to(memory_format=torch.channels_last) if value["channels_last"] else tensor
