"""SwarmUI: JSON with the key `sui_image_params`, in `parameters`, the user comment or, in old JPEGs, the EXIF model."""

from collections.abc import Mapping
from typing import Any

from seedlab.images.foreign.details import Details, Keys, read_details
from seedlab.images.foreign.metadata import ForeignMetadata
from seedlab.images.foreign.networks import pair_loras, take_loras, take_networks
from seedlab.images.foreign.values import list_objects, read_json, show

KEYS = Keys(
    negative_prompt=("negativeprompt",),
    guidance=("cfgscale",),
    distilled_guidance=("fluxguidancescale",),
    sampler=("sampler", "comfyuisampler", "autowebuisampler"),
    schedule=("scheduler", "comfyuischeduler"),
    neutral={"images": ("1",), "automaticvae": ("true",), "batchsize": ("1",), "variationseedstrength": ("0", "0.0")},
    ignored=(
        "swarm_version",
        "date",
        "generation_time",
        "aspectratio",
        "nopreviews",
        "imageformat",
        "donotsave",
        "personalnote",
    ),
)


def read(texts: Mapping[str, str]) -> ForeignMetadata | None:
    """Read SwarmUI's settings; None if there are none."""
    objects = [*list_objects(texts), read_json(texts.get("exif:Model")) or {}]
    data = next((each for each in objects if isinstance(each.get("sui_image_params"), dict)), None)
    if data is None:
        return None
    values: dict[str, Any] = data["sui_image_params"]
    details = Details(values, KEYS)
    version = show(values.get("swarm_version", ""))[:20]
    digests = _read_digests(data.get("sui_models"))
    pairs = pair_loras(details.pop("loras"), details.pop("loraweights"))
    loras = take_loras(details, ((name, weight, digests.get(show(name), "")) for name, weight in pairs))
    return take_networks(read_details(f"SwarmUI {version}".strip(), details, KEYS, loras=loras))


def _read_digests(models: object) -> dict[str, str]:
    listed = models if isinstance(models, list) else []
    named = (each for each in listed if isinstance(each, dict) and each.get("param") == "loras")
    return {show(each.get("name", "")).removesuffix(".safetensors"): show(each.get("hash", "")) for each in named}
