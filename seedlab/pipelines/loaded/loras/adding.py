"""Adds LoRAs to a pipeline."""

import logging
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from seedlab.core.errors import SeedLabError
from seedlab.core.recipes.additions import Lora
from seedlab.pipelines.devices.library_warnings import collect_warnings
from seedlab.pipelines.devices.warning_kinds import translate_warnings
from seedlab.pipelines.loaded.loras.files import LoraFile, read_lora
from seedlab.pipelines.loaded.loras.modules import ModuleIndex
from seedlab.pipelines.loaded.loras.placing import is_for_transformer, misfit, place_layers
from seedlab.pipelines.loaded.loras.plain import MERGED, choose_method

LOGGER = logging.getLogger(__name__)

Notify = Callable[[str], None]


def add_loras(pipeline: Any, loras: Sequence[Lora], notify: Notify = lambda _sentence: None) -> None:
    """Add LoRAs to a pipeline, as diffusers does if it reads all of them as they are meant; else they are merged.

    Args:
        pipeline: a diffusers pipeline on the CPU.
        loras: in this order.
        notify: called with each sentence that users should read, such as about weights that are not used.

    Raises:
        SeedLabError: one cannot be read, or does not fit.
    """
    if not loras:
        return
    if not hasattr(pipeline, "load_lora_weights"):
        raise SeedLabError("This model takes no LoRAs: leave the field empty.")
    if choose_method(loras) == MERGED:
        from seedlab.pipelines.loaded.loras.merging import merge_loras

        merge_loras(pipeline, [(lora.file, lora.weight) for lora in loras], notify)
        return
    files = [read_lora(Path(lora.file)) for lora in loras]
    index = ModuleIndex(pipeline)
    names = [f"lora_{number}" for number in range(len(loras))]
    expected = [_place(file, index, notify) for file in files]
    for name, file, paths in zip(names, files, expected, strict=True):
        _load(pipeline, name, file, paths, notify)
    pipeline.set_adapters(names, [lora.weight for lora in loras])


def _place(file: LoraFile, index: ModuleIndex, notify: Notify) -> set[tuple[str, str]] | None:
    """Return the component and path of each module that a LoRA changes; None if only diffusers knows them."""
    if is_for_transformer(file) and not index.has_unet:
        return None
    places, sentence = place_layers(file, index)
    if sentence:
        notify(sentence)
    return {(place.component, place.path) for place in places.values()}


def _load(pipeline: Any, name: str, file: LoraFile, expected: set[tuple[str, str]] | None, notify: Notify) -> None:
    options = {"weight_name": file.path.name, "adapter_name": name, "local_files_only": True, "use_safetensors": True}
    try:
        with collect_warnings() as messages:
            pipeline.load_lora_weights(str(file.path.parent), **options)
        used = set(_list_used(pipeline, name))
    except (OSError, ValueError, TypeError, LookupError, RuntimeError, AttributeError) as error:
        raise misfit(file) from error
    if not used:
        raise misfit(file)
    if expected is not None and used != expected:
        LOGGER.warning("diffusers added %s to other layers than expected: %s", file.path, sorted(used ^ expected)[:10])
        raise SeedLabError(f"The LoRA {file.title} could not be added as it is meant: its layers have unusual names.")
    translate_warnings(f"the LoRA {file.title}", messages, notify, "was added")


def _list_used(pipeline: Any, name: str) -> Iterable[tuple[str, str]]:
    """Yield the component and path of each module that an adapter was added to."""
    for component, root in pipeline.components.items():
        for path, module in root.named_modules() if hasattr(root, "named_modules") else ():
            if name in getattr(module, "scaling", {}):
                yield component, path
