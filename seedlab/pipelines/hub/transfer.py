"""Resumable downloads of large files from the Hub: after a failure, a stop or a kill only the rest is downloaded.

huggingface_hub 2.4 starts each attempt from zero, and leaves the partial file of a killed process on the disk (its
issue #4196). So the large files are downloaded here, to the place in its cache where it expects them, and
huggingface_hub does the rest.
"""

import hashlib
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from threading import Lock
from typing import Any

from seedlab.pipelines.hub.progress import OnProgress, SilentBar

CHUNK_BYTES = 2**18
"""How much is written at a time."""

MAX_CONNECTIONS = 4
"""How many files are downloaded at the same time."""

MAX_FAILURES = 5
"""After this many connections in a row without data the download fails."""

HUB_TIMEOUT_SECONDS = 10.0
"""How long the Hub may take to answer, or a connection to send data."""

DAMAGED = "is damaged"

_PATCHING = Lock()
"""Held while diffusers' own download function is replaced."""


@dataclass(frozen=True)
class LargeFile:
    """A file on the Hub.

    Attributes:
        url: its address.
        blob: its place in the cache of huggingface_hub; the name is the SHA-256 of the content.
        size: in bytes.
        pointer: its place in a snapshot, where the file itself is if symbolic links are not supported; otherwise None.
    """

    url: str
    blob: Path
    size: int
    pointer: Path | None = None

    @property
    def place(self) -> Path:
        """Where it is when it is complete."""
        return self.pointer or self.blob

    @property
    def part(self) -> Path:
        """The partial file, under the name that earlier versions of huggingface_hub used."""
        return self.blob.with_name(f"{self.blob.name}.incomplete")

    @property
    def lock(self) -> Path:
        """The lock file that huggingface_hub, too, holds while it downloads this file, in all processes."""
        repository = self.blob.parents[1]
        return repository.parent / ".locks" / repository.name / f"{self.blob.name}.lock"

    def is_here(self) -> bool:
        """Whether it is complete. huggingface_hub copies a blob that is not in its place."""
        return self.place.is_file() or self.blob.is_file()

    def count(self) -> int:
        """Return how many bytes are on the disk."""
        for file in (self.place, self.blob, self.part):
            if file.is_file():
                return file.stat().st_size
        return 0


class ProgressCounter:
    """Adds up the progress of several files, and ends their downloads when one fails."""

    def __init__(self, files: Iterable[LargeFile], on_progress: OnProgress) -> None:
        self._total = sum(file.size for file in files)
        self._done = {file.place: file.count() for file in files}
        self._on_progress, self._lock, self._cancelled = on_progress, Lock(), False

    def cancel(self) -> None:
        """Let the next `update` of each file raise."""
        self._cancelled = True

    def update(self, file: LargeFile, done: int) -> None:
        """Report how many bytes of a file are on the disk; raises to end its download."""
        with self._lock:
            if self._cancelled:
                raise CancelledError
            self._done[file.place] = done
            self._on_progress(sum(self._done.values()), self._total)


@contextmanager
def download_large_files(on_progress: OnProgress) -> Iterator[None]:
    """Let diffusers download its large files with this module, inside the `with` block.

    One thread at a time. Others that only look into the cache are not affected.
    """
    from diffusers.pipelines import pipeline_utils
    from huggingface_hub import snapshot_download

    from seedlab.pipelines.patching import replace_attribute

    def download(model_id: str, **options: Any) -> Any:
        if not options["local_files_only"]:
            download_files(_list_large_files(model_id, **options), on_progress)
        return snapshot_download(model_id, tqdm_class=SilentBar, **options)

    with _PATCHING, replace_attribute(pipeline_utils, "snapshot_download", download):
        yield


def download_files(files: Iterable[LargeFile], on_progress: OnProgress) -> None:
    """Download files, several at a time; files that are complete already are skipped.

    Args:
        on_progress: called from several threads with the bytes of all files; raises to end the download.

    Raises:
        OSError: a file cannot be downloaded or is damaged, or the disk is full. Partial files are kept.
    """
    contents = {file.place: file for file in files}.values()  # two files may have the same content
    missing = [file for file in contents if not file.is_here()]
    if not missing:
        return
    counter = ProgressCounter(contents, on_progress)
    with ThreadPoolExecutor(MAX_CONNECTIONS, thread_name_prefix="download") as threads:
        futures = [threads.submit(_download_file, file, counter) for file in missing]
        try:
            for future in as_completed(futures):
                future.result()
        except BaseException:
            counter.cancel()
            threads.shutdown(wait=False, cancel_futures=True)
            raise


def _download_file(file: LargeFile, counter: ProgressCounter) -> None:
    for folder in (file.blob.parent, file.place.parent, file.lock.parent):
        folder.mkdir(parents=True, exist_ok=True)
    with _lock(file, counter):
        if file.is_here() or _link_copy(file):
            counter.update(file, file.size)
            return
        is_resumed = file.part.is_file()
        _download_rest(file, counter)
        if not _verify(file) and is_resumed:  # the partial file was of something else
            _download_rest(file, counter)
            _verify(file)
        if not file.part.is_file():
            raise OSError(f"{file.url} {DAMAGED}.")
        file.part.replace(file.place)


