"""Makes rounds on a Space and serves its page, and writes what came of it.

python -m tests.pipelines.zerogpu.space FOLDER
"""

import asyncio
import json
import multiprocessing
import os
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread

from seedlab.core.reports import Progress
from seedlab.pipelines.devices.libraries import use_threads
from seedlab.pipelines.manager import PipelineManager
from seedlab.pipelines.run_store import RunStore
from tests.pipelines.zerogpu.host import TOKEN, DeviceApi, enter_space, leave_cuda
from tests.pipelines.zerogpu.rounds import make

LIMIT = 120.0
STEPS = 3
SMALL = {"width": 64, "height": 64, "steps": 2}


def place_weights() -> dict:
    """Load Sketch in the main thread, and in another, for the GPU that this process is said to have."""
    import spaces.zero.torch.patching as patching

    from seedlab.pipelines.zerogpu.executor import ZeroGpuExecutor

    executor = ZeroGpuExecutor()
    manager = PipelineManager(executor=executor)
    thread = Thread(target=manager.preload, args=["sketch"])
    thread.start()
    thread.join()
    loaded_elsewhere = len(executor._runner.cache._loaded)
    manager.preload("sketch")
    (loaded,) = executor._runner.cache._loaded.values()
    seen = {
        "device": executor.device,
        "loaded in another thread": loaded_elsewhere,
        "placed on": loaded.pipeline.device.type,
        "bytes of weights": sum(each.nbytes for each in loaded.pipeline.unet.parameters()),
        "bytes": patching.size(),
    }
    manager.close()
    patching.cuda_aliases.clear()  # the page below would pack them
    return seen


class Space:
    """A Space whose GPU is the CPU of its forked processes.

    Its pictures have different guidance, so that no two are made in one pipeline call: that would be calibrated first,
    for each GPU.
    """

    def __init__(self, api: DeviceApi, folder: Path) -> None:
        from seedlab.pipelines.zerogpu.executor import ZeroGpuExecutor

        self._api = api
        self.manager = PipelineManager(executor=ZeroGpuExecutor("cpu", runs=RunStore(folder / "runs", 2**28)))
        self.manager.preload("sketch")
        model = self.manager.resolve("sketch")
        recipe = model.make_recipe(prompt="a boat", seed=0, height=64, width=64, num_inference_steps=STEPS)
        self.recipes = [replace(recipe, guidance_scale=scale) for scale in (2.0, 3.0)]
        self._long = [replace(recipe, num_inference_steps=400)]

    def make(self, count: int = 2, **options: object) -> dict:
        """Make so many pictures of the round; returns what came of it, and which calls it took."""
        self._api.requests.clear()
        made = make(self.manager, self.recipes[:count], **options)
        calls = self._api.take("/schedule")
        return made | {
            "durations": [int(each["durationSeconds"]) for each in calls],
            "tokens": [each.get("token") for each in calls],
            "known device": self.manager.environment(self.recipes[0]).device,
        }

    def make_in_short_calls(self, *gpus: int, count: int = 2) -> dict:
        """Make pictures in calls that are over after one step, each in a process of its own."""
        from seedlab.pipelines.zerogpu import runner

        usual, runner.RESERVE_SECONDS = runner.RESERVE_SECONDS, 1000.0
        self._api.gpus, self._api.keeps_processes = list(gpus), False
        try:
            return self.make(count)
        finally:
            runner.RESERVE_SECONDS = usual
            self._api.gpus, self._api.keeps_processes = [0], True

    def refuse(self, left: int, wait: int, token: str) -> list[str]:
        """Ask for a GPU in vain, as an event of a visitor with a token does."""
        self._api.refusal = {"left": left, "wait": wait}
        try:
            with visit(token):
                return self.make()["failures"]
        finally:
            self._api.refusal = None

    def wait_for_gpu(self) -> dict:
        self._api.delay = 0.5
        try:
            return self.make()
        finally:
            self._api.delay = 0.0

    def watch(self) -> dict:
        """Make a picture that takes a while, and end in its middle."""
        return make(self.manager, self._long, lambda report, stop: stop.set() if report.step > 30 else None)

    def kill(self) -> list[str]:
        return make(self.manager, self._long, lambda *_: stop_processes())["failures"]

    def stop(self, *, closes: bool) -> dict:
        """Stop a picture after its first step; returns how many seconds that took, and until the GPU was released."""
        started = 0.0

        def on_step(_: Progress, stop: Event) -> None:
            nonlocal started
            started = started or time.monotonic()
            if not closes:
                stop.set()

        self._api.requests.clear()
        made = make(self.manager, self._long, on_step, leaves=closes)
        ended = time.monotonic() - started
        while not self._api.take("/release"):
            assert time.monotonic() < started + LIMIT, "the GPU was not released"
            time.sleep(0.01)
        return made | {"ended": ended, "released": time.monotonic() - started}

    def close(self) -> int:
        """Close the manager; returns how many processes are left after a moment."""
        self.manager.close()
        end = time.monotonic() + LIMIT
        while multiprocessing.active_children() and time.monotonic() < end:
            time.sleep(0.01)
        return len(multiprocessing.active_children())


