"""From a model to a pipeline, and the precision that a device gets."""

import pytest
import torch

from seedlab.pipelines.devices.libraries import find_class
from seedlab.pipelines.devices.selection import choose_dtype, has_fast_bfloat16
from seedlab.pipelines.loaded.loading import load_pipeline
from seedlab.pipelines.loaded.sources import Source, is_on_hub
from tests.pipelines.builders import build_qwen_image


@pytest.mark.parametrize(
    ("half", "capability", "dtype"),
    [
        ("float16", (7, 5), "float16"),
        ("float16", (9, 0), "float16"),
        ("bfloat16", (7, 5), "float16"),
        ("bfloat16", (8, 0), "bfloat16"),
        ("bfloat16", (9, 0), "bfloat16"),
    ],
)
def test_half_precision_is_the_models_own_where_the_card_is_fast_at_it(half, capability, dtype, monkeypatch):
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: capability)
    assert choose_dtype("cuda", half, has_fast_bfloat16("cuda")) == dtype


@pytest.mark.parametrize("half", ["float16", "bfloat16"])
def test_a_processor_has_no_fast_float16(half):
    assert has_fast_bfloat16("cpu") == torch.cpu._is_avx512_bf16_supported()
    assert [choose_dtype("cpu", half, is_fast) for is_fast in (False, True)] == ["float32", "bfloat16"]


def test_on_a_cpu_colours_lie_last_but_in_what_works_on_films(tiny, tmp_path):
    convolution = load_pipeline(Source(tiny), "float32", "cpu").unet.conv_in.weight
    assert convolution.is_contiguous(memory_format=torch.channels_last)
    film = load_pipeline(Source(build_qwen_image(tmp_path)), "float32", "cpu").vae.encoder.conv_in.weight
    assert film.ndim == 5
    assert film.is_contiguous()


def test_only_what_has_a_name_in_diffusers_is_found():
    assert find_class("FluxPipeline").__name__ == "FluxPipeline"
    assert find_class("os.system") is None
    assert find_class("NoSuchPipeline") is None


@pytest.mark.parametrize(
    ("model_id", "is_there"), [("sketch", False), ("/models/a", False), ("./a", False), ("owner/name", True)]
)
def test_what_is_on_the_hub(model_id, is_there):
    assert is_on_hub(model_id) == is_there
