"""The models we offer with their good defaults, and what can be read of any other before it is loaded."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from seedlab.model import Model
from seedlab.recipe import MAX_STEPS, RecipeError, quote
from seedlab.schedulers import name_scheduler

SKETCH = "sketch"
SKETCH_FOLDER = Path(__file__).resolve().parents[2] / "assets" / "sketch"
HUB_ID = re.compile(r"(?P<id>[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95})(?:@(?P<revision>[\w./-]{1,100}))?")

UNCONDITIONAL = {"DDIMPipeline": ("DDIMScheduler",), "DDPMPipeline": ("DDIMScheduler", "DDPMScheduler")}
"""The pipelines that take no prompt, and the schedulers whose `step` takes what they give it."""

CATALOG = (
    Model(
        model_id=SKETCH,
        name="Sketch",
        num_inference_steps=12,
        guidance_scale=3.0,
        height=128,
        width=128,
        scheduler="DPMSolverMultistepScheduler",
        dtype="auto",
        max_side=256,
    ),
    Model(
        model_id="stable-diffusion-v1-5/stable-diffusion-v1-5",
        name="Stable Diffusion 1.5",
        num_inference_steps=50,
        guidance_scale=7.5,
        height=512,
        width=512,
        scheduler="PNDMScheduler",
        dtype="auto",
        max_side=1024,
    ),
    Model(
        model_id="stabilityai/stable-diffusion-xl-base-1.0",
        name="Stable Diffusion XL",
        num_inference_steps=30,
        guidance_scale=5.0,
        height=1024,
        width=1024,
        scheduler="EulerDiscreteScheduler",
        dtype="auto",
    ),
    # The guide on reproducible pipelines makes its pictures by DDIM, whose 50 steps are as good as the 1,000 of DDPM,
    # which it was saved with; a DDPMPipeline with this scheduler gives the bytes of the guide's DDIMPipeline.
    Model(
        model_id="google/ddpm-cifar10-32",
        name="DDPM CIFAR-10",
        num_inference_steps=50,
        guidance_scale=0.0,
        height=32,
        width=32,
        scheduler="DDIMScheduler",
        only_schedulers=UNCONDITIONAL["DDPMPipeline"],
        dtype="float32",
        max_side=32,
        unconditional=True,
    ),
)


def describe(model_id: str) -> Model:
    """Say what is known of a model without loading it; its dtype is "auto" where the device decides.

    Args:
        model_id: an id of the catalogue, the path of a diffusers folder, or a Hub id ("owner/name" or
            "owner/name@revision").

    Raises:
        RecipeError: it is none of these.
    """
    known = {model.model_id: model for model in CATALOG}
    if model_id in known:
        return known[model_id]
    if (folder := _find_pipeline(model_id)) is not None:
        return _read_folder(folder)
    if match := HUB_ID.fullmatch(model_id):
        model = known.get(match["id"])
        return replace(model, revision=match["revision"]) if model else _guess(match["id"], match["revision"])
    raise RecipeError(
        "model_id",
        f"There is no model {quote(model_id, 80)}. Use sketch, the id of a model on the Hub such as "
        "stable-diffusion-v1-5/stable-diffusion-v1-5, or a folder that a diffusers pipeline was saved in.",
    )


def _find_pipeline(path: str) -> Path | None:
    try:
        folder = Path(path).expanduser().resolve()
        return folder if (folder / "model_index.json").is_file() else None
    except (OSError, ValueError, RuntimeError):  # too long, a zero in it, the home of a user who is none
        return None


def _read_folder(folder: Path) -> Model:
    pipeline = str(_read_json(folder / "model_index.json").get("_class_name", ""))
    return _read_unconditional(folder, pipeline) if pipeline in UNCONDITIONAL else _read_conditional(folder)


def _read_conditional(folder: Path) -> Model:
    side = _read_side(folder)
    return Model(
        model_id=str(folder),
        name=folder.name,
        num_inference_steps=30,
        guidance_scale=7.5,
        height=side,
        width=side,
        scheduler=name_scheduler(_read_json(folder / "scheduler" / "scheduler_config.json")),
        dtype="auto",
        max_tokens=_read_max_tokens(folder),
    )


def _read_unconditional(folder: Path, pipeline: str) -> Model:
    """Describe a model without a prompt: with the scheduler and the steps of the plain script, `pipe()`."""
    scheduler = _read_part(folder, "scheduler", "scheduler_config.json")
    own = scheduler.get("_class_name", "")
    name = own if own in UNCONDITIONAL[pipeline] else UNCONDITIONAL[pipeline][0]
    height, width = _read_sides(folder)
    return Model(
        model_id=str(folder),
        name=folder.name,
        # Fewer than all of its levels leave DDPM's pictures noisy; DDIM is made to leave some out.
        num_inference_steps=_read_levels(scheduler) if name == "DDPMScheduler" else 50,
        guidance_scale=0.0,
        height=height,
        width=width,
        scheduler=name,
        only_schedulers=UNCONDITIONAL[pipeline],
        dtype="float32",
        max_side=max(height, width),
        unconditional=True,
    )


def _guess(model_id: str, revision: str | None) -> Model:
    """Describe a model of the Hub that we do not know: as the diffusers guide treats Stable Diffusion 1.5."""
    return Model(
        model_id=model_id,
        revision=revision,
        name=model_id,
        num_inference_steps=50,
        guidance_scale=7.5,
        height=512,
        width=512,
        scheduler="PNDMScheduler",
        any_scheduler=True,
        dtype="auto",
    )


def _read_json(file: Path) -> dict[str, Any]:
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


def _read_part(folder: Path, part: str, name: str) -> dict[str, Any]:
    """Read a part's configuration; the first pipelines, of one network alone, were saved without folders for parts."""
    return _read_json(folder / part / name) or _read_json(folder / name)


def _read_side(folder: Path) -> int:
    """Read the side, in pixels, that the pipeline makes by default: the denoiser's times the autoencoder's scale."""
    denoiser = _read_json(folder / "unet" / "config.json") or _read_json(folder / "transformer" / "config.json")
    vae = _read_json(folder / "vae" / "config.json")
    channels = vae.get("block_out_channels") or vae.get("encoder_block_out_channels", (0, 0, 0, 0))
    sample = denoiser.get("sample_size", 64)
    return sample * 2 ** (len(channels) - 1) if isinstance(sample, int) else 512


def _read_sides(folder: Path) -> tuple[int, int]:
    """Read height and width, in pixels, of a denoiser that works on the pixels themselves."""
    sides = _read_part(folder, "unet", "config.json").get("sample_size")
    height, width = sides if isinstance(sides, list) and len(sides) == 2 else (sides, sides)
    return (height, width) if isinstance(height, int) and isinstance(width, int) else (32, 32)


def _read_levels(scheduler: dict[str, Any]) -> int:
    levels = scheduler.get("num_train_timesteps")
    return min(levels, MAX_STEPS) if isinstance(levels, int) else MAX_STEPS


def _read_max_tokens(folder: Path) -> int:
    lengths = [
        length
        for file in folder.glob("tokenizer*/tokenizer_config.json")
        if isinstance(length := _read_json(file).get("model_max_length"), int) and length < 100_000
    ]
    return max(lengths, default=77)
