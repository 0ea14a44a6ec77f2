"""What a picture of SeedLab says about itself: two text chunks in its PNG.

`parameters` is AUTOMATIC1111's infotext, for other tools. `seedlab` is JSON, for us: the picture, its round and its
parents can be restored from it exactly. It comes back from strangers, so nothing in it is believed unchecked.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from PIL.Image import Image

from seedlab.core.checksums import Checksums
from seedlab.core.environment import Environment
from seedlab.core.errors import SeedLabError
from seedlab.core.recipe import MAX_PROMPT_CHARACTERS, Recipe
from seedlab.core.text import is_whole
from seedlab.images.infotext import INFOTEXT_CHUNK, write_infotext
from seedlab.images.png import read_chunks, write_png

VERSION = 1
CHUNK = "seedlab"
MAX_CHARACTERS = 2**20
MAX_SUFFIXES = 500
MAX_NOTICE_CHARACTERS = 2_000


class MetadataError(SeedLabError):
    """A picture whose recipe cannot be read or believed."""


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """What a picture says about itself.

    Attributes:
        suffixes: those that lead from the first round to this picture, in order; () for a picture of the first round.
        notice: what to know about the picture, "" for nothing.
        proof: the finer traces of the picture; None for a picture that was made without.
    """

    recipe: Recipe
    environment: Environment
    suffixes: tuple[str, ...] = ()
    notice: str = ""
    proof: Checksums | None = None

    def to_json(self) -> str:
        """Return the chunk's JSON, in ASCII, which every tool that copies PNG chunks leaves alone."""
        fields = asdict(self) | {"recipe": self.recipe.to_dict()}
        return json.dumps({"version": VERSION, "fingerprint": self.recipe.fingerprint, **fields})

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read the chunk's JSON, from a stranger; fields that it should not have are passed over.

        Raises:
            MetadataError: it is no such JSON, of a newer version, or the recipe is not the one that was written.
            RecipeError: the recipe is not valid.
            SeedLabError: the environment is not valid.
        """
        data = _load(text)
        recipe = Recipe.from_dict(data.get("recipe") or {})
        if data.get("fingerprint") != _take_fingerprint(data["recipe"]):
            raise MetadataError("This picture's recipe was changed after it was made: use the original file.")
        return cls(
            recipe=recipe,
            environment=Environment.from_dict(data.get("environment") or {}),
            suffixes=_check_suffixes(data.get("suffixes")),
            notice=_check_text(data.get("notice"), MAX_NOTICE_CHARACTERS),
            # Pictures of the first SeedLab have none.
            proof=None if data.get("proof") is None else Checksums.from_dict(data["proof"]),
        )


def write_picture(file: Path, image: Image, metadata: Metadata) -> None:
    """Write a picture with both text chunks, in one step.

    Raises:
        SeedLabError: as `seedlab.images.png.write_png`.
    """
    write_png(file, image, {INFOTEXT_CHUNK: write_infotext(metadata.recipe), CHUNK: metadata.to_json()})


def read_metadata(file: Path) -> Metadata:
    """Read what a stranger's file says about itself. Nothing but this file is opened, and no pixels are decoded.

    Raises:
        SeedLabError: it is no PNG, damaged, too large, or its recipe is missing, invalid, changed or too new.
    """
    chunk = read_chunks(file).get(CHUNK)
    if chunk is None:
        raise MetadataError(
            f"There is no SeedLab recipe in “{file.name[:80]}”: choose a picture that SeedLab made, as it was saved. "
            "Many websites and chat programs take such data out."
        )
    return Metadata.from_json(chunk)


def _load(text: str) -> Mapping[str, Any]:
    unreadable = MetadataError("The recipe in this picture cannot be read: use the file as SeedLab saved it.")
    if len(text) > MAX_CHARACTERS:
        raise unreadable
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise unreadable from error
    version = data.get("version") if isinstance(data, dict) else None
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise unreadable
    if version > VERSION:
        raise MetadataError("This picture was made by a newer SeedLab: update SeedLab to open it.")
    return dict(data)


def _take_fingerprint(data: Mapping[str, Any]) -> str:
    # Of the fields as they were written, not of the recipe: a later SeedLab's recipes have more fields.
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _check_suffixes(value: object) -> tuple[str, ...]:
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) > MAX_SUFFIXES:
        raise MetadataError("This picture does not say where it came from: use the file as SeedLab saved it.")
    return tuple(_check_text(each, MAX_PROMPT_CHARACTERS) for each in value)


def _check_text(value: object, limit: int) -> str:
    if not isinstance(value, str) or len(value) > limit or not is_whole(value):
        raise MetadataError("The notes in this picture cannot be read: use the file as SeedLab saved it.")
    return value
