"""Makes files readable for diffusers that are right but for their names or a byte order mark."""

import codecs
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from seedlab.core.errors import SeedLabError
from seedlab.core.texts.text import quote
from seedlab.pipelines.loaded.sources import Source
from seedlab.pipelines.models.weights import ENDING, is_safetensors


@contextmanager
def make_readable(source: Source) -> Iterator[Source]:
    """Yield a source that diffusers reads: the same, or links to its files in a temporary folder.

    diffusers tells safetensors files by an ending in lower case, and takes all others for pickles; its JSON files must
    not begin with a byte order mark, as some editors write it.

    Raises:
        SeedLabError: the links cannot be made.
    """
    with ExitStack() as stack:
        folder = source.config or source.path
        if _needs_links(folder):
            folder = _link_folder(folder, Path(stack.enter_context(TemporaryDirectory(prefix="seedlab-"))))
        if source.config is None:
            yield replace(source, path=folder)
            return
        file = source.path
        if file.suffix != ENDING:
            temporary = Path(stack.enter_context(TemporaryDirectory(prefix="seedlab-")))
            file = _link(file, temporary / f"{file.stem}{ENDING}")
        yield replace(source, path=file, config=folder)


def _needs_links(folder: Path) -> bool:
    files = [file for pattern in ("*", "*/*") for file in folder.glob(pattern)]
    return any(_has_mark(file) or (is_safetensors(file) and file.suffix != ENDING) for file in files)


def _has_mark(file: Path) -> bool:
    if file.suffix != ".json" or not file.is_file():
        return False
    with file.open("rb") as stream:
        return stream.read(len(codecs.BOM_UTF8)) == codecs.BOM_UTF8


def _link_folder(folder: Path, target: Path) -> Path:
    """Link the files of a pipeline in another folder of the same name, and copy those that have a byte order mark."""
    target = target / folder.name
    for file in (*folder.glob("*"), *folder.glob("*/*")):
        if file.is_file():
            name = file.with_suffix(ENDING) if is_safetensors(file) else file
            copy = target / name.relative_to(folder)
            copy.parent.mkdir(parents=True, exist_ok=True)
            if _has_mark(file):
                copy.write_bytes(file.read_bytes().removeprefix(codecs.BOM_UTF8))
            else:
                _link(file, copy)
    return target


def _link(file: Path, link: Path) -> Path:
    try:
        link.symlink_to(file.resolve())
    except OSError as error:  # Windows lets only some users make links
        sentence = f"{quote(file.name, 80)} cannot be read under this name: give it an ending in small letters."
        raise SeedLabError(sentence) from error
    return link
