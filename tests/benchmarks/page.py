"""What a picture costs by all that is on the page, in Chromium.

    python -m tests.benchmarks.page               64 tiles against 16 rounds of four; suffixes after 2 and 60 columns

Sketch makes pictures of 128 pixels, or of 64 for the columns, in four steps. Times are read in the page itself, from
the click until all tiles show, on one running app that has loaded the model. Nothing else should run on the machine.
Where something does, compare the seconds of the processor: those of the server and of the page's main thread.
"""

import argparse
import os
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path

import psutil
from playwright.sync_api import Browser, CDPSession, sync_playwright

from tests.benchmarks.latency import WATCH, measure_click
from tests.browser.screen import Screen, open_browser
from tests.browser.server import Server, start_server

STEPS, SIDE, SMALL_SIDE = 4, 128, 64
SUFFIXES = ", artsy\n, trending\n, colored\n, dramatic"
GRIDS = [f"{first}-{first + 3}" for first in range(0, 64, 4)]
FEW, MANY = 2, 60
"""Columns on the page."""


def open_tab(browser: Browser, url: str, prompt: str, side: int = SIDE) -> Screen:
    """Open a tab with its own browser profile and small pictures."""
    screen = Screen(browser.new_context(viewport={"width": 1440, "height": 900}).new_page(), url).open()
    screen.set_steps(STEPS, side)
    screen.fill("prompt", prompt)
    screen.fill("suffixes", SUFFIXES)
    screen.page.evaluate(WATCH)
    return screen


def generate(screen: Screen, seeds: str) -> float:
    """Generate a first round; returns the seconds until all its tiles show."""
    screen.fill("seeds", seeds)
    return measure_click(screen.page, "#generate", 1)["whole grid"]


def vary(screen: Screen, column: int, index: int) -> float:
    """Lock a tile of the newest or the second newest column; returns the seconds until all its variations show."""
    tile = f":nth-match(section.round, {column}) >> figure >> nth={index} >> button.frame"
    return measure_click(screen.page, tile, column + 1)["whole grid"]


def measure_rounds(browser: Browser, url: str, prompt: str, rounds: Sequence[str]) -> float:
    """Generate first rounds one after another; returns the seconds until all pictures show."""
    screen = open_tab(browser, url, prompt)
    seconds = sum(generate(screen, seeds) for seeds in rounds)
    screen.page.context.close()
    return seconds


def read_processor(server: Server, session: CDPSession) -> float:
    """Return the processor's seconds that the server and the page's main thread have taken."""
    times = psutil.Process(server.process.pid).cpu_times()
    metrics = {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}
    return times.user + times.system + metrics["TaskDuration"]


def measure_columns(browser: Browser, server: Server) -> tuple[float, float]:
    """Return the median seconds of a round of suffixes with few and with many columns on the page."""
    screen = open_tab(browser, server.url, "fox", SMALL_SIDE)
    session = screen.page.context.new_cdp_session(screen.page)
    session.send("Performance.enable")
    generate(screen, "0-3")
    found = []
    for column in range(1, MANY):
        vary(screen, column, 0)
        if column + 1 in (FEW, MANY):
            before = read_processor(server, session)
            found.append(statistics.median([vary(screen, column + 1, index) for index in (3, 2, 1)]))
            taken = (read_processor(server, session) - before) / 3
            print(f"suffixes after {column + 1} columns: {found[-1]:.2f} s, processor {taken:.2f} s", flush=True)
    screen.page.context.close()
    return found[0], found[1]


def print_tiles(browser: Browser, server: Server) -> None:
    """Measure 64 tiles in one round, and in 16."""
    whole, grids, url = [], [], server.url
    for prompt in ("cat", "boat"):
        whole.append(measure_rounds(browser, url, prompt, ["0-63"]))
        grids.append(measure_rounds(browser, url, f"{prompt}, dramatic", GRIDS))
        print(f"64 tiles in one round {whole[-1]:6.2f} s, in 16 rounds {grids[-1]:6.2f} s", flush=True)
    print(f"64 tiles cost {sum(whole) / sum(grids):.2f} times as much as 16 rounds of four")


def print_columns(browser: Browser, server: Server) -> None:
    """Measure rounds of suffixes beside few and beside many columns."""
    few, many = measure_columns(browser, server)
    print(f"a round after {MANY} columns costs {many / few:.2f} times as much as after {FEW}")


PARTS = {"tiles": print_tiles, "columns": print_columns}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=PARTS, help="one of the two measurements")
    only = parser.parse_args().only
    threads = str(os.cpu_count())
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = start_server(Path(folder), OMP_NUM_THREADS=threads)
        try:
            browser = open_browser(playwright)
            measure_rounds(browser, server.url, "house", ["0-7"])  # loads the model, and makes its batches exact
            for name in [only] if only else PARTS:
                PARTS[name](browser, server)
        finally:
            server.stop()


if __name__ == "__main__":
    main()
