"""Civitai's generator where it runs ComfyUI: the settings are JSON in the text `extraMetadata` beside the graph.

Where Civitai writes an infotext, `automatic1111` reads it.
"""

from collections.abc import Mapping
from typing import Any

from seedlab.images.foreign.details import Details, Keys, read_details
from seedlab.images.foreign.metadata import ForeignMetadata
from seedlab.images.foreign.networks import take_networks
from seedlab.images.foreign.values import list_objects, read_json, show

KEYS = Keys(
    negative_prompt=("negativePrompt",),
    guidance=("cfgScale",),
    schedule=(),
    neutral={"clipSkip": ("1",), "quantity": ("1",), "workflowId": ("txt2img",)},
    ignored=("baseModel",),
)


def read(texts: Mapping[str, str]) -> ForeignMetadata | None:
    """Read Civitai's settings; None if there are none."""
    candidates: list[Any] = [read_json(texts.get("extraMetadata"))]
    for data in list_objects(texts):
        extra = data.get("extraMetadata")
        candidates.append(extra if isinstance(extra, dict) else read_json(extra))
    values = next((each for each in candidates if each is not None and "prompt" in each), None)
    if values is None:
        return None
    values = {name: value for name, value in values.items() if name != "resources"} | _name_resources(values)
    return take_networks(read_details("Civitai", Details(values, KEYS), KEYS))


def _name_resources(values: Mapping[str, Any]) -> dict[str, str]:
    """Name the models and LoRAs, which are given by their numbers on Civitai's pages."""
    listed = values.get("resources")
    resources = listed if isinstance(listed, list) else []
    return {f"Civitai resource {number}": show(each) for number, each in enumerate(resources, 1)}
