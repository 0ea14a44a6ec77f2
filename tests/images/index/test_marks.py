"""Marks and named seeds: each owner's own, and to be undone."""

import pytest

from seedlab.core.errors import SeedLabError
from seedlab.core.recipes.additions import MAX_SEED
from seedlab.images.index.marks import Mark, NamedSeed
from seedlab.images.index.search import NOBODY, OPERATOR, Search
from seedlab.images.store import make_store
from tests.images.index.stores import keep


@pytest.fixture
def store(tmp_path):
    store = make_store(tmp_path)
    yield store
    store.close()


def find(store, **search):
    return [row.name for row in store.index.find(Search(**search)).rows]


def test_marks_are_searched_and_undone(store):
    names, marks = [keep(store, seed=seed) for seed in range(3)], store.index.marks
    before = marks.set({names[0]: Mark("keep", 5), names[1]: Mark("reject")}, OPERATOR)
    assert before == {names[0]: Mark(), names[1]: Mark()}
    assert find(store, mark="keep") == find(store, stars=5) == [names[0]]
    assert find(store, mark="reject") == [names[1]]
    assert find(store, hide_rejected=True) == [names[2], names[0]]
    assert marks.set(before, OPERATOR)[names[0]] == Mark("keep", 5)
    assert find(store, mark="keep") == []


def test_owners_mark_their_own_pictures_alone(store):
    name, marks = keep(store, owner="ada"), store.index.marks
    with pytest.raises(SeedLabError, match="not in the gallery"):
        marks.set({name: Mark("keep")}, "bob")
    with pytest.raises(SeedLabError, match="allow cookies"):
        marks.set({name: Mark("keep")}, NOBODY)
    marks.set({name: Mark("keep")}, "ada")
    assert (marks.read([name], "bob"), marks.read([name], OPERATOR)) == ({}, {})


def test_all_or_none_of_several_pictures_are_marked(store):
    name = keep(store)
    with pytest.raises(SeedLabError, match="not in the gallery"):
        store.index.marks.set({name: Mark("keep"), "x' OR 1=1": Mark("keep")}, OPERATOR)
    assert store.index.marks.read([name], OPERATOR) == {}


@pytest.mark.parametrize("values", [("kept", 0), ("keep", 6), ("keep", -1), ("keep", True), ("keep", "5")])
def test_values_that_marks_do_not_have_are_refused(values):
    with pytest.raises(SeedLabError):
        Mark(*values)


def test_seeds_have_names_and_are_offered_again(store):
    marks = store.index.marks
    marks.name_seed(NamedSeed("  good   pose ", MAX_SEED, "sketch"), OPERATOR)
    marks.name_seed(NamedSeed("light", 0, "sketch"), "ada")
    assert marks.list_seeds(OPERATOR) == (NamedSeed("good pose", MAX_SEED, "sketch"),)
    marks.name_seed(NamedSeed("Good pose", 7, "sketch"), OPERATOR)
    assert marks.list_seeds(OPERATOR) == (NamedSeed("Good pose", 7, "sketch"),)
    marks.forget_seed("good pose", OPERATOR)
    assert marks.list_seeds(OPERATOR) == ()
    assert marks.list_seeds("ada") == (NamedSeed("light", 0, "sketch"),)


@pytest.mark.parametrize("label", ["", "  ", "x" * 61, "a\0b", "\ud800", "\u202e"])
def test_names_that_cannot_be_shown_are_refused(store, label):
    with pytest.raises(SeedLabError, match="name"):
        store.index.marks.name_seed(NamedSeed(label, 0, "sketch"), OPERATOR)


def test_one_owner_has_so_many_named_seeds(store, monkeypatch):
    monkeypatch.setattr("seedlab.images.index.marks.MAX_SEEDS", 4)
    for seed in range(4):
        store.index.marks.name_seed(NamedSeed(f"seed {seed}", seed, "sketch"), OPERATOR)
    with pytest.raises(SeedLabError, match="remove one first"):
        store.index.marks.name_seed(NamedSeed("one more", 0, "sketch"), OPERATOR)
    store.index.marks.name_seed(NamedSeed("seed 3", 9, "sketch"), OPERATOR)
