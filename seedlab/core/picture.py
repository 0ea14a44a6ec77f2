"""A finished picture, or a draft: its file and a notice about it."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Picture:
    """A PNG file, and a notice for the user ("" for none).

    Attributes:
        draft_steps: the number of denoising steps after which a draft was paused; None for a finished picture.
    """

    file: Path
    notice: str = ""
    draft_steps: int | None = None
