"""AUTOMATIC1111's infotext, which Forge, SD.Next, Civitai, AI Horde's pages and many others write too.

The format is that of `parse_generation_parameters` (modules/infotext_utils.py) of stable-diffusion-webui. It is a
prompt, a line that begins with "Negative prompt:", and a line of details.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from seedlab.core.texts.text import is_whole
from seedlab.images.foreign.details import MAX_GIVEN_SIDE, Details, Keys, read_details
from seedlab.images.foreign.metadata import Detail, ForeignLora, ForeignMetadata
from seedlab.images.foreign.networks import take_loras, take_networks
from seedlab.images.foreign.samplers import find_scheduler
from seedlab.images.foreign.tools import infotext_details
from seedlab.images.foreign.values import list_texts, read_json, show
from seedlab.images.infotext import AUTOMATIC

MAX_CHARACTERS = 100_000
OLD = re.compile(r"v1\.[0-8]\b")
"""Versions without schedule types: Karras was part of the sampler's name."""

OWN_VERSION = re.compile(r"v?\d+\.\d+|f\d|neo")
"""Versions of AUTOMATIC1111 and of Forge; other tools write their names."""

GPU_NOISE = re.compile(rf"{OWN_VERSION.pattern}|SeedLab v")
"""Versions of the tools whose noise comes from the GPU where they do not say it."""

NEGATIVE, PROMPT = "Negative prompt:", "Prompt:"
"""The second one is a key of ours: with its colon it is no name of a detail."""

FIRST_DETAILS = re.compile(r"Steps: ?[0-9]{1,6}\s?,\s?(?:Sampler|Schedule|CFG|Seed|Size|Model)")
"""How the details begin where everything is in one line."""

KEYS = Keys(
    prompt=(PROMPT,),
    negative_prompt=(NEGATIVE,),
    seed=("Seed",),
    steps=("Steps",),
    guidance=("CFG scale", "CFG Scale"),
    distilled_guidance=("Distilled CFG Scale", "Distilled CFG scale"),
    width=("Width",),
    height=("Height",),
    sampler=("Sampler",),
    schedule=("Schedule type", "Scheduler"),
    model=("Model",),
    model_hash=("Model hash",),
    neutral={
        "RNG": ("CPU", "cpu"),
        "Clip skip": ("1",),
        "Operations": ("txt2img",),
        "Batch size": ("1",),
        "Performance": ("Speed", "Quality"),  # Fooocus; they only choose the number of steps
    },
    ignored=("App", "Version", "Created Date"),
)


def read(texts: Mapping[str, str]) -> ForeignMetadata | None:
    """Read an infotext; None if there is none."""
    found = (read_infotext(text) for text in list_texts(texts))
    return next((each for each in found if each is not None), None)


def read_infotext(text: str) -> ForeignMetadata | None:
    """Parse an untrusted infotext; returns None if it is not one."""
    text = text.replace("\r\n", "\n").strip()
    if len(text) > MAX_CHARACTERS or not is_whole(text) or "\0" in text or read_json(text) is not None:
        return None
    lines = text.split("\n")
    at, details = _find_details(lines)
    if details is None:
        return None
    prompt, negative = _split_prompts(lines[:at])
    if at == 0 and (match := FIRST_DETAILS.search(lines[0])):
        # Some programs write spaces or full stops for line breaks.
        parts = lines[0][: match.start()].partition(NEGATIVE)
        prompt, negative = (part.strip().rstrip(" ,.") for part in (parts[0], parts[2]))
        details = infotext_details.read_details(lines[0][match.start() :])
    if details.has_bars:
        prompt = prompt.removeprefix("prompt: ")
    return _read(prompt, negative, details, lines[at + 1 :])


def _find_details(lines: list[str]) -> tuple[int, infotext_details.Details | None]:
    """Return the line of details and its index: the last one with three common names, or a last one with steps.

    The extension sd-dynamic-prompts adds lines after it.
    """
    last = infotext_details.read_details(lines[-1])
    if last.known >= 3:
        return len(lines) - 1, last
    for index in range(len(lines) - 2, -1, -1):
        details = infotext_details.read_details(lines[index])
        if details.known >= 3:
            return index, details
    return len(lines) - 1, last if "Steps" in last.values else None


def _split_prompts(lines: list[str]) -> tuple[str, str]:
    at = next((index for index, line in enumerate(lines) if line.strip().startswith(NEGATIVE)), len(lines))
    prompt = "\n".join(lines[:at]).strip()
    return prompt, "\n".join(lines[at:]).strip().removeprefix(NEGATIVE).strip()


