"""What a processor computes wrongly is refused."""

import pytest
import torch
from torch import nn

from seedlab.core.errors import SeedLabError
from seedlab.pipelines.devices.defects import refuse_defects

has_amx = torch.cpu._is_amx_tile_supported()


def run(height: int, width: int, *, stride: int = 2, dtype: torch.dtype = torch.bfloat16) -> torch.Tensor:
    torch.manual_seed(0)
    root = nn.Sequential(nn.Conv2d(256, 256, 3, stride, 1)).to(dtype, memory_format=torch.channels_last)
    refuse_defects(root)
    with torch.no_grad():
        return root(torch.randn(2, 256, height, width).to(dtype, memory_format=torch.channels_last))


@pytest.fixture
def amx(monkeypatch):
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: True)


@pytest.mark.usefixtures("amx")
@pytest.mark.parametrize("size", [(3, 1), (3, 2), (8, 2)], ids=str)
def test_narrow_pictures_are_refused(size):
    with pytest.raises(SeedLabError, match="choose a larger width, or float32 as the precision"):
        run(*size)


@pytest.mark.usefixtures("amx")
@pytest.mark.parametrize("size", [(2, 2), (1, 1), (2, 3), (4, 4), (8, 3)], ids=str)
def test_other_pictures_are_not(size):
    assert run(*size).isfinite().all()


@pytest.mark.usefixtures("amx")
def test_neither_are_other_kernels(monkeypatch):
    assert run(8, 2, dtype=torch.float32).shape == (2, 256, 4, 1)
    assert run(8, 1, stride=1).shape == (2, 256, 8, 1)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: False)
    assert run(8, 2).shape == (2, 256, 4, 1)


@pytest.mark.skipif(not has_amx, reason="this processor has no AMX")
def test_the_defect_is_still_there(monkeypatch):
    """If this fails, oneDNN was mended: `defects.py` can go."""
    expected = run(3, 1, dtype=torch.float32)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: False)
    results = [run(3, 1).float() for _ in range(8)]
    assert any((result - expected).abs().max() > 0.3 or not result.isfinite().all() for result in results)
