"""Settings of another tool's picture, fitted to a model: what is taken over, and what is left and why."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from seedlab.core.errors import RecipeError
from seedlab.core.models.model import Model
from seedlab.core.models.model_checks import ESCAPING
from seedlab.core.recipes.additions import Lora
from seedlab.core.recipes.prompt_weights import choose_syntax, strip_typed_weights
from seedlab.core.recipes.recipe_checks import DTYPES, MAX_LORAS
from seedlab.core.texts.text import quote
from seedlab.images.foreign.metadata import Detail, ForeignLora, ForeignMetadata
from seedlab.images.foreign.samplers import find_scheduler
from seedlab.images.foreign.values import strip_ending
from seedlab.workflow.pictures.marks import MARKS, WEIGHTED, escape_other_weights

LABELS = {
    "prompt": "prompt",
    "negative_prompt": "negative prompt",
    "seed": "seed",
    "num_inference_steps": "steps",
    "guidance_scale": "guidance",
    "width": "size",
    "height": "size",
    "scheduler": "scheduler",
    "loras": "LoRAs",
    "model": "model",
}
"""The names of the settings in notices, in their order."""

NOT_COMPARED = "it is not compared with that of the model here"
DISTILLED = "it is for models that were distilled for guidance"
FindLora = Callable[[str, str], Path | None]
"""Returns the file of a LoRA on this machine by its name and the start of its hash, which may be ""; None for none."""

ReadLoras = Callable[[str], tuple[Lora, ...]]


@dataclass(frozen=True, kw_only=True)
class Borrowed:
    """Settings that were taken over.

    Attributes:
        tool: the tool that made the picture; "" if unknown.
        seed: None if the picture has none that SeedLab can use.
        settings: fields of `Recipe` besides the prompt, the seed and the model; missing ones have the model's default.
        taken: the names of what was taken over.
        left: what was not.
        notes: sentences on what to expect.
    """

    tool: str
    prompt: str
    seed: int | None
    settings: dict[str, Any]
    taken: tuple[str, ...]
    left: tuple[Detail, ...]
    notes: tuple[str, ...]

    def describe(self) -> str:
        """Return sentences that name everything that was and was not taken over."""
        made_by = f" ({self.tool})" if self.tool else ""
        sentences = [f"Imported from the picture{made_by}: {', '.join(self.taken) or 'nothing'}."]
        if self.left:
            sentences.append(f"Not imported: {', '.join(map(_format, self.left))}.")
        return " ".join((*sentences, *self.notes))


def _format(detail: Detail) -> str:
    reason = f" ({detail.reason.removesuffix('.')})" if detail.reason else ""
    return f"{detail.name} {quote(detail.value, 400)}{reason}" if detail.value else f"{detail.name}{reason}"


def borrow(found: ForeignMetadata, model: Model, find_lora: FindLora, read_loras: ReadLoras) -> Borrowed:
    """Take over the settings that a model can use: sizes are rounded to its steps, other values are used or left.

    Args:
        model: the one that is chosen; its dtype may be unknown.
        read_loras: as in `seedlab.workflow.services.Services`.
    """
    return _Borrowing(found, model).run(find_lora, read_loras)


def is_named(name: str | None, *candidates: str) -> bool:
    """Whether a tool's name of a model is one of these addresses or labels, whatever their spelling."""
    wanted = _simplify(name or "")
    return bool(wanted) and any(wanted in (_simplify(each), _simplify(_last(each))) for each in candidates if each)


def _last(address: str) -> str:
    return re.split(r"[/\\]", address.rstrip("/\\"))[-1]


def _simplify(name: str) -> str:
    plain = name.strip().lower()
    plain = strip_ending(plain) if re.search(r"\.\w+$", plain) else plain
    return re.sub(r"[\s_.\-]+", "-", plain)


