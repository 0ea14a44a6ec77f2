"""What a click on the tile that the user rests on would ask for is made ahead."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from seedlab.rules.registry import list_parameters
from seedlab.rules.suffixes import GUIDE_SUFFIXES
from seedlab.ui.handlers.page import Handlers
from tests.ui.fakes import make_services
from tests.ui.page import SUFFIXES, Page, address


@pytest.fixture
def suggested():
    return []


@pytest.fixture
def page(painter, suggested):
    """A page that lets pictures be made ahead, with a finished round."""
    services = replace(make_services(painter), suggest=lambda visitor, recipes: suggested.append(recipes))
    page = Page(Handlers(services, address))
    page.open()
    page.explore()
    page.develop()
    return page


def rest(page, round_id, index, rule="suffixes", suffixes=SUFFIXES):
    texts = {each.name: each.default for each in list_parameters()} | {"suffixes": suffixes}
    event = SimpleNamespace(_data={"round": round_id, "index": index})
    page.handlers.suggest(event, page.state, rule, *texts.values())


def test_the_variations_of_the_tile_are_suggested_as_a_click_makes_them(page, suggested):
    rest(page, 1, 2)
    assert page.view["path"] == [1], "nothing is shown before a click"
    (recipes,) = suggested
    assert [recipe.prompt for recipe in recipes] == [f"Labrador{suffix}" for suffix in GUIDE_SUFFIXES]
    page.click(1, 2)
    assert [tile.recipe for tile in page.state.session.trail.newest.tiles] == recipes


def test_what_the_page_shows_already_is_not_suggested(page, suggested):
    page.click(1, 2)
    page.develop()
    rest(page, 1, 2)
    assert suggested == [[]]


@pytest.mark.parametrize(
    ("place", "rule", "suffixes"),
    [((1, 9), "suffixes", SUFFIXES), ((7, 0), "suffixes", SUFFIXES), ((1, 0), "suffixes", ""), ((1, 0), "larger", "")],
)
def test_what_a_click_would_refuse_is_left_to_the_click(page, suggested, place, rule, suffixes):
    rest(page, *place, rule, suffixes)
    assert suggested == []


def test_nothing_is_suggested_where_that_is_switched_off(painter):
    page = Page(Handlers(make_services(painter), address))
    page.open()
    page.explore()
    page.develop()
    rest(page, 1, 2)
