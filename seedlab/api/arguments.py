"""What scripts give: pictures, seeds, and where files are."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from seedlab.workflow.jobs.job import OutputPicture
from seedlab.workflow.pictures.local_files import Places

File = str | os.PathLike[str]
Picture = File | OutputPicture
"""A picture in a file."""


def find_file(picture: Picture) -> Path:
    """Return the file of a picture."""
    return Path(picture.file if isinstance(picture, OutputPicture) else picture)


def write_seeds(seeds: str | int | Iterable[int]) -> str:
    """Write seeds as text."""
    return str(seeds) if isinstance(seeds, str | int) else ", ".join(map(str, seeds))


def make_places(file: Path, model: str, loras: Sequence[str], start: File | None) -> Places:
    """Return where a picture's local files may be: where the arguments say, next to the picture, or in this folder."""
    return Places(
        model=model,
        loras="\n".join(loras),
        folders=(file.absolute().parent, Path.cwd()),
        model_advice="give its path as model",
        lora_advice="give its path in loras",
        picture=None if start is None else Path(start),
        picture_advice="give its path as start",
    )
