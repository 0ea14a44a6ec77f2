"""Fixtures: one running app for all tests, and a fresh browser profile for each."""

import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.screen import CHROMIUM, Screen, open_browser
from tests.browser.server import Server, start_server
from tests.pipelines.builders import build_stable_diffusion
from tests.pipelines.fake_hub import Hub, serve

DESK = {"width": 1440, "height": 900}
QUICK = 3
"""Denoising steps of a picture whose content does not matter."""
SMALL = 128
"""Pixels a side of such a picture. Sketch makes 256 by default, which takes four times as long."""

_blocks_of_seeds = itertools.count(1000, 100)


@pytest.fixture(scope="session")
def hub(tmp_path_factory) -> Iterator[Hub]:
    """A local Hub that the app downloads models from."""
    folder = tmp_path_factory.mktemp("hub")
    for owner in ("slow", "gated", "busy"):
        build_stable_diffusion(folder / owner)
    with serve(folder) as hub:
        yield hub


@pytest.fixture(scope="session")
def server(tmp_path_factory, hub) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("app")
    settings = {"HF_ENDPOINT": hub.url, "HF_HOME": str(folder / "home"), "HF_HUB_DISABLE_XET": "1"}
    running = start_server(folder, **settings)
    yield running
    running.stop()
    assert "Traceback" not in running.log.read_text(), running.log.read_text()


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


@pytest.fixture
def visit(browser, server) -> Iterator[Callable[..., Screen]]:
    """Open tabs, each with its own browser profile. Any complaint of theirs fails the test."""
    contexts, screens = [], []

    def make(*, steps: int | None = QUICK, **options) -> Screen:
        contexts.append(browser.new_context(**options))
        screens.append(Screen(contexts[-1].new_page(), server.url).open())
        if steps is not None:
            screens[-1].set_steps(steps, side=SMALL if steps == QUICK else None)
        return screens[-1]

    yield make
    for context in contexts:
        context.close()
    assert [complaint for screen in screens for complaint in screen.complaints] == []


@pytest.fixture
def screen(visit) -> Screen:
    return visit(viewport=DESK)


@pytest.fixture
def seeds() -> tuple[int, ...]:
    """Four seeds that no other test uses, so their pictures are not in the store yet."""
    first = next(_blocks_of_seeds)
    return tuple(range(first, first + 4))
