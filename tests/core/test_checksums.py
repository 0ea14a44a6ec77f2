"""A proof comes back from a stranger's file only as what it must be."""

import pytest

from seedlab.core.checksums import Checksums
from seedlab.core.errors import SeedLabError

PROOF = {"latents": "ab" * 32, "total": 1491.1711}


def test_a_proof_is_read_field_by_field():
    assert Checksums.from_dict(PROOF | {"unknown": 1}) == Checksums(**PROOF)
    assert Checksums.from_dict(PROOF | {"latents": ""}).latents == "", "a pipeline that shows no latents"


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {},
        PROOF | {"latents": None},
        PROOF | {"latents": "AB" * 32},
        PROOF | {"latents": "ab" * 31},
        PROOF | {"total": "1"},
        PROOF | {"total": True},
        PROOF | {"total": float("nan")},
        PROOF | {"total": float("inf")},
    ],
    ids=str,
)
def test_anything_else_is_refused(data):
    with pytest.raises(SeedLabError, match="cannot be read"):
        Checksums.from_dict(data)
