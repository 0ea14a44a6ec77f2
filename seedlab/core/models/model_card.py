"""What is known about the models that we offer."""

from dataclasses import dataclass

from seedlab.core.models.seed_share import SeedShare


@dataclass(frozen=True, kw_only=True)
class ModelCard:
    """What to know about a model before choosing it.

    Attributes:
        licence: its name.
        download: the size of the download, in GB (10^9 bytes); 0 for a built-in model.
        memory: approximate memory use in half precision, in GB.
        gated: whether its licence has to be accepted on the Hub first.
        seeds: a note on how much the seed changes the picture, where that is less than usual; otherwise "".
        seed_share: how much of the composition the seed decides, where that is known; None otherwise.
    """

    licence: str
    download: float
    memory: float
    gated: bool = False
    seeds: str = ""
    seed_share: SeedShare | None = None
