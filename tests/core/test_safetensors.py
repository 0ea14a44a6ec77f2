"""The header reader agrees with the safetensors package, and refuses everything else."""

import numpy as np
import pytest
from safetensors.numpy import save_file

from seedlab.core.storage.safetensors import read_header


def test_shapes_and_metadata_are_those_that_were_saved(tmp_path):
    file = tmp_path / "weights.safetensors"
    save_file({"a": np.zeros((2, 3), "float32"), "b": np.zeros((), "float16")}, file, {"kind": "test"})
    header = read_header(file)
    assert (header.shapes, header.metadata) == ({"a": (2, 3), "b": ()}, {"kind": "test"})


@pytest.mark.parametrize(
    "content", [b"", b"banana", (2**62).to_bytes(8, "little") + b"{}", (2).to_bytes(8, "little") + b"[]", b"\x02" * 9]
)
def test_anything_else_is_refused(tmp_path, content):
    file = tmp_path / "weights.safetensors"
    file.write_bytes(content)
    with pytest.raises(ValueError, match=r"."):
        read_header(file)


def test_deep_nesting_is_refused(tmp_path):
    text = b"[" * 200_000
    file = tmp_path / "weights.safetensors"
    file.write_bytes(len(text).to_bytes(8, "little") + text)
    with pytest.raises(ValueError, match=r"."):
        read_header(file)
