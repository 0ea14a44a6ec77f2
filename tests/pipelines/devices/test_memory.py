"""Free memory, and the size of a pipeline."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from seedlab.pipelines.devices.memory import (
    ACTIVATION_BYTES,
    PREPACKED_BYTES,
    choose_weights,
    estimate_size,
    measure_capacity,
    measure_room,
)
from seedlab.pipelines.devices.offload import measure_size
from seedlab.pipelines.loaded.hashes import list_files
from seedlab.pipelines.loaded.loading import load_pipeline
from seedlab.pipelines.loaded.sources import Source


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_the_size_is_estimated_before_a_pipeline_is_loaded(tiny, dtype):
    estimated = estimate_size(choose_weights(list_files(tiny)), dtype)
    actual = measure_size(load_pipeline(Source(tiny), dtype, "cpu"))
    assert estimated == pytest.approx(actual, rel=0.01), "except for buffers, which are not stored"


def test_the_estimate_is_for_the_requested_dtype(tmp_path):
    save_file({"weight": torch.zeros(10, 100, dtype=torch.float16)}, tmp_path / "model.safetensors")
    assert estimate_size([tmp_path / "model.safetensors"], "float32") == 4000


def test_a_broken_file_has_no_size(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"<html>")
    assert estimate_size([tmp_path / "model.safetensors"], "float32") == 0


def test_variants_and_single_file_checkpoints_next_to_components_are_not_loaded():
    names = (
        "sd15.safetensors", "unet/config.json", "unet/model.safetensors", "unet/model.fp16.safetensors",
        "vae/model-00001-of-00002.safetensors", "vae/model-00002-of-00002.safetensors", "vae/model.non_ema.safetensors",
    )  # fmt: skip
    chosen = choose_weights((name, Path(name)) for name in names)
    assert [file.as_posix() for file in chosen] == [names[2], names[4], names[5]]


@pytest.mark.parametrize("names", [("",), ("diffusion_pytorch_model.safetensors",)])
def test_a_single_file_checkpoint_is_its_own_weights(names):
    file = Path("sd.v1.5.safetensors")
    assert choose_weights([*((name, file) for name in names), ("unet/config.json", Path("config.json"))]) == (file,)


def test_without_a_container_the_whole_machine_is_available(tmp_path):
    assert 0 < measure_room("mps", tmp_path) + ACTIVATION_BYTES < 10**15
    assert measure_room("cpu", tmp_path) < measure_room("mps", tmp_path), "prepacked weights need memory too"


def limit(folder: Path, maximum: str) -> None:
    """Write the files of a control group (version 2) of whose 2.5 MB 120 kB are reclaimable."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "memory.max").write_text(f"{maximum}\n")
    (folder / "memory.current").write_text("2500000\n")
    (folder / "memory.stat").write_text("anon 1200000\ninactive_file 100000\nactive_file 20000\n")


def limit_version_1(folder: Path, maximum: str) -> None:
    """Write the same for version 1."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "memory.limit_in_bytes").write_text(f"{maximum}\n")
    (folder / "memory.usage_in_bytes").write_text("2500000\n")
    (folder / "memory.stat").write_text("inactive_file 7\ntotal_inactive_file 100000\ntotal_active_file 20000\n")


def test_a_container_limits_the_memory(tmp_path):
    limit(tmp_path, "3000000")
    assert measure_room("cpu", tmp_path) == 620_000 - ACTIVATION_BYTES - PREPACKED_BYTES
    assert measure_capacity("cpu", tmp_path) == 3_000_000
    assert measure_capacity("cpu", tmp_path / "nowhere") > 10**8, "the machine's"


def test_a_container_of_version_1_limits_the_memory(tmp_path):
    limit_version_1(tmp_path / "memory", "3000000")
    assert measure_room("cpu", tmp_path) == 620_000 - ACTIVATION_BYTES - PREPACKED_BYTES


def test_a_container_without_a_limit_has_the_whole_machine(tmp_path):
    limit(tmp_path, "max")
    assert measure_room("cpu", tmp_path) + ACTIVATION_BYTES + PREPACKED_BYTES > 10**7


@pytest.mark.parametrize("limited", ["system.slice", "system.slice/seedlab.service"])
@pytest.mark.parametrize("is_version_1", [False, True])
def test_a_service_or_a_job_in_a_container_limits_the_memory(tmp_path, limited, is_version_1):
    groups = tmp_path / "cgroup"
    path = "/system.slice/seedlab.service"
    groups.write_text(f"5:cpu,memory:{path}\n1:name=systemd:/\n" if is_version_1 else f"0::{path}\n")
    if is_version_1:
        limit_version_1(tmp_path / "memory" / limited, "3000000")
    else:
        limit(tmp_path, "max")
        limit(tmp_path / limited, "3000000")
    assert measure_room("mps", tmp_path, groups) == 620_000 - ACTIVATION_BYTES


@pytest.mark.parametrize("text", ["0::/../elsewhere\n", "nonsense\n", ""])
def test_groups_outside_the_container_and_invalid_files_are_ignored(tmp_path, text):
    limit(tmp_path / "container", "3000000")
    limit(tmp_path / "elsewhere", "2500001")
    (tmp_path / "cgroup").write_text(text)
    assert measure_room("mps", tmp_path / "container", tmp_path / "cgroup") == 620_000 - ACTIVATION_BYTES
