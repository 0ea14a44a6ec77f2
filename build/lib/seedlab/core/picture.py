"""A finished picture as the workflow meets it: a file, and what to know about it."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Picture:
    """A finished PNG on the disk, and what the visitor should know about it ("" for nothing)."""

    file: Path
    notice: str = ""
