"""How much of a picture's composition a model leaves to the seed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from seedlab.core.errors import SeedLabError

MAX_SOURCE_CHARACTERS = 300


@dataclass(frozen=True, kw_only=True)
class SeedShare:
    """The share of the variance of compositions that the prompt leaves to the seed.

    Attributes:
        share: 0...1: what goes with the seed, alone or together with the prompt. The rest goes with the prompt alone.
        low, high: the bounds of its 95 % confidence interval, 0...1.
        source: who measured it, and how; the end of the sentence "measured …".
    """

    share: float
    low: float
    high: float
    source: str

    @classmethod
    def from_dict(cls, data: object) -> Self:
        """Read a seed share from untrusted JSON data.

        Raises:
            SeedLabError: it is not one.
        """
        fields: Mapping[Any, Any] = data if isinstance(data, Mapping) else {}
        numbers = [fields.get(name) for name in ("low", "share", "high")]
        source = fields.get("source")
        if not all(isinstance(each, int | float) and 0 <= each <= 1 for each in numbers):
            raise SeedLabError("This is not a seed share.")
        if not isinstance(source, str) or len(source) > MAX_SOURCE_CHARACTERS:
            raise SeedLabError("This seed share has no source.")
        low, share, high = map(float, numbers)  # type: ignore[arg-type]
        return cls(share=share, low=low, high=high, source=source)

    def format(self) -> str:
        """Return a sentence with the share, its interval and its source."""
        interval = f"{self.low:.0%} to {self.high:.0%}"
        return f"The seed decides {self.share:.0%} of the composition ({interval}; measured {self.source})."
