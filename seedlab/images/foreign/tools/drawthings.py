"""Draw Things: JSON in the user comment of an XMP packet."""

from collections.abc import Mapping

from seedlab.images.containers.texts import XMP
from seedlab.images.containers.xmp import list_user_comments
from seedlab.images.foreign.details import Details, Keys, read_details
from seedlab.images.foreign.metadata import ForeignLora, ForeignMetadata
from seedlab.images.foreign.networks import take_loras
from seedlab.images.foreign.values import read_json, show

KEYS = Keys(
    prompt=("c",),
    negative_prompt=("uc",),
    guidance=("scale",),
    schedule=(),
    neutral={"strength": ("1", "1.0"), "seed_mode": ("Torch CPU Compatible",), "batch_count": ("1",)},
    ignored=("size", "v2", "profile"),
)
CPU_NOISE = "Torch CPU Compatible"


def read(texts: Mapping[str, str]) -> ForeignMetadata | None:
    """Read Draw Things' settings; None if there are none."""
    values = next(filter(None, map(read_json, list_user_comments(texts.get(XMP, "")))), None)
    if values is None or "c" not in values:
        return None
    width, x, height = show(values.get("size", "")).partition("x")
    if x:
        values |= {"width": width, "height": height}
    details = Details(values, KEYS)
    has_other_noise = show(values.get("seed_mode", CPU_NOISE)) != CPU_NOISE
    return read_details("Draw Things", details, KEYS, loras=_take_loras(details), has_other_noise=has_other_noise)


def _take_loras(details: Details) -> tuple[ForeignLora, ...]:
    listed = details.pop("lora")
    fields = [each if isinstance(each, dict) else {} for each in listed] if isinstance(listed, list) else []
    return take_loras(details, ((each.get("model"), each.get("weight"), "") for each in fields))
