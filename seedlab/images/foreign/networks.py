"""Extra networks in a prompt: AUTOMATIC1111's `<lora:name:weight>`, which it takes out of what it draws."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from seedlab.core.recipes.additions import MAX_LORA_WEIGHT
from seedlab.images.foreign.details import Details
from seedlab.images.foreign.metadata import Detail, ForeignLora, ForeignMetadata
from seedlab.images.foreign.values import read_json, read_name, read_number, show, strip_ending

TAG = re.compile(r"<(\w{1,40}):([^<>]{1,1000})>")
LORA_KINDS = ("lora", "lyco")
REASON = "its weights for the text encoder and the denoiser differ"


def take_networks(found: ForeignMetadata, digests: Mapping[str, str] | None = None) -> ForeignMetadata:
    """Take the extra networks out of both prompts.

    LoRAs with one weight come into `loras`, everything else into `left`. One that the tool's own list of LoRAs has too,
    with the same weight, is taken once.

    Args:
        digests: hashes of LoRAs by name; those of no LoRA in the prompt are left.
    """
    hashes, loras, left = dict(digests or {}), list(found.loras), []
    listed = {(lora.name, lora.weight) for lora in loras}
    for kind, text in (match.groups() for match in TAG.finditer(f"{found.prompt}\n{found.negative_prompt}")):
        lora = _read_lora(text, hashes) if kind in LORA_KINDS else None
        if lora is None:
            left.append(Detail(kind, show(text), REASON if kind in LORA_KINDS else ""))
        elif (lora.name, lora.weight) not in listed:
            loras.append(lora)
    named = {lora.name for lora in loras}
    left += [Detail("LoRA hash", show(f"{name}: {digest}")) for name, digest in hashes.items() if name not in named]
    prompt, negative = _cut(found.prompt), _cut(found.negative_prompt)
    return replace(found, prompt=prompt, negative_prompt=negative, loras=tuple(loras)).leave(*left)


def _cut(prompt: str) -> str:
    if TAG.search(prompt) is None:
        return prompt
    return re.sub(r"[ \t]{2,}", " ", TAG.sub("", prompt)).strip()


def _read_lora(text: str, hashes: Mapping[str, str]) -> ForeignLora | None:
    """Read `name`, `name:weight` or `name:weight:weight`; None if it has other arguments or two different weights."""
    name, *weights = (part.strip() for part in text.split(":"))
    return make_lora(name, weights or ["1"], hashes.get(name, ""))


def make_lora(name: object, weights: Sequence[object], digest: object = "") -> ForeignLora | None:
    """Return a LoRA; None if it has no name, no weight that SeedLab takes, or several different ones."""
    numbers = {read_number(weight) for weight in weights}
    weight = numbers.pop() if len(numbers) == 1 else None
    valid = read_name(name)
    if valid is None or weight is None or abs(weight) > MAX_LORA_WEIGHT:
        return None
    digest = digest.lower().removeprefix("0x") if isinstance(digest, str) else ""
    return ForeignLora(strip_ending(valid), weight, digest if re.fullmatch("[0-9a-f]{8,64}", digest) else "")


def take_loras(details: Details, entries: Iterable[tuple[object, object, object]]) -> tuple[ForeignLora, ...]:
    """Return the LoRAs of these names, weights and hashes; those that SeedLab cannot take are left."""
    loras = []
    for name, weight, digest in entries:
        lora = make_lora(name, [weight], digest)
        if lora is None:
            details.leave("LoRA", f"{show(name)} {show(weight)}")
        else:
            loras.append(lora)
    return tuple(loras)


def pair_loras(names: object, weights: object) -> list[tuple[object, object]]:
    """Return names with their weights, which are two lists, or one of each; a weight that is missing is 1."""
    listed, scales = _list(names), _list(weights)
    return [(name, scales[index] if index < len(scales) else 1) for index, name in enumerate(listed)]


def _list(value: object) -> list[object]:
    if isinstance(value, str) and value.strip().startswith("["):
        value = (read_json(f'{{"all": {value}}}') or {}).get("all")
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value if isinstance(value, list) else [] if value is None else [value]
