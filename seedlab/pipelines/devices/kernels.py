"""Reads what chooses the kernels of a CUDA GPU: its architecture, NVIDIA's libraries, and environment variables."""

import ctypes
import os
import re
from contextlib import suppress
from functools import cache
from pathlib import Path

VARIABLES = (
    "CUBLAS_WORKSPACE_CONFIG",
    "CUBLASLT_WORKSPACE_SIZE",
    "NVIDIA_TF32_OVERRIDE",
    "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE",
    "TORCH_BLAS_PREFER_CUBLASLT",
    "TORCH_CUDNN_V8_API_DISABLED",
    "DIFFUSERS_ATTN_BACKEND",
)
"""Environment variables that select other kernels on a GPU, which give other bits."""

DRIVER = Path("/proc/driver/nvidia/version")


def describe_kernels() -> str:
    """Return what chooses a CUDA GPU's kernels, as "sm_90, cuDNN 91900, cuBLAS 130200, driver 580.159.04".

    What cannot be found out is left out. The versions are those that the libraries report: cuDNN's
    `cudnnGetVersion`, and `cublasLtGetVersion`.
    """
    import torch

    major, minor = torch.cuda.get_device_capability()
    versions = {
        "cuDNN": torch.backends.cudnn.version(),  # type: ignore[no-untyped-call]
        "cuBLAS": _find_cublas(torch.version.cuda),
        "driver": _driver(),
    }
    known = (f"{name} {version}" for name, version in versions.items() if version)
    variables = (f"{name}={os.environ[name][:40]!a}" for name in VARIABLES if os.environ.get(name))
    return ", ".join((f"sm_{major}{minor}", *known, *variables))


@cache
def _find_cublas(cuda: str | None) -> int:
    """Return the version of the cuBLAS that torch has loaded, as 130200; 0 if there is none."""
    major = (cuda or "").partition(".")[0]
    for name in (f"libcublasLt.so.{major}", f"cublasLt64_{major}.dll"):
        with suppress(OSError, AttributeError):
            get_version = ctypes.CDLL(name).cublasLtGetVersion
            get_version.restype = ctypes.c_size_t
            return int(get_version())
    return 0


@cache
def _driver() -> str:
    with suppress(OSError, UnicodeDecodeError):
        if found := re.search(r"Module.*?\s(\d+(?:\.\d+)+)\s", DRIVER.read_text(encoding="utf-8")):
            return found[1]
    return ""
