"""The parts of a diffusers folder: which of them are complete, and how they are to be loaded."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from seedlab.core.errors import RecipeError
from seedlab.core.texts.text import quote
from seedlab.pipelines.models.configurations import name_model, read_json
from seedlab.pipelines.models.weights import ENDING, PICKLES, is_safetensors, read_checked_header

NAMES = {
    "unet": "denoiser",
    "transformer": "denoiser",
    "prior": "denoiser",
    "vae": "autoencoder (VAE)",
    "vqvae": "autoencoder (VAE)",
    "text_encoder": "text encoder",
    "text_encoder_2": "second text encoder",
    "text_encoder_3": "third text encoder",
    "tokenizer_2": "second tokenizer",
    "tokenizer_3": "third tokenizer",
}
"""What users call the components."""

OPTIONAL = {
    "safety_checker": "safety checker",
    "feature_extractor": "feature extractor (which prepares pictures for the safety checker)",
    "image_encoder": "image encoder (which reads pictures given as prompts)",
}
"""Components without which pictures are made from a prompt all the same."""

TOKENIZERS = (
    ("tokenizer.json",),
    ("vocab.json", "merges.txt"),
    ("spiece.model",),
    ("tokenizer.model",),
    ("vocab.txt",),
)
"""The files that a tokenizer can be loaded from: one of these sets."""

WEIGHTS = re.compile(
    r"(?:diffusion_pytorch_model|model)(?:\.(?P<variant>[\w]+?))?(?:-\d{5}-of-\d{5})?(?:\.(?P<legacy>\w+))?\.safetensors",
    re.IGNORECASE,
)
INDEX = re.compile(r"(?:diffusion_pytorch_model|model)\.safetensors\.index(?:\.(?P<variant>\w+))?\.json")
SHARD = re.compile(r"-(\d{5})-of-(\d{5})")
VARIANTS = ("fp16", "bf16", "fp32", "non_ema", "ema")
"""The variants of weights that are used where there are no plain ones, the first one that is complete."""


@dataclass(frozen=True)
class Parts:
    """How a folder's parts are loaded.

    Attributes:
        variant: of the weight files, such as "fp16"; "" for the plain ones.
        left_out: the components that are not loaded.
    """

    variant: str = ""
    left_out: tuple[str, ...] = ()

    @property
    def arguments(self) -> tuple[tuple[str, str | None], ...]:
        """The further arguments of `from_pretrained`."""
        variant: tuple[tuple[str, str | None], ...] = (("variant", self.variant),) if self.variant else ()
        return (*variant, *((name, None) for name in self.left_out))

    def format_notice(self) -> str:
        """Return a sentence about what is left out, "" for nothing."""
        left_out = " and the ".join(OPTIONAL[name] for name in self.left_out)
        return f"The model is used without the {left_out}: no safetensors files of it are here." if left_out else ""


def name_part(component: str) -> str:
    """Return what users call a component."""
    return NAMES.get(component, component.replace("_", " "))


def find_parts(folder: Path) -> Parts:
    """Return how the parts of a folder are loaded, after checking that they are complete.

    Only the headers of weight files are read.

    Raises:
        RecipeError: a part is missing, cut short, or a pickle.
    """
    components = list_components(folder)
    parts = choose_parts(components, {name: _list_files(folder, name) for name in components}, name_model(folder))
    for name, class_name in components.items():
        if name not in parts.left_out:
            _check_indices(folder, _find_place(folder, name))
            if _is_model(class_name):
                _check_shards(folder, name, parts.variant)
    return parts


def choose_parts(components: Mapping[str, str], files: Mapping[str, Collection[str]], model: str) -> Parts:
    """Return how the parts of a model are loaded, by the names of their files alone.

    Args:
        components: class names of the model's components.
        files: the names of each component's files.
        model: the name of the model.

    Raises:
        RecipeError: a part is missing, or only there as a pickle.
    """
    left_out = tuple(name for name in OPTIONAL if name in components and not _is_usable(files[name], components[name]))
    kept = {name: class_name for name, class_name in components.items() if name not in left_out}
    for name, class_name in kept.items():
        _check_small(files[name], name, class_name, model)
    variants = {name: list_variants(files[name]) for name, class_name in kept.items() if _is_model(class_name)}
    return Parts(_choose_variant(variants, model), left_out)


def list_left_out(folder: Path) -> tuple[tuple[str, str | None], ...]:
    """Return the further arguments of `from_single_file` for a folder of configurations, which has no weights.

    It loads no safety checker, but whatever else the folder's index lists.
    """
    listed = list_components(folder)
    names = [name for name in OPTIONAL if name in listed and name != "safety_checker"]
    return tuple((name, None) for name in names if not _is_usable(_list_files(folder, name), listed[name]))


def list_components(folder: Path) -> dict[str, str]:
    """Return the class names of the components that a folder's index lists."""
    return read_components(folder / "model_index.json")


