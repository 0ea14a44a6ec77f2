"""Strangers see their own pictures alone; on a machine of one's own, all visitors are the operator."""

from dataclasses import replace

import pytest
from PIL import Image

from seedlab.core.errors import SeedLabError
from seedlab.core.recipes.start import Start
from seedlab.images.index.search import OPERATOR
from seedlab.images.inputs.store import InputStore
from seedlab.images.inputs.visitors import VisitorInputs
from tests.examples import RECIPE

ANNA, BERT = "a" * 32, "b" * 32


@pytest.fixture
def photo(tmp_path):
    Image.effect_noise((24, 40), 60).convert("RGB").save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def test_strangers_see_neither_each_others_pictures_nor_the_operators(tmp_path, photo):
    store = InputStore(tmp_path / "inputs")
    inputs = VisitorInputs(store, public=True)
    picture = store.take(photo, OPERATOR).picture
    recipe = replace(RECIPE, start=Start(picture=picture, strength=0.5))
    for owner in (ANNA, BERT, OPERATOR):
        assert inputs.find(picture, owner) is None
        assert not inputs.may_see(recipe, owner)
    inputs.take(photo, ANNA)
    assert inputs.load(picture, ANNA).size == (24, 40)
    assert inputs.may_see(recipe, ANNA)
    assert not inputs.may_see(recipe, BERT)
    assert inputs.may_see(RECIPE, BERT)
    with pytest.raises(SeedLabError, match="which is not here"):
        inputs.load(picture, BERT)


def test_where_there_are_no_strangers_all_pictures_are_the_operators(tmp_path, photo):
    store = InputStore(tmp_path / "inputs")
    inputs = VisitorInputs(store, public=False)
    picture = inputs.take(photo, ANNA).picture
    assert store.has(picture, OPERATOR)
    assert inputs.find(picture, BERT) == store.find(picture, OPERATOR)
    assert inputs.may_see(replace(RECIPE, start=Start(picture=picture, strength=0.5)), BERT)
