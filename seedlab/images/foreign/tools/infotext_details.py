"""The line of details in AUTOMATIC1111's infotext: `Steps: 20, Sampler: Euler a, Hashes: {"model": "…"}, …`."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

KEY = re.compile(r"\s*(\w[\w \-/]{1,40}):\s*")
QUOTED = re.compile(r'("(?:\\.|[^\\"])+")\s*(?:,|$)')
PLAIN = re.compile(r"((?:[^,]|(?<=[0-9]),(?=[0-9]+\s*(?:,|$)))*)(?:,|$)")
"""Up to the next comma that is not within a number, as in `CFG scale: 7,5`: after others there is a space or a name."""

MAX_FRAGMENTS = 50
MAX_OBJECTS = 50
"""JSON values that are tried in a line."""

NAMES = (
    "Steps",
    "Sampler",
    "Schedule type",
    "Scheduler",
    "CFG scale",
    "Seed",
    "Size",
    "Model",
    "Model hash",
    "Clip skip",
    "Denoising strength",
    "Version",
    "RNG",
)
"""The commonest names, as AUTOMATIC1111 writes them."""

SPELLINGS = {name.lower(): name for name in NAMES}


class Details(NamedTuple):
    """The values by name, the parts of the line that have no name, and whether bars divide the line, not commas."""

    values: Mapping[str, str]
    fragments: tuple[str, ...]
    has_bars: bool = False

    @property
    def known(self) -> int:
        """The number of the names that are among the commonest."""
        return len(set(NAMES) & set(self.values))


def read_details(line: str) -> Details:
    """Read an untrusted line. Of a name that comes twice the last value counts, as in AUTOMATIC1111."""
    details = _split_at_commas(line)
    if details.known < 3 and " | " in line:  # SD.Next of 2023
        pairs = (part.partition(":") for part in line.split(" | "))
        values = {_spell(name.strip()): value.strip() for name, colon, value in pairs if colon}
        details = max(details, Details(values, (), has_bars=True), key=lambda each: each.known)
    return details


def _split_at_commas(line: str) -> Details:
    values: dict[str, str] = {}
    fragments: list[str] = []
    for name, value in _list_parts(line):
        if name:
            values[_spell(name)] = value
        elif value and len(fragments) < MAX_FRAGMENTS:
            fragments.append(value)
    return Details(values, tuple(fragments))


def _list_parts(line: str) -> Iterator[tuple[str, str]]:
    # Matched only at the start and after commas: `finditer` matches everywhere, and takes minutes for a malicious line.
    place, objects = 0, MAX_OBJECTS
    while place < len(line):
        key = KEY.match(line, place)
        start = key.end() if key else place
        value, end = "", -1
        if key and line[start : start + 1] in ("{", "[") and objects:
            objects -= 1
            value, end = _read_object(line, start)
        if end < 0:
            value, end = _read_value(line, start)
        yield key[1] if key else "", value
        place = end


def _read_value(line: str, start: int) -> tuple[str, int]:
    match = QUOTED.match(line, start) or PLAIN.match(line, start)
    if match is None:
        return "", len(line)
    return _unquote(match[1].strip()), max(match.end(), start + 1)


def _read_object(line: str, start: int) -> tuple[str, int]:
    """Return a JSON value without its end's comma, and where the next part begins; -1 if there is no JSON value."""
    try:
        _, end = json.JSONDecoder().raw_decode(line, start)
    except (ValueError, RecursionError):
        return "", -1
    rest = PLAIN.match(line, end)
    return line[start:end], rest.end() if rest else end


def _unquote(value: str) -> str:
    try:
        return str(json.loads(value)) if value.startswith('"') else value
    except ValueError:
        return value


def _spell(name: str) -> str:
    return SPELLINGS.get(name.strip().lower(), name.strip())
