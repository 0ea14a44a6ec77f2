"""Whether a model can be used on this machine."""

from enum import StrEnum


class Fit(StrEnum):
    """In the order in which models are listed."""

    HERE = "here"
    FITS = "fits this machine"
    LARGE = "too large for this machine"
