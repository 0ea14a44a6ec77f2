"""The gallery: a visitor's own pictures, marked, and opened again with their trees."""

from dataclasses import replace

import pytest

from seedlab.core.errors import SeedLabError
from seedlab.images.index.search import NOBODY, OPERATOR
from seedlab.images.restoring import restore
from seedlab.images.store import make_store
from seedlab.rules.kinds.seeds import Seeds
from seedlab.rules.kinds.wordings.suffixes import Suffixes
from seedlab.workflow.gallery.gallery import Gallery, Mark, NamedSeed, Search, find_tile
from seedlab.workflow.gallery.thumbnail_addresses import PREFIX, ThumbnailAddresses
from seedlab.workflow.trails.trail import Trail
from tests.examples import RECIPE
from tests.images.index.stores import keep


@pytest.fixture
def store(tmp_path):
    store = make_store(tmp_path)
    store.update_index()  # else the first search starts it in the background, and it meets what a test deletes
    yield store
    store.close()


@pytest.fixture
def open_gallery(store):
    addresses = ThumbnailAddresses()
    return lambda owner: Gallery(store, addresses, owner)


def test_another_visitors_search_finds_nothing(store, open_gallery):
    name = keep(store, owner="ada")
    ada, bob, nobody = map(open_gallery, ("ada", "bob", NOBODY))
    assert [entry.name for entry in ada.find(Search(words="labrador")).entries] == [name]
    for stranger in (bob, nobody):
        for search in (Search(), Search(words="labrador"), Search(seed=0), Search(model="sketch")):
            assert stranger.find(search).entries == ()
            assert stranger.find(search).total == 0
        for ask in (stranger.read, stranger.find_file):
            with pytest.raises(SeedLabError):
                ask(name)
        with pytest.raises(SeedLabError):
            stranger.mark([name], "keep")
        assert stranger.count_models() == {}
        assert stranger.read_marks([name]) == {}


def test_an_address_of_a_thumbnail_is_one_visitors_alone():
    addresses, name = ThumbnailAddresses(), "a" * 64
    text = addresses.make(name, "ada").removeprefix(f"{PREFIX}/")
    assert addresses.read(text, "ada") == name
    strangers = [(text, "bob"), (text, OPERATOR), (text.replace("a", "b", 1), "ada"), ("", "ada"), ("é\ud800.x", "ada")]
    for each, owner in strangers:
        with pytest.raises(SeedLabError, match="does not exist"):
            addresses.read(each, owner)
    with pytest.raises(SeedLabError, match="does not exist"):
        ThumbnailAddresses().read(text, "ada")


def test_a_picture_leads_back_to_its_recipe_and_its_ancestors(store, open_gallery):
    name = keep(store, seed=1)
    keep(store, seed=1, draft_steps=3)
    gallery = open_gallery(OPERATOR)
    entry = gallery.read(name)
    assert (entry.recipe, entry.mark) == (replace(RECIPE, seed=1), Mark())
    assert restore(gallery.find_file(name)).recipes == (entry.recipe,)
    (store.folder / f"{name}.png").unlink()
    with pytest.raises(SeedLabError, match="make it again from its recipe"):
        gallery.find_file(name)


def test_a_picture_is_found_in_the_trail_with_its_tree(store, open_gallery):
    trail = Trail().explore(replace(RECIPE, model_id="/models/mine"), Seeds((0, 1)))
    trail = trail.lock(trail.newest.id, 1, Suffixes((", artsy", ", at night")))
    tile = trail.newest.tiles[1]
    name = keep(store, **{field: getattr(tile.recipe, field) for field in ("model_id", "prompt", "seed")})
    other = keep(store, seed=9)
    gallery = open_gallery(OPERATOR)
    assert find_tile(trail, gallery.read(name)) == (trail.newest.id, 1)
    assert find_tile(trail, gallery.read(other)) is None


def test_marks_change_one_at_a_time_and_are_undone(store, open_gallery):
    name = keep(store)
    gallery = open_gallery(OPERATOR)
    gallery.mark([name], stars=3)
    before = gallery.mark([name], "keep")
    assert gallery.read(name).mark == Mark("keep", 3)
    gallery.restore_marks(before)
    assert gallery.read_marks([name, "other"]) == {name: Mark("", 3)}


def test_the_seed_of_a_picture_is_named_and_offered_again(open_gallery):
    gallery = open_gallery(OPERATOR)
    gallery.name_seed("good pose", replace(RECIPE, seed=2**64 - 1, model_id="/models/mine"))
    assert gallery.list_seeds() == (NamedSeed("good pose", 2**64 - 1, "./mine"),)
    gallery.forget_seed("Good Pose")
    assert gallery.list_seeds() == ()
