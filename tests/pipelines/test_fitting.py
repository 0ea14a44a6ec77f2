"""Which models fit this machine."""

from dataclasses import replace

import pytest

from seedlab.core.machine.memory import Memory
from seedlab.core.models.fit import Fit
from seedlab.core.models.model_card import ModelCard
from seedlab.pipelines.fitting import is_short, rate_model
from seedlab.pipelines.manager import PipelineManager
from seedlab.pipelines.models.catalog import CATALOG
from tests.examples import RECIPE

MEMORY = Memory(device=64 * 10**9, host=64 * 10**9)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    return tmp_path


def rate(model, device="cpu", memory=MEMORY):
    return rate_model(model, device, memory)


def test_sketch_is_here():
    assert rate(CATALOG[0]) is Fit.HERE


@pytest.mark.parametrize(("memory", "fit"), [(0.1, Fit.FITS), (10**6, Fit.LARGE)])
def test_others_fit_or_are_too_large(cache, memory, fit):
    card = ModelCard(licence="", download=5, memory=memory)
    assert rate(replace(CATALOG[1], card=card)) is fit


@pytest.mark.parametrize(
    ("device", "memory", "fit"),
    [
        ("cuda", Memory(device=24 * 10**9, host=8 * 10**9), Fit.FITS),
        ("cuda", Memory(device=8 * 10**9, host=24 * 10**9), Fit.FITS),
        ("cuda", Memory(device=8 * 10**9, host=8 * 10**9), Fit.LARGE),
        ("cpu", Memory(device=24 * 10**9, host=24 * 10**9), Fit.LARGE),
    ],
)
def test_parts_may_wait_beside_a_gpu_and_a_processor_needs_twice_as_much(cache, device, memory, fit):
    card = ModelCard(licence="", download=5, memory=20)
    assert rate(replace(CATALOG[1], card=card), device, memory) is fit


def test_what_was_downloaded_whole_is_here(cache):
    folder = cache / f"models--{CATALOG[1].model_id.replace('/', '--')}"
    unet = folder / "snapshots" / "abc" / "unet"
    unet.mkdir(parents=True)
    (unet / "config.json").write_text("{}")
    (unet.parent / "model_index.json").write_text("{}")
    assert rate(CATALOG[1]) is not Fit.HERE, "somebody has only looked at it"
    (unet / "diffusion_pytorch_model.safetensors").write_text("")
    assert rate(CATALOG[1]) is Fit.HERE
    (folder / "blobs").mkdir()
    (folder / "blobs" / "1.incomplete").write_text("")
    assert rate(CATALOG[1]) is not Fit.HERE


@pytest.mark.parametrize(
    ("gigabytes", "dtype", "largest"),
    [(8, "float32", 1024), (16, "float32", 1536), (16, "float16", 1536), (16, "bfloat16", 2048), (80, "float32", 3584)],
)
def test_memory_is_short_for_large_pictures(gigabytes, dtype, largest):
    memory = Memory(device=gigabytes * 2**30, host=2**40)
    recipe = replace(RECIPE, dtype=dtype)
    short = {side: is_short(replace(recipe, width=side, height=side), memory) for side in range(512, 4097, 512)}
    assert short == {side: side > largest for side in short}


def test_memory_is_never_short_for_what_has_no_tiles(monkeypatch):
    manager = PipelineManager(device="cpu")
    asked = []
    monkeypatch.setattr(manager._executor, "measure_memory", lambda: asked.append(True) or Memory(device=0, host=0))
    assert not manager.is_short(replace(RECIPE, model_id="sketch", width=512, height=512))
    assert not asked, "torch is not imported for it"
    assert manager.is_short(replace(RECIPE, model_id=CATALOG[1].model_id))
