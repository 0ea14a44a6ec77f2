"""Screenshots of the app, for the README and for review: python -m tests.browser.screenshots --out DIR."""

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.screen import PATIENCE, Screen, open_browser
from tests.browser.server import Server, start_server

DESK = {"viewport": {"width": 1440, "height": 900}}
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("screenshots"))
    flags = parser.parse_args()
    flags.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        # What was measured on this machine before is no part of the pictures.
        server = start_server(Path(folder), SEEDLAB_CACHE=str(Path(folder) / "cache"))
        browser = open_browser(playwright)
        try:
            take_all(browser, server, flags.out)
        finally:
            browser.close()
            server.stop()


def take_all(browser: Browser, server: Server, out: Path) -> None:
    def take(name: str, act: Callable[[Screen], None], *, full: bool = False, **options) -> None:
        context = browser.new_context(**options)
        screen = Screen(context.new_page(), server.url).open()
        act(screen)
        settle(screen)
        screen.page.screenshot(path=out / f"{name}.png", full_page=full)
        context.close()

    take("empty", lambda screen: None, **DESK)
    take("developing", develop, **DESK)
    take("light", explore, **DESK)
    take("dark", explore, color_scheme="dark", **DESK)
    take("verified", verify, full=True, **DESK)
    take("script", show_script, full=True, **DESK)
    take("opened", open_picture, full=True, **DESK)
    take("compare", compare, **DESK)
    take("gallery", open_gallery, **DESK)
    take("gallery-dark", open_gallery, color_scheme="dark", **DESK)
    take("gallery-phone", open_gallery, **PHONE)
    take("phone", explore_by_finger, full=True, **PHONE)
    take("words", read_words, full=True, **DESK)
    take("error", mistake, **DESK)


def settle(screen: Screen) -> None:
    """Move the mouse away and wait for transitions and scrolling to end."""
    screen.page.mouse.move(5, 895)
    screen.page.evaluate("document.activeElement.blur()")
    ends = "(each) => each.effect.getTiming().iterations !== Infinity"
    screen.page.evaluate(f"Promise.allSettled(document.getAnimations().filter({ends}).map((each) => each.finished))")
    screen.page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def explore(screen: Screen) -> None:
    screen.generate()
    screen.wait_done()
    screen.frame(0, 2).click()
    screen.wait_done(1)
    screen.fill("suffixes", ", in the snow\n, at night\n, on a beach\n, at sunset")
    screen.frame(1, 1).click()
    screen.wait_done(2)


def explore_by_finger(screen: Screen) -> None:
    screen.generate()
    screen.wait_done()
    screen.frame(0, 2).tap()
    expect(screen.columns).to_have_count(2)
    screen.wait_done(0)
    screen.frame(0, 1).tap()
    expect(screen.columns).to_have_count(3)
    screen.wait_done(0, 3)  # the suffix that it has already is left out
    screen.page.evaluate("scrollTo(0, 0)")


def verify(screen: Screen) -> None:
    explore(screen)
    screen.action("Verify").click()
    expect(screen.check).to_contain_text("Equal, byte for byte")


def show_script(screen: Screen) -> None:
    explore(screen)
    screen.action("Copy round as script").click()
    expect(screen.script).to_be_visible()


def open_picture(screen: Screen) -> None:
    explore(screen)
    file = screen.download(2, 1)
    # What is not saved yet would be saved when the page is left.
    screen.page.evaluate("window.dispatchEvent(new Event('pagehide')); localStorage.clear()")
    screen.open()
    screen.drop(file)
    expect(screen.columns).to_have_count(3)


def develop(screen: Screen) -> None:
    screen.set_steps(200)
    screen.generate(seeds="4-7")
    half = "tile => tile.style.getPropertyValue('--fraction') > 0.5"
    expect(screen.tiles(0, "running")).to_have_count(4, timeout=PATIENCE)  # after calibrating
    screen.page.wait_for_function(
        f"[...document.querySelectorAll('.tile[data-state=running] .frame')].some({half})", timeout=PATIENCE
    )


def compare(screen: Screen) -> None:
    explore(screen)
    screen.look(2, 3)
    screen.action("Compare").click()
    expect(screen.page.locator(".compare-box tbody th")).to_have_text("Prompt")


def open_gallery(screen: Screen) -> None:
    screen.page.locator(".gallery-open").click()
    expect(screen.page.locator(".gallery-box .entry").first).to_be_visible()
    screen.page.wait_for_function(
        "[...document.querySelectorAll('.gallery-box img')].every((each) => each.complete)", timeout=PATIENCE
    )


def read_words(screen: Screen) -> None:
    screen.page.locator("#lexicon > button").click()
    expect(screen.page.locator("#words")).to_be_visible()


def mistake(screen: Screen) -> None:
    screen.generate(prompt="a quantum labrador by Vermeer", seeds="banana")
    expect(screen.sentence("seeds")).not_to_have_text("")


if __name__ == "__main__":
    main()