class _Borrowing:
    """One fitting: the settings move from `settings` to `left` where the model cannot use them."""

    def __init__(self, found: ForeignMetadata, model: Model) -> None:
        # Only the dtype may be unknown, and it does not matter here.
        self._model = replace(model, dtype=model.dtype or DTYPES[0])
        self._weighted = WEIGHTED.search(f"{found.prompt}\n{found.negative_prompt}")
        self._found = found = escape_other_weights(found)
        self._prompt = found.prompt
        self._left: list[Detail] = []
        self._notes: list[str] = []
        self._settings: dict[str, Any] = {}
        self._scheduler_is_own = False

    def run(self, find_lora: FindLora, read_loras: ReadLoras) -> Borrowed:
        found = self._found
        self._note_model()
        self._add_plain_settings()
        self._add_scheduler()
        self._add_guidance()
        self._add_loras(find_lora, read_loras)
        self._fit()
        self._note_seed()
        self._note_weights()
        self._note_marks()
        return Borrowed(
            tool=found.tool,
            prompt=self._prompt,
            seed=found.seed,
            settings=self._settings,
            taken=self._list_taken(),
            left=(*self._left, *found.left),
            notes=tuple(self._notes),
        )

    def _note_model(self) -> None:
        found = self._found
        if found.model is None and not found.model_hash:
            return
        if self._is_same_model:
            self._left += [Detail("model hash", found.model_hash, NOT_COMPARED)] if found.model_hash else []
            return
        known = f"{found.model} {found.model_hash}".strip() if found.model else found.model_hash
        self._left.append(Detail("model" if found.model else "model hash", known))
        made_for = quote(found.model, 80) if found.model else "a model that the picture does not name"
        self._notes.append(f"The settings were made for {made_for}; {self._model.name} is chosen.")

    @property
    def _is_same_model(self) -> bool:
        return is_named(self._found.model, self._model.model_id, self._model.name)

    def _add_plain_settings(self) -> None:
        found, snap = self._found, self._model.snap
        sides = {"width": found.width, "height": found.height}
        refusal = self._refuse_size(found)
        if refusal is not None:
            self._left += refusal
            sides = {}
        values = {
            "negative_prompt": found.negative_prompt or None,
            "num_inference_steps": found.num_inference_steps,
            **{name: snap(side) for name, side in sides.items()},
        }
        self._settings |= {name: value for name, value in values.items() if value is not None}

    def _refuse_size(self, found: ForeignMetadata) -> list[Detail] | None:
        """Return what to leave of a size that is incomplete or too large; None for a size that may fit."""
        if found.width is None or found.height is None:
            sides = {"width": found.width, "height": found.height}
            return [Detail(name, str(side)) for name, side in sides.items() if side is not None]
        if self._model.unconditional or max(found.width, found.height) <= self._model.max_side:
            return None
        reason = f"{self._model.name} makes at most {self._model.max_side} pixels a side"
        return [Detail("size", f"{found.width}x{found.height}", reason)]

    def _add_scheduler(self) -> None:
        found = self._found
        is_flow = self._model.scheduler.startswith("FlowMatchEuler")
        if is_flow and find_scheduler(found.sampler) == "EulerDiscreteScheduler":
            self._scheduler_is_own = True  # Euler is the name of its only scheduler elsewhere
        elif found.scheduler is not None:
            self._settings["scheduler"] = found.scheduler
        elif found.sampler:
            self._left.append(Detail("sampler", f"{found.sampler} {found.schedule}".strip()))
        elif found.schedule:
            self._left.append(Detail("schedule", found.schedule))

    def _add_guidance(self) -> None:
        found = self._found
        takes_distilled = self._model.distilled_guidance and not self._model.uses_true_cfg
        plain, distilled = found.guidance_scale, found.distilled_guidance
        if takes_distilled and distilled is not None:
            self._settings["guidance_scale"] = distilled
        elif distilled is not None:
            self._left.append(Detail("distilled guidance", f"{distilled:g}", DISTILLED))
        if distilled is None and not takes_distilled:
            self._settings |= {} if plain is None else {"guidance_scale": plain}
        elif plain is not None and not (takes_distilled and plain == 1):
            reason = f"{self._model.name} takes distilled guidance" if takes_distilled else DISTILLED
            self._left.append(Detail("guidance", f"{plain:g}", reason))

    def _add_loras(self, find_lora: FindLora, read_loras: ReadLoras) -> None:
        loras: list[Lora] = []
        for each in self._found.loras:
            lora, reason = _find_lora(each, find_lora, read_loras)
            if lora is None or len(loras) == MAX_LORAS:
                named = f"{each.name} {each.weight:g} {each.digest}".strip()
                self._left.append(Detail("LoRA", named, reason or f"SeedLab takes {MAX_LORAS} at most"))
            else:
                loras.append(lora)
        if loras:
            self._settings["loras"] = tuple(loras)

    def _fit(self) -> None:
        """Leave what the model refuses, until it accepts the rest."""
        for _ in range(len(LABELS)):
            # Weights that the model does not read are noted apart.
            prompt = self._prompt if self._model.weighted_encoders else strip_typed_weights(self._prompt)
            try:
                recipe = self._model.make_recipe(prompt=prompt, seed=self._found.seed or 0, **self._settings)
            except RecipeError as error:
                if not self._leave(error):
                    self._notes.append(str(error))
                    return
            else:
                if "width" in self._settings:
                    snapped = self._model.format_snapped_size(recipe, self._found.width, self._found.height)
                    self._notes += [snapped] if snapped else []
                return

    def _leave(self, error: RecipeError) -> bool:
        """Move the setting that an error is about to those that are left. Returns whether there was one."""
        if error.field in ("width", "height") and "width" in self._settings:
            size = f"{self._found.width}x{self._found.height}"
            self._left.append(Detail("size", size, str(error)))
            del self._settings["width"], self._settings["height"]
            return True
        if error.field == "prompt" and self._model.unconditional and self._prompt:
            self._left.append(Detail("prompt", self._prompt, str(error)))
            self._prompt = ""
            return True
        if error.field not in self._settings:
            return False
        value = self._settings.pop(error.field)
        shown = self._found.sampler if error.field == "scheduler" else value
        shown = f"{shown:g}" if isinstance(shown, float) else str(shown)
        self._left.append(Detail(LABELS[error.field], shown, str(error)))
        return True

    def _note_seed(self) -> None:
        found = self._found
        if found.seed is not None and found.has_other_noise:
            self._notes.append("Its noise came from a generator that SeedLab lacks, so the picture will differ.")

    @property
    def _texts(self) -> str:
        return f"{self._prompt}\n{self._settings.get('negative_prompt', '')}"

    def _note_weights(self) -> None:
        if self._weighted is None or not choose_syntax(self._texts):
            return
        example = quote(self._weighted[0])
        maker = "ComfyUI" if self._found.tool.startswith("ComfyUI") else "AUTOMATIC1111"
        if self._found.has_other_weights:
            self._notes.append(f"Brackets in the prompt, such as {example}, are read as plain characters.")
        elif self._model.weighted_encoders:
            self._notes.append(f"Weights such as {example} are applied a little differently than in {maker}.")
        elif not self._model.unconditional:
            self._notes.append(f"{self._model.name} reads no weights such as {example}. {ESCAPING}")

    def _note_marks(self) -> None:
        match = MARKS.search(self._texts)
        if match:
            self._notes.append(f"Marks in the prompt, such as {quote(match[0])}, are read as plain words.")

    def _list_taken(self) -> tuple[str, ...]:
        taken = dict(self._settings)
        taken |= {"prompt": self._prompt} if self._prompt else {}
        taken |= {"seed": self._found.seed} if self._found.seed is not None else {}
        taken |= {"scheduler": ""} if self._scheduler_is_own else {}
        taken |= {"model": ""} if self._is_same_model else {}
        return tuple(dict.fromkeys(label for name, label in LABELS.items() if name in taken))


def _find_lora(lora: ForeignLora, find: FindLora, read: ReadLoras) -> tuple[Lora | None, str]:
    """Return a LoRA that is on this machine, or None and why not."""
    file = find(lora.name, lora.digest)
    if file is None:
        return None, "there is no such file here"
    try:
        # As a text the weight would be rounded.
        loras = [replace(each, weight=lora.weight) for each in read(f"{file} 1")]
    except RecipeError as error:
        return None, str(error)
    return (loras[0], "") if len(loras) == 1 else (None, "its file cannot be read")
