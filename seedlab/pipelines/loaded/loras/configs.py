"""The configurations that come with LoRAs: PEFT's adapter_config.json, and diffusers' copy of it in the metadata."""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CONFIG_NAME = "adapter_config.json"
METADATA_KEY = "lora_adapter_metadata"
MAX_CONFIG_BYTES = 1_000_000
PEFT_TYPES = ("LORA", "LOHA", "LOKR")
RESIDUAL_INITS = ("pissa", "olora", "corda", "loftq")
"""Ways of initialisation that also change the model's own weights, so that the file means nothing without them."""


@dataclass(frozen=True)
class AdapterConfig:
    """How PEFT scales the layers of an adapter.

    Attributes:
        rank, alpha: of all layers without a pattern.
        rank_pattern, alpha_pattern: other values for the layers whose path ends in a regular expression.
        rslora: whether alpha is divided by the rank's square root (https://arxiv.org/abs/2312.03732).
        dora: whether it has magnitudes (https://arxiv.org/abs/2402.09353).
    """

    rank: float
    alpha: float
    rank_pattern: Mapping[str, float]
    alpha_pattern: Mapping[str, float]
    rslora: bool = False
    dora: bool = False

    @property
    def is_uniform(self) -> bool:
        """Whether all layers have one rank and one alpha, and nothing else is special."""
        return not (self.rank_pattern or self.alpha_pattern or self.rslora or self.dora)

    def scale(self, path: str, rank: int | None) -> float:
        """Return the scale of a layer.

        Args:
            path: the path of its module.
            rank: its rank; None for what the configuration says.
        """
        divisor = rank if rank is not None else _find(self.rank_pattern, path, self.rank)
        alpha = _find(self.alpha_pattern, path, self.alpha)
        return alpha / (math.sqrt(divisor) if self.rslora else divisor)


def find_config_file(file: Path) -> Path | None:
    """Return PEFT's configuration next to a file of PEFT's name; None if there is none."""
    config = file.with_name(CONFIG_NAME)
    return config if file.stem.lower() == "adapter_model" and config.is_file() else None


def read_configs(file: Path, metadata: Mapping[str, str]) -> dict[str, AdapterConfig]:
    """Return the configurations of a LoRA by component ("unet"), or by "" for a component that is not named.

    Raises:
        OSError: the configuration cannot be read.
        ValueError: a configuration is broken, or of a kind that is not supported; the message names that kind.
    """
    config = find_config_file(file)
    if config is not None:
        if config.stat().st_size > MAX_CONFIG_BYTES:
            raise ValueError("")
        return {"": _read(_parse(config.read_text(encoding="utf-8")))}
    text = metadata.get(METADATA_KEY)
    if text is None:
        return {}
    components: dict[str, dict[str, Any]] = {}
    for key, value in _parse(text).items():
        component, _, name = key.rpartition(".")
        components.setdefault(component, {})[name] = value
    return {component: _read(values) for component, values in components.items() if values.get("r") is not None}


def _parse(text: str) -> dict[str, Any]:
    try:
        data = json.loads(text)
    except RecursionError as error:
        raise ValueError("") from error
    if not isinstance(data, dict):
        raise ValueError("")
    return data


def _read(data: Mapping[str, Any]) -> AdapterConfig:
    kind = str(data.get("peft_type") or "LORA").upper()
    if kind not in PEFT_TYPES:
        raise ValueError(kind[:20])
    init = str(data.get("init_lora_weights", "")).lower()
    if init.startswith(RESIDUAL_INITS):
        raise ValueError(init[:20])
    return AdapterConfig(
        rank=_read_number(data.get("r"), least=1),
        alpha=_read_number(data.get("lora_alpha", data.get("alpha", 8))),
        rank_pattern=_read_pattern(data.get("rank_pattern")),
        alpha_pattern=_read_pattern(data.get("alpha_pattern")),
        rslora=data.get("use_rslora") is True,
        dora=data.get("use_dora") is True,
    )


def _read_number(value: object, least: float = -math.inf) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value < math.inf:
        raise ValueError("")
    return float(value)


def _read_pattern(value: object) -> dict[str, float]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ValueError("")
    try:
        return {re.compile(key).pattern: _read_number(each) for key, each in value.items()}
    except re.error as error:
        raise ValueError("") from error


def _find(pattern: Mapping[str, float], path: str, default: float) -> float:
    """Return the value of the first expression that a path ends in, as `peft.utils.get_pattern_key` chooses it."""
    matches = (value for key, value in pattern.items() if re.match(rf"(.*\.)?({key})$", path))
    return next(matches, default)
