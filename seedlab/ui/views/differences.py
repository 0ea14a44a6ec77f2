"""What differs between pictures, in words: every field of their recipes, with the words of prompts that changed."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from seedlab.core.recipes.additions import Lora
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.texts.file_names import name_file
from seedlab.core.texts.text_changes import Kind, compare_texts
from seedlab.ui.views.captions import DEVICES, DTYPES, format_start, label_scheduler

MOST = 4
"""How many pictures are compared at a time."""

TEXTS = {"prompt": "Prompt", "negative_prompt": "Negative prompt", "late_prompt": "Late prompt"}
"""The fields of which the words are compared."""

MODEL = {"model_id": "Model"}

FORMATS: Mapping[str, tuple[str, Callable[[Recipe], str]]] = {
    "revision": ("Model’s version", lambda recipe: recipe.revision or ""),
    "seed": ("Seed", lambda recipe: str(recipe.seed)),
    "nudges": ("Nudged toward", lambda recipe: ", ".join(f"{each.seed} ({each.weight:g})" for each in recipe.nudges)),
    "noise_width": ("Noise width", lambda recipe: str(recipe.noise_width or "the picture’s")),
    "noise_height": ("Noise height", lambda recipe: str(recipe.noise_height or "the picture’s")),
    "late_step": ("Late prompt from step", lambda recipe: str(recipe.late_step) if recipe.late_prompt else ""),
    "seed_variety": ("Seed variety", lambda recipe: f"{recipe.seed_variety:g}"),
    "seed_variety_steps": ("Steps with seed variety", lambda recipe: str(recipe.seed_variety_steps)),
    "num_inference_steps": ("Steps", lambda recipe: str(recipe.num_inference_steps)),
    "guidance_scale": ("Guidance", lambda recipe: f"{recipe.guidance_scale:.12g}"),
    "scheduler": ("Scheduler", lambda recipe: label_scheduler(recipe.scheduler)),
    "width": ("Width", lambda recipe: str(recipe.width)),
    "height": ("Height", lambda recipe: str(recipe.height)),
    "loras": ("LoRAs", lambda recipe: ", ".join(map(_format_lora, recipe.loras))),
    "dtype": ("Precision", lambda recipe: DTYPES[recipe.dtype]),
    "generator_device": ("Noise", lambda recipe: DEVICES[recipe.generator_device]),
    "start": (
        "Starts from",
        lambda recipe: format_start(recipe.start).removeprefix("from ") if recipe.start else "noise",
    ),
    "vae_tiling": ("Decoded", lambda recipe: "in tiles" if recipe.vae_tiling else "as a whole"),
    "prompt_syntax": ("Prompt weights", lambda recipe: "on" if recipe.prompt_syntax else "off"),
}
"""Labels and texts of the other fields, but for the model."""

NONE = "none"

Part = tuple[str, str]
"""The kind of a part of a text ("kept", "added", "removed"), and the part."""


def build_comparison(recipes: Sequence[Recipe], names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Build what differs between recipes, field by field.

    Args:
        recipes: of two to `MOST` pictures. All are compared with the first.
        names: labels of the models, by model id.

    Returns:
        For each field that differs its `label`, and the parts of its value in each recipe, as [kind, text].
    """
    fields = [
        *((label, _mark([getattr(each, name) for each in recipes])) for name, label in _find(recipes, TEXTS)),
        *(
            ("Model", [_show(names.get(each.model_id, each.model_id)) for each in recipes])
            for _ in _find(recipes, MODEL)
        ),
        *((label, [_show(write(each)) for each in recipes]) for _, (label, write) in _find(recipes, FORMATS)),
    ]
    return [{"label": label, "values": [list(map(list, value)) for value in values]} for label, values in fields]


def _find(recipes: Sequence[Recipe], known: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Find the fields whose values are not all the same."""
    return (item for item in known.items() if len({getattr(each, item[0]) for each in recipes}) > 1)


def _mark(texts: Sequence[str]) -> list[list[Part]]:
    """Mark what differs from the first text."""
    first, *others = texts
    marked = ([(kind.value, text) for kind, text in compare_texts(first, other)] for other in others)
    return [_show(first), *(parts or _show("") for parts in marked)]


def _show(value: str) -> list[Part]:
    return [(Kind.KEPT.value, value or NONE)]


def _format_lora(lora: Lora) -> str:
    return f"{name_file(lora.file)} {lora.weight:g} ({lora.sha256[:8]})"
