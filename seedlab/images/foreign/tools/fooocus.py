"""Fooocus: JSON in `parameters` or the user comment (modules/meta_parser.py), and the forks with other names in it."""

import re
from collections.abc import Mapping
from typing import Any

from seedlab.images.foreign.details import Details, Keys, read_details
from seedlab.images.foreign.metadata import ForeignLora, ForeignMetadata
from seedlab.images.foreign.networks import take_loras, take_networks
from seedlab.images.foreign.values import list_objects, show

KEYS = Keys(
    prompt=("prompt", "Prompt"),
    negative_prompt=("negative_prompt", "Negative"),
    guidance=("guidance_scale", "cfg"),
    sampler=("sampler", "sampler_name"),
    model=("base_model", "base_model_name"),
    model_hash=("base_model_hash",),
    neutral={
        "performance": ("Speed", "Quality"),  # they only choose the number of steps
        "vae": ("Default (model)",),
        "denoise": ("1", "1.0"),
    },
    ignored=("version", "software", "metadata_scheme", "created_by"),
)
MODELS = ("base_model", "base_model_name")


def read(texts: Mapping[str, str]) -> ForeignMetadata | None:
    """Read Fooocus's settings; None if there are none."""
    objects = (each for each in list_objects(texts) if any(isinstance(each.get(key), str) for key in MODELS))
    data = next(objects, None)
    if data is None:
        return None
    values = data | _split_resolution(data.get("resolution"))
    if "width" in values:
        values.pop("resolution", None)
    if show(values.get("refiner_model", "None")) == "None":
        values.pop("refiner_switch", None)
    _drop_repeated_prompts(values)
    details = Details(values, KEYS)
    tool = show(data.get("version") or data.get("software") or "Fooocus")[:40]
    return take_networks(read_details(tool, details, KEYS, loras=_take_loras(details, values)))


def _split_resolution(text: object) -> dict[str, str]:
    match = re.fullmatch(r"\(?\s*([0-9]{1,5})\s*[,x×]\s*([0-9]{1,5})\s*\)?", text) if isinstance(text, str) else None
    return {"width": match[1], "height": match[2]} if match else {}


def _drop_repeated_prompts(values: dict[str, Any]) -> None:
    """Drop the full prompts, with the styles' words, where they are only the prompts again."""
    for name in ("prompt", "negative_prompt"):
        if values.get(f"full_{name}") in ([values.get(name)], values.get(name)):
            values.pop(f"full_{name}", None)


def _take_loras(details: Details, values: Mapping[str, Any]) -> tuple[ForeignLora, ...]:
    """Take lists of name, weight and hash; each LoRA is in a setting of its own once more."""
    listed = details.pop("loras")
    if not isinstance(listed, list):
        if listed:
            details.leave("loras", listed)
        return ()
    for name in [name for name in values if re.fullmatch(r"lora_combined_\d{1,2}", name)]:
        details.pop(name)
    entries = ([*each, "", "", ""] if isinstance(each, list) else [each, "", ""] for each in listed)
    return take_loras(details, ((entry[0], entry[1], entry[2]) for entry in entries))
