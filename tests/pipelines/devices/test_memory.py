"""What is free, and what a pipeline will need."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from seedlab.pipelines.devices.memory import PREPACKED_BYTES, WORKROOM, choose_weights, estimate_size, measure_room
from seedlab.pipelines.devices.offload import measure_size
from seedlab.pipelines.loaded.hashes import list_files
from seedlab.pipelines.loaded.loading import load_pipeline
from seedlab.pipelines.loaded.sources import Source


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_size_is_known_before_a_pipeline_is_loaded(tiny, dtype):
    estimated = estimate_size(choose_weights(list_files(tiny)), dtype)
    true = measure_size(load_pipeline(Source(tiny), dtype, "cpu"))
    assert estimated == pytest.approx(true, rel=0.01), "but for buffers, which are not stored"


def test_weights_are_counted_in_the_dtype_that_they_are_loaded_in(tmp_path):
    save_file({"weight": torch.zeros(10, 100, dtype=torch.float16)}, tmp_path / "model.safetensors")
    assert estimate_size([tmp_path / "model.safetensors"], "float32") == 4000


def test_of_a_broken_file_nothing_will_be_loaded(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"<html>")
    assert estimate_size([tmp_path / "model.safetensors"], "float32") == 0


def test_variants_and_whole_checkpoints_beside_the_parts_are_not_loaded():
    names = (
        "sd15.safetensors", "unet/config.json", "unet/model.safetensors", "unet/model.fp16.safetensors",
        "vae/model-00001-of-00002.safetensors", "vae/model-00002-of-00002.safetensors", "vae/model.non_ema.safetensors",
    )  # fmt: skip
    chosen = choose_weights((name, Path(name)) for name in names)
    assert [file.as_posix() for file in chosen] == [names[2], names[4], names[5]]


@pytest.mark.parametrize("names", [("",), ("diffusion_pytorch_model.safetensors",)])
def test_a_checkpoint_in_one_file_is_its_own_weights(names):
    file = Path("sd.v1.5.safetensors")
    assert choose_weights([*((name, file) for name in names), ("unet/config.json", Path("config.json"))]) == (file,)


def test_without_a_container_the_whole_machine_is_ours(tmp_path):
    assert 0 < measure_room("mps", tmp_path) + WORKROOM < 10**15
    assert measure_room("cpu", tmp_path) < measure_room("mps", tmp_path), "weights are laid out anew"


def limit(folder: Path, maximum: str) -> None:
    """Write what Linux tells of a group of which 120 kB of 2.5 MB give way."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "memory.max").write_text(f"{maximum}\n")
    (folder / "memory.current").write_text("2500000\n")
    (folder / "memory.stat").write_text("anon 1200000\ninactive_file 100000\nactive_file 20000\n")


def limit_in_the_older_way(folder: Path, maximum: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "memory.limit_in_bytes").write_text(f"{maximum}\n")
    (folder / "memory.usage_in_bytes").write_text("2500000\n")
    (folder / "memory.stat").write_text("inactive_file 7\ntotal_inactive_file 100000\ntotal_active_file 20000\n")


def test_a_container_may_have_less_than_its_machine(tmp_path):
    limit(tmp_path, "3000000")
    assert measure_room("cpu", tmp_path) == 620_000 - WORKROOM - PREPACKED_BYTES


def test_a_container_of_the_older_kind_may_have_less_than_its_machine(tmp_path):
    limit_in_the_older_way(tmp_path / "memory", "3000000")
    assert measure_room("cpu", tmp_path) == 620_000 - WORKROOM - PREPACKED_BYTES


def test_a_container_without_a_limit_may_have_all(tmp_path):
    limit(tmp_path, "max")
    assert measure_room("cpu", tmp_path) + WORKROOM + PREPACKED_BYTES > 10**7


@pytest.mark.parametrize("limited", ["system.slice", "system.slice/seedlab.service"])
@pytest.mark.parametrize("is_old", [False, True])
def test_a_service_or_a_job_may_have_less_than_its_container(tmp_path, limited, is_old):
    groups = tmp_path / "cgroup"
    path = "/system.slice/seedlab.service"
    groups.write_text(f"5:cpu,memory:{path}\n1:name=systemd:/\n" if is_old else f"0::{path}\n")
    if is_old:
        limit_in_the_older_way(tmp_path / "memory" / limited, "3000000")
    else:
        limit(tmp_path, "max")
        limit(tmp_path / limited, "3000000")
    assert measure_room("mps", tmp_path, groups) == 620_000 - WORKROOM


@pytest.mark.parametrize("told", ["0::/../elsewhere\n", "nonsense\n", ""])
def test_what_is_told_of_groups_that_cannot_be_seen_changes_nothing(tmp_path, told):
    limit(tmp_path / "container", "3000000")
    limit(tmp_path / "elsewhere", "2500001")
    (tmp_path / "cgroup").write_text(told)
    assert measure_room("mps", tmp_path / "container", tmp_path / "cgroup") == 620_000 - WORKROOM
