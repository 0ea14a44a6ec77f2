"""Whether many visitors of one process share it fairly, at full speed and within its memory.

    python -m tests.benchmarks.visitors                     # everything, in about three minutes
    python -m tests.benchmarks.visitors --only crowd        # or sheet, or memory
    python -m tests.benchmarks.visitors --only crowd --side 256 --steps 20    # pictures as the page makes them

The app runs in a process of its own, and every visitor has an address on loopback and asks for pictures of Sketch
through the named endpoints: small ones, unless others are wanted, because they show best what SeedLab itself costs.
`crowd` compares visitors who all ask at once for a round of four with one who asks for as many rounds, one after
another. `sheet` measures how long a round of four waits beside somebody's sheet of 64. `memory` compares the server's
memory after the 50th and after the 500th round of ten tabs, and says what each tab more adds. A run ends by itself:
whatever takes more than `--limit` seconds fails.
"""

import argparse
import json
import os
import secrets
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

import httpx2
import psutil

from tests.browser.server import Server, start_server

SIDE, STEPS = 64, 4
SHEET = [f"{first}-{first + 15}" for first in range(0, 64, 16)]
"""The calls of a sheet of 64: one call makes 16 pictures at most."""

PROMPTS = map("a boat, {}".format, count())
"""Nothing is taken from the store: no prompt comes twice."""


@dataclass(frozen=True)
class Load:
    """Visitors of one server.

    Attributes:
        server: serves them.
        limit: seconds within which a call must end.
        side, steps: of each picture, in pixels and denoising steps.
    """

    server: Server
    limit: float
    side: int = SIDE
    steps: int = STEPS

    def ask(self, visitor: int, seeds: str = "0-3", steps: int | None = None, session: str = "") -> float:
        """Make pictures for a visitor, 0 to 999, in a tab of theirs, "" for a new one; returns the seconds."""
        given = {"prompt": next(PROMPTS), "seeds": seeds, "steps": steps or self.steps}
        given |= {"model": "sketch", "width": self.side, "height": self.side}
        data = [given.get(name, default) for name, default in self.inputs.items()]
        # The whole of 127.0.0.0/8 is this machine: each visitor comes from an address of their own. Nothing is
        # encrypted, and to read the certificates for each of 50 visitors takes the server's processors a second.
        address = f"127.0.{1 + visitor // 250}.{1 + visitor % 250}"
        transport = httpx2.HTTPTransport(local_address=address, verify=False)
        with httpx2.Client(base_url=self.server.url, timeout=self.limit, transport=transport) as client:
            begun, session = time.perf_counter(), session or secrets.token_hex(8)
            call = {"fn_index": self.function, "data": data, "session_hash": session}
            client.post("/gradio_api/queue/join", json=call).raise_for_status()
            last = read_end(client, session)
        if not last["success"]:
            raise RuntimeError(f"No pictures came: {last}")
        return time.perf_counter() - begun

    @cached_property
    def function(self) -> int:
        """The number of the endpoint."""
        dependencies = self._read("/config")["dependencies"]
        return int(next(each["id"] for each in dependencies if each["api_name"] == "grid"))

    @cached_property
    def inputs(self) -> dict[str, Any]:
        """The names of the endpoint's inputs, in order, with their defaults: the server refuses any other number."""
        endpoint = self._read("/gradio_api/info")["named_endpoints"]["/grid"]
        return {each["parameter_name"]: each["parameter_default"] for each in endpoint["parameters"]}

    def _read(self, path: str) -> dict[str, Any]:
        """Read what the app says of itself."""
        return dict(httpx2.get(f"{self.server.url}{path}", timeout=self.limit).raise_for_status().json())

    def ask_at_once(self, calls: list[tuple[int, str]]) -> tuple[list[float], float]:
        """Make pictures for many visitors at once; returns the seconds of each, and of all of them."""
        begun = time.perf_counter()
        with ThreadPoolExecutor(len(calls)) as visitors:
            seconds = list(visitors.map(lambda call: self.ask(*call), calls))
        return seconds, time.perf_counter() - begun

    @property
    def memory(self) -> float:
        """What the server has in memory, in megabytes."""
        return float(psutil.Process(self.server.process.pid).memory_info().rss / 1e6)


