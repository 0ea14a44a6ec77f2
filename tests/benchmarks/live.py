"""How soon live words follow the typing, in Chromium: from the last letter to the first change, and to the draft.

    python -m tests.benchmarks.live            the real app with Sketch, 10 edits of the prompt

A change is seen when the picture in the detail has another source, in the next frame. Medians are printed.
SEEDLAB_CHROMIUM says where Chromium is, if it is not /usr/bin/chromium.
"""

import argparse
import statistics
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.browser.screen import PATIENCE, Screen, open_browser
from tests.browser.server import start_server

EDITS = (" at night", " in the snow", " on a beach", " at sunset", " in a garden")
WATCH = """() => {
  const find = () => document.querySelector('.view .live:not(.stale)');
  let typed = 0;
  let before = '';
  const look = () => {
    const figure = find();
    const source = figure?.querySelector('img').getAttribute('src');
    const now = performance.now();
    if (source && source !== before) {
      window.seen['first change'] ??= now - typed;
      if (!figure.classList.contains('rough')) window.seen.draft ??= now - typed;
    }
    requestAnimationFrame(look);
  };
  document.querySelector('#prompt textarea').addEventListener('input', () => {
    typed = performance.now();
    before = document.querySelector('.view .live img')?.getAttribute('src') || '';
    window.seen = {};
  });
  look();
}"""


def measure_edit(page: Page, words: str) -> dict[str, float]:
    """Type words at the end of the prompt; returns seconds from the last letter to what the user sees."""
    prompt = page.locator("#prompt textarea")
    prompt.press("End")
    prompt.press_sequentially(words, delay=90)
    page.wait_for_function("() => 'draft' in window.seen", timeout=PATIENCE)
    seen = page.evaluate("seen")
    for _ in words:
        prompt.press("Backspace")
    page.wait_for_timeout(1000)
    return {name: milliseconds / 1000 for name, milliseconds in seen.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--edits", type=int, default=10, help="how many times the prompt is edited")
    parser.add_argument("--threads", type=int, default=2, help="threads of torch")
    flags = parser.parse_args()
    threads = {"OMP_NUM_THREADS": str(flags.threads)}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = start_server(Path(folder), SEEDLAB_CACHE=str(Path(folder) / "cache"), **threads)
        browser = open_browser(playwright)
        try:
            screen = Screen(browser.new_page(viewport={"width": 1440, "height": 900}), server.url).open()
            screen.fill("suffixes", ", artsy")
            screen.generate(seeds="2")
            screen.wait_done(0, 1)
            screen.frame(0, 0).click()
            screen.wait_done(1, 1)
            screen.page.locator("#live input").check()
            screen.page.evaluate(WATCH)
            found = [measure_edit(screen.page, EDITS[number % len(EDITS)]) for number in range(flags.edits)]
        finally:
            browser.close()
            server.stop()
    for name in ("first change", "draft"):
        values = [each[name] for each in found]
        print(f"{name:14} {statistics.median(values):5.2f} s  ({min(values):.2f} to {max(values):.2f})")


if __name__ == "__main__":
    main()
