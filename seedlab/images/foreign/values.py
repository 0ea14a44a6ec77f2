"""Untrusted values in other tools' settings: reading, checking and showing them."""

import json
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from seedlab.core.texts.text import is_whole
from seedlab.images.containers.exif import USER_COMMENT, XP_COMMENT
from seedlab.images.containers.texts import COMMENT

MAX_CHARACTERS = 2**20
"""The limit of a text that is parsed. ComfyUI's graphs are the longest."""

MAX_SHOWN = 400
"""Characters of a value that is shown."""

PLACES = (USER_COMMENT, COMMENT, "Comment", XP_COMMENT, "exif:ImageDescription", "Description")
"""Where settings are in files that have no `parameters`."""


def list_texts(texts: Mapping[str, str]) -> list[str]:
    """Return the texts that may hold a tool's settings as a whole, the likeliest first."""
    named = [text for key, text in texts.items() if key.lower() == "parameters"]
    others = [texts[place] for place in PLACES if place in texts]
    return [text for text in (*named, *others) if len(text) <= MAX_CHARACTERS]


def read_json(text: object) -> dict[str, Any] | None:
    """Parse a JSON object, also with NaN in it; None if the text is none or too long."""
    if not isinstance(text, str) or len(text) > MAX_CHARACTERS or not text.lstrip("\ufeff \t\r\n").startswith("{"):
        return None
    try:
        data = json.loads(text.strip("\ufeff\0 \t\r\n"))
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def list_objects(texts: Mapping[str, str]) -> Iterable[dict[str, Any]]:
    """Yield the JSON objects among `list_texts`."""
    return (data for text in list_texts(texts) if (data := read_json(text)) is not None)


def read_whole(value: object) -> int | None:
    """Return a whole number that is given as a number or in ASCII digits; otherwise None."""
    if isinstance(value, str) and re.fullmatch(r"\s*-?[0-9]{1,20}(\.0{1,6})?\s*", value):
        return int(value.strip().split(".")[0])
    if isinstance(value, float) and math.isfinite(value) and value == int(value):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def read_number(value: object) -> float | None:
    """Return a finite number that is given as a number or in ASCII digits; otherwise None.

    A comma is decimal, but for one that may separate thousands: such a number is none.
    """
    if isinstance(value, str):
        match = re.fullmatch(r"\s*-?[0-9]{1,20}(\.[0-9]{1,20}|,[0-9]{1,2})?\s*", value)
        return float(value.replace(",", ".")) if match else None
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e30:
        return None
    return float(value) if math.isfinite(value) else None


def read_name(value: object) -> str | None:
    """Return a name of 1 to 200 printable characters; otherwise None."""
    text = value.strip() if isinstance(value, str) else ""
    return text if text and len(text) <= 200 and text.isprintable() else None


def clean_text(value: object) -> str:
    """Return a text without characters that cannot be encoded; "" if the value is no text."""
    text = value if isinstance(value, str) else ""
    text = text if is_whole(text) else text.encode("utf-8", "replace").decode()
    return text.replace("\0", "").strip()


def show(value: object) -> str:
    """Return a value as one printable line of at most `MAX_SHOWN` characters."""
    text = value if isinstance(value, str) else _write(value)
    shown = "".join(letter if letter.isprintable() else " " for letter in clean_text(text[: 4 * MAX_SHOWN]))
    line = " ".join(shown.split())
    return line if len(line) <= MAX_SHOWN and len(text) <= 4 * MAX_SHOWN else f"{line[:MAX_SHOWN]}…"


def _write(value: object) -> str:
    try:
        return json.dumps(value, ensure_ascii=False)
    except (ValueError, RecursionError):
        return "?"


def strip_ending(name: str) -> str:
    """Return a model file's name without folders and the ending of weight files."""
    return re.sub(r"(?i)\.(safetensors|ckpt|pt|pth|bin|gguf|sft)$", "", re.split(r"[/\\]", name)[-1])
