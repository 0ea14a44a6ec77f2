"""Verify: a picture's recipe run again, alone, and held against the picture."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What came out when a picture's recipe was run again, alone.

    Attributes:
        sha256, original_sha256: of the RGB pixels of the new and of the old picture, 3 bytes each, row by row; in hex.
        l_infinity: the largest difference of a colour value, 0...255.
        share: the part of the colour values that differ, 0...1.
        latents: whether the finished latents are equal; None where one of the two does not tell.
        total, original_total: the guide's `np.abs(image).sum()`; None where it is not known.
        causes: what differs between the environments, as sentences' parts ("torch 2.13.0 instead of 2.12.0").
    """

    sha256: str
    original_sha256: str
    l_infinity: int
    share: float
    latents: bool | None
    total: float | None
    original_total: float | None
    causes: tuple[str, ...]

    @property
    def is_equal(self) -> bool:
        """Whether the two are the same, byte for byte."""
        return self.sha256 == self.original_sha256
