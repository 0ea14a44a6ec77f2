"""The recipe: everything that decides a picture's pixels, and the errors about it."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from seedlab.core.errors import RecipeError
from seedlab.core.text import is_whole

MAX_SEED = 2**32 - 1
MAX_STEPS = 1000
MAX_GUIDANCE = 100.0
MAX_SIDE = 4096
MAX_PROMPT_CHARACTERS = 10_000
MAX_LORAS = 8
MAX_LORA_WEIGHT = 10.0
DTYPES = ("float32", "bfloat16", "float16")
GENERATOR_DEVICES = ("cpu", "cuda", "mps")


@dataclass(frozen=True, kw_only=True)
class Lora:
    """A LoRA: weights that are added to the model's.

    Attributes:
        file: the path of its .safetensors file.
        sha256: of the file, in hex.
        weight: how much of it is added, -10...10.

    Raises:
        RecipeError: a field is of the wrong type or out of its range.
    """

    file: str
    sha256: str
    weight: float

    def __post_init__(self) -> None:
        _check_text("loras", self.file, "The LoRA's file", 1000)
        if not isinstance(self.sha256, str) or re.fullmatch("[0-9a-f]{64}", self.sha256) is None:
            raise RecipeError("loras", "A LoRA is known by its SHA-256, of 64 hex digits.")
        is_number = isinstance(self.weight, int | float) and not isinstance(self.weight, bool)
        if not is_number or not -MAX_LORA_WEIGHT <= self.weight <= MAX_LORA_WEIGHT:
            raise RecipeError("loras", "The weight of a LoRA must be a number from -10 to 10.")
        object.__setattr__(self, "weight", float(self.weight) + 0.0)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Everything that is asked for and decides the pixels of one picture.

    Attributes:
        model_id: "sketch", a Hub id ("owner/name") or the path of a local diffusers folder or .safetensors file.
        revision: the Hub commit (pictures of the first SeedLab may name a branch); None for a model that has none.
        prompt, negative_prompt: up to 10,000 characters each; both may be empty.
        seed: 0...2^32-1, for `torch.Generator(generator_device).manual_seed(seed)`.
        generator_device: where the noise is drawn. On the CPU it is the same on every machine.
        scheduler: a name from `seedlab.core.schedulers.SCHEDULERS`.
        num_inference_steps: 1...1000.
        guidance_scale: 0...100.
        height, width: pixels, 8...4096; a multiple of 8.
        dtype: "float32", "bfloat16" or "float16".
        loras: up to 8.

    Raises:
        RecipeError: a field is of the wrong type or out of its range. After that every recipe is valid.
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
    loras: tuple[Lora, ...] = ()

    def __post_init__(self) -> None:
        _check_text("model_id", self.model_id, "The model", 500)
        if not self.model_id:
            raise RecipeError("model_id", "The model is missing: choose one.")
        if self.revision is not None:
            _check_text("revision", self.revision, "The revision", 200)
        _check_text("prompt", self.prompt, "The prompt", MAX_PROMPT_CHARACTERS)
        _check_text("negative_prompt", self.negative_prompt, "The negative prompt", MAX_PROMPT_CHARACTERS)
        _check_text("scheduler", self.scheduler, "The scheduler", 100)
        _check_int("seed", self.seed, "The seed", 0, MAX_SEED)
        _check_int("num_inference_steps", self.num_inference_steps, "The number of steps", 1, MAX_STEPS)
        _check_side("height", self.height)
        _check_side("width", self.width)
        _check_choice("dtype", self.dtype, DTYPES)
        _check_choice("generator_device", self.generator_device, GENERATOR_DEVICES)
        object.__setattr__(self, "guidance_scale", _checked_guidance(self.guidance_scale))
        if not isinstance(self.loras, tuple) or not all(isinstance(each, Lora) for each in self.loras):
            raise RecipeError("loras", "The LoRAs must be a list of files with their SHA-256 and weights.")
        if len(self.loras) > MAX_LORAS:
            raise RecipeError("loras", f"{len(self.loras)} LoRAs are too many: use {MAX_LORAS} or fewer.")

    @property
    def model_address(self) -> str:
        """What the model is asked for by: its id, and "@revision" where there is one."""
        return self.model_id if self.revision is None else f"{self.model_id}@{self.revision}"

    @property
    def fingerprint(self) -> str:
        """SHA-256, in hex, of the recipe's canonical JSON."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    def to_json(self) -> str:
        """Return the canonical JSON: sorted keys, no spaces, UTF-8 text as it is."""
        return json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold. Without LoRAs it does not speak of them, as recipes did not before there were any:
        a recipe's fingerprint stays what it was.
        """
        data = asdict(self)
        if not self.loras:
            del data["loras"]
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Make a recipe of untrusted data, field by field.

        Raises:
            RecipeError: a field is missing, unknown, of the wrong type or out of its range.
        """
        names = {field.name for field in fields(cls)}
        if not isinstance(data, Mapping) or any(not isinstance(key, str) for key in data):
            raise RecipeError("recipe", "This is not a SeedLab recipe.")
        if unknown := sorted(set(data) - names):
            listed = ", ".join(name[:40].encode("ascii", "replace").decode() for name in unknown[:5])
            raise RecipeError("recipe", f"This recipe holds what this SeedLab does not know: {listed}. Update SeedLab.")
        try:
            return cls(**{**data, "loras": tuple(Lora(**each) for each in data.get("loras", ()))})
        except TypeError as error:
            raise RecipeError("recipe", "This recipe is incomplete.") from error


def _check_text(field: str, value: object, name: str, limit: int) -> None:
    if not isinstance(value, str):
        raise RecipeError(field, f"{name} must be text.")
    if len(value) > limit:
        raise RecipeError(field, f"{name} has {len(value):,} characters: shorten it to {limit:,} or fewer.")
    if "\0" in value or not is_whole(value):
        raise RecipeError(field, f"{name} holds a character that cannot be written: remove it.")


def _check_int(field: str, value: object, name: str, low: int, high: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        raise RecipeError(field, f"{name} must be a whole number from {low} to {high}.")
    if not low <= value <= high:
        # Python refuses to write out a number of more than 4,300 digits.
        given = f", not {value}" if abs(value) < 10**20 else ""
        raise RecipeError(field, f"{name} must be from {low} to {high}{given}.")


def _check_side(field: str, value: object) -> None:
    _check_int(field, value, f"The {field}", 8, MAX_SIDE)
    assert isinstance(value, int)  # for mypy: _check_int has made sure
    if value % 8:
        below = value // 8 * 8
        raise RecipeError(field, f"The {field} must be a multiple of 8: use {below} or {below + 8}, not {value}.")


def _check_choice(field: str, value: object, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise RecipeError(field, f"The {field.replace('_', ' ')} must be one of {', '.join(choices)}.")


def _checked_guidance(value: object) -> float:
    # 3 and 3.0 are one recipe, so they must have one fingerprint; so must 0.0 and -0.0.
    # Only compared, which also finds NaN: an int of 400 digits fits into no float.
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MAX_GUIDANCE:
        raise RecipeError("guidance_scale", "The guidance must be a number from 0 to 100.")
    return float(value) + 0.0
