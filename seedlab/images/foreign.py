"""Metadata of other tools: AUTOMATIC1111's infotext, which many tools write.

It is not an exact recipe, and it is untrusted: each field is looked up by name and taken only if it is valid. The
format is that of `parse_generation_parameters` (modules/infotext_utils.py) of stable-diffusion-webui.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from seedlab.core.recipe import MAX_GUIDANCE, MAX_PROMPT_CHARACTERS, MAX_SEED, MAX_STEPS
from seedlab.core.schedulers import SCHEDULERS
from seedlab.core.text import is_whole
from seedlab.core.validation import MAX_SIDE
from seedlab.images.infotext import AUTOMATIC

MAX_CHARACTERS = 100_000
DETAIL = re.compile(r'\s*(\w[\w \-/]{1,40}):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)')
OLD = re.compile(r"v1\.[0-8]\b")
"""Versions of A1111 without schedule types: Karras was part of the sampler's name."""

NEGATIVE = "Negative prompt:"

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class ForeignMetadata:
    """The fields of a recipe in another tool's metadata; None for missing ones.

    Attributes:
        scheduler: a name from `seedlab.core.schedulers.SCHEDULERS`.
        model: the tool's name of the model.
        sampler: the tool's name of the sampler.
    """

    prompt: str
    negative_prompt: str
    seed: int | None = None
    num_inference_steps: int | None = None
    guidance_scale: float | None = None
    width: int | None = None
    height: int | None = None
    scheduler: str | None = None
    sampler: str | None = None
    model: str | None = None


def read_infotext(text: str) -> ForeignMetadata | None:
    """Parse an untrusted infotext; returns None if it is not one."""
    if len(text) > MAX_CHARACTERS or not is_whole(text) or "\0" in text:
        return None
    *lines, last = text.strip().split("\n")
    details = _read_details(last)
    if "Steps" not in details:
        return None
    prompt, negative = _split_prompts(lines)
    width, height = _read_size(details.get("Size", ""))
    return ForeignMetadata(
        prompt=prompt,
        negative_prompt=negative,
        seed=_read_whole(details.get("Seed"), 0, MAX_SEED),
        num_inference_steps=_read_whole(details.get("Steps"), 1, MAX_STEPS),
        guidance_scale=_read_guidance(details.get("CFG scale")),
        width=width,
        height=height,
        scheduler=_find_scheduler(details),
        sampler=_read_name(details.get("Sampler")),
        model=_read_name(details.get("Model")),
    )


def _read_details(line: str) -> dict[str, str]:
    return {match[1]: _unquote(match[2].strip()) for match in _find_details(line)}


def _find_details(line: str) -> Iterator[re.Match[str]]:
    # Matched only at the start and after commas: `finditer` matches everywhere, and takes minutes for a malicious line.
    place = 0
    while place < len(line):
        match = DETAIL.match(line, place)
        if match is not None:
            yield match
        place = match.end() if match is not None else line.find(",", place) + 1 or len(line)


def _unquote(value: str) -> str:
    try:
        return str(json.loads(value)) if value.startswith('"') else value
    except ValueError:
        return value


def _split_prompts(lines: list[str]) -> tuple[str, str]:
    at = next((index for index, line in enumerate(lines) if line.strip().startswith(NEGATIVE)), len(lines))
    prompt = "\n".join(lines[:at]).strip()
    negative = "\n".join(lines[at:]).strip().removeprefix(NEGATIVE).strip()
    return prompt[:MAX_PROMPT_CHARACTERS], negative[:MAX_PROMPT_CHARACTERS]


def _read_whole(text: str | None, low: int, high: int) -> int | None:
    if text is None or re.fullmatch(r"[0-9]{1,10}", text) is None:
        return None
    return int(text) if low <= int(text) <= high else None


def _read_guidance(text: str | None) -> float | None:
    if text is None or re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,6})?", text) is None:
        return None
    return float(text) if float(text) <= MAX_GUIDANCE else None


def _read_size(text: str) -> tuple[int | None, int | None]:
    match = re.fullmatch(r"([0-9]{1,5})x([0-9]{1,5})", text)
    sides = (int(match[1]), int(match[2])) if match else (0, 0)
    return sides if all(8 <= side <= MAX_SIDE and side % 8 == 0 for side in sides) else (None, None)


def _read_name(text: str | None) -> str | None:
    # Quoted values can contain newlines and unpaired surrogates.
    return text if text and len(text) <= 200 and text.isprintable() else None


def _find_scheduler(details: Mapping[str, str]) -> str | None:
    """Return the scheduler for A1111's sampler and schedule type; None if there is no such pair."""
    sampler = details.get("Sampler", "")
    name = sampler.removesuffix(" Karras")
    unsaid = "Uniform" if OLD.match(details.get("Version", "")) else "Automatic"
    schedule = details.get("Schedule type", unsaid) if name == sampler else "Karras"
    schedule = AUTOMATIC.get(name, "Uniform") if schedule == "Automatic" else schedule
    fits = {each.karras: each.name for each in SCHEDULERS if each.sampler == name and not each.schedule}
    return fits.get(schedule == "Karras") if schedule in ("Karras", "Uniform") else None