@contextmanager
def visit(token: str) -> Iterator[None]:
    """Do what is done inside as an event of a visitor with a token."""
    from gradio.context import LocalContext
    from starlette.requests import Request

    headers = [(b"x-ip-token", token.encode())] if token else []
    LocalContext.request.set(Request({"type": "http", "headers": headers}))
    try:
        yield
    finally:
        LocalContext.request.set(None)


def stop_processes() -> None:
    """Take all processes away, as ZeroGPU does with idle ones where others need the GPU."""
    for process in multiprocessing.active_children():
        process.kill()


def browse(url: str, api: DeviceApi) -> dict:
    """Make pictures as programs do; returns the requests that ZeroGPU got."""
    import httpx2
    from gradio_client import Client

    seen = {"reports of the start": len(api.take("/startup-report"))}
    client = Client(url, headers={"x-ip-token": TOKEN}, verbose=False)
    made = json.loads(client.predict("a boat", "0", **SMALL, api_name="/grid"))
    seen["event"] = {"pictures": len(made["pictures"]), "calls": api.take("/schedule")}
    body, headers = {"prompt": "a boat", "seed": 7, **SMALL}, {"x-ip-token": TOKEN}
    answer = httpx2.post(f"{url}/sdapi/v1/txt2img", json=body, headers=headers, timeout=LIMIT, trust_env=False)
    seen["program"] = {"status": answer.status_code, "calls": api.take("/schedule")}
    seen["agent"] = {"pictures": asyncio.run(call_tool(url)), "calls": api.take("/schedule")}
    return seen


async def call_tool(url: str) -> int:
    """Make a picture as an agent does; returns how many came."""
    import httpx
    from mcp import ClientSession
    from mcp.client.streamable_http import streamable_http_client

    async with (
        httpx.AsyncClient(headers={"x-ip-token": TOKEN}, timeout=LIMIT, trust_env=False) as client,
        streamable_http_client(f"{url}/seedlab/mcp", http_client=client) as (read, write, _),
        ClientSession(read, write) as session,
    ):
        await session.initialize()
        made = await session.call_tool("grid", {"prompt": "a boat", "seeds": "9", **SMALL})
        return len(json.loads(made.content[0].text)["pictures"])


def wait_for(url: str) -> None:
    import httpx2

    end = time.monotonic() + LIMIT
    while True:
        try:
            assert httpx2.get(f"{url}/config", trust_env=False).status_code == 200
            return
        except httpx2.TransportError:
            assert time.monotonic() < end, "the page is not served"
            time.sleep(0.1)


def serve_page(api: DeviceApi, folder: Path, seen: dict) -> None:
    """Serve the page as the platform does, and write what was seen. This ends the process, as the page does."""
    import app
    from seedlab.server.address import check_address

    port = check_address("127.0.0.1", 0)
    url = f"http://127.0.0.1:{port}"

    def visit_page() -> None:
        try:
            wait_for(url)
            seen["page"] = browse(url, api)
            (folder / "seen.json").write_text(json.dumps(seen), encoding="utf-8")
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    sys.argv[1:] = ["--port", str(port), "--no-open", "--device", "cpu", "--api", "--mcp"]
    sys.argv += ["--store", str(folder / "store")]
    Thread(target=visit_page, daemon=True).start()
    app.main()


def main(folder: Path) -> None:
    api = DeviceApi()
    enter_space(api.url)
    use_threads(1)
    seen = {"placed": place_weights()}
    leave_cuda()
    space = Space(api, folder)
    usual = PipelineManager("cpu")  # imports what the forked processes need too
    seen["usual"] = make(usual, space.recipes)["pictures"]
    usual.close()
    with visit(TOKEN):
        seen["first"] = space.make()
    seen["second"] = space.make()
    seen["short calls"] = space.make_in_short_calls(0)
    seen["another gpu"] = space.make_in_short_calls(0, 1, count=1)
    seen["draft"] = space.make(1, draft_steps=1)
    seen["finished"] = space.make_in_short_calls(0, count=1)
    seen["watched"] = space.watch()
    seen["refusals"] = {
        "too little": space.refuse(4, 12_000, TOKEN),
        "too often": space.refuse(9, 0, TOKEN),
        "too long": space.refuse(9, -1, TOKEN),
        "nobody's": space.refuse(4, 12_000, ""),
    }
    seen["killed"] = space.kill()
    seen["after the kill"] = space.make()
    seen["stopped"], seen["left"] = space.stop(closes=False), space.stop(closes=True)
    seen["after the stop"] = space.wait_for_gpu()
    seen["processes left"] = space.close()
    serve_page(api, folder, seen)


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]))
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        stop_processes()
        os._exit(1)  # an orderly exit would wait for the forked processes
