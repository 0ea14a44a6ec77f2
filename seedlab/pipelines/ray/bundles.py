"""Bundles: LoRAs and one-file checkpoints, each with the configurations next to it, described by their contents."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from seedlab.core.errors import SeedLabError
from seedlab.core.models.model import ResolvedModel
from seedlab.core.recipes.additions import Lora
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.texts.text import quote
from seedlab.pipelines.loaded.hashes import hash_file, list_files
from seedlab.pipelines.loaded.loras.configs import find_config_file
from seedlab.pipelines.loaded.loras.lines import check_loras
from seedlab.pipelines.models.single_files.checkpoints import find_config

CHUNK_BYTES = 2**22
"""How much is sent at a time: little beside Ray's object store, and sent in a moment when the work is stopped."""


@dataclass(frozen=True)
class BundleFile:
    """One file.

    Attributes:
        name: its path, with "/", that begins with the name of the first file's folder: "loras/style.safetensors".
        sha256: in hex.
        size: in bytes.
    """

    name: str
    sha256: str
    size: int


@dataclass(frozen=True)
class Bundle:
    """A LoRA or a one-file checkpoint, and the configurations that it is read with. Names matter: they are kept.

    Attributes:
        path: where it is on the page's machine.
        is_model: whether it is a checkpoint.
        files: itself, and then the configurations.
    """

    path: str
    is_model: bool
    files: tuple[BundleFile, ...]

    @property
    def title(self) -> str:
        """Its quoted file name."""
        return quote(self.files[0].name.rpartition("/")[2], 80)

    @property
    def size(self) -> int:
        """Of all files, in bytes."""
        return sum(file.size for file in self.files)

    @property
    def digest(self) -> str:
        """SHA-256, in hex, of the names and contents."""
        return hashlib.sha256(repr(self.files).encode()).hexdigest()


@dataclass(frozen=True)
class Chunk:
    """A part of one of a bundle's files.

    Attributes:
        number: the index of the file.
        offset: in the file, in bytes.
    """

    number: int
    offset: int
    data: bytes


def describe(file: Path, *, is_model: bool) -> Bundle:
    """Describe a file; its contents are read only where they have changed.

    Raises:
        OSError, ValueError: it cannot be read.
    """
    files = {file.name: file, **dict(_list_configurations(file, is_model))}
    folder = file.parent.name or "_"
    described = (BundleFile(f"{folder}/{name}", hash_file(each), each.stat().st_size) for name, each in files.items())
    return Bundle(str(file), is_model, tuple(described))


def list_bundles(model: ResolvedModel, recipes: Sequence[Recipe]) -> dict[str, Bundle]:
    """Describe the LoRAs and the one-file checkpoint of recipes, by the names that these have in the recipes.

    Raises:
        SeedLabError: one is gone, cannot be read, or has changed since it was chosen.
    """
    loras = {lora.file: lora for recipe in recipes for lora in recipe.loras}
    check_loras(tuple(loras.values()))
    files = {name: (Path(name), False) for name in loras}
    if model.config:
        files |= {recipe.model_id: (Path(model.path or model.model_id), True) for recipe in recipes}
    return {name: _describe(file, is_model) for name, (file, is_model) in files.items()}


def read_chunks(bundle: Bundle) -> Iterator[Chunk]:
    """Yield the contents of all files in their order; an empty file has one chunk, too.

    Raises:
        SeedLabError: they cannot be read, or have been shortened.
    """
    folder = Path(bundle.path).parent
    try:
        for number, file in enumerate(bundle.files):
            with (folder / file.name.partition("/")[2]).open("rb") as stream:
                yield from _read(stream, number, file)
    except OSError as error:
        raise _refuse(Path(bundle.path)) from error


def replace_files(recipe: Recipe, places: Mapping[str, Path]) -> Recipe:
    """Return a recipe whose model and LoRAs are at other places."""
    if not places:
        return recipe
    loras = tuple(_move(lora, places) for lora in recipe.loras)
    return recipe.replace_shared(model_id=str(places.get(recipe.model_id, recipe.model_id)), loras=loras)


def _describe(file: Path, is_model: bool) -> Bundle:
    try:
        return describe(file, is_model=is_model)
    except (OSError, ValueError) as error:
        raise _refuse(file) from error


def _refuse(file: Path) -> SeedLabError:
    return SeedLabError(f"{quote(file.name, 80)} cannot be read: check the file, or choose another.")


def _list_configurations(file: Path, is_model: bool) -> Iterator[tuple[str, Path]]:
    """Yield the name, below the file's folder, and the path of what is read with a file."""
    if not is_model:
        if (own := find_config_file(file)) is not None:
            yield own.name, own
    elif (folder := find_config(file)) is not None:
        beginning = "" if folder == file.parent.resolve() else f"{file.stem}/"
        yield from ((beginning + name, each) for name, each in list_files(file, folder) if name)


def _read(stream: BinaryIO, number: int, file: BundleFile) -> Iterator[Chunk]:
    for offset in range(0, max(1, file.size), CHUNK_BYTES):
        wanted = min(CHUNK_BYTES, file.size - offset)
        data = stream.read(wanted)
        if len(data) != wanted:
            name = quote(file.name.rpartition("/")[2], 80)
            raise SeedLabError(f"{name} was changed while it was sent to a worker: try again.")
        yield Chunk(number, offset, data)


def _move(lora: Lora, places: Mapping[str, Path]) -> Lora:
    return replace(lora, file=str(places.get(lora.file, lora.file)))
