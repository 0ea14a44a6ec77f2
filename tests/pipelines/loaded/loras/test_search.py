"""LoRAs are found by the names and hashes that pictures of other programs have."""

import hashlib

import pytest
import torch
from safetensors.torch import save_file

from seedlab.pipelines.loaded.loras.search import find_lora

TENSORS = {"lora_unet_conv_in.lora_down.weight": torch.ones(1, 4), "lora_unet_conv_in.lora_up.weight": torch.ones(4, 1)}


@pytest.fixture
def file(tmp_path):
    file = tmp_path / "Ink v2.safetensors"
    save_file(TENSORS, file)
    return file


def hash_weights(file) -> str:
    data = file.read_bytes()
    return hashlib.sha256(data[8 + int.from_bytes(data[:8], "little") :]).hexdigest()


def test_by_name_and_each_hash(file, tmp_path):
    whole = hashlib.sha256(file.read_bytes()).hexdigest()
    for name in ("Ink v2", "ink v2", "ink v2.safetensors"):
        for digits in ("", whole, whole[:10].upper(), whole[:12], hash_weights(file)[:12]):
            assert find_lora(name, digits, [tmp_path]) == file
        assert find_lora(name, "0" * 10, [tmp_path]) is None
        assert find_lora(name, whole[:5], [tmp_path]) is None
    assert find_lora("Ink", "", [tmp_path]) is None
    assert find_lora("", "", [tmp_path]) is None


def test_a_renamed_file_by_the_hash_in_its_metadata(file, tmp_path):
    digits = hash_weights(file)
    renamed = tmp_path / "renamed.safetensors"
    save_file(TENSORS, renamed, {"sshs_model_hash": digits})
    assert find_lora("another", digits[:12], [tmp_path]) == renamed
    assert find_lora("another", "", [tmp_path]) is None


def test_folders_and_files_that_cannot_be_read_are_passed_over(file, tmp_path):
    (tmp_path / "a.safetensors").write_bytes(b"junk")
    assert find_lora("a", "", [tmp_path / "nowhere", tmp_path]) is None
    assert find_lora("Ink v2", "", [tmp_path / "nowhere", tmp_path]) == file
