"""The LoRAs on this machine, among which those that other tools' pictures name are looked for."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from seedlab.core.storage.safetensors import read_header
from seedlab.pipelines.loaded.hashes import hash_file, hash_tensors
from seedlab.pipelines.models.weights import is_safetensors

MAX_FILES = 2_000
MAX_HASHED_BYTES = 2 * 2**30


@dataclass(frozen=True)
class LoraFolder:
    """LoRAs in a folder and in those below it, and others that are known.

    Attributes:
        folder: None for no folder.
        list_known: returns the paths of other files that may be LoRAs.
    """

    folder: Path | None
    list_known: Callable[[], Sequence[str]] = tuple

    def find(self, name: str, digest: str) -> Path | None:
        """Return the file of a LoRA; None if it is not here.

        A file of this name is taken unless its hash is known to be another; then any file with the hash is.

        Args:
            name: its file's name without the ending; untrusted.
            digest: the start of the SHA-256 of the file (Civitai) or of the weights in it (AUTOMATIC1111, kohya), in
                lower-case hex; "" if unknown.
        """
        files = [*self._list_known_files(), *sorted(self._list_files())]
        named = [file for file in files if file.stem.lower() == name.lower()]
        if not digest:
            return named[0] if named else None
        described = (file for file in (*named, *files) if _read_own_hash(file).startswith(digest))
        return next(described, None) or next((file for file in _bound(named, files) if _has_hash(file, digest)), None)

    def _list_known_files(self) -> list[Path]:
        files = (Path(path) for path in self.list_known() if path.lower().endswith(".safetensors"))
        return [file for file in files if file.is_file()]

    def _list_files(self) -> Iterator[Path]:
        if self.folder is not None:
            files = (file for file in self.folder.rglob("*") if is_safetensors(file) and file.is_file())
            yield from islice(files, MAX_FILES)


def _bound(named: list[Path], files: list[Path]) -> Iterator[Path]:
    """Yield the files that may be hashed: those of the name, and others up to a total size."""
    yield from named
    total = 0
    for file in files:
        total += file.stat().st_size
        if total > MAX_HASHED_BYTES:
            return
        yield file


def _has_hash(file: Path, digest: str) -> bool:
    try:
        return hash_file(file).startswith(digest) or hash_tensors(file).startswith(digest)
    except OSError:
        return False


def _read_own_hash(file: Path) -> str:
    """Return the hash that kohya's trainer writes into a file about its weights, or ""."""
    try:
        value = read_header(file).metadata.get("sshs_model_hash", "")
    except (OSError, ValueError):
        return ""
    return value if isinstance(value, str) else ""
