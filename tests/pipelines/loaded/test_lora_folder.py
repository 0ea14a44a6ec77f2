"""LoRAs by the names and hashes that other tools write."""

import hashlib

import numpy as np
import pytest
from safetensors.numpy import save_file

from seedlab.pipelines.loaded.lora_folder import LoraFolder


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "styles").mkdir()
    for number, name in enumerate(("ink", "styles/gulls")):
        save_file({"lora": np.full(4, number, np.float32)}, tmp_path / f"{name}.safetensors")
    metadata = {"sshs_model_hash": "feedfacecafe" + "0" * 52}
    save_file({"lora": np.full(4, 9, np.float32)}, tmp_path / "renamed.safetensors", metadata)
    return tmp_path


def test_a_name_in_any_case_and_any_folder_below(folder):
    found = LoraFolder(folder)
    assert found.find("INK", "") == folder / "ink.safetensors"
    assert found.find("gulls", "") == folder / "styles" / "gulls.safetensors"
    assert found.find("nothing", "") is None


@pytest.mark.parametrize("skipped", [0, None], ids=["whole file", "weights alone"])
def test_a_hash_finds_a_renamed_file(folder, skipped):
    data = (folder / "ink.safetensors").read_bytes()
    start = 8 + int.from_bytes(data[:8], "little") if skipped is None else 0
    digest = hashlib.sha256(data[start:]).hexdigest()[:12]
    assert LoraFolder(folder).find("another name", digest) == folder / "ink.safetensors"


def test_the_hash_that_a_trainer_wrote_into_the_file(folder):
    assert LoraFolder(folder).find("x", "feedfacecafe") == folder / "renamed.safetensors"


def test_a_file_of_the_name_with_another_hash_is_another_lora(folder):
    assert LoraFolder(folder).find("ink", "0123456789ab") is None


def test_paths_in_names_lead_nowhere(folder):
    assert LoraFolder(folder / "styles").find("../ink", "") is None


def test_files_that_were_used_before_are_known(folder):
    known = LoraFolder(None, lambda: (str(folder / "gone.safetensors"), str(folder / "ink.safetensors"), "owner/name"))
    assert known.find("ink", "") == folder / "ink.safetensors"


def test_without_a_folder_nothing_is_found():
    assert LoraFolder(None).find("ink", "") is None
