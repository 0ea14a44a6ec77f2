"""The recipe: everything a user chooses that decides the pixels of a picture."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any, Self

from seedlab.core import canonical
from seedlab.core.canonical import ADDED
from seedlab.core.errors import RecipeError, blame
from seedlab.core.recipes.additions import Lora, Nudge, check_noise_size, check_seed_variety
from seedlab.core.recipes.prompt_weights import SYNTAXES, choose_syntax, escape, is_weighted, parse_weights, read_parts
from seedlab.core.recipes.recipe_checks import check_fields, check_guidance
from seedlab.core.recipes.start import MAX_STAGES, InputPicture, Start
from seedlab.core.validation import check_choice

CPU_NOISES = 2**32
"""The CPU's generator, a Mersenne Twister, begins with the lower 32 bits of a seed (ATen/core/MT19937RNGEngine.h)."""

PROMPTS = ("prompt", "negative_prompt", "late_prompt")


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Everything a user chooses that decides the pixels of one picture. Valid once it is made.

    Attributes:
        model_id: "sketch", a Hub id ("owner/name") or the path of a local diffusers folder or .safetensors file.
        revision: the Hub commit (old pictures may name a branch); None for local models.
        prompt, negative_prompt: up to 10,000 characters each; both may be empty.
        seed: 0...2^64-1, for `torch.Generator(generator_device).manual_seed(seed)`. On the CPU, only its lower 32 bits
            decide the noise.
        generator_device: where the noise is drawn. On the CPU it is the same on every machine.
        scheduler: a name from `seedlab.core.recipes.schedulers.SCHEDULERS`.
        num_inference_steps: 1...1000.
        guidance_scale: 0...100.
        height, width: pixels, 8...4096; a multiple of 8.
        dtype: "float32", "bfloat16" or "float16".
        loras: up to 8.
        nudges: up to 8; the initial noise is turned towards each in turn (see `seedlab.pipelines.sampling.noise`).
        noise_height, noise_width: the size in pixels that the initial noise is drawn in, before it is resized to that
            of the picture (see `seedlab.pipelines.sampling.noise_size`); 0 and 0 if it is the picture's own.
        late_prompt: the prompt that is read once `late_step` denoising steps are done; "" if `prompt` is read to the
            end.
        late_step: 1...num_inference_steps - 1; 0 without a late prompt. A step counts once, also where the scheduler
            calls the model twice for it.
        seed_variety: how much noise of the seed is added to the prompt's embedding, in standard deviations of the
            embedding; 0...2. It lets few-step models, whose seeds decide little, make pictures that differ.
        seed_variety_steps: for how many of the first steps, 1...num_inference_steps; 0 without such noise.
        prompt_syntax: "weights" if its prompts have weights as `seedlab.core.recipes.prompt_weights` reads them; "" if
            every character means itself. It becomes "" where no prompt has such marks.
        start: the picture that it starts from; None if it starts from noise. With one, it has no nudges, no late
            words, no seed variety and no noise of another size.
        vae_tiling: whether large pictures are decoded, and encoded, in tiles, which takes less memory.

    Raises:
        RecipeError: a field has the wrong type or is out of range.
    """

    model_id: str
    revision: str | None = None
    prompt: str
    negative_prompt: str = ""
    seed: int
    generator_device: str = "cpu"
    scheduler: str
    num_inference_steps: int
    guidance_scale: float
    height: int
    width: int
    dtype: str
    loras: tuple[Lora, ...] = field(default=(), metadata=ADDED)
    nudges: tuple[Nudge, ...] = field(default=(), metadata=ADDED)
    noise_height: int = field(default=0, metadata=ADDED)
    noise_width: int = field(default=0, metadata=ADDED)
    late_prompt: str = field(default="", metadata=ADDED)
    late_step: int = field(default=0, metadata=ADDED)
    seed_variety: float = field(default=0.0, metadata=ADDED)
    seed_variety_steps: int = field(default=0, metadata=ADDED)
    prompt_syntax: str = field(default="", metadata=ADDED)
    start: Start | None = field(default=None, metadata=ADDED)
    vae_tiling: bool = field(default=False, metadata=ADDED)

    def __post_init__(self) -> None:
        check_fields(self)
        object.__setattr__(self, "guidance_scale", check_guidance(self.guidance_scale))
        self._check_noise_size()
        self._check_seed_variety()
        self._check_weights()
        self._check_start()

    def _check_noise_size(self) -> None:
        check_noise_size(self.noise_height, self.noise_width)
        if self.noise_size == (self.height, self.width):  # two recipes must not mean the same picture
            object.__setattr__(self, "noise_height", 0)
            object.__setattr__(self, "noise_width", 0)

    def _check_seed_variety(self) -> None:
        variety = check_seed_variety(self.seed_variety, self.seed_variety_steps, self.num_inference_steps)
        object.__setattr__(self, "seed_variety", variety)
        if variety and self.late_prompt:
            raise RecipeError("seed_variety", "Seed variety and late words exclude each other: leave one out.")

    def _check_weights(self) -> None:
        check_choice("prompt_syntax", self.prompt_syntax, SYNTAXES)
        if not self.prompt_syntax:
            return
        for name in PROMPTS:
            with blame(name):
                parse_weights(getattr(self, name))
        # Without marks it has no effect, and two recipes must not mean the same picture.
        object.__setattr__(self, "prompt_syntax", choose_syntax(*self.prompts))

    def _check_start(self) -> None:
        if self.start is None:
            return
        if not isinstance(self.start, Start) or not isinstance(self.start.recipe, Recipe | None):
            raise RecipeError("start", "What a picture starts from must be the recipe of another, or a picture.")
        self.start.check(self)

    @property
    def stages(self) -> tuple["Recipe", ...]:
        """The recipes that lead to the picture, one after the other; the last is this.

        The first starts from noise, or from `input_picture`.
        """
        earlier = None if self.start is None else self.start.recipe
        return (self,) if earlier is None else (*earlier.stages, self)

    @property
    def input_picture(self) -> InputPicture | None:
        """The user's own picture that the first stage starts from; None if it starts from noise."""
        start = self.stages[0].start
        return None if start is None else start.picture

    def replace_input(self, **changes: Any) -> "Recipe":
        """Return the recipe with other values of fields of its `input_picture`; itself if it has none.

        Raises:
            RecipeError: a value is not valid.
        """
        if self.start is None or self.input_picture is None:
            return self
        if self.start.recipe is not None:
            return replace(self, start=replace(self.start, recipe=self.start.recipe.replace_input(**changes)))
        return replace(self, start=replace(self.start, picture=replace(self.input_picture, **changes)))

    def replace_shared(self, **changes: Any) -> "Recipe":
        """Return the recipe with other values of the fields that all its stages share.

        Args:
            changes: values of fields out of `seedlab.core.recipes.start.SHARED`.

        Raises:
            RecipeError: a value is not valid.
        """
        start = self.start
        if start is not None and start.recipe is not None:
            start = replace(start, recipe=start.recipe.replace_shared(**changes))
        return replace(self, start=start, **changes)

    @property
    def noise_size(self) -> tuple[int, int]:
        """The height and width that the initial noise is drawn in, in pixels."""
        return self.noise_height or self.height, self.noise_width or self.width

    @property
    def resizes_noise(self) -> bool:
        """Whether that is not the size of the picture."""
        return bool(self.noise_height)

    @property
    def changes_prompt_after(self) -> int:
        """The denoising steps after which `later_prompt` is read as it is; 0 if nothing changes."""
        steps = self.late_step or self.seed_variety_steps
        return steps if steps < self.num_inference_steps else 0

    @property
    def later_prompt(self) -> str:
        """The prompt that is read after the last change."""
        return self.late_prompt or self.prompt

    @property
    def prompts(self) -> tuple[str, ...]:
        """The texts that are read in the prompt syntax."""
        return tuple(getattr(self, name) for name in PROMPTS)

    @property
    def has_weights(self) -> bool:
        """Whether a prompt has a weight other than 1."""
        return any(is_weighted(read_parts(prompt, self.prompt_syntax)) for prompt in self.prompts)

    def write_prompt(self, name: str) -> str:
        r"""Return a prompt as it is typed: brackets that are characters are escaped, as in `a \(red\) boat`.

        Args:
            name: of the field, out of `PROMPTS`.
        """
        prompt = str(getattr(self, name))
        return prompt if self.prompt_syntax or not choose_syntax(*self.prompts) else escape(prompt)

    @property
    def model_address(self) -> str:
        """The model's address, as `format_address` writes it."""
        return format_address(self.model_id, self.revision)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256, in hex, of the recipe's canonical JSON."""
        return canonical.hash_json(self.to_dict())

    def to_json(self) -> str:
        """Return the canonical JSON: sorted keys, no spaces, no escapes for non-ASCII text."""
        return canonical.to_json(self.to_dict())

    def to_dict(self) -> dict[str, Any]:
        """Return the recipe as JSON data, without fields that were added later and have their default.

        So a new field leaves the fingerprints of old recipes unchanged.
        """
        return canonical.to_dict(self)

    def list_changes(self, base: "Recipe") -> dict[str, Any]:
        """Return the fields that differ from another recipe's, as JSON data."""
        names = (each.name for each in fields(self))
        changed = {name: getattr(self, name) for name in names if getattr(self, name) != getattr(base, name)}
        return {name: canonical.to_data(value) for name, value in changed.items()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Make a recipe from untrusted data.

        Raises:
            RecipeError: a field is missing or unknown, has the wrong type or is out of range.
        """
        return cls._read(data, MAX_STAGES)

    @classmethod
    def _read(cls, data: Mapping[str, Any], stages: int) -> Self:
        """Read a recipe with up to so many stages."""
        names = {each.name for each in fields(cls)}
        if not isinstance(data, Mapping) or any(not isinstance(key, str) for key in data):
            raise RecipeError("recipe", "This is not a SeedLab recipe.")
        if unknown := sorted(set(data) - names):
            listed = ", ".join(name[:40].encode("ascii", "replace").decode() for name in unknown[:5])
            sentence = f"This recipe has fields that this SeedLab does not know: {listed}. Update SeedLab."
            raise RecipeError("recipe", sentence)
        try:
            loras = tuple(Lora(**each) for each in data.get("loras", ()))
            nudges = tuple(Nudge(**each) for each in data.get("nudges", ()))
            return cls(
                **{**data, "loras": loras, "nudges": nudges, "start": cls._read_start(data.get("start"), stages)}
            )
        except TypeError as error:
            raise RecipeError("recipe", "This recipe is incomplete.") from error

    @classmethod
    def _read_start(cls, data: Any, stages: int) -> Start | None:
        if data is None:
            return None
        if not isinstance(data, Mapping):
            raise RecipeError("recipe", "This recipe is incomplete.")
        recipe, picture = data.get("recipe"), data.get("picture")
        if stages <= 1 and recipe is not None:
            raise RecipeError("recipe", f"This recipe has more than {MAX_STAGES} stages.")
        earlier = None if recipe is None else cls._read(recipe, stages - 1)
        return Start(**{**data, "recipe": earlier, "picture": None if picture is None else InputPicture(**picture)})


def format_address(model_id: str, revision: str | None) -> str:
    """Return the address by which a model is requested: its id, and "@revision" if it has one."""
    return model_id if revision is None else f"{model_id}@{revision}"
