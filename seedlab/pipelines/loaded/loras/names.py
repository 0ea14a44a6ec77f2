"""Splits the names of a LoRA's tensors into layers and roles, without torch.

A name is a layer's followed by the tensor's role: kohya writes "lora_unet_conv_in.lora_down.weight", diffusers
"unet.conv_in.lora_A.weight", PEFT "base_model.model.conv_in.lora_A.weight", and LyCORIS "lora_unet_conv_in.hada_w1_a".
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

LORA, LOHA, LOKR, DIFFERENCE, NORM, IA3, BIAS = "LoRA", "LoHa", "LoKr", "full difference", "norm", "IA3", "bias"
"""The kinds of layers; a layer of the last kind changes only a bias."""

DIFFUSERS_ROLES = {
    ".lora_A.weight": "down",
    ".lora_B.weight": "up",
    ".lora_B.bias": "up_bias",
    "_lora.down.weight": "down",
    "_lora.up.weight": "up",
    ".lora.down.weight": "down",
    ".lora.up.weight": "up",
    ".lora_linear_layer.down.weight": "down",
    ".lora_linear_layer.up.weight": "up",
    ".lora_magnitude_vector": "magnitude",
    ".lora_magnitude_vector.weight": "magnitude",
}
"""The endings that diffusers and PEFT write, today and in early versions."""

OTHER_ROLES = {
    ".lora_down.weight": "down",
    ".lora_up.weight": "up",
    ".lora_mid.weight": "mid",
    ".alpha": "alpha",
    ".dora_scale": "dora",
    **{f".hada_{part}": part for part in ("w1_a", "w1_b", "w2_a", "w2_b", "t1", "t2")},
    **{f".lokr_{part}": f"k_{part}" for part in ("w1", "w1_a", "w1_b", "w2", "w2_a", "w2_b", "t2")},
    ".diff": "diff",
    ".diff_b": "diff_b",
    ".w_norm": "w_norm",
    ".b_norm": "diff_b",
    ".on_input": "on_input",
}
"""The endings that kohya's sd-scripts and LyCORIS write."""

ROLES = DIFFUSERS_ROLES | OTHER_ROLES

ADAPTER_NAME = re.compile(r"(?<=\.lora_[AB])\.default(?=\.weight$|\.bias$)|(?<=_vector)\.default(?=\.weight$|$)")
"""PEFT's name of the adapter, which is left out when a file is written in PEFT's own way."""

KINDS = (
    (LORA, {"down", "up"}),
    (LOHA, {"w1_a", "w1_b", "w2_a", "w2_b"}),
    (LOKR, {"k_w1", "k_w2"}),
    (LOKR, {"k_w1", "k_w2_a", "k_w2_b"}),
    (LOKR, {"k_w1_a", "k_w1_b", "k_w2"}),
    (LOKR, {"k_w1_a", "k_w1_b", "k_w2_a", "k_w2_b"}),
    (DIFFERENCE, {"diff"}),
    (NORM, {"w_norm"}),
    (IA3, {"weight", "on_input"}),
    (BIAS, {"diff_b"}),
)
"""The kinds, with the roles that a layer needs to be of it."""

OPTIONAL = {
    LORA: {"mid", "alpha", "dora", "magnitude", "up_bias", "diff_b"},
    LOHA: {"t1", "t2", "alpha", "dora", "diff_b"},
    LOKR: {"k_t2", "alpha", "dora", "diff_b"},
    DIFFERENCE: {"alpha", "dora", "diff_b"},
    NORM: {"alpha", "diff_b"},
    IA3: {"alpha", "diff_b"},
    BIAS: {"alpha"},
}
"""The other roles that a layer of a kind may have."""

UNKNOWN_KINDS = {
    "oft_": "an OFT",
    "boft_": "a BOFT",
    ".ia3_l": "an IA3 of PEFT",
    ".vera_lambda": "a VeRA",
    ".a1.weight": "a GLoRA",
    "lora_controlnet": "a Control-LoRA",
    ".lora_embedding_": "a LoRA of an embedding",
}
"""Kinds that are not supported, by a part of their tensors' names."""

PEFT = "base_model."
"""How the names of layers begin in files that PEFT wrote itself."""

EMBEDDING = "bundle_emb."
"""How the names of embeddings (textual inversions) begin that are bundled with a LoRA (AUTOMATIC1111 #13568)."""


@dataclass(frozen=True)
class Layer:
    """What a LoRA changes in one layer of the model.

    Attributes:
        name: the layer's name in the file.
        kind: one of the kinds above; "" if tensors are missing, or have roles that its kind does not have.
        tensors: the names of its tensors, by role.
    """

    name: str
    kind: str
    tensors: Mapping[str, str]


def split_names(names: Iterable[str]) -> tuple[tuple[Layer, ...], tuple[str, ...]]:
    """Return the layers that these tensors belong to, and the names that belong to none."""
    names = set(names)
    layers: dict[str, dict[str, str]] = {}
    others = []
    for name in sorted(names):
        layer, role = _split(name, names)
        if role:
            layers.setdefault(layer, {})[role] = name
        else:
            others.append(name)
    # An unknown ending of a known layer changes what the layer means.
    for name in others:
        layer = name.rpartition(".")[0]
        if layer in layers:
            layers[layer][name] = name
    owned = {name for tensors in layers.values() for name in tensors.values()}
    described = tuple(Layer(name, _find_kind(set(tensors)), tensors) for name, tensors in layers.items())
    return described, tuple(name for name in others if name not in owned)


def name_unknown_kind(names: Iterable[str]) -> str:
    """Return the kind of a file whose layers are not supported, such as "an OFT"; "" if it is not known either."""
    found = (kind for name in names for part, kind in UNKNOWN_KINDS.items() if part in name)
    return next(found, "")


def _split(name: str, names: set[str]) -> tuple[str, str]:
    """Return a tensor's layer and role; its role is "" if it has none."""
    if name.startswith(EMBEDDING):
        return name, ""
    short = ADAPTER_NAME.sub("", name)
    layer = short.removesuffix(".weight")
    if layer != short and f"{layer}.on_input" in names:
        return layer, "weight"
    for ending, role in ROLES.items():
        if short.endswith(ending):
            return short.removesuffix(ending), role
    return name, ""


def _find_kind(roles: set[str]) -> str:
    kinds = (kind for kind, needed in KINDS if needed <= roles and roles - needed <= OPTIONAL[kind])
    return next(kinds, "")
