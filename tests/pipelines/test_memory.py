"""What is free, and what a pipeline will need."""

import pytest
import torch
from safetensors.torch import save_file

from seedlab.pipelines.environment import list_files
from seedlab.pipelines.loading import Source, load_pipeline, measure_size
from seedlab.pipelines.memory import estimate_size, measure_free


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_size_is_known_before_a_pipeline_is_loaded(tiny, dtype):
    files = [file for _, file in list_files(tiny) if file.suffix == ".safetensors"]
    estimated, true = estimate_size(files, dtype), measure_size(load_pipeline(Source(tiny), dtype, "cpu"))
    assert estimated == pytest.approx(true, rel=0.01), "but for buffers, which are not stored"


def test_weights_are_counted_in_the_dtype_that_they_are_loaded_in(tmp_path):
    save_file({"weight": torch.zeros(10, 100, dtype=torch.float16)}, tmp_path / "model.safetensors")
    assert estimate_size([tmp_path / "model.safetensors"], "float32") == 4000


def test_of_a_broken_file_nothing_will_be_loaded(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"<html>")
    assert estimate_size([tmp_path / "model.safetensors"], "float32") == 0


def test_without_a_container_the_whole_machine_is_ours(tmp_path):
    assert 10**7 < measure_free("cpu", tmp_path) < 10**15


@pytest.mark.parametrize(
    ("limit", "used", "statistics", "gives_way"),
    [
        ("memory.max", "memory.current", "memory.stat", "inactive_file"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "memory/memory.stat", "total_inactive_file"),
    ],
)
def test_a_container_may_have_less_than_its_machine(tmp_path, limit, used, statistics, gives_way):
    (tmp_path / "memory").mkdir()
    (tmp_path / limit).write_text("3000000\n")
    (tmp_path / used).write_text("2500000\n")
    (tmp_path / statistics).write_text(f"anon 1200000\n{gives_way} 100000\n")
    assert measure_free("cpu", tmp_path) == 600_000


def test_a_container_without_a_limit_may_have_all(tmp_path):
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "memory.current").write_text("2500000\n")
    (tmp_path / "memory.stat").write_text("inactive_file 100000\n")
    assert measure_free("cpu", tmp_path) > 10**7
