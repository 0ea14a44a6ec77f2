"""Checksums of a picture that are finer than its 8-bit pixels, for comparing a later run with it."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from seedlab.core.errors import SeedLabError

SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class Checksums:
    """Checksums that were taken when a picture was made.

    Attributes:
        latents: SHA-256, in hex, of the final latents, as `output_type="latent"` returns them; "" if the pipeline does
            not expose them.
        total: `np.abs(image).sum()` of the picture with `output_type="np"` (float32, 0...1), as the diffusers guide on
            reproducible pipelines prints it.
    """

    latents: str
    total: float

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read checksums from untrusted data.

        Raises:
            SeedLabError: the data is not valid.
        """
        unreadable = SeedLabError("The checksums in this picture cannot be read: use the file as SeedLab saved it.")
        if not isinstance(data, Mapping):
            raise unreadable
        latents, total = data.get("latents"), data.get("total")
        if not isinstance(latents, str) or not (latents == "" or SHA256.fullmatch(latents)):
            raise unreadable
        if not isinstance(total, float) or not math.isfinite(total):
            raise unreadable
        return cls(latents=latents, total=total)
