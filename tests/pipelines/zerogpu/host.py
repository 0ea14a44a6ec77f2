"""What ZeroGPU's package needs of the machine that it runs on, made up: the API that lends GPUs, and CUDA.

The package's own scheduling, forking, pickling, streaming and stopping are real. The pictures are made on the CPU of
the forked process, which calls it by the name of the GPU that was lent.
"""

import json
import os
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qsl, urlsplit

TOKEN = "header.e30.signature"
"""A visitor's token, as the Hub adds it to requests: a JSON web token, here without claims."""


class DeviceApi(ThreadingHTTPServer):
    """Lends GPUs.

    Attributes:
        requests: the path and the parameters of each request.
        gpus: the numbers of the GPUs that are lent next; the last one is lent again and again.
        refusal: the answer to requests for a GPU; None to lend one.
        keeps_processes: whether a process is used for the next call too.
        delay: how many seconds it takes to lend one.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.gpus, self.refusal, self.keeps_processes, self.delay = [0], None, True, 0.0
        Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def answer(self, address: str) -> tuple[int, object]:
        path, parameters = urlsplit(address).path, dict(parse_qsl(urlsplit(address).query))
        self.requests.append((path, parameters))
        if path != "/schedule":
            return 200, {}
        if self.refusal is not None:
            return 429, self.refusal
        time.sleep(self.delay)
        gpu = self.gpus.pop(0) if len(self.gpus) > 1 else self.gpus[0]
        lent = {"nvidiaIndex": gpu, "nvidiaUUID": f"GPU {gpu}", "allowToken": "allowed"}
        return 200, {"idle": self.keeps_processes, **lent}

    def take(self, path: str) -> list[dict[str, str]]:
        """Return the parameters of the requests for a path since the last call."""
        taken = [parameters for each, parameters in self.requests if each == path]
        self.requests[:] = [request for request in self.requests if request[0] != path]
        return taken


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length") or 0))
        code, data = self.server.answer(self.path)
        body = json.dumps(data).encode()
        self.send_response(code)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Write nothing."""


def enter_space(url: str) -> None:
    """Make this process that of a Space on ZeroGPU, which asks for GPUs at this address."""
    os.environ["SPACES_ZERO_GPU"] = "true"
    os.environ["SPACES_ZERO_DEVICE_API_URL"] = url
    import torch

    # What a build of torch with CUDA has.
    torch.version.cuda = torch.version.cuda or "12.8"
    torch._C._cuda_init = getattr(torch._C, "_cuda_init", lambda: None)
    torch.cuda._is_in_bad_fork = bool
    torch.Tensor.pin_memory = lambda tensor, *_: tensor
    import spaces  # noqa: F401


def leave_cuda() -> None:
    """Let this process, and those that are forked and given a GPU, compute on the CPU."""
    import spaces.zero.torch as emulation

    emulation.unpatch()
    emulation.unpatch = lambda: None
    emulation.init, emulation.move = _enter_gpu, lambda callback=None: None


def _enter_gpu(name: str) -> None:
    """Is called in a forked process that has been given a GPU."""
    from seedlab.pipelines.devices import environment

    environment._name_processor = lambda: name
