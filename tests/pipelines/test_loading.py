"""From a model to a pipeline on a device; what needs a GPU is decided by functions that need none."""

import pytest
import torch
from diffusers import DiffusionPipeline

from seedlab.pipelines.loading import (
    Source,
    choose_dtype,
    choose_half,
    choose_placement,
    find_class,
    is_on_hub,
    load_pipeline,
    measure_size,
)
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
def test_half_precision_is_the_models_own_where_the_card_is_fast_at_it(half, capability, dtype):
    assert choose_half(half, capability) == dtype


@pytest.mark.parametrize("half", ["float16", "bfloat16"])
def test_a_processor_has_no_fast_float16(half):
    assert choose_dtype("cpu", half) in ("float32", "bfloat16")


@pytest.mark.parametrize(
    ("size", "room", "placement"),
    [(2 * 10**9, 6 * 10**9, "whole"), (8 * 10**9, 6 * 10**9, "part by part"), (10, 10, "whole")],
)
def test_what_does_not_fit_beside_its_work_is_put_on_the_card_part_by_part(size, room, placement):
    assert choose_placement(size, room) == placement


def test_the_size_of_a_pipeline_is_that_of_its_weights(tiny):
    whole, half = (DiffusionPipeline.from_pretrained(tiny, dtype=dtype) for dtype in (torch.float32, torch.bfloat16))
    files = sum(file.stat().st_size for file in tiny.rglob("*.safetensors"))
    assert measure_size(whole) == pytest.approx(files, rel=0.02)
    assert measure_size(half) == pytest.approx(files / 2, rel=0.02)


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


@pytest.mark.parametrize(("model_id", "is_there"), [("sketch", False), ("/models/a", False), ("owner/name", True)])
def test_what_is_on_the_hub(model_id, is_there):
    assert is_on_hub(model_id) == is_there
