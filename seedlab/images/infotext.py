"""A recipe as AUTOMATIC1111's infotext, which other tools can read.

The format is that of `create_infotext` (modules/processing.py) and `parse_generation_parameters`
(modules/infotext_utils.py) of stable-diffusion-webui; ComfyUI, InvokeAI and Civitai read it too, each a little
differently. It cannot hold every field; the exact recipe is in the picture's other text chunk.
"""

import json
import re

from seedlab import __version__
from seedlab.core.errors import RecipeError
from seedlab.core.models.weights import NO_HASHES, WeightHashes
from seedlab.core.recipes.additions import Lora, Nudge
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.recipes.schedulers import Scheduler, find_scheduler
from seedlab.core.texts.file_names import name_file

INFOTEXT_CHUNK = "parameters"
"""The keyword of its PNG chunk."""

AUTOMATIC = {"DPM++ 2M": "Karras", "DPM++ 2M SDE": "Exponential", "DPM2": "Karras", "DPM2 a": "Karras"}
"""A1111's default schedule types (modules/sd_samplers_kdiffusion.py); "Uniform" for all other samplers."""

MODEL_HASH, LORA_HASH, INPUT_HASH = 10, 12, 12
"""The number of hex digits that A1111 writes of a hash."""

MARKS = ("Negative prompt:", "Steps:")
"""Other tools take a line that begins with one of these as the end of the prompt (Civitai takes the first one)."""


EDITING = re.compile(r"[\[\]:|\n]")
"""Characters that prompt editing gives a meaning."""


def write_infotext(recipe: Recipe, hashes: WeightHashes = NO_HASHES, draft_steps: int | None = None) -> str:
    """Write the infotext: the prompt, a line with the negative prompt even if it is empty, and a line of details.

    ComfyUI's importer (scripts/pnginfo.js) looks for both "\\nNegative prompt:" and "\\nSteps:". LoRAs are tags after
    the prompt, where AUTOMATIC1111 has them.

    Args:
        hashes: of the recipe's weight files.
        draft_steps: after how many steps a draft was paused; None for a finished picture.
    """
    prompt = " ".join(filter(None, (_keep_in_line(_write_prompt(recipe)), *map(_write_tag, recipe.loras))))
    negative = _keep_in_line(recipe.write_prompt("negative_prompt"))
    return f"{prompt}\nNegative prompt: {negative}\n{_write_details(recipe, hashes, draft_steps)}"


def _write_prompt(recipe: Recipe) -> str:
    """Write the prompt, with late words as prompt editing: `a boat[:, artsy:3]` (modules/prompt_parser.py)."""
    prompt, late = recipe.write_prompt("prompt"), recipe.write_prompt("late_prompt")
    if not late or EDITING.search(prompt + late):
        return prompt
    if late.startswith(prompt):
        return f"{prompt}[:{late[len(prompt) :]}:{recipe.late_step}]"
    return f"[{prompt}:{late}:{recipe.late_step}]"


def _write_tag(lora: Lora) -> str:
    weight = f"{lora.weight:.6f}".rstrip("0").rstrip(".")
    return f"<lora:{_name_lora(lora)}:{weight}>"


def _name_lora(lora: Lora) -> str:
    # These marks would end the name in a tag or in the list of hashes.
    return re.sub(r"[<>:,\n]", "", name_file(lora.file))


def _list_lora_hashes(recipe: Recipe, hashes: WeightHashes) -> str | None:
    """Return "ink: 0123456789ab, rain: ..." as AUTOMATIC1111 does (extra_networks_lora.py)."""
    known = [(lora, each) for lora, each in zip(recipe.loras, hashes.loras, strict=False) if each]
    return ", ".join(f"{_name_lora(lora)}: {each[:LORA_HASH]}" for lora, each in known) or None


def _write_details(recipe: Recipe, hashes: WeightHashes, draft_steps: int | None) -> str:
    scheduler = _find_scheduler(recipe.scheduler)
    details = {
        "Steps": recipe.num_inference_steps,
        "Sampler": _name_sampler(scheduler) if scheduler else None,
        "Schedule type": _name_schedule(scheduler) if scheduler else None,
        "CFG scale": recipe.guidance_scale,
        "Seed": recipe.seed,
        **_describe_nudges(recipe.nudges),
        # As A1111 calls it, which resizes noise in another way.
        "Seed resize from": f"{recipe.noise_width}x{recipe.noise_height}" if recipe.resizes_noise else None,
        "Late prompt": recipe.write_prompt("late_prompt") or None,
        "Late step": recipe.late_step or None,
        "Seed variety": recipe.seed_variety or None,
        "Seed variety steps": recipe.seed_variety_steps or None,
        "Denoising strength": None if recipe.start is None else recipe.start.strength,
        **_describe_input(recipe),
        "Size": f"{recipe.width}x{recipe.height}",
        "Model hash": hashes.checkpoint[:MODEL_HASH] or None,
        # Without these marks, as in early versions of A1111: several readers cut the name there.
        "Model": re.sub("[,:]", "", name_file(recipe.model_id)),
        # Otherwise A1111 draws the noise on the GPU, which gives another picture.
        "RNG": "CPU" if recipe.generator_device == "cpu" else None,
        "Draft steps": draft_steps,
        "Lora hashes": _list_lora_hashes(recipe, hashes),
        # Not a bare number: A1111 would take it for an old version of its own and enable compatibility modes.
        "Version": f"SeedLab v{__version__}",
    }
    return ", ".join(f"{key}: {_quote(value)}" for key, value in details.items() if value is not None)


def _describe_nudges(nudges: tuple[Nudge, ...]) -> dict[str, int | float | str]:
    """Name one nudge as A1111 does, and several as InvokeAI 2 did: "7:0.1, 42:0.3". No tool makes the same noise."""
    if len(nudges) == 1:
        return {"Variation seed": nudges[0].seed, "Variation seed strength": nudges[0].weight}
    return {"Variations": ", ".join(f"{each.seed}:{each.weight:g}" for each in nudges)} if nudges else {}


def _describe_input(recipe: Recipe) -> dict[str, str]:
    """Name the user's own picture that it starts from by its hash and size, as SD.Next does."""
    picture = recipe.input_picture
    if picture is None:
        return {}
    return {
        "Init image hash": picture.sha256[:INPUT_HASH],
        "Init image size": f"{picture.width}x{picture.height}",
    }


def _find_scheduler(name: str) -> Scheduler | None:
    try:
        return find_scheduler(name)
    except RecipeError:
        return None


def _name_sampler(scheduler: Scheduler) -> str:
    # A1111 called it "DPM++ 2M Karras" until 1.9 moved Karras to the schedule type. It still reads the old name
    # (sd_samplers.get_sampler_and_scheduler), and ComfyUI finds Karras nowhere else.
    return f"{scheduler.sampler} Karras" if scheduler.karras else scheduler.sampler


def _name_schedule(scheduler: Scheduler) -> str | None:
    if scheduler.karras:
        return "Karras"
    return scheduler.schedule or ("Uniform" if scheduler.sampler in AUTOMATIC else None)


def _quote(value: int | float | str) -> str:
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if any(mark in text for mark in ",:\n") else text


def _keep_in_line(prompt: str) -> str:
    """Join lines that other tools would not take as prompt text to the line before them.

    A newline is a space to text encoders, so only the look of the prompt changes. A first line that begins with a mark
    cannot be expressed in this format and is left unchanged.
    """
    first, *others = prompt.split("\n")
    return first + "".join((" " if line.strip().startswith(MARKS) else "\n") + line for line in others)
