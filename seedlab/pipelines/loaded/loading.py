"""Loads pipelines from files to a device."""

import logging
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from seedlab.core.errors import SeedLabError
from seedlab.core.recipes.additions import Lora
from seedlab.core.texts.text import quote
from seedlab.pipelines.devices.defects import refuse_defects
from seedlab.pipelines.devices.library_warnings import collect_warnings
from seedlab.pipelines.devices.offload import place
from seedlab.pipelines.devices.selection import choose_memory_format
from seedlab.pipelines.devices.warning_kinds import translate_warnings
from seedlab.pipelines.loaded.completeness import check_weights, format_unused
from seedlab.pipelines.loaded.empty_weights import REGISTERING
from seedlab.pipelines.loaded.loras.adding import add_loras
from seedlab.pipelines.loaded.readable import make_readable
from seedlab.pipelines.loaded.sources import Source
from seedlab.pipelines.models.capabilities import is_video_module
from seedlab.pipelines.models.configurations import UNLIMITED, name_model
from seedlab.pipelines.models.parts import Parts, find_parts, name_part

LOGGER = logging.getLogger(__name__)
PACKAGE = re.compile(r"requires the (\S+) library|No module named '(\w+)'")


def load_pipeline(
    source: Source,
    dtype: str,
    device: str,
    loras: Sequence[Lora] = (),
    notify: Callable[[str], None] = lambda _sentence: None,
    memory_format: str | None = None,
) -> Any:
    """Load a pipeline, from safetensors only and without any code that comes with the model.

    Args:
        source: where its files are.
        dtype, loras: as in `Recipe`.
        device: "cpu", "cuda" or "mps".
        notify: called with each sentence that users should read, such as about weights that are not used.
        memory_format: of the weights; None for the device's default.

    Raises:
        SeedLabError: the pipeline cannot be loaded, or a LoRA was made for another kind.
    """
    import torch

    chosen = getattr(torch, choose_memory_format(device, memory_format))
    with collect_warnings() as messages:
        pipeline = _read_pipeline(source, getattr(torch, dtype), notify)
        with REGISTERING:
            add_loras(pipeline, loras, notify)
        pipeline.set_progress_bar_config(disable=True)
        for component in pipeline.components.values():
            # Channels-last needs 4-D weights; video modules have 5-D ones.
            if isinstance(component, torch.nn.Module) and not is_video_module(component):
                component.to(memory_format=chosen)  # type: ignore[call-overload]
                if device == "cpu":
                    refuse_defects(component)
        pipeline = place(pipeline, device)
    translate_warnings("the model", messages, notify, name=quote(name_model(source.path), 80))
    return pipeline


def _read_pipeline(source: Source, dtype: Any, notify: Callable[[str], None]) -> Any:
    unused = check_weights(source)
    name = quote(name_model(source.path), 80)
    try:
        with make_readable(source) as readable, REGISTERING:
            pipeline = _read_file(readable, dtype) if source.config else _read_folder(readable.path, dtype)
    except ImportError as error:  # a component needs another package
        LOGGER.warning("%s could not be loaded: %s", source.path, error)
        package = PACKAGE.search(str(error))
        needed = f" (pip install {package[1] or package[2]})" if package else ""
        raise SeedLabError(f"{name} needs a package that is not installed{needed}: choose another model.") from error
    except (OSError, ValueError, TypeError, KeyError, RuntimeError, AttributeError, OverflowError) as error:
        LOGGER.warning("%s could not be loaded: %s", source.path, error)
        raise SeedLabError(
            f"{name} could not be loaded: its files are damaged or do not belong together. Download it again, or "
            "choose another model."
        ) from error
    for sentence in filter(None, (_find_parts(source).format_notice(), format_unused(unused))):
        notify(sentence)
    _check_tokenizers(pipeline, name)
    return _set_schedule(pipeline, source)


def _read_folder(folder: Path, dtype: Any) -> Any:
    from diffusers import DiffusionPipeline

    options = {"dtype": dtype, "use_safetensors": True, "local_files_only": True}
    return DiffusionPipeline.from_pretrained(folder, **options, **dict(find_parts(folder).arguments))


def _find_parts(source: Source) -> Parts:
    return Parts(left_out=tuple(name for name, _ in source.reading)) if source.config else find_parts(source.path)


def _read_file(source: Source, dtype: Any) -> Any:
    import diffusers

    pipeline_class = getattr(diffusers, source.pipeline)
    # With a folder as config, diffusers does not ask the Hub.
    return pipeline_class.from_single_file(
        str(source.path), config=str(source.config), dtype=dtype, local_files_only=True, **dict(source.reading)
    )


def _check_tokenizers(pipeline: Any, name: str) -> None:
    """Refuse a tokenizer without a limit where the text encoder has one: the library behind it would fail."""
    for component, tokenizer in pipeline.components.items():
        if "CLIP" in type(tokenizer).__name__ and getattr(tokenizer, "model_max_length", 0) >= UNLIMITED:
            raise SeedLabError(
                f"{name} does not say how many tokens its {name_part(component)} reads: its tokenizer_config.json is "
                "missing or incomplete. Download it again."
            )


def _set_schedule(pipeline: Any, source: Source) -> Any:
    """Set the scheduler as the checkpoint was trained; see `Model.scheduler_settings`."""
    if source.scheduler_settings:
        from diffusers import EulerDiscreteScheduler  # it has all of these settings, and passes them on

        settings = dict(source.scheduler_settings)
        pipeline.scheduler = EulerDiscreteScheduler.from_config(pipeline.scheduler.config, **settings)
    return pipeline