def _read(prompt: str, negative: str, line: infotext_details.Details, below: list[str]) -> ForeignMetadata:
    values: dict[str, Any] = {PROMPT: prompt, NEGATIVE: negative} | _split_size(line.values)
    for name, same in (("Raw prompt", prompt), ("Raw negative prompt", negative)):
        if str(values.get(name, "")).strip() == same:  # Fooocus names them also where no style has changed them
            values.pop(name, None)
    values = _read_model_hash(values) | values
    version = str(values.get("Version", ""))
    draws_on_gpu = bool(GPU_NOISE.match(version)) and "App" not in values
    details = Details(values, KEYS)
    digests = _take_digests(details)
    more = {
        "loras": _take_weighed_loras(details, digests),
        "has_other_noise": str(values.get("RNG", "GPU" if draws_on_gpu else "CPU")).upper() != "CPU",
    }
    found = read_details(_name_tool(values, version), details, KEYS, **more)
    schedule = found.schedule or ("Uniform" if OLD.match(version) else "Automatic")
    if schedule == "Automatic":
        schedule = AUTOMATIC.get(found.sampler, "Uniform")
    found = replace(found, scheduler=find_scheduler(found.sampler, schedule))
    fragments = (Detail("detail without a name", show(each)) for each in line.fragments)
    return take_networks(found, digests).leave(*fragments, *_read_lines_below(below))


def _split_size(values: Mapping[str, str]) -> dict[str, str]:
    """Return the values with the size, if it is one, as width and height."""
    match = re.fullmatch(r"([0-9]{1,6})\s*[x×]\s*([0-9]{1,6})", values.get("Size", ""))
    sides = match.groups() if match else ()
    if not match or not all(0 < int(side) <= MAX_GIVEN_SIDE for side in sides):
        return dict(values)
    others = {name: value for name, value in values.items() if name != "Size"}
    return others | {"Width": match[1], "Height": match[2]}


def _name_tool(values: Mapping[str, Any], version: str) -> str:
    if "App" in values:
        return show(f"{values['App']} {version}")[:60]
    if not OWN_VERSION.match(version):
        return show(version)[:60] or ("Civitai" if "Civitai resources" in values else "")
    return f"{'AUTOMATIC1111' if version.startswith('v') or version[0].isdigit() else 'Forge'} {show(version)[:40]}"


def _read_model_hash(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the model's hash out of `Hashes: {"model": "1a2b…"}`, where some websites have it alone."""
    data = read_json(values.get("Hashes")) or {}
    return {"Model hash": data["model"]} if "model" in data else {}


def _take_digests(details: Details) -> dict[str, str]:
    """Take the hashes of LoRAs: `Lora hashes: "ink: 1a2b, …"` or `Hashes: {"lora:ink": "1a2b", …}`."""
    digests = _read_pairs(details.pop("Lora hashes"))
    hashes = details.pop("Hashes")
    data = read_json(hashes)
    if data is None:
        if hashes:
            details.leave("Hashes", hashes)
        return digests
    for name, digest in data.items():
        if name.startswith("lora:"):
            digests.setdefault(name.removeprefix("lora:"), show(digest))
        elif name != "model":  # which is the model's hash, most often again
            details.leave(f"hash of {show(name)[:60]}", digest)
    return digests


def _take_weighed_loras(details: Details, digests: dict[str, str]) -> tuple[ForeignLora, ...]:
    """Take the LoRAs that Fooocus names outside the prompt: `Lora weights: "ink: 0.5"`."""
    pairs = _read_pairs(details.pop("Lora weights")).items()
    return take_loras(details, [(name, weight, digests.pop(name, "")) for name, weight in pairs])


def _read_pairs(text: object) -> dict[str, str]:
    pairs = (part.rpartition(":") for part in str(text or "").split(","))
    return {name.strip(): value.strip() for name, _, value in pairs if name.strip()}


def _read_lines_below(lines: list[str]) -> list[Detail]:
    """Read what sd-dynamic-prompts writes below the details; a line without a name continues the one above it."""
    texts: list[list[str]] = []
    for line in lines:
        name, colon, value = line.partition(":")
        if colon and len(name) <= 40:
            texts.append([name.strip(), value])
        elif texts:
            texts[-1][1] += f" {line}"
        elif line.strip():
            texts.append(["line below the details", line])
    return [Detail(show(name), show(value)) for name, value in texts[:50]]
