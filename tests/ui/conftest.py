"""Fixtures: a fake pipeline and a page that uses it."""

import pytest

from seedlab.ui.handlers import Handlers
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