def read_components(index: Path) -> dict[str, str]:
    """Return the class names of the components that a `model_index.json` lists."""
    listed = read_json(index).items()
    pairs = {name: value for name, value in listed if isinstance(value, list) and len(value) == 2}
    return {name: str(value[1]) for name, value in pairs.items() if value[0] is not None and value[1] is not None}


def list_variants(names: Iterable[str]) -> set[str]:
    """Return the variants of the weights among the names of a component's files; "" for plain ones."""
    variants = set()
    for name in names:
        if match := WEIGHTS.fullmatch(name) or INDEX.fullmatch(name):
            found = match.groupdict()
            variants.add(found.get("variant") or found.get("legacy") or "")
    return variants


def _choose_variant(variants: Mapping[str, set[str]], model: str) -> str:
    """Return the variant to load: none where all components have plain weights.

    Args:
        variants: those of each component's weights.
        model: the name of the model.

    Raises:
        RecipeError: a component has no weights, or no variant completes the model.
    """
    empty = [name for name, found in variants.items() if not found]
    if empty:
        raise _refuse(model, f"lacks the weights of its {name_part(empty[0])}, or has them only as pickles (.bin)")
    lacking = [found for found in variants.values() if "" not in found]
    common = set.intersection(*lacking) if lacking else {""}
    ordered = sorted(
        common, key=lambda name: (name not in VARIANTS, VARIANTS.index(name) if name in VARIANTS else name)
    )
    if not ordered:
        raise _refuse(model, "has weights in several variants, none of which is complete")
    return ordered[0]


def _find_place(folder: Path, component: str) -> Path:
    """Return the folder of a component. Some early pipelines, with a single network, have no component folders."""
    return folder / component if (folder / component).is_dir() else folder


def _list_files(folder: Path, component: str) -> list[str]:
    return [file.name for file in _find_place(folder, component).iterdir()]


def _is_model(class_name: str) -> bool:
    return not class_name.endswith(("Scheduler", "Extractor", "Processor", "Guider")) and "Tokenizer" not in class_name


def _is_usable(names: Collection[str], class_name: str) -> bool:
    if _is_model(class_name):
        return bool(list_variants(names)) and "config.json" in names
    return any(name.endswith("processor_config.json") for name in names)


def _check_small(names: Collection[str], component: str, class_name: str, model: str) -> None:
    """Check the files of a tokenizer or scheduler; others are left to the library that loads them."""
    if "Tokenizer" in class_name and not any(set(names).issuperset(files) for files in TOKENIZERS):
        raise _refuse(model, f"has no {name_part(component)}")
    if class_name.endswith("Scheduler") and not {"scheduler_config.json", "config.json"}.intersection(names):
        raise _refuse(model, f"has no {name_part(component)}")


def _check_indices(folder: Path, place: Path) -> None:
    """Refuse an index of weights that names anything but safetensors files next to it: pickles can run any program."""
    for file in sorted(place.glob("*.index*.json")):
        if ENDING not in file.name.lower():
            continue
        for name in _read_index(file):
            if name.lower().endswith(PICKLES) or not is_safetensors(Path(name)) or re.search(r"[/\\]", name):
                raise RecipeError(
                    "model_id",
                    f"{quote(name_model(folder), 80)} cannot be used: the list of its weights, "
                    f"{quote(file.name, 80)}, names {quote(name, 80)}, which is not a safetensors file next to it. "
                    "SeedLab loads no pickles.",
                )


def _read_index(file: Path) -> tuple[str, ...]:
    listed = read_json(file).get("weight_map")
    values = listed.values() if isinstance(listed, dict) else ()
    return tuple(dict.fromkeys(str(value) for value in values))


def _check_shards(folder: Path, component: str, variant: str) -> None:
    """Check that the files of a component's weights are there and complete."""
    for file in list_weights(folder, component, variant):
        if not file.is_file():
            numbers = SHARD.search(file.name)
            which = f"shard {int(numbers[1])} of {int(numbers[2])}" if numbers else quote(file.name, 80)
            raise _refuse(name_model(folder), f"is incomplete: {which} of its {name_part(component)} is missing")
        read_checked_header(file)


def list_weights(folder: Path, component: str, variant: str) -> tuple[Path, ...]:
    """Return the weight files of a component, those of the variant if it has some.

    The files that an index names may be missing.
    """
    place = _find_place(folder, component)
    files = sorted(file for file in place.iterdir() if file.is_file())
    chosen = variant if variant in list_variants(file.name for file in files) else ""
    indices = [file for file in files if (match := INDEX.fullmatch(file.name)) and (match["variant"] or "") == chosen]
    if indices:
        return tuple(place / name for name in _read_index(indices[0]))
    weights = [file for file in files if list_variants([file.name]) == {chosen} and is_safetensors(file)]
    whole = [file for file in weights if not SHARD.search(file.name)]
    return tuple(whole[:1] or weights)


def _refuse(model: str, reason: str) -> RecipeError:
    return RecipeError("model_id", f"{quote(model, 80)} {reason}: download it again.")
