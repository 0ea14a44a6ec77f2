"""Fixtures: one running app for all tests, and one browser profile for those that need no other."""

import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.screen import CHROMIUM, Screen, clean, open_browser
from tests.browser.server import Server, Slowness, start_server
from tests.pipelines.builders import build_stable_diffusion
from tests.pipelines.fake_hub import Hub, serve

DESK = {"width": 1440, "height": 900}
CALM = {"viewport": DESK, "reduced_motion": "reduce"}
MOTION = {"reduced_motion": "no-preference"}
"""Previews that fade and rows that glide take half of a browser's time: only some tests are about them."""
QUICK = 3
"""Denoising steps of a picture whose content does not matter."""
LONG = 40
"""Steps of a picture that takes long enough for a test to act meanwhile: see `slowness`."""
SMALL = 64
"""Pixels a side of both. Sketch makes 256 by default, which takes much longer."""

_blocks_of_seeds = itertools.count(1000, 100)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run a test once more if it fails: a browser, a server and a model share two cores, and patience may run out.

    pytest's summary lists each such test, so that one that often needs it is seen.
    """
    for item in items:
        if item.get_closest_marker("browser") and not item.get_closest_marker("flaky"):
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="session")
def hub(tmp_path_factory) -> Iterator[Hub]:
    """A local Hub that the app downloads models from."""
    folder = tmp_path_factory.mktemp("hub")
    for owner in ("gated", "busy"):
        build_stable_diffusion(folder / owner)
    with serve(folder) as hub:
        yield hub


@pytest.fixture(scope="session")
def server(tmp_path_factory, hub) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("app")
    settings = {"HF_ENDPOINT": hub.url, "HF_HOME": str(folder / "home"), "HF_HUB_DISABLE_XET": "1"}
    settings["SLOW_WHILE_EXISTS"] = str(folder / "slow")
    running = start_server(folder, ("-m", "tests.browser.slow_app"), **settings)
    yield running
    running.stop()
    assert "Traceback" not in running.log, running.log


@pytest.fixture
def slowness(server) -> Iterator[Slowness]:
    """Pictures of many steps take their time, until the test ends the slowness or is over."""
    slowness = Slowness(server.folder / "slow")
    slowness.begin()
    yield slowness
    slowness.end()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        # In CI a test that cannot run counts as failed.
        give_up = pytest.fail if os.environ.get("CI") else pytest.skip
        give_up(f"there is no Chromium at {CHROMIUM}; set SEEDLAB_CHROMIUM to its path")
    with sync_playwright() as playwright:
        browser = open_browser(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def profiles(browser) -> Iterator[dict[object, BrowserContext]]:
    """Browser profiles with a tab each, by their options. They keep the page's scripts from one test to the next."""
    profiles: dict[object, BrowserContext] = {}
    yield profiles
    for profile in profiles.values():
        profile.close()


def open_tab(profile: BrowserContext) -> Page:
    """Return a profile's tab; a new one if a test has closed it."""
    return profile.pages[0] if profile.pages else profile.new_page()


@contextmanager
def open_visit(
    browser: Browser, profiles: dict[object, BrowserContext], server: Server
) -> Iterator[Callable[..., Screen]]:
    """Open tabs, each with its own browser profile, and leave them. Any complaint of theirs raises AssertionError."""
    screens: list[Screen] = []

    def make(*, steps: int | None = QUICK, **options) -> Screen:
        options = CALM | options
        key = repr(options), len(screens)
        if key not in profiles:
            profiles[key] = browser.new_context(**options)
        tab = open_tab(profiles[key])
        tab.set_viewport_size(options["viewport"])  # another test may have changed it
        screens.append(Screen(tab, server.url).open())
        if steps is not None:
            screens[-1].set_steps(steps, side=SMALL)
        return screens[-1]

    try:
        yield make
    finally:
        for screen in screens:
            screen.leave()
            clean(open_tab(screen.page.context), server.url)
    assert [complaint for screen in screens for complaint in screen.complaints] == []


@pytest.fixture
def visit(browser, profiles, server) -> Iterator[Callable[..., Screen]]:
    """Open tabs, each with its own browser profile. Any complaint of theirs fails the test."""
    with open_visit(browser, profiles, server) as visit:
        yield visit


@pytest.fixture
def screen(visit) -> Screen:
    return visit()


@pytest.fixture
def seeds() -> tuple[int, ...]:
    return take_seeds()


def take_seeds() -> tuple[int, ...]:
    """Return four seeds that no other test uses, so their pictures are not in the store yet."""
    first = next(_blocks_of_seeds)
    return tuple(range(first, first + 4))
