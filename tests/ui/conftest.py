"""Fixtures: a fake pipeline and a page that uses it."""

import pytest

from seedlab.ui.handlers.page import Handlers
from tests.ui.fakes import Painter, make_services
from tests.ui.page import Page, address


@pytest.fixture
def painter(tmp_path):
    return Painter(tmp_path / "pictures")


@pytest.fixture
def page(painter):
    page = Page(Handlers(make_services(painter), address))
    page.open()
    return page


@pytest.fixture
def locked(page):
    """A page on which seed 2 is locked."""
    page.explore()
    page.develop()
    page.click(1, 2)
    page.develop()
    return page
