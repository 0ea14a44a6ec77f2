"""Which models fit this machine."""

from dataclasses import replace

import pytest

from seedlab.core.models.fit import Fit
from seedlab.core.models.model_card import ModelCard
from seedlab.pipelines.fitting import is_short, rate_model
from seedlab.pipelines.manager import PipelineManager
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


@pytest.mark.parametrize(
    ("gigabytes", "dtype", "largest"),
    [(8, "float32", 1024), (16, "float32", 1536), (16, "float16", 1536), (16, "bfloat16", 2048), (80, "float32", 3584)],
)
def test_memory_is_short_for_large_pictures(monkeypatch, gigabytes, dtype, largest):
    monkeypatch.setattr("seedlab.pipelines.fitting.measure_capacity", lambda _device: gigabytes * 2**30)
    recipe = replace(RECIPE, dtype=dtype)
    short = {side: is_short(replace(recipe, width=side, height=side), "cpu") for side in range(512, 4097, 512)}
    assert short == {side: side > largest for side in short}


def test_memory_is_never_short_for_what_has_no_tiles(monkeypatch):
    monkeypatch.setattr("seedlab.pipelines.fitting.measure_capacity", lambda _device: 0)
    manager = PipelineManager(device="cpu")
    asked = []
    monkeypatch.setattr(PipelineManager, "device", property(lambda _: asked.append(True) or "cpu"))
    assert not manager.is_short(replace(RECIPE, model_id="sketch", width=512, height=512))
    assert not asked, "torch is not imported for it"
    assert manager.is_short(replace(RECIPE, model_id=CATALOG[1].model_id))
