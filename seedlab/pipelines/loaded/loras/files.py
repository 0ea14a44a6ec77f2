"""Reads LoRA files, or refuses them with the true reason; their weights are not read."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from seedlab.core.errors import RecipeError
from seedlab.core.storage.files import Signature, sign_files
from seedlab.core.storage.safetensors import Header
from seedlab.core.texts.text import quote
from seedlab.pipelines.loaded.hashes import add_hashes, hash_file
from seedlab.pipelines.loaded.loras.configs import CONFIG_NAME, AdapterConfig, find_config_file, read_configs
from seedlab.pipelines.loaded.loras.names import EMBEDDING, PEFT, Layer, name_unknown_kind, split_names
from seedlab.pipelines.models.weights import read_checked_header

BEGINNINGS = {
    b"<": "is a web page, not a LoRA: download the file itself; you may have to log in first.",
    b"{": "is a text file, not a LoRA: download the file itself.",
    b"PK": "is not a safetensors file, whatever its name says: use a .safetensors file.",
}
"""How files begin that are often taken for LoRAs, and what to say about them."""


@dataclass(frozen=True)
class LoraFile:
    """What is in a LoRA file.

    Attributes:
        path: of the file.
        header: its header.
        layers: the layers that it changes.
        others: the names of tensors that belong to no layer, and are not used.
        configs: how PEFT scales its layers, by component; {} if it does not say.
    """

    path: Path
    header: Header
    layers: tuple[Layer, ...]
    others: tuple[str, ...]
    configs: Mapping[str, AdapterConfig]

    @property
    def title(self) -> str:
        """Its quoted name; that of its folder if it has the name that PEFT gives all files."""
        generic = self.path.stem.lower() in ("adapter_model", "pytorch_lora_weights")
        return quote(f"{self.path.parent.name}/{self.path.name}" if generic else self.path.name, 80)

    def describe_others(self) -> str:
        """Return a sentence about the tensors that are not used; "" if all are."""
        embeddings = {name.split(".")[1] for name in self.others if name.startswith(EMBEDDING)}
        names = [name for name in self.others if not name.startswith(EMBEDDING)]
        parts = []
        if embeddings:
            listed = ", ".join(quote(name) for name in sorted(embeddings)[:3])
            words = "embedding" if len(embeddings) == 1 else "embeddings"
            parts.append(f"the {words} in it ({listed}): SeedLab uses no embeddings")
        if names:
            more = f" and {len(names) - 1} more" if len(names) > 1 else ""
            parts.append(f"weights that belong to no layer ({quote(names[0], 80)}{more})")
        return f"Not used of the LoRA {self.title}: {'; '.join(parts)}." if parts else ""

    def describe_scale(self) -> str:
        """Return a sentence if the scale of its layers is not known; "" if it is."""
        unscaled = (layer.name.startswith(PEFT) and "alpha" not in layer.tensors for layer in self.layers)
        if self.configs or not any(unscaled):
            return ""
        return (
            f"The LoRA {self.title} is used with the scale 1, as the {CONFIG_NAME} that gives its scale is missing: "
            "keep both files in one folder, under the names that PEFT gave them."
        )


def read_lora(file: Path) -> LoraFile:
    """Describe a LoRA file; it is read again only when it has changed.

    Raises:
        RecipeError: it cannot be read, or is no LoRA of a kind that is supported.
    """
    try:
        config = find_config_file(file)
        names = (file, config) if config else (file,)
        return _read_once(file, sign_files((each.name, each) for each in names))
    except OSError as error:
        raise _refuse(file, "cannot be read: check the file, or choose another.") from error


def hash_lora(file: Path) -> str:
    """Return the SHA-256 of a LoRA, in hex: that of its file, or of its file and PEFT's configuration next to it.

    Raises:
        OSError: it cannot be read.
    """
    config = find_config_file(file)
    return add_hashes(hash_file(file), [hash_file(config)] if config else [])


@lru_cache(maxsize=32)
def _read_once(file: Path, _signature: Signature) -> LoraFile:
    header = _read_header(file)
    layers, others = split_names(header.shapes)
    if not layers:
        kind = name_unknown_kind(header.shapes)
        raise (
            _refuse_kind(file, kind)
            if kind
            else _refuse(file, "is not a LoRA: if it is a model, choose it as the model.")
        )
    for layer in layers:
        if not layer.kind:
            raise _refuse_layer(file, layer)
    return LoraFile(file, header, layers, others, _read_configs(file, header))


def _read_header(file: Path) -> Header:
    try:
        return read_checked_header(file, "loras")
    except RecipeError as error:
        with file.open("rb") as stream:
            beginning = stream.read(64).lstrip()
        sentences = (sentence for signature, sentence in BEGINNINGS.items() if beginning.startswith(signature))
        if sentence := next(sentences, ""):
            raise _refuse(file, sentence) from error
        raise


def _read_configs(file: Path, header: Header) -> dict[str, AdapterConfig]:
    try:
        return read_configs(file, header.metadata)
    except ValueError as error:
        # json's and the decoder's own messages have spaces; a kind has none.
        if (kind := str(error)) and " " not in kind:
            raise _refuse_kind(file, f"of the kind {kind.upper()}") from error
        raise _refuse(file, "has a configuration that cannot be read: download it again.") from error


def _refuse_layer(file: Path, layer: Layer) -> RecipeError:
    kind = name_unknown_kind(layer.tensors.values())
    if kind:
        return _refuse_kind(file, kind)
    unknown = [name for role, name in layer.tensors.items() if role == name]
    if unknown:
        return _refuse(file, f"is of a kind that SeedLab does not support ({quote(unknown[0], 80)}): choose another.")
    return _refuse(file, f"lacks weights of the layer {quote(layer.name, 80)}: download it again.")


def _refuse_kind(file: Path, kind: str) -> RecipeError:
    return _refuse(file, f"is {kind}, which SeedLab does not support: choose a LoRA, LoCon, LoHa or LoKr.")


def _refuse(file: Path, sentence: str) -> RecipeError:
    return RecipeError("loras", f"{quote(file.name, 80)} {sentence}")
