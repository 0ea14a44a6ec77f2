"""The settings that a sweep varies: how their values are read, applied and shown."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from seedlab.core.errors import RecipeError
from seedlab.core.recipes.additions import change_steps, vary_seed
from seedlab.core.recipes.ranges import read_numbers, read_whole_numbers
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.recipes.schedulers import find_scheduler, parse_scheduler
from seedlab.core.texts.file_names import name_file
from seedlab.core.texts.numbers import read_size
from seedlab.core.texts.text import quote
from seedlab.rules.rule import MAX_VALUES, Value, unique

FIELD = "sweep"
"""The parameter that errors are about."""

OWN_NOISE: Mapping[str, Any] = MappingProxyType({"noise_height": 0, "noise_width": 0})
"""In another size a seed has other noise. To resize it is a kind of round of its own: `seedlab.rules.kinds.shapes`."""

LETTER = re.compile(r"[^\W\d]")

Values = tuple[Value, ...]


@dataclass(frozen=True)
class Setting:
    """One setting.

    Attributes:
        name: how it begins the text of a sweep.
        label: its name in the page.
        text: values to start with.
        aliases: other names.
        read: reads the values of a text; raises RecipeError.
        apply: returns a recipe with a value; raises RecipeError.
        caption: returns the caption of a value.
        takes_names: whether a value may begin with a letter.
    """

    name: str
    label: str
    text: str
    aliases: tuple[str, ...]
    read: Callable[[str], Iterator[Values]]
    apply: Callable[[Recipe, Any], Recipe]
    caption: Callable[[Any], str]
    takes_names: bool = False


def _read_decimals(text: str) -> Iterator[Values]:
    yield from ((number,) for number in read_numbers(FIELD, text, MAX_VALUES))


def _read_steps(text: str) -> Iterator[Values]:
    yield from ((number,) for number in read_whole_numbers(FIELD, text, MAX_VALUES))


def _caption_steps(value: Any) -> str:
    return f"{value[0]} step" if value[0] == 1 else f"{value[0]} steps"


def _split(text: str) -> tuple[str, ...]:
    return unique(part.strip() for part in re.split(r"[,;，、；\n]", text) if part.strip())


def _read_schedulers(text: str) -> Iterator[Values]:
    yield from ((parse_scheduler(part).name,) for part in _split(text))


def _read_sizes(text: str) -> Iterator[Values]:
    for part in _split(text):
        if re.search(r"[0-9] *[-~] *[0-9]", part):
            yield from ((side, side) for side in read_whole_numbers(FIELD, part, MAX_VALUES))
        else:
            yield read_size(FIELD, part)


def _read_weights(text: str) -> Iterator[Values]:
    """Read weights, after the name of the LoRA if a recipe has several: "0.4, 0.8", "ink 0.4, 0.8", "ink v2: 0-1"."""
    name, colon, weights = text.partition(":")
    if not colon or LETTER.search(name) is None:
        first = next(iter(text.split()), "")
        name = first if LETTER.search(first) else ""
        weights = text.strip().removeprefix(name)
    yield from ((name.strip(), number) for number in read_numbers(FIELD, weights, MAX_VALUES))


def _apply_weight(parent: Recipe, value: Any) -> Recipe:
    name, weight = value
    names = [name_file(lora.file) for lora in parent.loras]
    listed = ", ".join(quote(each) for each in names)
    if not names:
        raise RecipeError(FIELD, "This picture has no LoRA whose weight could vary: choose another setting.")
    if not name and len(names) > 1:
        raise RecipeError(FIELD, f"This picture has {len(names)} LoRAs: write which, as in “{names[0]}: 0.4, 0.8”.")
    wanted = [index for index, each in enumerate(names) if not name or each.casefold() == str(name).casefold()]
    if not wanted:
        raise RecipeError(FIELD, f"This picture has no LoRA {quote(str(name))}: choose one of {listed}.")
    loras = (replace(each, weight=weight) if index in wanted else each for index, each in enumerate(parent.loras))
    return parent.replace_shared(loras=tuple(loras))


def _apply_strength(parent: Recipe, value: Any) -> Recipe:
    if parent.start is None:
        raise RecipeError(FIELD, "This picture starts from noise, and has no strength: make it larger first.")
    return replace(parent, start=replace(parent.start, strength=value[0]))


def _caption_weight(value: Any) -> str:
    return " ".join(filter(None, ("LoRA", str(value[0]), f"{value[1]:g}")))


SETTINGS = (
    Setting(
        "guidance",
        "Guidance",
        "1.5, 2, 3, 4",
        ("cfg", "cfg scale", "guidance scale", "guidance_scale"),
        _read_decimals,
        lambda parent, value: replace(parent, guidance_scale=value[0]),
        lambda value: f"guidance {value[0]:g}",
    ),
    Setting(
        "steps",
        "Steps",
        "6, 12, 25, 50",
        ("num_inference_steps",),
        _read_steps,
        lambda parent, value: change_steps(parent, value[0]),
        _caption_steps,
    ),
    Setting(
        "scheduler",
        "Scheduler",
        "DPM++ 2M, UniPC, Euler, Euler ancestral",
        ("sampler",),
        _read_schedulers,
        lambda parent, value: replace(parent, scheduler=find_scheduler(value[0]).name),
        lambda value: find_scheduler(value[0]).label,
        takes_names=True,
    ),
    Setting(
        "size",
        "Size",
        "256, 384x256, 256x384",
        (),
        _read_sizes,
        lambda parent, value: replace(parent, width=value[0], height=value[1], **OWN_NOISE),
        lambda value: f"{value[0]}×{value[1]}",
    ),
    Setting(
        "lora",
        "LoRA weight",
        "0, 0.4, 0.8, 1.2",
        ("lora weight", "loras"),
        _read_weights,
        _apply_weight,
        _caption_weight,
        takes_names=True,
    ),
    Setting(
        "strength",
        "Strength",
        "0.2, 0.35, 0.5",
        ("denoising strength", "denoising"),
        _read_decimals,
        _apply_strength,
        lambda value: f"strength {value[0]:g}",
    ),
    Setting(
        "variety",
        "Seed variety",
        "0, 0.25, 0.5, 1",
        ("seed variety", "seed_variety"),
        _read_decimals,
        lambda parent, value: vary_seed(parent, value[0]),
        lambda value: f"seed variety {value[0]:g}",
    ),
)


def find_setting(name: object) -> Setting:
    """Return the setting with this name or alias.

    Raises:
        RecipeError: there is none.
    """
    key = str(name).strip().casefold()
    for setting in SETTINGS:
        if key in (setting.name, setting.label.casefold(), *setting.aliases):
            return setting
    names = ", ".join(setting.name for setting in SETTINGS)
    raise RecipeError(FIELD, f"There is no setting {quote(str(name))}: begin with one of {names}.")


def split_setting(line: str) -> tuple[Setting | None, str]:
    """Split "guidance 1.5, 2" or "steps: 6, 12" into the setting and its values; None if no setting begins the line."""
    names = sorted(
        (
            (name, setting)
            for setting in SETTINGS
            for name in (setting.name, setting.label.casefold(), *setting.aliases)
        ),
        key=lambda pair: -len(pair[0]),
    )
    text = line.strip()
    for name, setting in names:
        rest = text[len(name) :]
        if text.casefold().startswith(name) and (rest[:1] in ("", ":", "=") or rest[:1].isspace()):
            return setting, rest.lstrip(" \t:=")
    return None, text
