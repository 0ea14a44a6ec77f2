"""A finished picture: its file and a notice about it."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Picture:
    """A finished PNG file, and a notice for the user ("" for none)."""

    file: Path
    notice: str = ""
