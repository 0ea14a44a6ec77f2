"""Files of weights: their headers, read once, and whether they are complete."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import numpy as np

from seedlab.core.errors import RecipeError
from seedlab.core.storage.files import Signature, sign_files
from seedlab.core.storage.safetensors import Header, read_header
from seedlab.core.texts.text import quote

ENDING = ".safetensors"
PICKLES = (".bin", ".ckpt", ".pickle", ".pkl", ".pt", ".pth")
LFS_POINTER = b"version https://git-lfs"
"""The first bytes of the text that Git keeps in the place of a large file."""

DTYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2"}
"""numpy's names of the floating-point dtypes in which schedules are saved."""


def is_safetensors(file: Path) -> bool:
    """Whether a file is named as a safetensors file, in any case."""
    return file.suffix.lower() == ENDING


def follow_link(path: Path) -> Path:
    """Return the absolute path of the file that a link leads to; that of the link, if only its name has the ending.

    A cache names its files by their hashes alone, and links to them.

    Raises:
        OSError, RuntimeError: the links cannot be followed.
    """
    file = path.resolve()
    return file if is_safetensors(file) else path.parent.resolve() / path.name


def refuse_pickle(field: str, path: str) -> RecipeError:
    """Return the error for a file of pickled weights."""
    kind = "LoRA" if field == "loras" else "model"
    return RecipeError(
        field,
        f"{quote(Path(path).name, 80)} is a pickle, which can run any program when it is opened: use a .safetensors "
        f"file of the same {kind}.",
    )


def refuse_file(file: Path, reason: str) -> RecipeError:
    """Return the error for a file that cannot be used as a model. The reason follows its name, and says what to do."""
    return RecipeError("model_id", f"{quote(file.name, 80)} {reason}.")


def read_shapes(file: Path, field: str) -> Mapping[str, tuple[int, ...]]:
    """Return the names and shapes of the weights in a safetensors file.

    Args:
        field: the recipe field that the error is about.

    Raises:
        RecipeError: it cannot be read, is not a safetensors file, or is cut short.
    """
    return read_checked_header(file, field).shapes


def read_checked_header(file: Path, field: str = "model_id") -> Header:
    """Return the header of a safetensors file that has all of its bytes. The arguments are those of `read_shapes`.

    Raises:
        RecipeError: it cannot be read, is not a safetensors file, or is cut short.
    """
    name = quote(file.name, 80)
    try:
        size = file.stat().st_size
        header = _read_header_once(file, sign_files([(file.name, file)]))
    except (OSError, ValueError) as error:
        reason = "only stands for a file that Git LFS has not brought" if _is_pointer(file) else ""
        sentence = f"{name} {reason or 'is not a readable safetensors file'}: download it again."
        raise RecipeError(field, sentence) from error
    if size < header.size:
        raise RecipeError(
            field, f"{name} is cut short ({_format_share(size, header.size)} are here): download it again."
        )
    return header


def _format_share(size: int, whole: int) -> str:
    if whole - size < 10**5:  # the same in megabytes
        return f"{size:,} of {whole:,} bytes"
    return f"{size / 1e6:,.1f} of {whole / 1e6:,.1f} MB"


@lru_cache(maxsize=32)  # a large model's takes a few hundred kB
def _read_header_once(file: Path, _signature: Signature) -> Header:
    return read_header(file)


def _is_pointer(file: Path) -> bool:
    try:
        with file.open("rb") as stream:
            return stream.read(len(LFS_POINTER)) == LFS_POINTER
    except OSError:
        return False


def read_values(file: Path, header: Header, name: str, count: int) -> list[float] | None:
    """Return the values of a small tensor; None if the file has none of that name, dtype and number of values.

    Raises:
        OSError: the file cannot be read.
    """
    dtype, begin, end = header.places.get(name, ("", 0, 0))
    if dtype not in DTYPES or end - begin != count * np.dtype(DTYPES[dtype]).itemsize:
        return None
    with file.open("rb") as stream:
        stream.seek(begin)
        return [float(value) for value in np.frombuffer(stream.read(end - begin), DTYPES[dtype])]
