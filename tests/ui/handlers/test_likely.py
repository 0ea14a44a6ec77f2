"""What a click on the tile that the user rests on would ask for is made ahead."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from seedlab.rules.kinds.wordings.suffixes import GUIDE_SUFFIXES
from seedlab.rules.registry import list_parameters
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
    assert [recipe.prompt for recipe in recipes[:4]] == [f"Labrador{suffix}" for suffix in GUIDE_SUFFIXES]
    page.click(1, 2)
    assert [tile.recipe for tile in page.state.session.trail.newest.tiles] == recipes[:4]


def test_then_the_next_seeds_are_as_a_new_round_makes_them(page, suggested):
    rest(page, 1, 2)
    page.explore(seeds="4-7")
    assert [tile.recipe for tile in page.state.session.trail.newest.tiles] == suggested[0][4:]


def test_drafts_and_the_last_seed_have_no_next_seeds(page, suggested):
    page.explore(seeds=str(2**64 - 1))
    page.develop()
    rest(page, 2, 0)
    page.explore(seeds="8-9", drafts=True)
    page.develop()
    page.state.session.finish(3, (0,))
    page.develop()
    rest(page, 3, 0)
    assert [len(recipes) for recipes in suggested] == [4, 4]


def test_what_the_page_shows_already_is_not_suggested(page, suggested):
    page.click(1, 2)
    page.develop()
    rest(page, 1, 2)
    assert [recipe.seed for recipe in suggested[0]] == [4, 5, 6, 7]


@pytest.mark.parametrize(
    ("place", "rule", "suffixes"),
    [((1, 9), "suffixes", SUFFIXES), ((7, 0), "suffixes", SUFFIXES), ((1, 0), "suffixes", ""), ((1, 0), "larger", "")],
)
def test_what_a_click_would_refuse_is_left_to_the_click(page, suggested, place, rule, suffixes):
    rest(page, *place, rule, suffixes)
    assert suggested == []


def test_larger_pictures_are_suggested_as_the_memory_allows(page, suggested, monkeypatch):
    monkeypatch.setattr(page.state.session, "_is_short", lambda _: True)
    rest(page, 1, 2, rule="develop")
    assert [recipe.vae_tiling for recipe in suggested[0][:2]] == [True, True]
    page.click(1, 2, rule="develop")
    assert [tile.recipe for tile in page.state.session.trail.newest.tiles] == suggested[0][:2]


def test_nothing_is_suggested_where_that_is_switched_off(painter):
    page = Page(Handlers(make_services(painter), address))
    page.open()
    page.explore()
    page.develop()
    rest(page, 1, 2)
