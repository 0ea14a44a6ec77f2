"""NovelAI: JSON in the chunk `Comment`, also hidden in the pixels."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from seedlab.images.foreign.details import Details, Keys, read_details
from seedlab.images.foreign.metadata import ForeignMetadata
from seedlab.images.foreign.values import list_texts, read_json, show

KEYS = Keys(
    negative_prompt=("uc",),
    guidance=("scale",),
    schedule=("noise_schedule",),
    neutral={
        "n_samples": ("1",),
        "uncond_scale": ("0", "0.0", "1", "1.0"),
        "cfg_rescale": ("0", "0.0"),
        "sm": ("false",),
        "sm_dyn": ("false",),
        "dynamic_thresholding": ("false",),
        "legacy": ("false",),
        "legacy_uc": ("false",),
        "request_type": ("PromptGenerateRequest",),
        "version": ("1",),
    },
    ignored=("signed_hash",),
)


def read(texts: Mapping[str, str]) -> ForeignMetadata | None:
    """Read NovelAI's settings; None if there are none."""
    values = read_json(texts.get("Comment")) or _find(texts)
    if values is None or not ("uc" in values or texts.get("Software") == "NovelAI"):
        return None
    for name, shorter in (("v4_prompt", "prompt"), ("v4_negative_prompt", "uc")):
        if _is_repeated(values.get(name), values.get(shorter)):
            values.pop(name)
    values.setdefault("prompt", texts.get("Description", ""))
    values["model"] = show(texts.get("Source", ""))[:200]
    # Braces strengthen, and square brackets weaken by another factor.
    return replace(read_details("NovelAI", Details(values, KEYS), KEYS), has_other_weights=True)


def _find(texts: Mapping[str, str]) -> dict[str, Any] | None:
    """Find the settings in a WebP's user comment: an object that has the comment as a text in it."""
    for data in map(read_json, list_texts(texts)):
        if data is not None and (comment := read_json(data.get("Comment"))) is not None:
            return comment
    return None


def _is_repeated(structured: object, prompt: object) -> bool:
    """Whether a prompt of version 4, with one caption a character, has no more than the plain prompt."""
    caption = structured.get("caption") if isinstance(structured, dict) else None
    if not isinstance(caption, dict):
        return False
    return caption.get("base_caption") == prompt and not caption.get("char_captions")
