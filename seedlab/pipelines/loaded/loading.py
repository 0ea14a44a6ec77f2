"""From a model's id to a pipeline on a device."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from seedlab.core.model import Model
from seedlab.core.recipe import Lora, SeedLabError
from seedlab.pipelines.devices.offload import place
from seedlab.pipelines.hub.cache import download_snapshot, find_configurations, find_snapshot
from seedlab.pipelines.hub.progress import Tell
from seedlab.pipelines.loaded.loras import add_loras
from seedlab.pipelines.models.capabilities import takes_films
from seedlab.pipelines.models.catalog import ALIASES, CATALOG, SKETCH, SKETCH_FOLDER

KNOWN = (*(model.model_id for model in CATALOG), *ALIASES)
"""The ids that a visitor may have meant."""

_IMPORTING = Lock()


def import_libraries() -> None:
    """Import torch and diffusers, which takes seconds; the first thread does it and the others wait.

    Both import in circles, so that two threads that begin at once could see half a module.
    """
    with _IMPORTING:
        import torch  # noqa: F401
        from diffusers import DiffusionPipeline  # noqa: F401

        _hush()


def find_class(name: str) -> Any:
    """Return the class of that name in diffusers; None where there is none."""
    with _IMPORTING:
        import diffusers

        return getattr(diffusers, name, None) if name.isidentifier() else None


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


def choose_dtype(device: str, half: str = "float16") -> str:
    """Return the dtype that is right by default for a model on that device.

    Args:
        half: the half precision that the model was made for.
    """
    import torch

    if device == "cuda":
        return choose_half(half, torch.cuda.get_device_capability())
    has_fast_bfloat16 = device == "cpu" and torch.cpu._is_avx512_bf16_supported()
    return "bfloat16" if has_fast_bfloat16 else "float32"


def choose_half(half: str, capability: tuple[int, int]) -> str:
    """Return the half precision for a CUDA card: bfloat16 only where it is fast, from Ampere (8.0) on."""
    return half if half != "bfloat16" or capability >= (8, 0) else "float16"


def choose_memory_format(device: str) -> str:
    """Return how pictures lie in memory: colours last suits the CPU's kernels, up to twice as fast (oneDNN, NHWC).

    It is a part of the environment, because it changes the bits.
    """
    return "channels_last" if device == "cpu" else "contiguous_format"


def is_on_hub(model_id: str) -> bool:
    """Whether a model's id is that of a repository on the Hub; the others are on this machine."""
    return model_id != SKETCH and not Path(model_id).is_absolute()


@dataclass(frozen=True)
class Source:
    """Where a model's weights are.

    Attributes:
        path: a diffusers folder, or a checkpoint in one file.
        pipeline, config: of a checkpoint: the class that reads it, and the folder of configurations that it is read
            with; "" and None for a folder.
    """

    path: Path
    pipeline: str = ""
    config: Path | None = None


def find_source(model: Model, *, download: bool, tell: Tell = lambda _done, _total: None) -> Source:
    """Return where a model's weights are; downloads them from the Hub if that is allowed and needed.

    Args:
        tell: is told how far a download is, in bytes; raises to end it.

    Raises:
        SeedLabError: they are not here, or cannot be downloaded.
    """
    if model.model_id == SKETCH:
        return Source(SKETCH_FOLDER)
    if not (path := Path(model.model_id)).is_absolute():
        return _find_on_hub(model, download, tell)
    if not path.exists():
        raise SeedLabError(f"The model {path} is not there any more: choose another model.")
    return Source(path, model.pipeline, _find_config(model, download)) if model.config else Source(path)


def _find_on_hub(model: Model, download: bool, tell: Tell) -> Source:
    import_libraries()
    folder = find_snapshot(model.model_id, model.revision)
    if folder is None and download:
        folder = download_snapshot(model.model_id, model.revision, KNOWN, tell)
    if folder is None:
        raise SeedLabError(f"The files of {model.name} are not here, or not all of them: generate a picture with it.")
    return Source(folder)


def _find_config(model: Model, download: bool) -> Path:
    if (folder := Path(model.config)).is_absolute():
        return folder
    try:
        return find_configurations(model.config, download=download)
    except SeedLabError as error:
        raise SeedLabError(
            f"To read {model.name}, the small files of {model.config} are needed, which come from the Hub once: check "
            f"the network and try again, or put a diffusers folder of that kind beside it, named {model.name}."
        ) from error


def load_pipeline(source: Source, dtype: str, device: str, loras: Sequence[Lora] = ()) -> Any:
    """Load a pipeline: safetensors alone, no code of the model's own.

    Raises:
        SeedLabError: there is no pipeline that can be loaded, or a LoRA does not fit it.
    """
    import torch

    pipeline = _read_pipeline(source, getattr(torch, dtype))
    add_loras(pipeline, loras)
    pipeline.set_progress_bar_config(disable=True)
    for part in pipeline.components.values():
        # Weights of five dimensions cannot lie so: what works on films stays as it is.
        if isinstance(part, torch.nn.Module) and not takes_films(part):
            part.to(memory_format=getattr(torch, choose_memory_format(device)))  # type: ignore[call-overload]
    return place(pipeline, device)


def _read_pipeline(source: Source, dtype: Any) -> Any:
    name = source.path.name
    try:
        return _read_file(source, dtype) if source.config else _read_folder(source.path, dtype)
    except ImportError as error:  # a part that needs a package which is not here, as LMS needs scipy
        raise SeedLabError(f"The model in {name} cannot be used: {_shorten(error)}. Choose another.") from error
    except (OSError, ValueError, TypeError, KeyError, RuntimeError, AttributeError) as error:
        kind = "checkpoint of the kind that its folder says" if source.config else "diffusers pipeline"
        raise SeedLabError(
            f"The model in {name} could not be loaded ({_shorten(error)}): "
            f"check that it is a whole {kind} with safetensors weights."
        ) from error


def _read_folder(folder: Path, dtype: Any) -> Any:
    from diffusers import DiffusionPipeline

    return DiffusionPipeline.from_pretrained(folder, dtype=dtype, use_safetensors=True, local_files_only=True)


def _read_file(source: Source, dtype: Any) -> Any:
    import diffusers

    pipeline_class = getattr(diffusers, source.pipeline)
    # With a folder given, nothing is looked for on the Hub.
    return pipeline_class.from_single_file(
        str(source.path), config=str(source.config), dtype=dtype, local_files_only=True
    )


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
