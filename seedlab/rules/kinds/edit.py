"""The locked picture with several of its fields edited at once. Edits of one field are words or sweeps."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from seedlab.core.errors import RecipeError
from seedlab.core.recipes.additions import change_steps
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.recipes.start import SHARED
from seedlab.core.texts.text_changes import name_change
from seedlab.rules.kinds.wordings.words import replace_prompt
from seedlab.rules.prompts import read_marks
from seedlab.rules.rule import Rule, Value
from seedlab.rules.settings import OWN_NOISE, find_setting

LABELS = {
    "prompt": "prompt",
    "negative_prompt": "negative prompt",
    "guidance_scale": "guidance",
    "num_inference_steps": "steps",
    "scheduler": "scheduler",
    "seed_variety": "seed variety",
    "width": "size",
    "height": "size",
    "generator_device": "noise",
    "model_id": "model",
    "revision": "model",
    "dtype": "model",
}
"""The fields of a recipe that an edit may change, and what titles call them."""

SETTINGS = MappingProxyType(
    {
        "guidance_scale": "guidance",
        "num_inference_steps": "steps",
        "scheduler": "scheduler",
        "seed_variety": "variety",
    }
)
"""The settings of a sweep that edits of these fields are like."""

BROKEN = "This round has an edit of an unknown kind: update SeedLab."


@dataclass(frozen=True)
class Edit(Rule):
    """One tile for each edit. A value has a pair for each edited field: (("prompt", "a cat"), ("guidance_scale", 2)).

    A revision of None is written as "".
    """

    name = "edit"
    label = "Edits"
    help = "The same seed with several fields edited."
    from_tile = False

    @classmethod
    def of(cls, parent: Recipe, changes: Mapping[str, str | float | None]) -> "Edit":
        """Make the rule of one edit.

        Args:
            parent: the recipe of the locked picture.
            changes: the new values of fields out of `LABELS`; prompts as they are typed.
        """
        return cls((tuple((name, "" if value is None else value) for name, value in changes.items()),))

    @classmethod
    def apply(cls, parent: Recipe, value: Value) -> Recipe:
        """Replace the fields. Weights in prompts are read."""
        changes: dict[str, Any] = dict(_read(value))  # `Recipe` checks them
        if "num_inference_steps" in changes:
            parent = change_steps(parent, changes.pop("num_inference_steps"))
        return cls._replace(parent, changes)

    @classmethod
    def apply_as_before(cls, parent: Recipe, value: Value) -> Recipe:
        """Replace the fields. Seed variety was in a share of the parent's number of steps."""
        return cls._replace(parent, dict(_read(value)))

    @classmethod
    def _replace(cls, parent: Recipe, changes: dict[str, Any]) -> Recipe:
        if "prompt" in changes:
            parent = replace_prompt("prompt", parent, changes.pop("prompt"))
        if "negative_prompt" in changes:
            parent = _replace_negative_prompt(parent, changes.pop("negative_prompt"))
        if "revision" in changes:
            changes["revision"] = changes["revision"] or None
        if "seed_variety" in changes:
            parent = find_setting("variety").apply(parent, (changes.pop("seed_variety"),))
        if not changes.keys().isdisjoint({"width", "height"}):
            changes |= OWN_NOISE
        shared = {name: changes.pop(name) for name in SHARED if name in changes}
        return replace(parent.replace_shared(**shared), **changes)

    @classmethod
    def caption(cls, parent: Recipe, value: Value) -> str:
        """Return what was edited: "cat · guidance 2"."""
        changes = dict(_read(value))
        return " · ".join(filter(None, _list_captions(parent, changes)))

    @property
    def subject(self) -> str:
        """What was edited: "prompt, guidance"."""
        names = (LABELS[name] for value in self.values for name, _ in _read(value))
        return ", ".join(dict.fromkeys(names))


def _read(value: Value) -> Iterator[tuple[str, Value]]:
    """Read the pairs of a value, which may come from untrusted JSON.

    Raises:
        RecipeError: it has none, or a field that is not edited.
    """
    if not isinstance(value, tuple):
        raise RecipeError("rule", BROKEN)
    for pair in value:
        match pair:
            case (str() as name, str() | int() | float() as content) if name in LABELS:
                yield name, content
            case _:
                raise RecipeError("rule", BROKEN)


def _replace_negative_prompt(parent: Recipe, prompt: Value) -> Recipe:
    if not isinstance(prompt, str):
        raise RecipeError("negative_prompt", "A prompt must be text.")
    base, syntax = read_marks(parent, prompt)
    return replace(base, negative_prompt=prompt, prompt_syntax=syntax)


def _list_captions(parent: Recipe, changes: Mapping[str, Any]) -> Iterator[str]:
    if "prompt" in changes:
        yield name_change(parent.write_prompt("prompt"), str(changes["prompt"]))
    if "negative_prompt" in changes:
        yield f"negative prompt: {name_change(parent.write_prompt('negative_prompt'), str(changes['negative_prompt']))}"
    for name, setting in SETTINGS.items():
        if name in changes:
            yield find_setting(setting).caption((changes[name],))
    if "width" in changes or "height" in changes:
        size = changes.get("width", parent.width), changes.get("height", parent.height)
        yield find_setting("size").caption(size)
    if "generator_device" in changes:
        yield f"noise from the {'CPU' if changes['generator_device'] == 'cpu' else 'GPU'}"
    if "model_id" in changes:
        yield str(changes["model_id"]).rpartition("/")[2]
