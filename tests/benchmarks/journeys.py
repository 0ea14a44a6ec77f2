"""What visitors' tasks cost in clicks, keys and seconds; how smoothly 64 pictures fill the page; what 30 rounds occupy.

    python -m tests.benchmarks.journeys                 all three, in Chromium, with the real app
    python -m tests.benchmarks.journeys --only fill     one of them: tasks, fill or memory

Sketch makes pictures of 128 pixels in four steps. A task is over when its answer is painted. Clicks and keys are those
that the page receives; typing words counts as keys. Nothing else should run on the machine. SEEDLAB_CHROMIUM says where
Chromium is, if it is not /usr/bin/chromium.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import psutil
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.screen import PATIENCE, Screen, open_browser
from tests.browser.server import start_server

STEPS, SIDE, MANY, ROUNDS = 4, 128, 64, 30
FRAME_MILLISECONDS = 17.2
"""A frame at 60 Hz, and what the clock of the page is off by."""

COUNT = """() => {
  window.counted = { clicks: 0, keys: 0 };
  addEventListener('pointerdown', () => { window.counted.clicks += 1; }, true);
  addEventListener('keydown', () => { window.counted.keys += 1; }, true);
}"""
WATCH = """() => {
  window.smooth = { frames: [], tasks: [], shift: 0 };
  const note = (type, take) => new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type });
  note('longtask', ({ duration }) => window.smooth.tasks.push(duration));
  note('layout-shift', ({ value, hadRecentInput }) => { if (!hadRecentInput) window.smooth.shift += value; });
  let last = performance.now();
  const look = (now) => { window.smooth.frames.push(now - last); last = now; requestAnimationFrame(look); };
  requestAnimationFrame(look);
}"""
PAINTED = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


def open_tab(browser: Browser, url: str, prompt: str) -> Screen:
    """Open a tab with its own browser profile and small pictures."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, permissions=["clipboard-write"])
    screen = Screen(context.new_page(), url).open()
    screen.set_steps(STEPS, SIDE)
    screen.fill("prompt", prompt)
    return screen


def generate(screen: Screen, seeds: str, count: int) -> None:
    """Make a first round."""
    screen.generate(seeds=seeds)
    wait_for_pictures(screen, count)


def wait_for_pictures(screen: Screen, count: int) -> None:
    """Wait until so many pictures on the page are finished."""
    expect(screen.page.locator('.round .tile[data-state="done"]')).to_have_count(count, timeout=5 * PATIENCE)


def wait_for_all(screen: Screen) -> None:
    """Wait until no picture on the page is waited for."""
    unfinished = screen.page.locator(".round .tile:is([data-state=waiting], [data-state=running])")
    expect(unfinished).to_have_count(0, timeout=PATIENCE)


def lock(screen: Screen) -> None:
    """Lock seed 2 of a new round, and wait for its four variations."""
    screen.frame(0, 2).click()
    screen.wait_done(1)


def compare(screen: Screen) -> None:
    screen.action("Compare").click()
    expect(screen.page.locator(".compare-box tbody th").first).to_be_visible()
    screen.page.evaluate(PAINTED)


def change_a_word(screen: Screen) -> None:
    screen.page.locator("#prompt textarea").press("End")
    screen.page.keyboard.type(" at night")
    screen.page.locator("#generate").click()
    expect(screen.page.locator(".round").last).to_contain_text("at night")
    wait_for_all(screen)


def make_larger(screen: Screen) -> None:
    screen.action("Larger").click()
    expect(screen.page.locator(".round h2").last).to_contain_text(f"{2 * SIDE}×{2 * SIDE}")
    wait_for_all(screen)


def copy_link(screen: Screen) -> None:
    with screen.page.expect_response("**/gradio_api/**"):
        screen.action("Copy link").click()


def keep_three(screen: Screen) -> None:
    """Keep every second of the first six pictures, by keys alone."""
    screen.frame(0, 0).focus()
    for _ in range(3):
        for key in ("p", "ArrowRight", "ArrowRight"):
            screen.page.keyboard.press(key)
    expect(screen.page.locator(".round .tile.kept")).to_have_count(3)


def find_again(screen: Screen) -> None:
    """Open the gallery, and a picture of it in its round."""
    screen.page.locator(".gallery-open").click()
    screen.page.locator(".gallery-box .entry").first.click()
    expect(screen.page.locator(".gallery-box")).to_have_count(0)
    expect(screen.page.locator('.round .tile[data-state="done"]').first).to_be_visible()


