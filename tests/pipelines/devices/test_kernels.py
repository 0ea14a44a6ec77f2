"""What chooses the kernels of a GPU: read from the driver, the libraries and the environment."""

import torch

from seedlab.pipelines.devices import kernels
from seedlab.pipelines.devices.kernels import describe_kernels

DRIVER = """NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.159.04  Release Build  (root@host)
GCC version:  gcc version 15.3.0 (GCC)
"""


def describe(monkeypatch, driver):
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: (9, 0))
    monkeypatch.setattr(torch.backends.cudnn, "version", lambda: 91900)
    monkeypatch.setattr(kernels, "DRIVER", driver)
    kernels._driver.cache_clear()
    return describe_kernels()


def test_architecture_libraries_and_driver_are_named(monkeypatch, tmp_path):
    driver = tmp_path / "version"
    driver.write_text(DRIVER)
    assert describe(monkeypatch, driver) == "sm_90, cuDNN 91900, driver 580.159.04"


def test_a_driver_that_does_not_say_its_version_is_left_out(monkeypatch, tmp_path):
    assert describe(monkeypatch, tmp_path / "nothing") == "sm_90, cuDNN 91900"


def test_variables_that_select_other_kernels_are_named(monkeypatch, tmp_path):
    monkeypatch.setenv("NVIDIA_TF32_OVERRIDE", "1\n" + "x" * 100)
    described = describe(monkeypatch, tmp_path / "nothing")
    assert described == "sm_90, cuDNN 91900, NVIDIA_TF32_OVERRIDE='1\\n" + "x" * 38 + "'"
    assert described.isprintable()
