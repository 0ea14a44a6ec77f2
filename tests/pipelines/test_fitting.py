"""Which models fit this machine."""

from dataclasses import replace

import pytest

from seedlab.core.fit import Fit
from seedlab.core.model_card import ModelCard
from seedlab.pipelines.fitting import rate_model
from seedlab.pipelines.models.catalog import CATALOG


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
