"""What a picture leaves behind beside its 8-bit pixels, so that a later run can be held against it more finely."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from seedlab.core.errors import SeedLabError

SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class Checksums:
    """The finer traces of a picture, taken as it was made.

    Attributes:
        latents: SHA-256, in hex, of the finished latents' bytes, as `output_type="latent"` would give them; "" where
            the pipeline shows none.
        total: `np.abs(image).sum()` of the picture as `output_type="np"` gives it (float32, 0...1), which the
            diffusers guide on reproducible pipelines prints.
    """

    latents: str
    total: float

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read a proof from untrusted data.

        Raises:
            SeedLabError: it is none.
        """
        unreadable = SeedLabError("The proof in this picture cannot be read: use the file as SeedLab saved it.")
        if not isinstance(data, Mapping):
            raise unreadable
        latents, total = data.get("latents"), data.get("total")
        if not isinstance(latents, str) or not (latents == "" or SHA256.fullmatch(latents)):
            raise unreadable
        if not isinstance(total, float) or not math.isfinite(total):
            raise unreadable
        return cls(latents=latents, total=total)
