"""Reads the environment that decides an image's bits: versions, device, threads, and the hash of the weights."""

import os
import platform
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from seedlab.core.machine.environment import Environment
from seedlab.core.recipes.recipe import Recipe
from seedlab.pipelines.devices.kernels import describe_kernels
from seedlab.pipelines.devices.libraries import import_libraries
from seedlab.pipelines.devices.selection import choose_memory_format

KERNEL_VARIABLES = (
    "ONEDNN_MAX_CPU_ISA",
    "DNNL_MAX_CPU_ISA",
    "ONEDNN_DEFAULT_FPMATH_MODE",
    "MKL_CBWR",
    "MKL_ENABLE_INSTRUCTIONS",
)
"""Environment variables that select other CPU kernels, which give other bits."""


def observe(device: str, weights: str, loras: str = "added", memory_format: str | None = None) -> Environment:
    """Return everything besides the recipe that decides an image's bits.

    Args:
        device: "cpu", "cuda" or "mps".
        weights: the model's hash, from `hash_weights`.
        loras: how LoRAs come to it, as in `Environment`.
        memory_format: of its weights; None for the device's default.
    """
    import_libraries()
    import diffusers
    import torch
    import transformers

    on_cpu = device == "cpu"
    return Environment(
        torch=torch.__version__,
        diffusers=diffusers.__version__,
        transformers=transformers.__version__,
        device=_name_device(device),
        isa=_name_isa() if on_cpu else "",
        threads=torch.get_num_threads() if on_cpu else 0,
        memory_format=choose_memory_format(device, memory_format),
        attention="sdpa",
        weights=weights,
        deterministic=torch.are_deterministic_algorithms_enabled(),
        loras=loras,
        kernels=describe_kernels() if device == "cuda" else "",
    )


def note_libraries(environment: Environment, recipe: Recipe) -> Environment:
    """Return the environment of a recipe's picture: with the libraries that only some recipes need.

    compel applies prompt weights, peft applies LoRAs, and Pillow resizes the picture that a recipe starts from.
    """
    if recipe.start is not None:
        earlier = recipe.start.recipe
        environment = environment if earlier is None else note_libraries(environment, earlier)
        if not recipe.start.resizes_latents:
            environment = replace(environment, pillow=version("pillow"))
    if recipe.loras:
        environment = replace(environment, peft=version("peft"))
    return replace(environment, compel=version("compel")) if recipe.has_weights else environment


def enable_determinism() -> None:
    """Allow only deterministic algorithms from now on, as diffusers' `enable_full_determinism` does.

    That function also sets CUDA_LAUNCH_BLOCKING, which takes time and changes no bits, so it is not called here.
    """
    # cuBLAS reads this when it is initialised: see "Results reproducibility" in its documentation.
    os.environ["CUBLAS_WORKSPACE_CONFIG"] = ":16:8"
    import_libraries()
    import torch

    torch.use_deterministic_algorithms(True)
    torch.backends.cudnn.benchmark = False
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False


def _name_device(device: str) -> str:
    import torch

    if device == "cuda":
        return str(torch.cuda.get_device_name())
    return _name_processor() if device == "cpu" else device


def _name_processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _name_isa() -> str:
    import torch

    capability = str(torch.backends.cpu.get_cpu_capability())
    # oneDNN uses AMX independently of torch's CPU capability, and it changes the bits of bfloat16.
    amx = torch.cpu._is_amx_tile_supported() if hasattr(torch.cpu, "_is_amx_tile_supported") else False
    variables = "".join(f" {name}={os.environ[name][:40]!a}" for name in KERNEL_VARIABLES if os.environ.get(name))
    return (f"{capability}+AMX" if amx else capability) + variables
