"""A Hub on loopback: serves pipelines from a folder, in the ways that the real one answers.

`python -m tests.pipelines.fake_hub FOLDER` prints its address. Repositories are FOLDER/owner/name; one whose owner is
"gated" asks for a licence first, one whose owner is "broken" cuts the first download of each weight file short, and of
one whose owner is "sick" the denoiser's weights cannot be had before the server is well.
"""

import hashlib
import json
import re
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

COMMIT = "c" * 40
INFO = re.compile(r"/api/models/([^/]+/[^/]+)(?:/revision/([^/]+))?")
TREE = re.compile(r"/api/models/([^/]+/[^/]+)/tree/([^/]+)")
FILE = re.compile(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)")


class Hub(ThreadingHTTPServer):
    """The server; `log` has the requests for files, as (method, path, first byte)."""

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.folder = folder
        self.log: list[tuple[str, str, int]] = []
        self.cut: set[str] = set()
        self.is_sick = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


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
        if not (self.server.folder / repository).is_dir():
            self.refuse(404, "RepoNotFound")
        elif revision not in (None, "main", COMMIT):
            self.refuse(404, "RevisionNotFound")
        else:
            siblings = [{"rfilename": name} for name in self.list_files(repository)]
            self.send({"id": repository, "sha": COMMIT, "siblings": siblings, "private": False, "tags": []})

    def send_tree(self, repository):
        files = self.list_files(repository).items()
        self.send(
            [{"type": "file", "path": name, "size": file.stat().st_size, "oid": tag(file)} for name, file in files]
        )

    def send_file(self, repository, revision, name, with_body):
        file = self.list_files(repository).get(name)
        if not (self.server.folder / repository).is_dir():
            self.refuse(404, "RepoNotFound")
        elif revision not in ("main", COMMIT):
            self.refuse(404, "RevisionNotFound")
        elif repository.startswith("gated/"):
            self.refuse(403, "GatedRepo")
        elif file is None:
            self.refuse(404, "EntryNotFound")
        elif self.server.is_sick and with_body and repository.startswith("sick/") and name.startswith("unet/diffusion"):
            time.sleep(1)  # the other files come meanwhile
            self.refuse(403, "Sick")
        else:
            self.send_bytes(name, file, with_body)

    def send_bytes(self, name, file, with_body):
        content = file.read_bytes()
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
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
            self.wfile.write(self.cut_short(file, content[first:]))

    def cut_short(self, file, content):
        """Give half of a weight file the first time, where the repository is a broken one, and hang up."""
        is_first = str(file) not in self.server.cut
        if file.suffix != ".safetensors" or "broken" not in file.parts or not is_first:
            return content
        self.server.cut.add(str(file))
        self.close_connection = True
        return content[: len(content) // 2]

    def refuse(self, status, code):
        self.send({"error": code}, status, {"X-Error-Code": code, "X-Error-Message": code})

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


def tag(file):
    return hashlib.sha1(file.read_bytes()).hexdigest()


if __name__ == "__main__":
    hub = Hub(Path(sys.argv[1]))
    print(hub.url, flush=True)
    hub.serve_forever()
