"""One setting over several values, with everything else locked."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from seedlab.core.errors import RecipeError, blame
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.texts.numbers import MAX_CHARACTERS
from seedlab.core.validation import check_text
from seedlab.rules.parameter import Choice, Parameter
from seedlab.rules.rule import Rule, Value, check_count, split_lines, unique
from seedlab.rules.settings import FIELD, SETTINGS, Setting, find_setting, split_setting

CHOICES = tuple(Choice(setting.name, setting.label, setting.text) for setting in SETTINGS)


@dataclass(frozen=True)
class Sweep(Rule):
    """One tile for each value of a setting.

    Attributes:
        values: the name of the setting, followed by its value: ("guidance", 1.5), ("size", 320, 256).
    """

    name = "sweep"
    label = "One setting"
    help = "The same seed and prompt over several values of one setting."
    parameters = (
        Parameter(
            name="sweep_setting",
            label="Setting",
            flag="",
            help="",
            default=CHOICES[0].name,
            choices=lambda: CHOICES,
            fills=FIELD,
        ),
        Parameter(
            name=FIELD,
            label="Values",
            flag="--sweep",
            help=f'{" or ".join(each.name for each in SETTINGS)}, and values: "guidance 1.5, 2" or "steps 2-8 (+2)"',
            default=CHOICES[0].text,
        ),
    )

    @classmethod
    def parse(cls, texts: Mapping[str, str]) -> Self:
        """Read values. The text may begin with the setting: "steps 6, 12"."""
        sweeps = cls.parse_all(texts)
        if len(sweeps) > 1:
            raise RecipeError(FIELD, "One round varies one setting: make a matrix of two.")
        return sweeps[0]

    @classmethod
    def parse_all(cls, texts: Mapping[str, str]) -> tuple[Self, ...]:
        """Read the values of one or several settings, one a line."""
        check_text(FIELD, texts[FIELD], "The list of values", MAX_CHARACTERS)
        setting = cls.parameters[0].read_choice(texts["sweep_setting"]).name
        lines: dict[str, list[str]] = {}
        for line in split_lines(texts[FIELD]):
            named, text = split_setting(line)
            if named is None and text[:1].isalpha() and not find_setting(setting).takes_names:
                find_setting(text.split()[0])  # raises
            setting = named.name if named else setting
            lines.setdefault(setting, []).append(text)
        if not lines:
            raise RecipeError(FIELD, f"No value given. Write some, such as {find_setting(setting).text}.")
        return tuple(cls._read(find_setting(name), ", ".join(each)) for name, each in lines.items())

    @classmethod
    def _read(cls, setting: Setting, text: str) -> Self:
        with blame(FIELD):
            values = unique((setting.name, *value) for value in setting.read(text))
        if not values:
            raise RecipeError(FIELD, f"No value given. Write some, such as {setting.text}.")
        check_count(FIELD, len(values), "values")
        return cls(values)

    @classmethod
    def list_axes(cls) -> tuple[Choice, ...]:
        """Return one for each setting."""
        return CHOICES

    @classmethod
    def read_axis(cls, name: str, text: str) -> Self:
        """Read the values of the setting with this name."""
        return cls.parse({"sweep_setting": name, FIELD: text})

    @classmethod
    def apply(cls, parent: Recipe, value: Value) -> Recipe:
        """Replace the setting."""
        try:
            with blame(FIELD):
                name, *values = value if isinstance(value, tuple) else (value,)
                return find_setting(name).apply(parent, values)
        except (TypeError, ValueError, IndexError) as error:
            raise RecipeError(FIELD, "This round has a value of an unknown kind.") from error

    @classmethod
    def apply_as_before(cls, parent: Recipe, value: Value) -> Recipe:
        """Replace the setting. Another number of steps left seed variety in as many as before."""
        match value:
            case ("steps", steps):
                changes: dict[str, Any] = {"num_inference_steps": steps}  # `Recipe` checks it
                return replace(parent, **changes)
            case _:
                return cls.apply(parent, value)

    @classmethod
    def caption(cls, parent: Recipe, value: Value) -> str:
        """Return "guidance 1.5", "12 steps", "Euler", "320×256" or "LoRA ink 0.8"."""
        name, *values = value if isinstance(value, tuple) else (value,)
        return find_setting(name).caption(values)

    @property
    def subject(self) -> str:
        """The setting: "guidance"."""
        value = self.values[0]
        label = find_setting(value[0] if isinstance(value, tuple) else value).label
        return label if label.startswith("LoRA") else label.lower()
