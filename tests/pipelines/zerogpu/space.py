"""What the tests let a Space do. Imported in its process, before torch."""

import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread

from seedlab.core.reports import Progress
from seedlab.pipelines.manager import PipelineManager
from seedlab.pipelines.run_store import RunStore
from tests.pipelines.zerogpu.host import DeviceApi, enter_space, leave_cuda
from tests.pipelines.zerogpu.rounds import make
from tests.rounds import seed_round

LIMIT = 60.0
API = DeviceApi()
enter_space(API.url)


def place_weights(home: str) -> dict:
    """Load Sketch in the main thread, and in another, for the GPU that this process is said to have."""
    import spaces.zero.torch.patching as patching

    from seedlab.pipelines.zerogpu.executor import ZeroGpuExecutor

    patching.Config.zerogpu_offload_dir = str(Path(home) / "tensors")
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
        "has preview": loaded.preview is not None,
        "bytes of weights": sum(each.nbytes for each in loaded.pipeline.unet.parameters()),
        "bytes": patching.pack(),
    }
    manager.close()
    return seen


class Space:
    """A Space whose GPU is the CPU of its forked processes."""

    def __init__(self, folder: str) -> None:
        leave_cuda()
        from seedlab.pipelines.zerogpu.executor import ZeroGpuExecutor

        runs = RunStore(Path(folder) / "runs", 2**28)
        self.manager = PipelineManager(executor=ZeroGpuExecutor("cpu", runs=runs))
        self.usual = PipelineManager("cpu")
        model = self.manager.resolve("sketch")
        self.recipe = model.make_recipe(prompt="a boat", seed=0, height=64, width=64, num_inference_steps=3)
        self.recipes = seed_round(self.recipe, range(4))
        self.manager.preload("sketch")

    def make_usual(self) -> dict:
        return make(self.usual, self.recipes)

    def make(self, **options: object) -> dict:
        """Make the round; returns what came of it, and which calls it took."""
        API.requests.clear()
        seen = make(self.manager, self.recipes, **options)
        durations = [int(each["durationSeconds"]) for each in API.take("/schedule")]
        return {**seen, "durations": durations, "known device": self.manager.environment(self.recipe).device}

    def make_long(self) -> dict:
        """Make pictures that take half a second."""
        return make(self.manager, [replace(recipe, num_inference_steps=40) for recipe in self.recipes])

    def make_in_short_calls(self, gpus: list[int]) -> dict:
        """Make the round in calls that are over after one step, each in a process of its own."""
        from seedlab.pipelines.zerogpu import runner

        usual, runner.RESERVE_SECONDS = runner.RESERVE_SECONDS, 1000.0
        API.gpus, API.keeps_processes = gpus, False
        try:
            return self.make()
        finally:
            runner.RESERVE_SECONDS = usual
            API.gpus, API.keeps_processes = [0], True

    def finish_drafts(self) -> dict:
        """Make drafts, and finish them in another process."""
        drafts = self.make(draft_steps=1)
        stop_processes()
        return {"drafts": drafts, "finished": self.make()}

    def refuse(self, left: int, wait: int, token: str) -> dict:
        """Ask for a GPU in vain, as an event of a visitor with a token does."""
        API.refusal = {"left": left, "wait": wait}
        try:
            with visit(token):
                return self.make()
        finally:
            API.refusal = None

    def wait_for_gpu(self) -> dict:
        API.delay = 0.5
        try:
            return self.make()
        finally:
            API.delay = 0.0

    def kill(self) -> dict:
        def on_step(_: Progress, __: Event) -> None:
            for process in multiprocessing.active_children():
                os.kill(process.pid, signal.SIGKILL)

        return make(self.manager, self._lengthen(), on_step)

    def stop(self, closes: bool) -> dict:
        """Stop a long round after its first step; returns how many seconds that took, and what is left of the calls."""
        started = 0.0

        def on_step(_: Progress, stop: Event) -> None:
            nonlocal started
            started = started or time.monotonic()
            if not closes:
                stop.set()

        API.requests.clear()
        seen = make(self.manager, self._lengthen(), on_step, leaves=closes)
        ended = time.monotonic() - started
        while not API.take("/release"):
            assert time.monotonic() < started + LIMIT, "the GPU was not released"
            time.sleep(0.01)
        return {**seen, "ended": ended, "released": time.monotonic() - started}

    def pass_token(self, token: str) -> list[str | None]:
        """Make the round for a visitor with a token; returns the tokens that ZeroGPU got."""
        API.requests.clear()
        with visit(token):
            make(self.manager, self.recipes)
        return [each.get("token") for each in API.take("/schedule")]

    def close(self) -> list[int]:
        """Close the manager; returns which processes are left after a moment."""
        self.manager.close()
        end = time.monotonic() + LIMIT
        while multiprocessing.active_children() and time.monotonic() < end:
            time.sleep(0.01)
        return [process.pid for process in multiprocessing.active_children()]

    def _lengthen(self) -> list:
        return [replace(recipe, num_inference_steps=400) for recipe in self.recipes]


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
        process.join()


_SPACES: list[Space] = []


def start(folder: str) -> None:
    _SPACES.append(Space(folder))


def ask(name: str, arguments: list, options: dict) -> object:
    """Call a method of the Space."""
    return getattr(_SPACES[0], name)(*arguments, **options)
