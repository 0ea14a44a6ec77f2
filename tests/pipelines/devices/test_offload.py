"""Placing and offloading weights, as far as this can be tested without a GPU; the rest is in tests/simulated_cuda."""

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


def test_without_a_gpu_a_pipeline_is_not_offloaded(pipeline):
    assert place(pipeline, "cpu") is pipeline
    assert not is_offloaded(pipeline)
    assert not can_offload(pipeline)


def test_an_offloaded_pipeline_cannot_be_offloaded_again(pipeline):
    enable_cpu_offload(pipeline, "cpu")
    assert is_offloaded(pipeline)
    assert not can_offload(pipeline)


def test_an_offloaded_component_is_moved_to_its_device():
    component, _ = cpu_offload_with_hook(nn.Linear(2, 2), "meta")  # a device that every machine has
    assert component.weight.device.type == "cpu"
    onload(component)
    assert component.weight.device.type == "meta"


def test_a_component_that_is_not_offloaded_stays_on_its_device(pipeline):
    onload(pipeline.unet)
    assert pipeline.unet.device.type == "cpu"
