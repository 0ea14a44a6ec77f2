"""The large files of the Hub, brought so that what came is kept: after a failure, a stop or a kill only the rest comes.

huggingface_hub 2.4 begins each attempt anew, and what a killed process had stays on the disk (its issue #4196). So the
large files are brought here, into the place in its cache where it looks for them; it does the rest.
"""

import hashlib
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from seedlab.pipelines.hub.progress import OnProgress, SilentBar

CHUNK = 2**18
"""Bytes that are written, and counted, at a time."""

AT_ONCE = 4
"""Files that come at the same time."""

TRIES = 5
"""How often in a row a connection may give nothing before the download fails."""

PATIENCE = 10.0
"""Seconds within which a connection has to give something."""

DAMAGED = "came damaged"

_ALONE = Lock()


@dataclass(frozen=True)
class LargeFile:
    """A file of the Hub.

    Attributes:
        url: where it comes from.
        blob: where the cache of huggingface_hub keeps it: in a file that is named by the SHA-256 of its content.
        size: in bytes.
    """

    url: str
    blob: Path
    size: int

    @property
    def part(self) -> Path:
        """Where it is while it is not whole; under the name that earlier versions of huggingface_hub gave it."""
        return self.blob.with_name(f"{self.blob.name}.incomplete")

    @property
    def lock(self) -> Path:
        """The file that huggingface_hub locks too, in all processes, while it brings this one."""
        repository = self.blob.parents[1]
        return repository.parent / ".locks" / repository.name / f"{self.blob.name}.lock"

    def count(self) -> int:
        """Count the bytes that are there."""
        for file in (self.blob, self.part):
            if file.is_file():
                return file.stat().st_size
        return 0


class Meter:
    """Says how much there is of several files that come at the same time."""

    def __init__(self, files: Iterable[LargeFile], on_progress: OnProgress) -> None:
        self._total = sum(file.size for file in files)
        self._there = {file.blob: file.count() for file in files}
        self._tell, self._lock, self._ended = on_progress, Lock(), False

    def end(self) -> None:
        """Let the other files end too, since one failed."""
        self._ended = True

    def read(self, file: LargeFile, there: int) -> None:
        """Say how many bytes of a file there are; may raise, to end the download."""
        with self._lock:
            if self._ended:
                raise CancelledError
            self._there[file.blob] = there
            self._tell(sum(self._there.values()), self._total)


@contextmanager
def bring_large_files(on_progress: OnProgress) -> Iterator[None]:
    """Let diffusers' downloads bring their large files by way of this module, as long as this lasts.

    One thread at a time; others that only look for what is there are not disturbed.
    """
    from diffusers.pipelines import pipeline_utils
    from huggingface_hub import snapshot_download
    from huggingface_hub.file_download import are_symlinks_supported

    from seedlab.pipelines.patching import replace_attribute

    def download(model_id: str, **options: Any) -> Any:
        # Without symbolic links its cache has no place of its own for contents: a file would be there twice.
        if not options["local_files_only"] and are_symlinks_supported():
            bring(_list_large_files(model_id, **options), on_progress)
        return snapshot_download(model_id, tqdm_class=SilentBar, **options)

    with _ALONE, replace_attribute(pipeline_utils, "snapshot_download", download):
        yield


def bring(files: Iterable[LargeFile], on_progress: OnProgress) -> None:
    """Bring files, several at a time.

    Args:
        on_progress: is told how much of them is there, from several threads; raises to end the download.

    Raises:
        OSError: they cannot be had, the disk is full, or one came damaged; what came of the others is kept.
    """
    contents = {file.blob: file for file in files}.values()  # two names may have one content
    missing = [file for file in contents if not file.blob.is_file()]
    if not missing:
        return
    meter = Meter(contents, on_progress)
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="download") as threads:
        coming = [threads.submit(_bring_file, file, meter) for file in missing]
        try:
            for future in as_completed(coming):
                future.result()
        except BaseException:
            meter.end()
            threads.shutdown(wait=False, cancel_futures=True)
            raise


def _bring_file(file: LargeFile, meter: Meter) -> None:
    for folder in (file.blob.parent, file.lock.parent):
        folder.mkdir(parents=True, exist_ok=True)
    with _hold(file, meter):
        if file.blob.is_file() or _link_twin(file):
            meter.read(file, file.size)
            return
        began = file.part.is_file()
        _bring_part(file, meter)
        if not _is_whole(file) and began:  # what was there was of something else
            _bring_part(file, meter)
            _is_whole(file)
        if not file.part.is_file():
            raise OSError(f"{file.url} {DAMAGED}.")
        file.part.replace(file.blob)


