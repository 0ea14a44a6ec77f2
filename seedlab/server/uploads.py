"""Uploads: pictures and trails that visitors open.

Replaces gradio's route, which keeps files of any type and number.
"""

import hashlib
import re
import time
from collections import OrderedDict
from pathlib import Path
from shutil import copyfileobj
from typing import BinaryIO

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from seedlab.core.storage.files import is_full
from seedlab.server.clients import Shares, find_client
from seedlab.server.middleware.bodies import BodyTooLargeError
from seedlab.server.temporary import sweep

MAX_FILES = 4
MAX_FIELDS = 4
CLIENT_UPLOADS, TOTAL_UPLOADS = 3, 16
"""Uploads at a time of one client and of all."""

PER_MINUTE = 30
"""Uploads of one client."""

REMEMBERED = 10_000
"""Clients whose uploads are counted."""

KINDS = {".png": b"\x89PNG\r\n\x1a\n", ".jpg": b"\xff\xd8\xff", ".webp": b"RIFF....WEBP", ".zip": b"PK\x03\x04"}
"""File name endings and the first bytes; a dot stands for any byte. An exported trail is a ZIP archive."""

SPELLINGS = {".png": (".png",), ".jpg": (".jpg", ".jpeg"), ".webp": (".webp",), ".zip": (".zip",)}
HEAD_BYTES, BLOCK_BYTES = 16, 2**20
UNSAFE = re.compile(r"[^\w .,()+-]+")
MAX_NAME, MAX_ENDING = 100, 10

NOT_A_FORM = "This is not an upload of SeedLab's page: reload the page."
TOO_FAST = "Too many uploads at a time: wait a moment, and open the picture again."
DISK_FULL = "The disk for temporary files is full: the picture cannot be opened until the server's owner frees space."
CUT_OFF = "The upload was broken off: open the picture again."


class Uploads:
    """Receives uploaded pictures. Gradio's page shows the text of a refusal.

    A file that is still arriving has no name, or is deleted when it is closed, so that a broken-off upload leaves none.

    Args:
        folder: the folder of temporary files, which is kept within its limit.
        per_minute: uploads of one client.
    """

    def __init__(self, folder: Path, per_minute: int = PER_MINUTE) -> None:
        self._folder = folder
        self._running, self._rate = Shares(TOTAL_UPLOADS, CLIENT_UPLOADS), RateLimit(per_minute)

    async def receive(self, request: Request) -> Response:
        """Keep the pictures of a form. Answers with their paths, as gradio does."""
        client = find_client(request.scope)
        with self._running.hold(client) as has_place:
            if not has_place or not self._rate.allow(client):
                return PlainTextResponse(TOO_FAST, 429, {"Retry-After": "10"})
            try:
                return await self._receive(request)
            except HTTPException:  # the parser's: not a form, or too many files
                return PlainTextResponse(NOT_A_FORM, 400)
            except BodyTooLargeError as error:
                return PlainTextResponse(str(error), 413)
            except ClientDisconnect:
                return PlainTextResponse(CUT_OFF, 400)
            except TimeoutError:  # before OSError, of which it is one
                return PlainTextResponse(CUT_OFF, 408)
            except OSError as error:
                if not is_full(error):
                    raise
                return PlainTextResponse(DISK_FULL, 507)

    async def _receive(self, request: Request) -> Response:
        async with request.form(max_files=MAX_FILES, max_fields=MAX_FIELDS) as form:
            files = [each for each in form.getlist("files") if isinstance(each, UploadFile)]
            if not files:
                return PlainTextResponse(NOT_A_FORM, 400)
            return await run_in_threadpool(self._keep_all, files)

    def _keep_all(self, files: list[UploadFile]) -> Response:
        paths = [self._keep(each, _find_kind(each.file)) for each in files]
        sweep(self._folder)
        return JSONResponse([str(path) for path in paths])

    def _keep(self, upload: UploadFile, kind: str | None) -> Path:
        """Keep a picture; of any other file only its name, by which the page says that it is none."""
        # The name of the folder keeps files of one name apart, and cannot be guessed without the file.
        folder = self._folder / _digest(upload.file)
        path = folder / _name(upload.filename or "", kind)
        folder.mkdir(mode=0o700, exist_ok=True)
        upload.file.seek(0)
        try:
            with path.open("wb") as kept:
                if kind is not None:
                    copyfileobj(upload.file, kept)
        except OSError:
            path.unlink(missing_ok=True)
            raise
        return path


class RateLimit:
    """How often a client may do something: `per_minute` times at once, and as often again after a minute."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._used: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def allow(self, client: str) -> bool:
        """Count one more, and return whether it is allowed."""
        now = time.monotonic()
        used, then = self._used.pop(client, (0.0, now))
        used = max(used - (now - then) * self._per_minute / 60, 0.0)
        is_allowed = used + 1 <= self._per_minute
        self._used[client] = (used + is_allowed, now)
        while len(self._used) > REMEMBERED:
            self._used.popitem(last=False)
        return is_allowed


def _find_kind(stream: BinaryIO) -> str | None:
    stream.seek(0)
    head = stream.read(HEAD_BYTES)
    stream.seek(0)
    return next((kind for kind, magic in KINDS.items() if re.match(_escape(magic), head, re.DOTALL)), None)


def _digest(stream: BinaryIO) -> str:
    digest = hashlib.sha256()
    while block := stream.read(BLOCK_BYTES):
        digest.update(block)
    return digest.hexdigest()


def _escape(magic: bytes) -> bytes:
    return re.escape(magic).replace(rb"\.", b".")


def _name(given: str, kind: str | None) -> str:
    """Return a safe file name, with the ending of its kind if it is a picture. Error messages show it."""
    plain = Path(UNSAFE.sub("_", given.replace("\\", "/").rsplit("/", 1)[-1]))
    ending = plain.suffix[:MAX_ENDING] if kind is None or plain.suffix.casefold() in SPELLINGS[kind] else kind
    stem = plain.stem.strip(". ") or "picture"
    return f"{stem.encode()[:MAX_NAME].decode(errors='ignore')}{ending}"
