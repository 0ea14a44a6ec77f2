"""A tool's settings by name. What a reader takes is in the result; everything else is named as left."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from seedlab.core.recipes.additions import MAX_SEED
from seedlab.core.recipes.recipe_checks import MAX_GUIDANCE, MAX_PROMPT_CHARACTERS, MAX_STEPS
from seedlab.images.foreign.metadata import MAX_DETAILS, Detail, ForeignMetadata
from seedlab.images.foreign.samplers import find_scheduler
from seedlab.images.foreign.values import clean_text, read_name, read_number, read_whole, show

MAX_GIVEN_SIDE = 100_000
T = TypeVar("T")

VARIATIONS = ("variation seed", "variation seed strength", "variationseed", "variationseedstrength", "variations")
"""Names, in lower case, of nudges in AUTOMATIC1111, SwarmUI and InvokeAI."""

MIXED = "its tool mixes noise in a way of its own: nudge the picture of the seed instead"

RESIZED = "its tool resizes noise in a way of its own: make other shapes of the picture of the seed instead"

EMPTY = ("", "none", "null", "nan", "{}", "[]")
"""Values, in lower case, that say that a setting is not used."""


@dataclass(frozen=True, kw_only=True)
class Keys:
    """A tool's names of the settings that SeedLab has too; the first that is there counts.

    Attributes:
        neutral: values, as `show` writes them, with which a setting has no effect or does what SeedLab does.
        ignored: names of what is no setting: dates, durations, signatures, and what is said twice.
    """

    prompt: Sequence[str] = ("prompt",)
    negative_prompt: Sequence[str] = ("negative_prompt",)
    seed: Sequence[str] = ("seed",)
    steps: Sequence[str] = ("steps",)
    guidance: Sequence[str] = ("cfg_scale",)
    distilled_guidance: Sequence[str] = ()
    width: Sequence[str] = ("width",)
    height: Sequence[str] = ("height",)
    sampler: Sequence[str] = ("sampler",)
    schedule: Sequence[str] = ("scheduler",)
    model: Sequence[str] = ("model",)
    model_hash: Sequence[str] = ()
    neutral: Mapping[str, Sequence[str]] | None = None
    ignored: Sequence[str] = ()


class Details:
    """Collects what is taken of a tool's settings. Values are untrusted."""

    def __init__(self, values: Mapping[str, Any], keys: Keys) -> None:
        """Begin with nothing taken."""
        self._values = {show(name)[:80]: value for name, value in values.items() if name not in keys.ignored}
        self._neutral = keys.neutral or {}
        self._refused: list[Detail] = []

    def pop(self, *names: str) -> object:
        """Take the value of the first of these names that is there; None if none is."""
        return next((self._values.pop(name) for name in names if name in self._values), None)

    def take_text(self, label: str, names: Sequence[str]) -> str:
        """Take a prompt. What is longer than a recipe can hold is left, and so is one that is not a text."""
        value = self.pop(*names)
        if not isinstance(value, str) and show(value).lower() not in EMPTY:
            self.leave(label, value, "it is not one text")
        text = clean_text(value)
        if len(text) > MAX_PROMPT_CHARACTERS:
            reason = f"it is longer than {MAX_PROMPT_CHARACTERS:,} characters"
            self.leave(f"end of the {label}", text[MAX_PROMPT_CHARACTERS:], reason)
        return text[:MAX_PROMPT_CHARACTERS].strip()

    def take_name(self, names: Sequence[str]) -> str | None:
        """Take a name; one that is no line of text is left."""
        return self._take(names, read_name, "")

    def take_whole(self, names: Sequence[str], low: int, high: int) -> int | None:
        """Take a whole number in `low`...`high`; any other value is left."""

        def read(value: object) -> int | None:
            number = read_whole(value)
            return number if number is not None and low <= number <= high else None

        return self._take(names, read, f"SeedLab takes {low} to {high}")

    def take_seed(self, names: Sequence[str]) -> int | None:
        """Take a seed. All tools write -1 for one that was drawn at random, which the picture then does not name."""
        name = next((each for each in names if each in self._values), "")
        if name and read_whole(self._values[name]) == -1:
            self.leave(name, self.pop(name), "it stands for a random seed, which the picture does not name")
            return None
        return self.take_whole(names, 0, MAX_SEED)

    def take_guidance(self, names: Sequence[str]) -> float | None:
        """Take a guidance; a value out of range is left."""

        def read(value: object) -> float | None:
            number = read_number(value)
            return number if number is not None and 0 <= number <= MAX_GUIDANCE else None

        return self._take(names, read, f"SeedLab takes 0 to {MAX_GUIDANCE:g}")

    def _take(self, names: Sequence[str], read: Callable[[object], T | None], reason: str) -> T | None:
        name = next((each for each in names if each in self._values), "")
        value = self.pop(*names)
        if show(value).lower() in EMPTY:
            return None
        taken = read(value)
        if taken is None:
            self.leave(name, value, reason)
        return taken

    def leave(self, name: str, value: object, reason: str = "") -> None:
        """Name a detail as left."""
        self._refused.append(Detail(name, show(value), reason))

    @property
    def left(self) -> tuple[Detail, ...]:
        """All details that were not taken, but for those without an effect."""
        named = {name: value for name, value in self._values.items() if not self._is_neutral(name, value)}
        others = (Detail(name, show(value), _explain(name)) for name, value in named.items())
        return (*self._refused, *others)[:MAX_DETAILS]

    def _is_neutral(self, name: str, value: object) -> bool:
        shown = show(value)
        return shown.lower() in EMPTY or shown in self._neutral.get(name, ())


def _explain(name: str) -> str:
    if name.lower().startswith("seed resize from"):
        return RESIZED
    return MIXED if name.lower() in VARIATIONS else ""


def read_details(tool: str, details: Details, keys: Keys, **more: Any) -> ForeignMetadata:
    """Read the settings that all tools have under their own names.

    Args:
        more: fields of the result that the tool's reader has taken itself.
    """
    sampler = details.take_name(keys.sampler) or ""
    schedule = details.take_name(keys.schedule) or ""
    fields: dict[str, Any] = {
        "prompt": details.take_text("prompt", keys.prompt),
        "negative_prompt": details.take_text("negative prompt", keys.negative_prompt),
        "seed": details.take_seed(keys.seed),
        "num_inference_steps": details.take_whole(keys.steps, 1, MAX_STEPS),
        "guidance_scale": details.take_guidance(keys.guidance),
        "distilled_guidance": details.take_guidance(keys.distilled_guidance),
        "width": details.take_whole(keys.width, 1, MAX_GIVEN_SIDE),
        "height": details.take_whole(keys.height, 1, MAX_GIVEN_SIDE),
        "sampler": sampler,
        "schedule": schedule,
        "scheduler": find_scheduler(sampler, schedule),
        "model": details.take_name(keys.model),
        "model_hash": details.take_name(keys.model_hash) or "",
    }
    return ForeignMetadata(tool=tool, **fields | more, left=details.left)