@contextmanager
def _lock(file: LargeFile, counter: ProgressCounter) -> Iterator[None]:
    """Wait until no other process is downloading the file; `counter` raises to give up."""
    from filelock import Timeout
    from huggingface_hub.utils import WeakFileLock

    with ExitStack() as stack:
        while True:
            try:
                stack.enter_context(WeakFileLock(file.lock, timeout=1))
                break
            except Timeout:
                counter.update(file, file.count())
        yield


def _link_copy(file: LargeFile) -> bool:
    """Link the file if another model has the same one, as some share their text encoders; returns whether one does."""
    for copy in file.blob.parents[2].glob(f"models--*/blobs/{file.blob.name}"):
        with suppress(OSError):
            file.place.hardlink_to(copy.resolve())
            file.part.unlink(missing_ok=True)
            return True
    return False


def _download_rest(file: LargeFile, counter: ProgressCounter) -> None:
    """Download what is missing of a file, with as many connections as it takes; the content is not verified.

    Raises:
        OSError: the Hub refuses it, or several connections in a row sent nothing.
    """
    failures, done = 0, file.count()
    counter.update(file, done)
    while done < file.size:
        error = _download_once(file, done, counter)
        before, done = done, file.count()
        if done < file.size:
            failures = 0 if done > before else failures + 1
            if failures == MAX_FAILURES:
                raise ConnectionError(str(error)) from error
            time.sleep(1)
            counter.update(file, done)


def _download_once(file: LargeFile, done: int, counter: ProgressCounter) -> Exception | None:
    """Download more of a file until the connection ends; returns the error that ended it, if any."""
    import httpx2
    from huggingface_hub.errors import HfHubHTTPError
    from huggingface_hub.utils import build_hf_headers, get_session, hf_raise_for_status

    # Not compressed, because the range is one of the bytes sent.
    headers = build_hf_headers(headers={"Range": f"bytes={done}-", "Accept-Encoding": "identity"})
    try:
        with get_session().stream("GET", file.url, headers=headers, timeout=HUB_TIMEOUT_SECONDS) as response:
            hf_raise_for_status(response)
            with file.part.open("ab" if _starts_at(response, file, done) else "wb") as part:
                for chunk in response.iter_bytes(CHUNK_BYTES):
                    part.write(chunk)
                    counter.update(file, part.tell())
    except HfHubHTTPError as error:
        if error.response.status_code < 500:
            raise
        return error
    # RuntimeError: huggingface_hub closed all connections after a failure in another thread.
    except (httpx2.TransportError, RuntimeError) as error:
        return error
    return None


def _starts_at(response: Any, file: LargeFile, done: int) -> bool:
    """Whether a response continues the partial file; False if it starts at the beginning.

    Raises:
        ConnectionError: it is something else, such as the login page of a network. The partial file is kept.
    """
    if response.status_code == 206 and response.headers.get("Content-Range", "").startswith(f"bytes {done}-"):
        return True
    default = "" if done else str(file.size)
    if response.status_code == 200 and response.headers.get("Content-Length", default) == str(file.size):
        return False
    raise ConnectionError(f"{file.url} returned something other than the file.")


def _verify(file: LargeFile) -> bool:
    """Return whether a partial file has the right hash; otherwise delete it."""
    with file.part.open("rb") as content:
        is_right = hashlib.file_digest(content, "sha256").hexdigest() == file.blob.name
    if not is_right:
        file.part.unlink()
    return is_right


def _list_large_files(model_id: str, *, revision: str, **options: Any) -> tuple[LargeFile, ...]:
    """Return the large files of a snapshot, including those in the cache."""
    from huggingface_hub import HfApi, hf_hub_url
    from huggingface_hub.constants import HF_HUB_CACHE, MAX_HTTP_DOWNLOAD_SIZE
    from huggingface_hub.file_download import repo_folder_name
    from huggingface_hub.hf_api import RepoFile
    from huggingface_hub.utils import filter_repo_objects

    patterns = {name: options[name] for name in ("allow_patterns", "ignore_patterns")}
    folder = Path(HF_HUB_CACHE) / repo_folder_name(repo_id=model_id, repo_type="model")
    snapshot = _find_snapshot(folder, model_id, revision)
    listed = HfApi().list_repo_tree(model_id, recursive=True, revision=revision)
    files = [each for each in listed if isinstance(each, RepoFile) and each.lfs]
    return tuple(
        LargeFile(
            hf_hub_url(model_id, each.path, revision=revision),
            folder / "blobs" / each.lfs.sha256,
            each.size,
            _find_pointer(snapshot, each.path),
        )
        for each in filter_repo_objects(files, key=lambda each: each.path, **patterns)
        if each.lfs and 0 < each.size <= MAX_HTTP_DOWNLOAD_SIZE  # larger ones are sent only to the Hub's own client
    )


def _find_snapshot(folder: Path, model_id: str, revision: str) -> Path | None:
    """Return the folder of a snapshot that has the files themselves; None if it has symbolic links to blobs."""
    from huggingface_hub import HfApi
    from huggingface_hub.file_download import are_symlinks_supported

    if are_symlinks_supported():
        return None
    return folder / "snapshots" / str(HfApi().model_info(model_id, revision=revision).sha)


def _find_pointer(snapshot: Path | None, name: str) -> Path | None:
    """Return a file's place in a snapshot; None for a name that leads out of it, which huggingface_hub refuses."""
    path = PureWindowsPath(name)  # which both kinds of slashes divide
    return snapshot / name if snapshot and ".." not in path.parts and not path.anchor else None
