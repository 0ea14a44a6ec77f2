"""How much memory there is where pictures are made."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Memory:
    """All memory, in bytes, whether it is used or not.

    Attributes:
        device: of the device that pictures are made on.
        host: of its machine.
    """

    device: int
    host: int
