"""Reads LoRAs as people write them: a path and a weight."""

import re
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

from seedlab.core.errors import RecipeError
from seedlab.core.recipes.additions import Lora
from seedlab.core.texts.numbers import tidy_digits
from seedlab.core.texts.text import quote
from seedlab.pipelines.loaded.loras.files import hash_lora, read_lora
from seedlab.pipelines.models.weights import ENDING, PICKLES, follow_link, is_safetensors, refuse_pickle

LINE = re.compile(r"(?P<file>.+?)\s*(?:[\s:=]\s*(?P<weight>[-+]?[0-9]{0,3}[.,]?[0-9]{1,9}))")
QUOTED = re.compile(r"""["'“](?P<file>[^"'”]+)["'”]\s*[:=]?\s*(?P<weight>\S*)""")
ANY_WEIGHT = re.compile(r"(?P<file>.+\.safetensors)\s*[\s:=]\s*(?P<weight>\S.*)", re.IGNORECASE)
TAG = re.compile(r"<\s*(?:lora|lyco|locon)\s*:(?P<name>[^:>]+):?(?P<weight>[^:>]*)[^>]*>", re.IGNORECASE)
"""How AUTOMATIC1111 and Forge name a LoRA in a prompt: <lora:name:weight>."""

FOLDER_FILES = ("adapter_model.safetensors", "pytorch_lora_weights.safetensors")
"""The names that PEFT and diffusers give the file of a LoRA in a folder of its own."""


def read_loras(text: str) -> tuple[Lora, ...]:
    """Read LoRAs as people write them: one file or folder per line, followed by its weight (default 1).

    Raises:
        RecipeError: a line names no LoRA, or its weight is no number or out of range.
    """
    return tuple(_read_line(line.strip()) for line in text.splitlines() if line.strip())


def find_lora_file(path: str) -> Path | None:
    """Return the LoRA at a path, made absolute: a file, or the file in a folder; None if there is none."""
    try:
        given = Path(path).expanduser()
        if given.is_dir():
            return _find_in(given.resolve())
        file = follow_link(given)
        return file if is_safetensors(file) and file.is_file() else None
    except (OSError, ValueError, RuntimeError):  # too long, contains a null byte, or the home of an unknown user
        return None


def check_loras(loras: Sequence[Lora]) -> None:
    """Refuse LoRAs that cannot be used here, before any work starts.

    Raises:
        RecipeError: a file is missing or has changed, or the package peft is missing.
    """
    if loras and find_spec("peft") is None:
        raise RecipeError("loras", "LoRAs need the package peft: pip install peft, and start again.")
    for lora in loras:
        _check_file(Path(lora.file))
        if _hash(Path(lora.file)) != lora.sha256:
            name = quote(Path(lora.file).name, 80)
            raise RecipeError("loras", f"The LoRA {name} has changed since it was chosen: use the original file.")


def _read_line(line: str) -> Lora:
    for path, weight in _list_readings(line):
        if (file := find_lora_file(path)) is not None:
            read_lora(file)
            return Lora(file=str(file), sha256=_hash(file), weight=_read_weight(weight, file))
    raise _explain(line)


def _list_readings(line: str) -> Iterator[tuple[str, str]]:
    """Yield the ways to read a line as a path and a weight. File names may contain spaces, colons and numbers."""
    yield line, ""
    for pattern in (QUOTED, LINE, ANY_WEIGHT):
        if match := pattern.fullmatch(line):
            yield match["file"], match["weight"]


def _read_weight(text: str, file: Path) -> float:
    if not text:
        return 1.0
    try:
        return float(tidy_digits(text).replace(",", "."))
    except ValueError:
        raise RecipeError(
            "loras",
            f"The weight {quote(text)} of {quote(file.name, 80)} is not a number: write one from -10 to 10, as in "
            f"{quote(f'{file.name} 0.8', 90)}.",
        ) from None


def _explain(line: str) -> RecipeError:
    """Return the error for a line that names no LoRA."""
    if match := TAG.fullmatch(line):
        example = f"/path/to/{match['name'].strip()}{ENDING} {match['weight'].strip() or 1}"
        sentence = (
            f"{quote(line, 80)} is a tag of other programs: write the path of the file, as in {quote(example, 120)}."
        )
        return RecipeError("loras", sentence)
    if line.lower().startswith(("http://", "https://", "urn:air:")):
        sentence = f"{quote(line, 80)} is an address: download the file, and write its path here."
        return RecipeError("loras", sentence)
    paths = [path for path, _ in _list_readings(line)]
    for path in paths:
        if path.lower().endswith(PICKLES):
            return refuse_pickle("loras", path)
        if _is_there(path):
            name = quote(Path(path).name, 80)
            return RecipeError("loras", f"{name} is not a LoRA: write the path of a .safetensors file.")
    # Without the weight, where there is an ending to tell one from the name.
    named = next((path for path in paths if path.lower().endswith(ENDING)), line)
    return RecipeError("loras", f"There is no LoRA {quote(named, 80)}: write the path of a .safetensors file.")


def _is_there(path: str) -> bool:
    try:
        return Path(path).expanduser().exists()
    except (OSError, ValueError, RuntimeError):
        return False


def _find_in(folder: Path) -> Path | None:
    """Return the LoRA that a folder is for, by its usual name or as the only one in it."""
    for name in FOLDER_FILES:
        if (folder / name).is_file():
            return follow_link(folder / name)
    files = [file for file in folder.iterdir() if is_safetensors(file)]
    return files[0] if len(files) == 1 else None


def _check_file(file: Path) -> None:
    try:
        is_here = is_safetensors(file) and file.is_file()
    except (OSError, ValueError):
        is_here = False
    if not is_here:
        raise RecipeError("loras", f"The LoRA {quote(file.name, 80)} does not exist any more: choose another.")


def _hash(file: Path) -> str:
    try:
        return hash_lora(file)
    except OSError as error:
        sentence = f"{quote(file.name, 80)} cannot be read: check the file, or choose another."
        raise RecipeError("loras", sentence) from error
