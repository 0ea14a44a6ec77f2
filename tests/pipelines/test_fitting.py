"""Which models fit this machine."""

from dataclasses import replace

import pytest

from seedlab.core.fit import Fit
from seedlab.core.model_card import ModelCard
from seedlab.pipelines.fitting import is_short, rate_model
from seedlab.pipelines.models.catalog import CATALOG
from tests.examples import RECIPE


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    return tmp_path


def test_sketch_is_here():
    assert rate_model(CATALOG[0], "cpu") is Fit.HERE


@pytest.mark.parametrize(("memory", "fit"), [(0.1, Fit.FITS), (10**6, Fit.LARGE)])
def test_others_fit_or_are_too_large(cache, memory, fit):
    card = ModelCard(licence="", download=5, memory=memory)
    assert rate_model(replace(CATALOG[1], card=card), "cpu") is fit


def test_what_was_downloaded_whole_is_here(cache):
    folder = cache / f"models--{CATALOG[1].model_id.replace('/', '--')}"
    (folder / "snapshots" / "abc").mkdir(parents=True)
    (folder / "snapshots" / "abc" / "model_index.json").write_text("{}")
    assert rate_model(CATALOG[1], "cpu") is Fit.HERE
    (folder / "blobs").mkdir()
    (folder / "blobs" / "1.incomplete").write_text("")
    assert rate_model(CATALOG[1], "cpu") is not Fit.HERE


@pytest.mark.parametrize(("room", "sides"), [(0, {512: False, 1024: True, 4096: True}), (10**12, {4096: False})])
def test_memory_is_short_for_large_pictures(monkeypatch, room, sides):
    monkeypatch.setattr("seedlab.pipelines.fitting.measure_room", lambda _device: room)
    model = next(each for each in CATALOG if each.takes_tiles)
    for side, expected in sides.items():
        recipe = replace(RECIPE, width=side, height=side)
        assert is_short(model, recipe, "cpu") == expected
        assert not is_short(CATALOG[0], recipe, "cpu"), "Sketch decodes nothing in tiles"
    assert not is_short(model, replace(RECIPE, width=896, height=896, dtype="bfloat16"), "cpu"), "half the memory"
