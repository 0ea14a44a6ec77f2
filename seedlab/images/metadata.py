"""What a SeedLab picture says about itself, in two text chunks of its PNG.

`parameters` is AUTOMATIC1111's infotext, for other tools. `seedlab` is JSON, from which the picture, its round and its
ancestors are restored exactly. Files come back from strangers, so everything that is read is checked.

Version 2 of the JSON has a lineage of changes. Version 1 had a list of suffixes, and called the checksums "proof".
Version 3 is written in drafts alone: a SeedLab that knows no drafts must not take one for its recipe's picture. Version
4 is written where a picture of the user's own is the start: earlier versions do not know such recipes.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self

from PIL.Image import Image

from seedlab.core.canonical import hash_json
from seedlab.core.checksums import Checksums
from seedlab.core.errors import RecipeError, SeedLabError
from seedlab.core.machine.environment import Environment
from seedlab.core.models.weights import NO_HASHES, WeightHashes
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.recipes.recipe_checks import MAX_PROMPT_CHARACTERS
from seedlab.core.reports import Finished
from seedlab.core.texts.file_names import HERE, hide_folder, hide_folders, is_path
from seedlab.core.texts.text import is_whole
from seedlab.images.infotext import INFOTEXT_CHUNK, write_infotext
from seedlab.images.png import read_chunks, write_png
from seedlab.rules.change import Change, Lineage, read_lineage, write_lineage
from seedlab.rules.kinds.wordings.suffixes import Suffixes, cut_suffix

VERSION, DRAFT_VERSION, PICTURE_VERSION = 4, 3, 2
"""The newest version, that of drafts, and that of finished pictures."""

CHUNK = "seedlab"
MAX_CHARACTERS = 2**20
MAX_CHANGES = 500
MAX_NOTICE_CHARACTERS = 2_000


class MetadataError(SeedLabError):
    """The recipe in a picture cannot be read, or was changed."""


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """What a picture says about itself. A new field is read and written in this module alone.

    Attributes:
        lineage: the changes that led from the first round to this picture.
        notice: what to know about the picture, "" for nothing.
        checksums: None for pictures of the first versions.
        hashes: of the weight files; empty for pictures of earlier versions.
        draft_steps: after how many of its recipe's denoising steps a draft was paused; None for a finished picture.
    """

    recipe: Recipe
    environment: Environment
    lineage: Lineage = ()
    notice: str = ""
    checksums: Checksums | None = None
    hashes: WeightHashes = NO_HASHES
    draft_steps: int | None = None

    @classmethod
    def describe(cls, recipe: Recipe, finished: Finished, lineage: Lineage) -> Self:
        """Return the metadata of a picture or a draft that was just made."""
        return cls(
            recipe=recipe,
            environment=finished.environment,
            lineage=lineage,
            notice=finished.notice,
            checksums=finished.checksums,
            hashes=finished.hashes,
            draft_steps=finished.draft_steps,
        )

    def hide_folders(self) -> Self:
        """Return the metadata as pictures hold it: local files are named, and it does not say where they were."""
        return replace(
            self,
            recipe=hide_folders(self.recipe),
            lineage=tuple(replace(each, parent=hide_folders(each.parent)) for each in self.lineage),
            notice=self._hide_in_notice(),
        )

    def _hide_in_notice(self) -> str:
        notice = self.notice
        for path in filter(is_path, (self.recipe.model_id, *(lora.file for lora in self.recipe.loras))):
            notice = notice.replace(path, hide_folder(path).removeprefix(HERE))
        return notice

    def is_of(self, recipe: Recipe) -> bool:
        """Whether the picture was made from a recipe, wherever the local files are, and whatever its LoRAs are called.

        Pictures of earlier versions have the paths of local files. LoRAs are told by their hashes. Drafts are of their
        recipe too: see `draft_steps`.
        """
        return _forget_files(self.recipe) == _forget_files(recipe)

    def to_json(self) -> str:
        """Return the chunk's JSON in ASCII, which every tool that copies PNG chunks leaves alone."""
        fields = {
            "version": self._choose_version(),
            "fingerprint": self.recipe.fingerprint,
            "recipe": self.recipe.to_dict(),
            "environment": asdict(self.environment),
            "lineage": write_lineage(self.lineage, self.recipe),
            "notice": self.notice,
            "checksums": None if self.checksums is None else asdict(self.checksums),
            "hashes": asdict(self.hashes),
        } | ({} if self.draft_steps is None else {"draft_steps": self.draft_steps})
        return json.dumps(fields)

    def _choose_version(self) -> int:
        """Return the oldest version that can read this."""
        recipes = (self.recipe, *(change.parent for change in self.lineage))
        if any(recipe.input_picture is not None for recipe in recipes):
            return VERSION
        return PICTURE_VERSION if self.draft_steps is None else DRAFT_VERSION

    @classmethod
    def from_json(cls, text: str, *, with_lineage: bool = True) -> Self:
        """Read the chunk's JSON, which is untrusted. Unknown fields are ignored.

        Args:
            with_lineage: as in `read_metadata`.

        Raises:
            MetadataError: it is not such JSON, a newer version wrote it, or the recipe was changed.
            RecipeError: the recipe or the lineage is not valid.
            SeedLabError: the environment or the checksums are not valid.
        """
        data = _load(text)
        recipe = Recipe.from_dict(data.get("recipe") or {})
        # Of the fields as they were written: recipes of a later version have more fields.
        if data.get("fingerprint") != hash_json(data["recipe"]):
            raise MetadataError("This picture's recipe was changed after it was made: use the original file.")
        checksums = data.get("checksums", data.get("proof"))
        return cls(
            recipe=recipe,
            environment=Environment.from_dict(data.get("environment") or {}),
            lineage=_read_lineage(data, recipe) if with_lineage else (),
            notice=_check_text(data.get("notice"), MAX_NOTICE_CHARACTERS),
            checksums=None if checksums is None else Checksums.from_dict(checksums),
            hashes=WeightHashes.from_dict(data.get("hashes", {})),
            draft_steps=_read_draft_steps(data.get("draft_steps"), recipe),
        )


