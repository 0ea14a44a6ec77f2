"""Compares the weights in a model's files with those that its configurations ask for, before they are loaded.

Only the headers of the files are read, and the networks are made without memory, on torch's meta device.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import RLock, get_ident
from typing import Any

from seedlab.core.errors import RecipeError
from seedlab.core.storage.files import Signature
from seedlab.core.texts.text import quote
from seedlab.pipelines.devices.libraries import find_class
from seedlab.pipelines.loaded.empty_weights import leave_modules_alone, make_empty
from seedlab.pipelines.loaded.hashes import sign_weights
from seedlab.pipelines.loaded.sources import Source
from seedlab.pipelines.loaded.tracing import find_sources, make_traced
from seedlab.pipelines.models.configurations import name_model, read_json
from seedlab.pipelines.models.parts import find_parts, list_components, list_weights, name_part
from seedlab.pipelines.models.single_files.layouts import TEXT_ENCODER
from seedlab.pipelines.models.weights import read_checked_header, refuse_file

Shapes = Mapping[str, tuple[int, ...]]

UNUSED = re.compile(
    r"^(model_ema\.|betas$|(sqrt_(one_minus_|recipm?1?_)*)?alphas_cumprod(_prev)?$|(log_one_minus|sqrt_recip(m1)?)_alphas"
    r"|posterior_|lvlb_weights$|logvar$|denoiser\.sigmas$|v_pred$|ztsnr$|global_step$|cond_stage_key$)"
    r"|position_ids$|logit_scale$|^first_stage_model\.(loss|model_ema)\.|^cond_stage_model\.model\.text_projection$"
)
"""Tensors of checkpoints that change no picture: schedules, averages, counters, and losses of the training."""

LAYER = re.compile(r"(.*?\.)(\d+)\.(.+)")
LISTED = 3
"""How many unused weights a notice names."""

_CAPTURING = RLock()
"""Held while functions of diffusers are replaced."""


@dataclass(frozen=True)
class Comparison:
    """How the weights of a component differ from those that its configuration asks for, as names."""

    missing: tuple[str, ...]
    resized: tuple[str, ...]
    unused: tuple[str, ...]
    count: int


def check_weights(source: Source) -> tuple[str, ...]:
    """Return the names of the weights that would not be used, after checking that none is missing.

    Files are looked at once, and again when they have changed.

    Raises:
        RecipeError: weights are missing, or of other sizes than the configuration says.
    """
    return _check(source, sign_weights(source.path, source.config))


def format_unused(names: Iterable[str]) -> str:
    """Return a notice about weights that are not used; "" for none."""
    names = tuple(names)
    if not names:
        return ""
    shown = ", ".join(quote(name, 80) for name in names[:LISTED])
    more = f" and {len(names) - LISTED:,} more" if len(names) > LISTED else ""
    return f"The model has weights that are not used: {shown}{more}."


@lru_cache(maxsize=32)
def _check(source: Source, _signature: Signature) -> tuple[str, ...]:
    return _check_file(source) if source.config else _check_folder(source.path)


def _check_folder(folder: Path) -> tuple[str, ...]:
    parts, unused = find_parts(folder), []
    for component, class_name in list_components(folder).items():
        if component in parts.left_out:
            continue
        shapes: dict[str, tuple[int, ...]] = {}
        for file in list_weights(folder, component, parts.variant):
            shapes |= read_checked_header(file).shapes
        found = _compare_component(folder, component, class_name, shapes) if shapes else None
        if found is not None:
            _refuse_differences(name_model(folder), component, found)
            unused += [f"{component}.{name}" for name in found.unused]
    return tuple(unused)


def _compare_component(folder: Path, component: str, class_name: str, shapes: Shapes) -> Comparison | None:
    """Compare a component's weights with its configuration; None if its class is unknown here."""
    from diffusers import ModelMixin

    place = folder / component if (folder / component).is_dir() else folder
    config = read_json(place / "config.json")
    if _is_subclass(component_class := find_class(class_name), ModelMixin):
        with _refuse_configuration(name_model(folder), component):
            model = make_empty(lambda: component_class.from_config(config))
        renamed = dict(shapes)
        model._fix_state_dict_keys_on_load(renamed)  # names of diffusers before 0.17
        return _compare(_list_shapes(model), renamed, model._keys_to_ignore_on_load_unexpected or ())
    return Comparison(_find_gaps(shapes, config), (), (), len(shapes))


@contextmanager
def _refuse_configuration(model: str, component: str) -> Iterator[None]:
    try:
        yield
    except RecipeError:
        raise
    except Exception as error:  # whatever a network makes of a stranger's numbers
        sentence = (
            f"The configuration of the {name_part(component)} of {quote(model, 80)} is damaged: download it again."
        )
        raise RecipeError("model_id", sentence) from error


def _list_shapes(model: Any) -> Shapes:
    return {name: tuple(value.shape) for name, value in model.state_dict().items()}


def _compare(expected: Shapes, found: Shapes, ignored: Iterable[str] = ()) -> Comparison:
    unused = (name for name in found if name not in expected)
    return Comparison(
        missing=tuple(name for name in expected if name not in found),
        resized=tuple(name for name in expected if name in found and not _is_same(expected[name], found[name])),
        unused=tuple(name for name in unused if not any(re.search(pattern, name) for pattern in ignored)),
        count=len(expected),
    )


