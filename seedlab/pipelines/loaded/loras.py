"""LoRAs: safetensors files of weights that are added to a model's, identified by their SHA-256."""

import re
import warnings
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from seedlab.core.errors import RecipeError, SeedLabError
from seedlab.core.recipe import Lora
from seedlab.core.text import quote
from seedlab.pipelines.loaded.hashes import hash_file
from seedlab.pipelines.models.checkpoints import ENDING, PICKLES, read_shapes, refuse_pickle

LINE = re.compile(r"(?P<file>.{1,1000}?\.\w{1,12})(?:[ :=]+(?P<weight>[-+]?[0-9]{0,3}[.,]?[0-9]{1,9}))?")


def read_loras(text: str) -> tuple[Lora, ...]:
    """Read LoRAs as people write them: one file per line, followed by its weight (default 1).

    Raises:
        RecipeError: a line names no safetensors file, or its weight is out of range.
    """
    return tuple(_read_lora(" ".join(line.split())) for line in text.splitlines() if line.strip())


def _read_lora(line: str) -> Lora:
    match = LINE.fullmatch(line)
    path = Path(match["file"] if match else line).expanduser()
    if path.suffix.lower() in PICKLES:
        raise refuse_pickle("loras", str(path))
    if path.suffix != ENDING or not path.is_file():
        raise RecipeError("loras", f"There is no LoRA {quote(line, 80)}: write the path of a .safetensors file.")
    file = path.resolve()
    if not any("lora" in name.lower() for name in read_shapes(file, "loras")):
        raise RecipeError("loras", f"{quote(file.name, 80)} is not a LoRA: if it is a model, choose it as the model.")
    weight = match["weight"] if match else None
    return Lora(file=str(file), sha256=hash_file(file), weight=float((weight or "1").replace(",", ".")))


def check_loras(loras: Sequence[Lora]) -> None:
    """Refuse LoRAs that cannot be used here, before any work starts.

    Raises:
        RecipeError: a file is missing or has changed, or the package peft is missing.
    """
    if loras and find_spec("peft") is None:
        raise RecipeError("loras", "LoRAs need the package peft: pip install peft, and start again.")
    for lora in loras:
        file = Path(lora.file)
        if file.suffix != ENDING or not file.is_file():
            raise RecipeError("loras", f"The LoRA {quote(file.name, 80)} does not exist any more: choose another.")
        if hash_file(file) != lora.sha256:
            raise RecipeError(
                "loras", f"The LoRA {quote(file.name, 80)} has changed since it was chosen: use the original file."
            )


def add_loras(pipeline: Any, loras: Sequence[Lora]) -> None:
    """Load LoRAs into a pipeline, as the plain script does: not fused, each with its weight.

    Raises:
        SeedLabError: one was made for another kind of model.
    """
    if loras and not hasattr(pipeline, "load_lora_weights"):
        raise SeedLabError("This model takes no LoRAs: leave the field empty.")
    names = [f"lora_{number}" for number in range(len(loras))]
    for name, lora in zip(names, loras, strict=True):
        _add_lora(pipeline, name, Path(lora.file))
    if loras:
        pipeline.set_adapters(names, [lora.weight for lora in loras])


def _add_lora(pipeline: Any, name: str, file: Path) -> None:
    options = {"weight_name": file.name, "adapter_name": name, "local_files_only": True, "use_safetensors": True}
    try:
        with warnings.catch_warnings():
            # Several LoRAs are intended.
            warnings.filterwarnings("ignore", "Already found a `peft_config` attribute", UserWarning)
            pipeline.load_lora_weights(str(file.parent), **options)
        is_used = any(name in adapters for adapters in pipeline.get_list_adapters().values())
    except (OSError, ValueError, TypeError, LookupError, RuntimeError, AttributeError) as error:
        raise SeedLabError(_format_misfit(file)) from error
    if not is_used:
        raise SeedLabError(_format_misfit(file))


def _format_misfit(file: Path) -> str:
    return f"The LoRA {quote(file.name, 80)} does not fit this model: it was made for another kind. Choose another."
