"""Loads pipelines from files to a device."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from seedlab.core.errors import SeedLabError
from seedlab.core.recipe import Lora
from seedlab.pipelines.devices.offload import place
from seedlab.pipelines.devices.selection import choose_memory_format
from seedlab.pipelines.loaded.loras import add_loras
from seedlab.pipelines.loaded.sources import Source
from seedlab.pipelines.models.capabilities import is_video_module


def load_pipeline(
    source: Source,
    dtype: str,
    device: str,
    loras: Sequence[Lora] = (),
    notify: Callable[[str], None] = lambda _sentence: None,
) -> Any:
    """Load a pipeline, from safetensors only and without any code that comes with the model.

    Args:
        source: where its files are.
        dtype, loras: as in `Recipe`.
        device: "cpu", "cuda" or "mps".
        notify: called with each sentence that users should read, such as about weights that are not used.

    Raises:
        SeedLabError: the pipeline cannot be loaded, or a LoRA was made for another kind.
    """
    import torch

    pipeline = _read_pipeline(source, getattr(torch, dtype))
    add_loras(pipeline, loras)
    pipeline.set_progress_bar_config(disable=True)
    for component in pipeline.components.values():
        # Channels-last needs 4-D weights; video modules have 5-D ones.
        if isinstance(component, torch.nn.Module) and not is_video_module(component):
            component.to(memory_format=getattr(torch, choose_memory_format(device)))  # type: ignore[call-overload]
    return place(pipeline, device)


def _read_pipeline(source: Source, dtype: Any) -> Any:
    name = source.path.name
    try:
        return _read_file(source, dtype) if source.config else _read_folder(source.path, dtype)
    except ImportError as error:  # a component needs another package, as LMS needs scipy
        raise SeedLabError(f"The model in {name} cannot be used: {_shorten(error)}. Choose another.") from error
    except (OSError, ValueError, TypeError, KeyError, RuntimeError, AttributeError) as error:
        kind = "checkpoint of the kind that its folder describes" if source.config else "diffusers pipeline"
        raise SeedLabError(
            f"The model in {name} could not be loaded ({_shorten(error)}): "
            f"check that it is a complete {kind} with safetensors weights."
        ) from error


def _read_folder(folder: Path, dtype: Any) -> Any:
    from diffusers import DiffusionPipeline

    return DiffusionPipeline.from_pretrained(folder, dtype=dtype, use_safetensors=True, local_files_only=True)


def _read_file(source: Source, dtype: Any) -> Any:
    import diffusers

    pipeline_class = getattr(diffusers, source.pipeline)
    # With a folder as config, diffusers does not ask the Hub.
    return pipeline_class.from_single_file(
        str(source.path), config=str(source.config), dtype=dtype, local_files_only=True
    )


def _shorten(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__)[:160].rstrip(".: ")
