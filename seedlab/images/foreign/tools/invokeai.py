"""InvokeAI: `invokeai_metadata` (3 to 6), `sd-metadata` (2), and `Dream`, the command line of the first versions."""

import re
import shlex
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from seedlab.images.foreign.details import Details, Keys, read_details
from seedlab.images.foreign.metadata import ForeignLora, ForeignMetadata
from seedlab.images.foreign.networks import take_loras
from seedlab.images.foreign.values import read_json, show

KEYS = Keys(
    prompt=("positive_prompt", "prompt"),
    sampler=("scheduler", "sampler"),
    schedule=(),
    distilled_guidance=("guidance",),
    model=("model_name", "model_weights"),
    model_hash=("model_hash",),
    neutral={
        "generation_mode": ("txt2img", "sdxl_txt2img", "flux_txt2img", "sd3_txt2img", "cogview4_txt2img"),
        "type": ("txt2img",),
        "rand_device": ("cpu",),
        "clip_skip": ("0",),
        "cfg_rescale_multiplier": ("0", "0.0"),
        "seamless": ("false",),
        "seamless_x": ("false",),
        "seamless_y": ("false",),
        "hires_fix": ("false",),
        "threshold": ("0", "0.0"),
        "perlin": ("0", "0.0"),
    },
    ignored=("app_version", "app_id", "model", "model_id", "canvas_v2_metadata", "model_list"),
)
FLAGS = {"s": "steps", "S": "seed", "W": "width", "H": "height", "C": "cfg_scale", "A": "sampler"}


def read(texts: Mapping[str, str]) -> ForeignMetadata | None:
    """Read InvokeAI's settings of any version; None if there are none."""
    if data := read_json(texts.get("invokeai_metadata")):
        return _read_metadata(data)
    if data := read_json(texts.get("sd-metadata")):
        return _read_sd_metadata(data)
    return _read_dream(texts["Dream"]) if "Dream" in texts else None


def _read_metadata(data: dict[str, Any]) -> ForeignMetadata:
    values = dict(data)
    values |= _name_model(data.get("model"))
    for name in ("positive", "negative"):
        if values.get(f"{name}_style_prompt") in ("", values.get(f"{name}_prompt")):
            values.pop(f"{name}_style_prompt", None)
    return _read(values, f"InvokeAI {show(data.get('app_version', ''))[:20]}")


def _name_model(model: object) -> dict[str, str]:
    """Return the model's name: version 3 calls it `model_name`, later ones `name`."""
    if isinstance(model, str):
        return {"model_name": model}
    fields = model if isinstance(model, dict) else {}
    return {"model_name": show(fields.get("name") or fields.get("model_name") or "")}


def _read_sd_metadata(data: dict[str, Any]) -> ForeignMetadata:
    image = data.get("image")
    values = {name: value for name, value in data.items() if name != "image"}
    values |= image if isinstance(image, dict) else {}
    prompts = values.get("prompt")
    if isinstance(prompts, list) and len(prompts) == 1 and isinstance(prompts[0], dict):
        values["prompt"] = prompts[0].get("prompt")
    return _read(_split_prompt(values), f"InvokeAI {show(data.get('app_version', ''))[:20]}")


def _read_dream(text: str) -> ForeignMetadata | None:
    match = re.match(r'\s*"(.*)"\s*(-.*)?$', text[:20_000], re.DOTALL)
    if match is None:
        return None
    values: dict[str, Any] = {"prompt": match[1]}
    for flag, value in _list_flags(match[2] or ""):
        values[FLAGS.get(flag, flag)] = value
    return _read(_split_prompt(values), "InvokeAI")


def _list_flags(text: str) -> list[tuple[str, str]]:
    """Return the command line's flags; one without a value is "true"."""
    try:
        words = shlex.split(text)
    except ValueError:
        words = text.split()
    flags: list[tuple[str, str]] = []
    for word in words:
        if re.match(r"--?[A-Za-z]", word):
            name, equals, value = word.lstrip("-").partition("=")
            flags.append((name, value if equals else "true"))
        elif flags:
            flags[-1] = (flags[-1][0], word)
    # The first versions also wrote `-S123`.
    return [(name[0], name[1:]) if re.fullmatch(r"[A-Za-z]\d+", name) else (name, value) for name, value in flags]


def _split_prompt(values: dict[str, Any]) -> dict[str, Any]:
    """Split a prompt as of version 2, whose parts in square brackets are negative."""
    prompt = values.get("prompt")
    if not isinstance(prompt, str):
        return values
    negative = ", ".join(part.strip() for part in re.findall(r"\[([^\[\]]*)\]", prompt))
    positive = re.sub(r"\s*\[[^\[\]]*\]", "", prompt).strip()
    return values | {"prompt": positive, "negative_prompt": negative}


def _read(values: dict[str, Any], tool: str) -> ForeignMetadata:
    details = Details(values, KEYS)
    has_other_noise = show(values.get("rand_device", "cpu")) != "cpu"
    loras = _take_loras(details)
    found = read_details(tool.strip(), details, KEYS, loras=loras, has_other_noise=has_other_noise)
    # Its weights follow the brackets: (word)1.3.
    return replace(found, has_other_weights=True)


def _take_loras(details: Details) -> tuple[ForeignLora, ...]:
    listed = details.pop("loras")
    fields = [each if isinstance(each, dict) else {} for each in listed] if isinstance(listed, list) else []
    models = (_name_model(each.get("model") or each.get("lora"))["model_name"] for each in fields)
    return take_loras(details, ((name, each.get("weight"), "") for name, each in zip(models, fields, strict=True)))
