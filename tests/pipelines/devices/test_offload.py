"""Where weights are, as far as that shows without a card; the rest is in tests/card."""

import pytest
import torch
from accelerate import cpu_offload_with_hook
from diffusers import DiffusionPipeline
from torch import nn

from seedlab.pipelines.devices.offload import (
    can_offload,
    enable_cpu_offload,
    is_offloaded,
    measure_size,
    onload,
    place,
)


@pytest.fixture
def pipeline(tiny):
    return DiffusionPipeline.from_pretrained(tiny, dtype=torch.bfloat16)


def test_the_size_of_a_pipeline_is_that_of_its_weights(tiny, pipeline):
    whole = DiffusionPipeline.from_pretrained(tiny)
    files = sum(file.stat().st_size for file in tiny.rglob("*.safetensors"))
    assert measure_size(whole) == pytest.approx(files, rel=0.02)
    assert measure_size(pipeline) == pytest.approx(files / 2, rel=0.02)


def test_without_a_card_a_pipeline_is_whole_and_stays_so(pipeline):
    assert place(pipeline, "cpu") is pipeline
    assert not is_offloaded(pipeline)
    assert not can_offload(pipeline)


def test_a_pipeline_that_comes_part_by_part_is_divided_no_further(pipeline):
    enable_cpu_offload(pipeline, "cpu")
    assert is_offloaded(pipeline)
    assert not can_offload(pipeline)


def test_a_part_that_waits_is_brought_in_for_its_work():
    part, _ = cpu_offload_with_hook(nn.Linear(2, 2), "meta")  # a device that every machine has
    assert part.weight.device.type == "cpu"
    onload(part)
    assert part.weight.device.type == "meta"


def test_a_part_that_is_there_anyway_is_left_where_it_is(pipeline):
    onload(pipeline.unet)
    assert pipeline.unet.device.type == "cpu"
