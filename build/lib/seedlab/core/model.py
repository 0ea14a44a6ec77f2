"""A model as the visitor meets it: its name, its good defaults, what it can make and read."""

from dataclasses import dataclass
from typing import Any

from seedlab.core.errors import RecipeError
from seedlab.core.recipe import Recipe
from seedlab.core.schedulers import SCHEDULERS, Scheduler, find_scheduler, list_family

CHARACTERS_PER_TOKEN = 25
"""A prompt longer than this many characters for each token that is read is a mistake, not a prompt."""


@dataclass(frozen=True, kw_only=True)
class Card:
    """What to know of a model before it is chosen.

    Attributes:
        licence: its name.
        download: how much is downloaded, in GB (10^9 bytes); 0 for what is built in.
        memory: about how much it takes while it works in half precision, in GB.
        gated: whether its licence has to be accepted on the Hub first.
        seeds: how much the seed decides, where that is not as usual; "" where it is.
    """

    licence: str
    download: float
    memory: float
    gated: bool = False
    seeds: str = ""


@dataclass(frozen=True, kw_only=True)
class Model:
    """What is known of a model before it is loaded.

    Attributes:
        model_id, revision: as in `Recipe`.
        name: what people call it.
        num_inference_steps, guidance_scale, height, width, scheduler, dtype: its good defaults, as in `Recipe`.
        size_multiple: height and width must be multiples of this, in pixels.
        max_side: the largest height or width that it makes well, in pixels.
        any_scheduler: nothing is known of the schedulers it works with, so that all are offered.
        only_schedulers: the names of those that it works with, where they are fewer than those of its kind.
        unconditional: its pipeline takes no prompt, no guidance and no size; seeds are all there is to explore. Then
            guidance_scale is 0.
        max_tokens: how many tokens of a prompt its text encoder reads, begin and end marks included.
        half: the half precision that it was made for, "float16" or "bfloat16"; the device decides whether to use it.
        ignores: the recipe's fields that it does not read, of "negative_prompt" and "guidance_scale".
        true_guidance: its guidance is `true_cfg_scale`.
        neutral_guidance: the guidance up to which it does not read a negative prompt; its pipeline says nothing then.
        pipeline, config: of a model in one file: the class that reads it, and whose configurations it is read with, a
            diffusers folder or a Hub id; "" for others.
        card: its licence and costs; None where we do not know them.
    """

    model_id: str
    revision: str | None = None
    name: str
    num_inference_steps: int
    guidance_scale: float
    height: int
    width: int
    scheduler: str
    dtype: str
    size_multiple: int = 8
    max_side: int = 2048
    max_tokens: int = 77
    any_scheduler: bool = False
    only_schedulers: tuple[str, ...] = ()
    unconditional: bool = False
    half: str = "float16"
    ignores: tuple[str, ...] = ()
    true_guidance: bool = False
    neutral_guidance: float = 1.0
    pipeline: str = ""
    config: str = ""
    card: Card | None = None

    @property
    def address(self) -> str:
        """What it is asked for by: its id, and "@revision" where there is one."""
        return self.model_id if self.revision is None else f"{self.model_id}@{self.revision}"

    @property
    def schedulers(self) -> tuple[Scheduler, ...]:
        """The schedulers that it works with."""
        if self.only_schedulers:
            return tuple(find_scheduler(name) for name in self.only_schedulers)
        return SCHEDULERS if self.any_scheduler else list_family(self.scheduler)

    def make_recipe(self, *, prompt: str, seed: int, **changes: Any) -> Recipe:
        """Make a recipe: the model's defaults with `changes`, whose None values mean the default.

        Raises:
            RecipeError: a field is bad in itself, or for this model.
        """
        defaults: dict[str, Any] = {
            "num_inference_steps": self.num_inference_steps,
            "guidance_scale": self.guidance_scale,
            "height": self.height,
            "width": self.width,
            "scheduler": self.scheduler,
            "dtype": self.dtype,
        }
        given = {name: value for name, value in changes.items() if value is not None}
        values = defaults | given
        # By one of its two names, or one picture would have two recipes.
        values["scheduler"] = find_scheduler(values["scheduler"]).name
        recipe = Recipe(model_id=self.model_id, revision=self.revision, prompt=prompt, seed=seed, **values)
        self.check(recipe)
        self._check_unread(recipe)
        return recipe

    def snap(self, side: float | None) -> float | None:
        """Return the height or width nearest to this, in pixels, that the model makes; None for None.

        What is out of its range stays as it is, and `check` refuses it; so does what a model without a prompt does
        not make, which is any size but its own.
        """
        multiple = self.size_multiple
        if self.unconditional or side is None or side != int(side) or not 1 <= side <= self.max_side:
            return side
        return max(multiple, (int(side) + multiple // 2) // multiple * multiple)

    def format_snapped_size(self, recipe: Recipe, width: float | None, height: float | None) -> str:
        """Say in a sentence what `snap` made of the sizes that were asked for; "" where it left them as they were."""
        asked = {"width": width, "height": height}
        changed = [
            f"{side:g} became {getattr(recipe, name)}"
            for name, side in asked.items()
            if side not in (None, getattr(recipe, name))
        ]
        steps = f"{self.name} makes sizes in steps of {self.size_multiple} pixels"
        return f"{steps}: {' and '.join(dict.fromkeys(changed))}." if changed else ""

    def check(self, recipe: Recipe) -> None:
        """Raise RecipeError for what this model cannot make or read."""
        self._check_scheduler(recipe.scheduler, recipe.num_inference_steps)
        if self.unconditional:
            self._check_unconditional(recipe)
            return
        self._check_ignored(recipe)
        for field in ("height", "width"):
            self._check_side(field, getattr(recipe, field))
        for field in ("prompt", "negative_prompt"):
            self._check_length(field, len(getattr(recipe, field)))

    def _check_ignored(self, recipe: Recipe) -> None:
        """Refuse what would not be read: two recipes must not mean the same picture."""
        neutral = {"negative_prompt": "", "guidance_scale": self.guidance_scale}
        for field in self.ignores:
            if getattr(recipe, field) != neutral[field]:
                words = {"guidance_scale": "guidance"}.get(field, field.replace("_", " "))
                raise RecipeError(field, f"{self.name} takes no {words}: leave it empty.")

    def _check_unread(self, recipe: Recipe) -> None:
        """Refuse a negative prompt that would be passed over; pictures that have one stay what they are."""
        if recipe.negative_prompt and recipe.guidance_scale <= self.neutral_guidance:
            needed = f"guidance above {self.neutral_guidance:g}"
            sentence = f"{self.name} reads a negative prompt only with {needed}: set one, or leave it empty."
            raise RecipeError("negative_prompt", sentence)

    def _check_unconditional(self, recipe: Recipe) -> None:
        """Refuse what would be asked for in vain: two recipes must not mean the same picture."""
        size = f"{self.width}×{self.height}"
        sentences = {
            "prompt": "takes no prompt, and so no suffixes: leave it empty, and explore its seeds",
            "negative_prompt": "takes no negative prompt: leave it empty",
            "guidance_scale": "takes no guidance: leave it empty, or at 0",
            "height": f"makes pictures of {size} pixels alone: leave the height empty",
            "width": f"makes pictures of {size} pixels alone: leave the width empty",
            # Its pipeline hands the picture to numpy, which does not know bfloat16.
            "dtype": "makes pictures in float32 alone: choose float32",
        }
        only = {"prompt": "", "negative_prompt": "", "guidance_scale": 0.0, "dtype": "float32"}
        only |= {"height": self.height, "width": self.width}
        for field, sentence in sentences.items():
            if getattr(recipe, field) != only[field]:
                raise RecipeError(field, f"{self.name} {sentence}.")

    def _check_scheduler(self, name: str, steps: int) -> None:
        scheduler = find_scheduler(name)
        if scheduler not in self.schedulers:
            labels = ", ".join(each.label for each in self.schedulers)
            raise RecipeError("scheduler", f"{scheduler.label} does not work with {self.name}: choose {labels}.")
        if steps < scheduler.least_steps:
            sentence = f"{scheduler.label} needs {scheduler.least_steps} steps or more, not {steps}."
            raise RecipeError("num_inference_steps", sentence)

    def _check_side(self, field: str, side: int) -> None:
        multiple, low = self.size_multiple, max(64, self.size_multiple)
        if side % multiple:
            below = max(low, side // multiple * multiple)
            raise RecipeError(
                field, f"{self.name} makes sizes in steps of {multiple}: use {below} or {below + multiple}, not {side}."
            )
        if not low <= side <= self.max_side:
            raise RecipeError(field, f"{self.name} makes {low} to {self.max_side} pixels a side, not {side}.")

    def _check_length(self, field: str, characters: int) -> None:
        limit = self.max_tokens * CHARACTERS_PER_TOKEN
        if characters > limit:
            words = field.replace("_", " ")
            raise RecipeError(
                field,
                f"The {words} has {characters:,} characters, but {self.name} reads only {self.max_tokens} tokens "
                f"(about {self.max_tokens * 4} characters): shorten it to {limit:,} or fewer.",
            )
