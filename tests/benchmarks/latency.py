"""How long a visitor waits: from process start to the page, and from a click to previews, tile and grid in Chromium.

    python -m tests.benchmarks.latency            five runs of the real app with Sketch, each with an empty store

Times are read in the page itself, when the elements show; medians are printed. SEEDLAB_CHROMIUM says where Chromium
is, if it is not /usr/bin/chromium.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.browser.screen import open_browser
from tests.browser.server import ROOT, find_port

WATCH = """() => {
  window.seen = {};
  const newest = () => [...document.querySelectorAll('section.round')].pop();
  const look = () => {
    const now = performance.now();
    const note = (name, is) => { if (is && !(name in window.seen)) window.seen[name] = now; };
    const last = newest();
    if (last && last !== window.before) {
      note('first preview', last.querySelector('img.preview[src]'));
      note('first tile', last.querySelector('figure.shown'));
      const tiles = last.querySelectorAll('figure');
      note('whole grid', tiles.length && last.querySelectorAll('figure.shown').length === tiles.length);
    }
    requestAnimationFrame(look);
  };
  const begin = () => Object.assign(window, { clicked: performance.now(), seen: {}, before: newest() });
  document.addEventListener('click', begin, true);
  look();
}"""


def measure_start(process: subprocess.Popen, url: str, started: float) -> dict[str, float | bool]:
    """Wait for the page to be served; returns the seconds, and whether torch was loaded by then (Linux alone)."""
    while process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                answer.read()
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.02)
            continue
        seconds = time.perf_counter() - started
        maps = Path(f"/proc/{process.pid}/maps")
        return {"served": seconds, "torch loaded": maps.exists() and "libtorch" in maps.read_text()}
    raise SystemExit("The app ended before it served its page.")


def measure_click(page: Page, selector: str, rounds: int) -> dict[str, float]:
    """Click, wait for the newest round to be whole; returns seconds from the click to what the visitor sees."""
    page.click(selector)
    page.wait_for_function(
        "count => document.querySelectorAll('section.round').length >= count && 'whole grid' in window.seen",
        arg=rounds,
        timeout=300_000,
    )
    return page.evaluate("Object.fromEntries(Object.entries(seen).map(([k, v]) => [k, (v - clicked) / 1000]))")


def run(store: str) -> dict[str, float | bool]:
    """Start the app with an empty store, and go through the main job once, twice for the warm times."""
    port = find_port()
    url = f"http://127.0.0.1:{port}/"
    command = [sys.executable, "app.py", "--no-open", "--port", str(port), "--store", store]
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        found = measure_start(process, url, started)
        with sync_playwright() as playwright:
            browser = open_browser(playwright)
            page = browser.new_page()
            page.goto(url)
            page.wait_for_selector("#generate")
            page.evaluate(WATCH)
            found |= {f"cold: {name}": seconds for name, seconds in measure_click(page, "#generate", 1).items()}
            lock = measure_click(page, "section.round figure:nth-of-type(3) button.frame", 2)
            found |= {f"lock: {name}": seconds for name, seconds in lock.items()}
            page.keyboard.press("Escape")  # unlocks
            page.fill("#seeds input, #seeds textarea", "4-7")
            found |= {f"warm: {name}": seconds for name, seconds in measure_click(page, "#generate", 1).items()}
            browser.close()
        return found
    finally:
        process.terminate()
        process.wait(30)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5, help="how many times the app is started")
    flags = parser.parse_args()
    runs = []
    for _ in range(flags.runs):
        with tempfile.TemporaryDirectory() as store:
            runs.append(run(store))
    for name in runs[0]:
        values = [each[name] for each in runs]
        if isinstance(values[0], bool):
            print(f"{name:28} {'yes' if any(values) else 'no'}, when the page was served")
        else:
            print(f"{name:28} {statistics.median(values):6.2f} s  ({min(values):.2f} to {max(values):.2f})")


if __name__ == "__main__":
    main()
