"""Paused runs as files: safetensors, with the rest of the state as JSON in the header."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seedlab.core.errors import SeedLabError
from seedlab.core.files import write_atomically
from seedlab.pipelines.sampling.paused import PausedRun, State

if TYPE_CHECKING:
    from torch import Tensor

VERSION = 1
KEY = "seedlab_paused_run"
MAX_BYTES = 50 * 2**20
BROKEN = (OSError, KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError)


def save(run: PausedRun, file: Path) -> None:
    """Write a paused run atomically.

    Raises:
        OSError: the disk is full, or the folder is not writable.
        TypeError: the scheduler's state cannot be written.
    """
    from safetensors.torch import save_file

    tensors: dict[str, Tensor] = {}
    text = json.dumps(
        {
            "version": VERSION,
            "step": run.step,
            "latents": _write(run.latents, tensors),
            "generator": _write(run.generator, tensors),
            "scheduler": {name: _write(value, tensors) for name, value in run.scheduler.items()},
        }
    )
    write_atomically(file, lambda temporary: save_file(tensors, temporary, {KEY: text}))


def load(file: Path) -> PausedRun:
    """Read a paused run.

    Raises:
        SeedLabError: there is no such file, it is damaged, or another version wrote it. The run has to be made again.
    """
    from safetensors import SafetensorError, safe_open

    try:
        if file.stat().st_size > MAX_BYTES:
            raise ValueError("larger than any paused run")
        with safe_open(file, framework="pt") as opened:
            return _read_run(json.loads(opened.metadata()[KEY]), opened)
    except (*BROKEN, SafetensorError) as error:
        raise SeedLabError("This draft cannot be read any more: it is made again from its first step.") from error


def _read_run(data: Any, opened: Any) -> PausedRun:
    if data["version"] != VERSION or type(data["step"]) is not int or data["step"] < 1:
        raise ValueError("another version")
    latents, generator = _read(data["latents"], opened), _read(data["generator"], opened)
    scheduler = {str(name): _read(value, opened) for name, value in data["scheduler"].items()}
    return PausedRun(step=data["step"], latents=latents, generator=generator, scheduler=scheduler)


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


def _read(value: Any, opened: Any) -> State:
    import torch

    if isinstance(value, list):
        return [_read(each, opened) for each in value]
    if not isinstance(value, dict):
        return value
    tensor = opened.get_tensor(value["tensor"])
    return tensor.to(memory_format=torch.channels_last) if value["channels_last"] else tensor
