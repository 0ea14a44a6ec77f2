"""Models: what is known about them before they are loaded, and the recipes that they can make."""

from dataclasses import dataclass, fields
from math import ceil
from typing import Any, Self

from seedlab.core.models.model_card import ModelCard
from seedlab.core.models.model_checks import check_recipe, check_unread
from seedlab.core.recipes.additions import vary_seed
from seedlab.core.recipes.prompt_weights import choose_syntax
from seedlab.core.recipes.recipe import PROMPTS, Recipe, format_address
from seedlab.core.recipes.schedulers import SCHEDULERS, Scheduler, find_scheduler, list_family, parse_scheduler

SKETCH = "sketch"
"""The id of the model that comes with SeedLab."""


@dataclass(frozen=True, kw_only=True)
class Model:
    """What is known about a model without a device and without the network.

    Attributes:
        model_id, revision: as in `Recipe`.
        name: its display name.
        num_inference_steps, guidance_scale, height, width, scheduler: its defaults, as in `Recipe`.
        dtype: its only dtype; None if the device decides.
        size_multiple: height and width must be multiples of this, in pixels.
        max_side: the largest height or width with good results, in pixels.
        any_scheduler: whether its schedulers are unknown, so that all are offered.
        only_schedulers: the names of the schedulers that it supports, if these are not all of its family.
        replaced_scheduler: the class of the scheduler that it was saved with, if that is not on offer; otherwise "".
        unconditional: whether its pipeline takes no prompt, no guidance and no size, only a seed. guidance_scale is 0.
        max_tokens: the number of prompt tokens that its text encoder reads, begin and end tokens included.
        half_dtype: the half precision that it was trained for, "float16" or "bfloat16"; the device decides whether
            half precision is used.
        ignores: the recipe fields that it does not read, out of "negative_prompt" and "guidance_scale".
        step_embeddings: the tensors that its pipeline lets a callback replace, so that the prompt changes between two
            steps, in the order in which `encode_prompt` returns them; () if it cannot change.
        weighted_encoders: its CLIP text encoders, whose embeddings can be weighted; () if it reads no prompt weights.
        uses_true_cfg: whether the guidance is passed as `true_cfg_scale`.
        distilled_guidance: whether the guidance is an input of the denoiser, which was distilled for it; its scale is
            not that of classifier-free guidance.
        takes_nudges: whether its pipeline takes nudged noise.
        resizes_noise: whether its pipeline also takes noise that was drawn in another size.
        image_to_image: the arguments of its image-to-image pipeline besides those of Stable Diffusion's, out of
            "height" and "width"; None if diffusers has no such pipeline for it.
        takes_latents: whether that pipeline also takes latents in place of a picture.
        takes_tiles: whether its autoencoder decodes in tiles.
        draft_share: the share of its steps, 0...1, after which a draft shows what the finished picture will be.
        neutral_guidance: a negative prompt is read only with a guidance above this; the pipeline does not warn.
        cleans_prompts: whether its pipeline removes words from prompts where two packages are installed, unless it is
            called with `clean_caption=False`.
        pipeline, config: for a single-file checkpoint: the class of its pipeline, and the diffusers folder or Hub id
            with its configurations; otherwise "".
        reading: further arguments of its pipeline's `from_pretrained` or `from_single_file`, by name.
        scheduler_settings: settings, by name, that a checkpoint's training demands and its configurations do not have.
        path: where its files are on this machine, if its id does not say so; otherwise "".
        card: its licence and costs; None if unknown.
    """

    model_id: str
    revision: str | None = None
    name: str
    num_inference_steps: int
    guidance_scale: float
    height: int
    width: int
    scheduler: str
    dtype: str | None = None
    size_multiple: int = 8
    max_side: int = 2048
    max_tokens: int = 77
    any_scheduler: bool = False
    only_schedulers: tuple[str, ...] = ()
    replaced_scheduler: str = ""
    unconditional: bool = False
    half_dtype: str = "float16"
    ignores: tuple[str, ...] = ()
    step_embeddings: tuple[str, ...] = ("prompt_embeds",)
    weighted_encoders: tuple[str, ...] = ("text_encoder",)
    uses_true_cfg: bool = False
    distilled_guidance: bool = False
    takes_nudges: bool = True
    resizes_noise: bool = True
    image_to_image: tuple[str, ...] | None = ()
    takes_latents: bool = True
    takes_tiles: bool = True
    draft_share: float = 0.25
    neutral_guidance: float = 1.0
    cleans_prompts: bool = False
    pipeline: str = ""
    config: str = ""
    reading: tuple[tuple[str, str | None], ...] = ()
    scheduler_settings: tuple[tuple[str, str | bool], ...] = ()
    path: str = ""
    card: ModelCard | None = None

    @property
    def address(self) -> str:
        """Its address, as `format_address` writes it."""
        return format_address(self.model_id, self.revision)

    @property
    def schedulers(self) -> tuple[Scheduler, ...]:
        """The schedulers that it supports."""
        if self.only_schedulers:
            return tuple(find_scheduler(name) for name in self.only_schedulers)
        return SCHEDULERS if self.any_scheduler else list_family(self.scheduler)

    @property
    def can_tile(self) -> bool:
        """Whether it decodes pictures in tiles."""
        return self.takes_tiles and not self.unconditional

    @property
    def can_nudge(self) -> bool:
        """Whether it makes nudged pictures."""
        return self.takes_nudges and not self.unconditional

    @property
    def can_resize_noise(self) -> bool:
        """Whether it makes pictures from noise that was drawn in another size."""
        return self.resizes_noise and self.can_nudge

    @property
    def can_develop(self) -> bool:
        """Whether it makes pictures that start from another."""
        return self.image_to_image is not None and not self.unconditional

    def make_recipe(self, *, prompt: str, seed: int, **changes: Any) -> Recipe:
        """Make a recipe of the model's defaults and `changes`; a change of None means the default.

        Prompts with weights are read as such.

        Raises:
            RecipeError: a field is invalid, or this model does not support its value.
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
        values.setdefault("prompt_syntax", choose_syntax(prompt, *(given.get(name, "") for name in PROMPTS[1:])))
        variety = None if "seed_variety_steps" in given else values.pop("seed_variety", None)
        # A scheduler has several names; without this one picture would have several recipes.
        values["scheduler"] = parse_scheduler(values["scheduler"]).name
        recipe = Recipe(model_id=self.model_id, revision=self.revision, prompt=prompt, seed=seed, **values)
        recipe = recipe if variety is None else vary_seed(recipe, variety)
        self.check(recipe)
        check_unread(self, recipe)
        return recipe

    def choose_draft_steps(self, steps: int) -> int:
        """Return after how many of a picture's denoising steps its draft is paused by default."""
        return max(1, ceil(steps * self.draft_share))

    def snap(self, side: float | None) -> float | None:
        """Return the nearest height or width that the model supports, in pixels; None for None.

        A value out of range is returned unchanged, and `check` refuses it. So is any value for an unconditional model,
        which has only one size.
        """
        multiple = self.size_multiple
        if self.unconditional or side is None or side != int(side) or not 1 <= side <= self.max_side:
            return side
        return max(multiple, (int(side) + multiple // 2) // multiple * multiple)

    def format_snapped_size(self, recipe: Recipe, width: float | None, height: float | None) -> str:
        """Return a sentence about the requested sizes that `snap` changed; "" if it changed none."""
        requested = {"width": width, "height": height}
        changed = [
            f"{side:g} became {getattr(recipe, name)}"
            for name, side in requested.items()
            if side not in (None, getattr(recipe, name))
        ]
        steps = f"{self.name} makes sizes in steps of {self.size_multiple} pixels"
        return f"{steps}: {' and '.join(dict.fromkeys(changed))}." if changed else ""

    def format_replaced_scheduler(self) -> str:
        """Return a sentence if its default scheduler is not the one that it was saved with; "" if it is."""
        if not self.replaced_scheduler:
            return ""
        saved = self.replaced_scheduler.removesuffix("Scheduler")
        default = find_scheduler(self.scheduler).label
        return f"It was saved with the scheduler {saved}, which SeedLab does not offer: {default} is its default here."

    def check(self, recipe: Recipe) -> None:
        """Raise RecipeError if this model cannot make the recipe."""
        check_recipe(self, recipe)


@dataclass(frozen=True, kw_only=True)
class ResolvedModel(Model):
    """A model about which everything is known: its revision is a commit, and its dtype is chosen for a device.

    Attributes:
        revision: the Hub commit; None for a model that is not on the Hub.
        dtype: its default dtype on that device.
    """

    dtype: str

    @classmethod
    def of(cls, model: Model, dtype: str) -> Self:
        """Return a model whose commit and pipeline are known, with a dtype."""
        return cls(**{field.name: getattr(model, field.name) for field in fields(Model)} | {"dtype": dtype})
