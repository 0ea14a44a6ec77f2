"""The JSON files of a diffusers folder. They come from strangers: size, nesting and numbers are limited."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from seedlab.core.errors import RecipeError
from seedlab.core.texts.text import quote

MAX_BYTES = 20_000_000
"""The index of a model in hundreds of files takes about 1 MB."""

UNLIMITED = 10**29
"""A tokenizer without a limit has this `model_max_length` or more (transformers' VERY_LARGE_INTEGER)."""

LIMITS = (
    ("num_train_timesteps", 100_000),
    ("model_max_length", 1_000_000),
    ("layers", 1_000),
    ("num_res_blocks", 1_000),
    ("depth", 1_000),
    ("pos_embed_max_size", 1_024),
    ("sample_size", 4_096),
    ("channels", 100_000),
)
"""The largest sensible number for each key that contains a word; larger ones would take all memory or time."""

LARGEST = 10**8
MAX_ITEMS = 100_000
LISTS = ("block_out_channels", "down_block_types", "up_block_types")
"""Keys whose values must be lists."""


SNAPSHOT = re.compile(r"models--(.+)--(.+)")
"""The folder of a model in the cache of huggingface_hub."""


def name_model(path: Path) -> str:
    """Return the name of the model in a folder or file: its id if it is in the cache of the Hub."""
    parents = path.parents
    match = SNAPSHOT.fullmatch(parents[1].name) if len(parents) > 1 and parents[0].name == "snapshots" else None
    return f"{match[1]}/{match[2]}" if match else path.name


def read_json(file: Path) -> dict[str, Any]:
    """Read a JSON object from a file; {} if it cannot be read, is too large, or is something else."""
    try:
        if file.stat().st_size > MAX_BYTES:
            return {}
        data = json.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def check_numbers(folder: Path, file: Path) -> None:
    """Refuse a configuration whose numbers would take all memory, or the process down, when it is loaded.

    Raises:
        RecipeError: one of them is absurd.
    """
    data = read_json(file)
    wrong = ((key, data[key]) for key in LISTS if not isinstance(data.get(key), list | None))
    absurd = ((key, value) for key, value in _list_values(data) if not _is_sensible(key, value))
    for key, value in (*wrong, *absurd):
        is_number = isinstance(value, int | float) and abs(value) < UNLIMITED
        place = file.relative_to(folder).as_posix()
        raise RecipeError(
            "model_id",
            f"{quote(name_model(folder), 80)} cannot be used: in its {quote(place, 80)}, {quote(key)} is "
            f"{f'{value:,}' if is_number else 'damaged'}. Download it again, or choose another model.",
        )


def _list_values(data: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the numbers of a configuration with their keys, and lists that are too long; nested ones too."""
    pending: list[tuple[str, Any]] = list(data.items())
    while pending:
        key, value = pending.pop()
        if isinstance(value, dict):
            pending += [(str(inner), each) for inner, each in value.items()]
        elif isinstance(value, list) and len(value) <= MAX_ITEMS:
            pending += [(key, each) for each in value if not isinstance(each, str)]
        elif isinstance(value, list | int | float):
            yield key, value


def _is_sensible(key: str, value: Any) -> bool:
    if isinstance(value, bool):
        return True
    if isinstance(value, list):
        return False
    limit = next((limit for word, limit in LIMITS if word in key), None)
    if limit is None:
        return isinstance(value, float) or -LARGEST <= value <= LARGEST
    return -LARGEST <= value <= limit or (key == "model_max_length" and value >= UNLIMITED)