def revisit(screen: Screen) -> None:
    """Go to the other first round."""
    screen.page.locator(".roots button").first.click()
    expect(screen.page.locator(".roots button").first).to_have_attribute("aria-current", "true")
    screen.page.evaluate(PAINTED)


TASKS: tuple[tuple[str, Callable[[Screen], None]], ...] = (
    ("four variations of a locked seed", lock),
    ("the picture and its parent, compared large", compare),
    ("one word changed, with the seed locked", change_a_word),
    ("larger", make_larger),
    ("exact settings to a colleague, as a link", copy_link),
)
LATER: tuple[tuple[str, Callable[[Screen], None]], ...] = (
    ("three of 64 kept", keep_three),
    ("a picture of yesterday, in its round", find_again),
    ("another first round", revisit),
)


def measure_tasks(browser: Browser, url: str) -> None:
    """Print what each task costs."""
    screen = open_tab(browser, url, "Labrador in the style of Vermeer")
    generate(screen, "0-3", 4)
    screen.page.evaluate(COUNT)
    _measure_each(screen, TASKS)
    screen.generate("cat, Van Gogh", f"0-{MANY - 1}")
    wait_for_pictures(screen, MANY)
    _measure_each(screen, LATER)
    screen.page.context.close()


def _measure_each(screen: Screen, tasks: Sequence[tuple[str, Callable[[Screen], None]]]) -> None:
    for name, act in tasks:
        screen.page.evaluate("() => { counted.clicks = counted.keys = 0; }")
        begun = time.perf_counter()
        act(screen)
        seconds = time.perf_counter() - begun
        counted = screen.page.evaluate("counted")
        print(f"{name:45} {counted['clicks']} clicks, {counted['keys']:2} keys, {seconds:6.2f} s", flush=True)
        if screen.page.locator(".compare-box").count():  # elsewhere Escape would unlock the seed
            screen.page.keyboard.press("Escape")


def measure_fill(browser: Browser, url: str) -> None:
    """Print how smooth the page is while a round of many fills."""
    screen = open_tab(browser, url, "fox, stained glass")
    screen.page.evaluate(WATCH)
    begun = time.perf_counter()
    screen.generate(seeds=f"0-{MANY - 1}")
    wait_for_pictures(screen, MANY)
    seconds = time.perf_counter() - begun
    found = screen.page.evaluate("smooth")
    frames, tasks = sorted(found["frames"]), found["tasks"]
    on_time = sum(each <= FRAME_MILLISECONDS for each in frames) / len(frames)
    rate = 1000 * len(frames) / sum(frames)
    print(f"{MANY} pictures in {seconds:.1f} s: {rate:.0f} frames a second, {on_time:.0%} within 17 ms")
    print(f"long tasks: {sum(tasks) / 1000:.2f} s in {len(tasks)}; layout shift {found['shift']:.3f}", flush=True)
    screen.page.context.close()


def measure_memory(browser: Browser, url: str) -> None:
    """Print what the page occupies after so many rounds of four."""
    screen = open_tab(browser, url, "a red boat by Hokusai")
    session = screen.page.context.new_cdp_session(screen.page)
    session.send("Performance.enable")
    for number in range(ROUNDS):
        screen.generate(seeds=f"{4 * number}-{4 * number + 3}")
        screen.wait_done(0)
        if number in (0, ROUNDS - 1):
            session.send("HeapProfiler.collectGarbage")
            heap = {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}
            own, used = _measure_renderer(), heap["JSHeapUsedSize"]
            print(f"{number + 1:3} rounds: {own / 1e6:.0f} MB, {used / 1e6:.0f} MB of it JavaScript's", flush=True)
    screen.page.context.close()


def _measure_renderer() -> int:
    """Return the bytes of the tab's process alone: the largest renderer, because Chromium keeps an empty one ready."""
    sizes: list[int] = []
    for each in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # that of a tab that was closed ends meanwhile, or is a zombie
            if "--type=renderer" in each.cmdline():
                sizes.append(each.memory_full_info().uss)
    return max(sizes)


BLOCKS = {"tasks": measure_tasks, "fill": measure_fill, "memory": measure_memory}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=BLOCKS, nargs="+", default=list(BLOCKS))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = start_server(Path(folder), SEEDLAB_CACHE=str(Path(folder) / "cache"))
        browser = open_browser(playwright)
        try:
            warm = open_tab(browser, server.url, "house")
            generate(warm, "0-3", 4)
            warm.page.context.close()
            for name in given.only:
                BLOCKS[name](browser, server.url)
        finally:
            browser.close()
            server.stop()


if __name__ == "__main__":
    main()
