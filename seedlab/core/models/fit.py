"""Whether a model can be used on this machine."""

from enum import StrEnum


class Fit(StrEnum):
    """Whether it is here, or fits this machine, in the order in which models are listed."""

    HERE = "here"
    FITS = "fits"
    LARGE = "too large"