def _is_same(expected: tuple[int, ...], found: tuple[int, ...]) -> bool:
    """Whether shapes agree; 1x1 convolutions may be saved as matrices."""
    return [side for side in expected if side != 1] == [side for side in found if side != 1]


def _find_gaps(shapes: Shapes, config: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of weights that a text encoder's layers lack, compared with each other and their number.

    The names themselves depend on the version of transformers that saved them.
    """
    layers: dict[str, dict[int, set[str]]] = {}
    for name in shapes:
        if match := LAYER.fullmatch(name):
            layers.setdefault(match[1], {}).setdefault(int(match[2]), set()).add(match[3])
    gaps = [f"{prefix}{number}.{name}" for prefix, found in layers.items() for number, name in _list_gaps(found)]
    count = config.get("num_hidden_layers", config.get("num_layers"))
    if layers and isinstance(count, int):
        prefix, found = max(layers.items(), key=lambda item: len(item[1]))
        gaps += [f"{prefix}{number}" for number in range(count) if number not in found]
    if not any("embed" in name or "shared" in name for name in shapes):
        gaps.append("embeddings")
    return tuple(dict.fromkeys(gaps))


def _list_gaps(layers: Mapping[int, set[str]]) -> Iterator[tuple[int, str]]:
    """Yield what most layers have and one lacks. (T5's first layer has weights of its own.)"""
    for name in set().union(*layers.values()):
        lacking = [number for number, names in layers.items() if name not in names]
        if 2 * len(lacking) < len(layers):
            yield from ((number, name) for number in lacking)


def _check_file(source: Source) -> tuple[str, ...]:
    folder, shapes = source.config or source.path, read_checked_header(source.path).shapes
    traced, used = make_traced(shapes), set()
    index = read_json(folder / "model_index.json")
    for component, class_name in list_components(folder).items():
        if not _is_in_file(class_name, shapes):
            continue
        with _refuse_configuration(source.path.name, component), _capture_weights() as captured:
            _load_component(source, str(index[component][0]), class_name, component, traced)
        for model, state in captured:
            found = {name: tuple(value.shape) for name, value in state.items()}
            _refuse_differences(source.path.name, component, _compare(_list_shapes(model), found))
            used |= find_sources(value for name, value in state.items() if name in model.state_dict())
    return tuple(name for name in shapes if name not in used and not UNUSED.search(name) and not _is_ignored(name))


def _is_in_file(class_name: str, shapes: Shapes) -> bool:
    """Whether diffusers reads a component's weights from the checkpoint."""
    from diffusers import ModelMixin

    if (component_class := find_class(class_name)) is not None:
        return _is_subclass(component_class, ModelMixin)
    is_text_encoder = class_name.startswith(("CLIPText", "T5Encoder"))
    return is_text_encoder and any(name.startswith(TEXT_ENCODER) for name in shapes)


def _is_subclass(value: Any, base: Any) -> bool:
    return isinstance(value, type) and issubclass(value, base)


def _is_ignored(name: str) -> bool:
    from diffusers.loaders.single_file_utils import SD_2_TEXT_ENCODER_KEYS_TO_IGNORE

    return name in SD_2_TEXT_ENCODER_KEYS_TO_IGNORE


class _CapturedError(Exception):
    """Ends diffusers' loading of a component before any weights are copied."""


def _load_component(source: Source, library: str, class_name: str, name: str, weights: Any) -> None:
    """Let diffusers convert the weights of one component, as `from_single_file` does."""
    from diffusers import pipelines
    from diffusers.loaders.single_file import load_single_file_sub_model
    from diffusers.loaders.single_file_utils import SingleFileComponentError

    try:
        make_empty(
            lambda: load_single_file_sub_model(
                library_name=library,
                class_name=class_name,
                name=name,
                checkpoint=dict(weights),
                pipelines=pipelines,
                is_pipeline_module=hasattr(pipelines, library),
                cached_model_config_path=str(source.config),
                local_files_only=True,
            )
        )
    except _CapturedError:
        return
    except SingleFileComponentError as error:
        raise refuse_file(source.path, f"has no {name_part(name)}: use a release that includes it") from error


@contextmanager
def _capture_weights() -> Iterator[list[tuple[Any, Mapping[str, Any]]]]:
    """Collect the networks and converted weights that diffusers would load, in this thread, instead of loading them."""
    from diffusers.loaders import single_file_model, single_file_utils

    from seedlab.pipelines.patching import replace_attribute

    load, thread, captured = single_file_utils.load_model_dict_into_meta, get_ident(), []

    def capture(model: Any, state: Mapping[str, Any], *arguments: Any, **options: Any) -> Any:
        if get_ident() != thread:
            return load(model, state, *arguments, **options)
        captured.append((model, state))
        raise _CapturedError

    name = "load_model_dict_into_meta"
    with (
        _CAPTURING,
        leave_modules_alone(),
        replace_attribute(single_file_model, name, capture),
        replace_attribute(single_file_utils, name, capture),
    ):
        yield captured


def _refuse_differences(model: str, component: str, found: Comparison) -> None:
    name, part = quote(model, 80), name_part(component)
    if found.missing:
        share = f"{len(found.missing):,} of {found.count:,}"
        raise RecipeError("model_id", f"{name} lacks weights of its {part} ({share}): download it again.")
    if found.resized:
        raise RecipeError(
            "model_id",
            f"The weights of the {part} of {name} have other sizes than its configuration says: the files do not "
            "belong together. Download them again, or put the right diffusers folder next to the file.",
        )