def _read_draft_steps(value: object, recipe: Recipe) -> int | None:
    if value is None:
        return None
    if type(value) is not int or not 0 < value < recipe.num_inference_steps:
        raise MetadataError("The number of steps in this draft cannot be read: use the file as SeedLab saved it.")
    return value


UNNAMED = "picture"


def _forget_files(recipe: Recipe) -> Recipe:
    hidden = hide_folders(recipe)
    unnamed = hidden.replace_shared(loras=tuple(replace(lora, file="") for lora in hidden.loras))
    return unnamed.replace_input(file=UNNAMED)


def write_picture(file: Path, image: Image, metadata: Metadata, png: bytes | None = None) -> None:
    """Write a picture with both text chunks, in one step. The chunks name local files without their folders.

    Args:
        png: as for `seedlab.images.png.write_png`.

    Raises:
        SeedLabError: as `seedlab.images.png.write_png`.
    """
    hidden = metadata.hide_folders()
    infotext = write_infotext(hidden.recipe, hidden.hashes, hidden.draft_steps)
    write_png(file, image, {INFOTEXT_CHUNK: infotext, CHUNK: hidden.to_json()}, png)


def read_metadata(file: Path, *, with_lineage: bool = True) -> Metadata:
    """Read what an untrusted file says about itself. No other file is opened, and no pixels are decoded.

    Args:
        with_lineage: whether the lineage is read, which takes longer than all the rest; if not, it is ().

    Raises:
        SeedLabError: it is not a PNG, or it is damaged or too large; or its recipe is missing, invalid, changed or too
            new.
    """
    chunk = read_chunks(file).get(CHUNK)
    if chunk is None:
        raise MetadataError(
            f"There is no SeedLab recipe in “{file.name[:80]}”: choose a picture as SeedLab saved it. "
            "Many websites and chat programs remove such data."
        )
    return Metadata.from_json(chunk, with_lineage=with_lineage)


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


def _read_lineage(data: Mapping[str, Any], recipe: Recipe) -> Lineage:
    listed = data.get("suffixes" if data["version"] == 1 else "lineage")
    if not isinstance(listed, Sequence) or isinstance(listed, str) or len(listed) > MAX_CHANGES:
        raise MetadataError("The history in this picture is missing or invalid: use the file as SeedLab saved it.")
    return _read_suffixes(listed, recipe) if data["version"] == 1 else read_lineage(listed, recipe)


def _read_suffixes(suffixes: Sequence[object], recipe: Recipe) -> Lineage:
    """Read the lineage of version 1: the suffixes that led to the picture."""
    lineage: list[Change] = []
    for each in reversed(suffixes):
        suffix = _check_text(each, MAX_PROMPT_CHARACTERS)
        if not suffix.strip():
            raise MetadataError("This picture's suffixes are not those of its prompt: use the original file.")
        child = lineage[0].parent if lineage else recipe
        try:
            parent = replace(child, prompt=cut_suffix(child.prompt, suffix))
        except RecipeError as error:
            raise MetadataError("This picture's suffixes do not fit its prompt: use the original file.") from error
        lineage.insert(0, Change(parent, Suffixes.name, suffix))
    return tuple(lineage)


def _check_text(value: object, limit: int) -> str:
    if not isinstance(value, str) or len(value) > limit or not is_whole(value):
        raise MetadataError("The notes in this picture cannot be read: use the file as SeedLab saved it.")
    return value
