"""The hashes by which other tools find weights: of whole files, and of what follows a safetensors header."""

import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from seedlab.core.models.model import SKETCH
from seedlab.core.models.weights import WeightHashes
from seedlab.core.recipes.additions import Lora
from seedlab.pipelines.loaded.files import ModelFiles
from seedlab.pipelines.loaded.hashes import hash_tensors, hash_weights
from seedlab.pipelines.models.catalog import CATALOG


def write_weights(file: Path, values: bytes, **metadata: str) -> Path:
    tensor = {"dtype": "U8", "shape": [len(values)], "data_offsets": [0, len(values)]}
    header = json.dumps({"__metadata__": metadata, "lora": tensor}).encode()
    file.write_bytes(len(header).to_bytes(8, "little") + header + values)
    return file


def test_the_hash_of_a_lora_stays_when_its_metadata_is_edited(tmp_path):
    plain = write_weights(tmp_path / "a.safetensors", b"weights")
    edited = write_weights(tmp_path / "b.safetensors", b"weights", title="Ink")
    other = write_weights(tmp_path / "c.safetensors", b"other weights")
    assert hash_tensors(plain) == hash_tensors(edited) == sha256(b"weights").hexdigest()
    assert hash_tensors(other) == sha256(b"other weights").hexdigest()


@pytest.mark.parametrize("content", [None, b"", b"\xff" * 8])
def test_a_file_without_weights_ends_nothing(tmp_path, content):
    file = tmp_path / "a.safetensors"
    if content is not None:
        file.write_bytes(content)
    assert hash_tensors(file) in ("", sha256(b"").hexdigest())


def test_a_checkpoint_and_its_loras_are_known_by_the_hashes_that_a1111_shows(tmp_path):
    checkpoint = write_weights(tmp_path / "shore.safetensors", b"weights")
    ink = write_weights(tmp_path / "ink.safetensors", b"ink")
    folder = tmp_path / "config"
    folder.mkdir()
    (folder / "model_index.json").write_text("{}")
    sketch = next(model for model in CATALOG if model.model_id == SKETCH)
    model = replace(sketch, model_id=str(checkpoint), pipeline="StableDiffusionPipeline", config=str(folder))
    loras = (Lora(file=str(ink), sha256="ab" * 32, weight=1), Lora(file="/gone", sha256="ab" * 32, weight=1))
    hashes = ModelFiles().list_hashes(model, loras)
    expected = sha256(checkpoint.read_bytes()).hexdigest()
    assert hashes == WeightHashes(checkpoint=expected, loras=(sha256(b"ink").hexdigest(), ""))
    assert ModelFiles().list_hashes(replace(model, model_id=str(tmp_path / "gone")), ()) == WeightHashes()
    assert ModelFiles().list_hashes(sketch, ()) == WeightHashes()


def test_the_hash_of_a_whole_model_is_what_it_was(tmp_path):
    """It is in the environment of every picture."""
    checkpoint = write_weights(tmp_path / "shore.safetensors", b"weights")
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "model_index.json").write_text("{}")
    parts = [("", checkpoint.read_bytes()), ("model_index.json", b"{}")]
    joined = b"".join(name.encode() + b"\0" + sha256(content).digest() for name, content in parts)
    assert hash_weights(checkpoint, tmp_path / "config") == sha256(joined).hexdigest()