@contextmanager
def _hold(file: LargeFile, meter: Meter) -> Iterator[None]:
    """Wait until no other process is bringing the file, or nobody waits for it any more."""
    from filelock import Timeout
    from huggingface_hub.utils import WeakFileLock

    with ExitStack() as stack:
        while True:
            try:
                stack.enter_context(WeakFileLock(file.lock, timeout=1))
                break
            except Timeout:
                meter.read(file, file.count())
        yield


def _link_twin(file: LargeFile) -> bool:
    """Take the content from another model that has it, as some share their text encoders; returns whether one does."""
    for twin in file.blob.parents[2].glob(f"models--*/blobs/{file.blob.name}"):
        with suppress(OSError):
            file.blob.hardlink_to(twin.resolve())
            file.part.unlink(missing_ok=True)
            return True
    return False


def _bring_part(file: LargeFile, meter: Meter) -> None:
    """Bring what is missing of a file, by as many connections as it needs; may bring what is damaged.

    Raises:
        OSError: it is refused, or several connections in a row gave nothing.
    """
    tries, there = TRIES, file.count()
    meter.read(file, there)
    while there < file.size:
        error = _go_on(file, there, meter)
        before, there = there, file.count()
        if there < file.size:
            tries = TRIES if there > before else tries - 1
            if tries == 0:
                raise ConnectionError(str(error)) from error
            time.sleep(1)
            meter.read(file, there)


def _go_on(file: LargeFile, there: int, meter: Meter) -> Exception | None:
    """Bring more of a file until the connection ends; returns what was wrong with that, if something was."""
    import httpx2
    from huggingface_hub.errors import HfHubHTTPError
    from huggingface_hub.utils import build_hf_headers, get_session, hf_raise_for_status

    # Compressed, its middle would not be the middle of the file.
    headers = build_hf_headers(headers={"Range": f"bytes={there}-", "Accept-Encoding": "identity"})
    try:
        with get_session().stream("GET", file.url, headers=headers, timeout=PATIENCE) as response:
            hf_raise_for_status(response)
            with file.part.open("ab" if _begins_at(response, file, there) else "wb") as part:
                for chunk in response.iter_bytes(CHUNK):
                    part.write(chunk)
                    meter.read(file, part.tell())
    except HfHubHTTPError as error:
        if error.response.status_code < 500:
            raise
        return error
    # RuntimeError: another thread's failure made huggingface_hub close the connections of all.
    except (httpx2.TransportError, RuntimeError) as error:
        return error
    return None


def _begins_at(response: Any, file: LargeFile, there: int) -> bool:
    """Whether an answer goes on where the part ends; False for one that begins anew.

    Raises:
        ConnectionError: it is something else, such as the page of a network that asks for a login; what is there stays.
    """
    if response.status_code == 206 and response.headers.get("Content-Range", "").startswith(f"bytes {there}-"):
        return True
    unsaid = "" if there else str(file.size)
    if response.status_code == 200 and response.headers.get("Content-Length", unsaid) == str(file.size):
        return False
    raise ConnectionError(f"{file.url} gave something else than the file.")


def _is_whole(file: LargeFile) -> bool:
    """Whether a part has the content that it should have; else it is thrown away."""
    with file.part.open("rb") as content:
        is_whole = hashlib.file_digest(content, "sha256").hexdigest() == file.blob.name
    if not is_whole:
        file.part.unlink()
    return is_whole


def _list_large_files(model_id: str, *, revision: str, **options: Any) -> tuple[LargeFile, ...]:
    """List what a snapshot has of large files, those that are here too."""
    from huggingface_hub import HfApi, hf_hub_url
    from huggingface_hub.constants import HF_HUB_CACHE, MAX_HTTP_DOWNLOAD_SIZE
    from huggingface_hub.file_download import repo_folder_name
    from huggingface_hub.hf_api import RepoFile
    from huggingface_hub.utils import filter_repo_objects

    patterns = {name: options[name] for name in ("allow_patterns", "ignore_patterns")}
    blobs = Path(HF_HUB_CACHE) / repo_folder_name(repo_id=model_id, repo_type="model") / "blobs"
    listed = HfApi().list_repo_tree(model_id, recursive=True, revision=revision)
    files = [each for each in listed if isinstance(each, RepoFile) and each.lfs]
    return tuple(
        LargeFile(hf_hub_url(model_id, each.path, revision=revision), blobs / each.lfs.sha256, each.size)
        for each in filter_repo_objects(files, key=lambda each: each.path, **patterns)
        if each.lfs and 0 < each.size <= MAX_HTTP_DOWNLOAD_SIZE  # larger ones the Hub gives to its own client alone
    )