def read_end(client: httpx2.Client, session: str) -> dict[str, Any]:
    """Read the messages of a call; returns the last one."""
    with client.stream("GET", f"/gradio_api/queue/data?session_hash={session}") as messages:
        for line in messages.raise_for_status().iter_lines():
            message = json.loads(line.removeprefix("data: ")) if line.startswith("data: ") else {}
            if message.get("msg") == "process_completed":
                return dict(message)
    raise RuntimeError("The stream ended before the pictures came.")


def measure_crowd(load: Load, visitors: int) -> dict[str, object]:
    """Compare visitors who come at once with one who asks as often, half of it before them and half after them."""
    one = sum(load.ask(0) for _ in range(visitors // 2))
    seconds, together = load.ask_at_once([(visitor, "0-3") for visitor in range(visitors)])
    one += sum(load.ask(0) for _ in range(visitors - visitors // 2))
    batch = together / visitors
    # The nth to be served waits for n rounds, and for the one that was running.
    late = max(each - (place + 1) * batch for place, each in enumerate(sorted(seconds)))
    return {
        "visitors": visitors,
        "one visitor, s": round(one, 2),
        "all at once, s": round(together, 2),
        "throughput, times one visitor's": round(one / together, 3),
        "a round of four, s": round(batch, 3),
        "latest after its turn, rounds": round(late / batch, 2),
    }


def measure_sheet(load: Load, rounds: int = 9) -> dict[str, object]:
    """Compare rounds of four alone and beside a sheet of 64."""
    alone = median(load.ask(1) for _ in range(rounds))
    with ThreadPoolExecutor(1) as others:
        sheets = others.submit(load.ask_at_once, [(0, seeds) for seeds in SHEET * 3])
        time.sleep(alone)
        beside: list[float] = []
        while not sheets.done() and len(beside) < rounds:
            beside.append(load.ask(1))
        sheets.result()
    return {
        "rounds beside the sheet": len(beside),
        "alone, s": round(alone, 3),
        "beside a sheet, s": round(median(beside), 3),
        "longest, s": round(max(beside), 3),
        "longer by, batches": round((median(beside) - alone) / alone, 2),
    }


def measure_memory(load: Load, few: int = 50, many: int = 500, tabs: int = 100) -> dict[str, object]:
    """Compare the server's memory after few and after many rounds of ten visitors, and with many tabs more."""
    found = {}
    for number in range(1, many + tabs + 1):
        # A tab asks for many rounds, and so does a client of `gradio_client`.
        session = f"tab-{number % 10}" if number <= many else ""
        load.ask(number % 10, seeds="0-1", steps=1, session=session)
        found[number] = load.memory
    return {
        f"after {few} rounds, MB": round(found[few]),
        f"after {many} rounds, MB": round(found[many]),
        "growth, %": round(100 * (found[many] / found[few] - 1), 1),
        "a tab and its round, MB": round((found[many + tabs] - found[many]) / tabs, 3),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=("crowd", "sheet", "memory"), default=("crowd", "sheet", "memory"))
    parser.add_argument("--visitors", type=int, default=50)
    parser.add_argument("--side", type=int, default=SIDE, help="of each picture, in pixels")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--limit", type=float, default=120, help="seconds within which a call must end")
    given = parser.parse_args()
    threads = str(os.cpu_count())
    with tempfile.TemporaryDirectory() as folder:
        server = start_server(Path(folder), OMP_NUM_THREADS=threads)
        try:
            load = Load(server, given.limit, given.side, given.steps)
            load.ask(0)  # loads the model
            measures: dict[str, Callable[[], dict[str, object]]] = {
                "crowd": lambda: measure_crowd(load, given.visitors),
                "sheet": lambda: measure_sheet(load),
                "memory": lambda: measure_memory(load),
            }
            for name in given.only:
                print(json.dumps({name: measures[name]()}), flush=True)
        finally:
            server.stop()


if __name__ == "__main__":
    main()
