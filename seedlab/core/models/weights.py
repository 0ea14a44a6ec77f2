"""Hashes of weight files: those by which other tools find a picture's model and LoRAs."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from seedlab.core.errors import SeedLabError
from seedlab.core.recipes.recipe_checks import MAX_LORAS

SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class WeightHashes:
    """Hashes of the weight files that a picture was made with, in hex; "" for an unknown one.

    Attributes:
        checkpoint: the SHA-256 of a single-file checkpoint; "" for other models.
        loras: for each LoRA of the recipe, AUTOMATIC1111's hash: the SHA-256 of what follows the file's header
            (`addnet_hash_safetensors` in modules/hashes.py).
    """

    checkpoint: str = ""
    loras: tuple[str, ...] = ()

    @classmethod
    def from_dict(cls, data: object) -> Self:
        """Read hashes from untrusted data.

        Raises:
            SeedLabError: the data is not valid.
        """
        fields: Mapping[str, Any] = data if isinstance(data, Mapping) else {"checkpoint": None}
        checkpoint, loras = fields.get("checkpoint", ""), fields.get("loras", [])
        if not isinstance(loras, list) or len(loras) > MAX_LORAS or not all(map(_is_hash, (checkpoint, *loras))):
            raise SeedLabError("The hashes in this picture cannot be read: use the file as SeedLab saved it.")
        return cls(checkpoint=checkpoint, loras=tuple(loras))


NO_HASHES = WeightHashes()


def _is_hash(value: object) -> bool:
    return isinstance(value, str) and (value == "" or SHA256.fullmatch(value) is not None)
