"""A Hub on loopback: serves pipelines from a folder, in the ways that the real one answers.

`python -m tests.pipelines.fake_hub FOLDER` prints its address. Repositories are FOLDER/owner/name, and their owners
say how they are served: of "gated" ones the licence has not been accepted, for "private" ones the token is not known,
"busy" ones are asked for too often; "broken" ones cut the first download of each weight file short, "slow" ones stop
half way through it until they are released, and of "sick" ones the denoiser's weights cannot be had before they are
well. Before "captive" ones there is the page of a network that asks for a login, and "shaky" ones fail at first.
"""

import hashlib
import json
import re
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

COMMIT = "c" * 40
INFO = re.compile(r"/api/models/([^/]+/[^/]+)(?:/revision/([^/]+))?")
TREE = re.compile(r"/api/models/([^/]+/[^/]+)/tree/([^/]+)")
FILE = re.compile(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)")
REFUSALS = {
    "gated": (403, "GatedRepo", "Access to this model is restricted."),
    "private": (401, "", "Invalid credentials in Authorization header"),
    "busy": (429, "", "Too many requests"),
}


class Hub(ThreadingHTTPServer):
    """The server.

    Attributes:
        log: the requests for files, as (method, path, first byte).
        well: the repositories that are not sick, slow or broken any more.
        takes_ranges: whether a download may begin in the middle of a file.
    """

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.folder = folder
        self.log: list[tuple[str, str, int]] = []
        self.cut: set[Path] = set()
        self.well: set[str] = set()
        self.released = threading.Event()
        self.takes_ranges = True

    def handle_error(self, *_):
        """Say nothing of those who leave in the middle of a download."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def add(self, folder: Path, owner: str, *, alike: bool = False) -> str:
        """Serve a copy of a folder; returns its id, which no other repository has.

        Args:
            alike: whether its weight files may have the content of another one's, so that they need not come.
        """
        name = f"{owner}/{folder.name}-{len(list(self.folder.glob('*/*')))}"
        shutil.copytree(folder, self.folder / name)
        for weights in () if alike else (self.folder / name).rglob("*.safetensors"):
            sign(weights, name)
        return name

    def count_downloads(self, name: str) -> int:
        """Count how often a file was asked for from its first byte."""
        return self.log.count(("GET", name, 0))


@contextmanager
def serve(folder: Path) -> Iterator[Hub]:
    """Serve the repositories in a folder as long as this lasts."""
    hub = Hub(folder)
    thread = threading.Thread(target=hub.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        hub.released.set()
        hub.shutdown()
        hub.server_close()
        thread.join()


class Handler(BaseHTTPRequestHandler):
    """Answers as the Hub does."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self.answer(with_body=False)

    def do_GET(self):
        self.answer(with_body=True)

    def answer(self, with_body):
        path = unquote(urlsplit(self.path).path)
        if match := TREE.fullmatch(path):
            self.send_tree(match[1])
        elif match := INFO.fullmatch(path):
            self.send_info(match[1], match[2])
        elif match := FILE.fullmatch(path):
            self.send_file(match[1], match[2], match[3], with_body)
        else:
            self.refuse(404, "RepoNotFound")

    def list_files(self, repository):
        folder = self.server.folder / repository
        return {file.relative_to(folder).as_posix(): file for file in sorted(folder.rglob("*")) if file.is_file()}

    def send_info(self, repository, revision):
        if repository.startswith(("private/", "busy/")):
            self.refuse(*REFUSALS[repository.partition("/")[0]])
        elif not (self.server.folder / repository).is_dir():
            self.refuse(404, "RepoNotFound")
        elif revision not in (None, "main", COMMIT):
            self.refuse(404, "RevisionNotFound")
        else:
            siblings = [{"rfilename": name} for name in self.list_files(repository)]
            self.send({"id": repository, "sha": COMMIT, "siblings": siblings, "private": False, "tags": []})

    def send_tree(self, repository):
        self.send([describe(name, file) for name, file in self.list_files(repository).items()])

    def send_file(self, repository, revision, name, with_body):
        file = self.list_files(repository).get(name)
        owner = repository.partition("/")[0]
        if owner in REFUSALS:
            self.refuse(*REFUSALS[owner])
        elif not (self.server.folder / repository).is_dir():
            self.refuse(404, "RepoNotFound")
        elif revision not in ("main", COMMIT):
            self.refuse(404, "RevisionNotFound")
        elif file is None:
            self.refuse(404, "EntryNotFound")
        elif with_body and owner == "captive" and repository not in self.server.well:
            self.send("Please log in to this network.")
        elif with_body and owner == "shaky" and repository not in self.server.well:
            self.server.well.add(repository)
            self.refuse(503, "")
        elif with_body and owner == "sick" and repository not in self.server.well and name.startswith("unet/diff"):
            time.sleep(1)  # the other files come meanwhile
            self.refuse(403, "Sick")
        else:
            self.send_bytes(repository, name, file, with_body)

    def send_bytes(self, repository, name, file, with_body):
        content = file.read_bytes()
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", "")) if self.server.takes_ranges else None
        first = int(asked[1]) if asked else 0
        self.server.log.append((self.command, name, first))
        self.send_response(206 if asked else 200)
        self.send_header("ETag", f'"{tag(file)}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(len(content) - first))
        if asked:
            self.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
        self.end_headers()
        if with_body:
            self.send_body(repository, file, content[first:])

    def send_body(self, repository, file, content):
        """Send what was asked for: half of it where the repository is broken, and where it is slow half for now."""
        owner, half = repository.partition("/")[0], len(content) // 2
        if file.suffix != ".safetensors" or owner not in ("broken", "slow") or repository in self.server.well:
            self.wfile.write(content)
        elif owner == "broken" and file not in self.server.cut:
            self.server.cut.add(file)
            self.close_connection = True
            self.wfile.write(content[:half])
        elif owner == "broken":
            self.wfile.write(content)
        else:
            self.wfile.write(content[:half])
            self.wfile.flush()
            self.server.released.wait()
            self.wfile.write(content[half:])

    def refuse(self, status, code, message=""):
        headers = {"X-Error-Message": message or code} | ({"X-Error-Code": code} if code else {})
        self.send({"error": message or code}, status, headers)

    def send(self, data, status=200, headers=()):
        body = json.dumps(data).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in dict(headers).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)


def sign(weights, name):
    """Write a name into the header of a weight file."""
    content = weights.read_bytes()
    end = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:end])
    header["__metadata__"] = header.get("__metadata__", {}) | {"repository": name}
    signed = json.dumps(header).encode()
    weights.write_bytes(len(signed).to_bytes(8, "little") + signed + content[end:])


def describe(name, file):
    """Describe a file as the Hub's list of a repository does; weights are what it calls large files."""
    size = file.stat().st_size
    large = {"lfs": {"oid": tag(file), "size": size, "pointerSize": 134}} if is_large(file) else {}
    return {"type": "file", "path": name, "size": size, "oid": hashlib.sha1(file.read_bytes()).hexdigest()} | large


def tag(file):
    return hashlib.new("sha256" if is_large(file) else "sha1", file.read_bytes()).hexdigest()


def is_large(file):
    return file.suffix in (".safetensors", ".bin")


if __name__ == "__main__":
    hub = Hub(Path(sys.argv[1]))
    print(hub.url, flush=True)
    hub.serve_forever()
