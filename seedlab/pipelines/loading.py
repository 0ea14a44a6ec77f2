"""From a model's id to a pipeline on a device."""

from pathlib import Path
from threading import Lock
from typing import Any

from seedlab.pipelines.catalog import CATALOG, SKETCH, SKETCH_FOLDER
from seedlab.pipelines.hub import find_snapshot
from seedlab.recipe import SeedLabError

KNOWN = tuple(model.model_id for model in CATALOG)
_IMPORTING = Lock()


def import_libraries() -> None:
    """Import torch and diffusers, which takes seconds; the first thread does it and the others wait.

    Both import in circles, so that two threads that begin at once could see half a module.
    """
    with _IMPORTING:
        import torch  # noqa: F401
        from diffusers import DiffusionPipeline  # noqa: F401

        _hush()


def choose_device(wish: str | None) -> str:
    """Return the device to work on: the one wished for, else CUDA, MPS or the CPU, whichever is there.

    Raises:
        SeedLabError: the one wished for is not there.
    """
    import_libraries()
    import torch

    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if wish is None:
        return next(device for device, is_there in there.items() if is_there)
    if not there.get(wish, False):
        have = ", ".join(device for device, is_there in there.items() if is_there)
        raise SeedLabError(f"There is no device “{wish[:20]}” on this machine: use {have}.")
    return wish


def choose_dtype(device: str) -> str:
    """Return the dtype that is right by default for a Stable Diffusion on that device."""
    import torch

    if device == "cuda":
        return "float16"
    has_fast_bfloat16 = device == "cpu" and torch.cpu._is_avx512_bf16_supported()
    return "bfloat16" if has_fast_bfloat16 else "float32"


def choose_memory_format(device: str) -> str:
    """Return how pictures lie in memory: colours last suits the CPU's kernels, up to twice as fast (oneDNN, NHWC).

    It is a part of the environment, because it changes the bits.
    """
    return "channels_last" if device == "cpu" else "contiguous_format"


def is_on_hub(model_id: str) -> bool:
    """Whether a model's id is that of a repository on the Hub; the others are on this machine."""
    return model_id != SKETCH and not Path(model_id).is_absolute()


def find_folder(model_id: str, revision: str | None, *, download: bool) -> Path:
    """Return the folder that a model's pipeline is saved in; downloads it from the Hub if that is allowed and needed.

    Raises:
        SeedLabError: it is not here, or cannot be downloaded.
    """
    if model_id == SKETCH:
        return SKETCH_FOLDER
    if (folder := Path(model_id)).is_absolute():
        if folder.is_dir():
            return folder
        raise SeedLabError(f"The model folder {folder} is not there any more: choose another model.")
    return find_snapshot(model_id, revision, download=download, known=KNOWN)


def load_pipeline(folder: Path, dtype: str, device: str) -> Any:
    """Load a pipeline from its folder: safetensors alone, no code of the model's own.

    Raises:
        SeedLabError: the folder does not hold a pipeline that can be loaded.
    """
    import torch
    from diffusers import DiffusionPipeline

    try:
        pipeline = DiffusionPipeline.from_pretrained(
            folder, dtype=getattr(torch, dtype), use_safetensors=True, local_files_only=True
        )
    except ImportError as error:  # a part that needs a package which is not here, as LMS needs scipy
        raise SeedLabError(f"The model in {folder.name} cannot be used: {_shorten(error)}. Choose another.") from error
    except (OSError, ValueError, TypeError, KeyError, RuntimeError, AttributeError) as error:
        raise SeedLabError(
            f"The model in {folder.name} could not be loaded ({_shorten(error)}): "
            "check that it is a whole diffusers pipeline with safetensors weights."
        ) from error
    pipeline.set_progress_bar_config(disable=True)
    for part in pipeline.components.values():
        if isinstance(part, torch.nn.Module):
            part.to(memory_format=getattr(torch, choose_memory_format(device)))  # type: ignore[call-overload]
    return pipeline.to(device)


def _hush() -> None:
    """Leave what the libraries say on stderr to what concerns the visitor: errors.

    Their bars for loading a few local files, and the advice to install torchvision (which is not needed), do not.
    """
    import diffusers.utils.logging
    import transformers.utils.logging

    for library in (diffusers, transformers):
        library.utils.logging.set_verbosity_error()
        library.utils.logging.disable_progress_bar()


def _shorten(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__)[:160].rstrip(".: ")
