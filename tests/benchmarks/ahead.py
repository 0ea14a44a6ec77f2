"""What pictures that are made ahead gain, and what they cost those who wait, in Chromium.

    python -m tests.benchmarks.ahead                # Sketch as it comes, ten clicks; about five minutes
    python -m tests.benchmarks.ahead --rest 5       # the pointer rests for five seconds before a click

A visitor rests on a tile, and clicks it: the seconds until all variations are painted, and how often they take at most
0.3 s. Beside it, the seconds of a new round of seeds while pictures are made ahead, and while none are.
"""

import argparse
import json
import statistics
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.benchmarks.latency import WATCH, measure_click
from tests.browser.screen import Screen, open_browser
from tests.browser.server import start_server

PROMPT = "Labrador in the style of Vermeer"
AT_ONCE = 0.3
"""Seconds from a click to a round that counts as there already."""


def find_tile(round_: int, index: int) -> str:
    return f":nth-match(section.round, {round_}) >> figure >> nth={index} >> button.frame"


def generate(screen: Screen, first: int) -> float:
    """Make a round of four seeds; returns the seconds."""
    screen.page.keyboard.press("Escape")  # unlocks
    screen.fill("seeds", f"{first}-{first + 3}")
    return measure_click(screen.page, "#generate", 1)["whole grid"]


def rest_and_click(screen: Screen, index: int, seconds: float) -> float:
    """Rest on a tile of the first round, and click it; returns the seconds until its variations are painted."""
    screen.page.locator(find_tile(1, index)).hover()
    screen.page.wait_for_timeout(seconds * 1000)
    return measure_click(screen.page, find_tile(1, index), 2)["whole grid"]


def measure_clicks(screen: Screen, clicks: int, seconds: float) -> dict[str, object]:
    """Click tiles of several rounds, each after a rest."""
    found = []
    for number in range(clicks):
        if number % 4 == 0:
            generate(screen, number)
        found.append(rest_and_click(screen, number % 4, seconds))
    return {
        "clicks": clicks,
        "rest, s": seconds,
        "at once, %": round(100 * sum(each <= AT_ONCE for each in found) / clicks),
        "median, s": round(statistics.median(found), 3),
        "longest, s": round(max(found), 3),
    }


def measure_cost(screen: Screen, rounds: int) -> dict[str, object]:
    """Compare new rounds that are asked for while pictures are made ahead with rounds that are not, in alternation."""
    times: dict[bool, list[float]] = {True: [], False: []}
    for number in range(2 * rounds):
        is_ahead = bool(number % 2)
        if is_ahead:
            screen.page.locator(find_tile(1, 1)).hover()
            screen.page.wait_for_timeout(1000)  # it has begun
        times[is_ahead].append(generate(screen, 100 + 4 * number))
        screen.page.mouse.move(5, 5)
    beside, alone = (sorted(times[is_ahead]) for is_ahead in (True, False))
    return {
        "alone, s": round(statistics.median(alone), 3),
        "beside, s": round(statistics.median(beside), 3),
        "times": round(statistics.median(beside) / statistics.median(alone), 3),
        "slowest tenth alone and beside, s": [round(each[-max(1, rounds // 10)], 3) for each in (alone, beside)],
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clicks", type=int, default=10)
    parser.add_argument("--rest", type=float, default=10.0, help="seconds")
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = start_server(Path(folder), SEEDLAB_AHEAD="1", OMP_NUM_THREADS="2")
        browser = open_browser(playwright)
        try:
            screen = Screen(browser.new_context(viewport={"width": 1440, "height": 900}).new_page(), server.url).open()
            screen.fill("prompt", PROMPT)
            screen.page.evaluate(WATCH)
            generate(screen, 1000)  # loads the model
            print(json.dumps(measure_clicks(screen, given.clicks, given.rest)), flush=True)
            print(json.dumps(measure_cost(screen, given.rounds)), flush=True)
        finally:
            browser.close()
            server.stop()


if __name__ == "__main__":
    main()
