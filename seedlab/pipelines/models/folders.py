"""What a diffusers folder says of its pipeline, read from its configurations without loading it, and without torch."""

import json
from pathlib import Path
from typing import Any

from seedlab.core.errors import RecipeError
from seedlab.core.model import Model
from seedlab.core.recipe import MAX_STEPS
from seedlab.core.schedulers import FLOW_SOLVERS, name_scheduler
from seedlab.core.text import quote
from seedlab.pipelines.models.families import find_family

DESCRIPTIONS = (
    "model_index.json",
    "*/config.json",
    "*/scheduler_config.json",
    "tokenizer*/tokenizer_config.json",
    "config.json",
    "scheduler_config.json",
)
"""The files that say what there is to know of a pipeline, as patterns: some kB."""


def find_pipeline(path: str) -> Path | None:
    """Return the folder at a path, made absolute, if a pipeline was saved in it; else None."""
    try:
        folder = Path(path).expanduser().resolve()
        return folder if (folder / "model_index.json").is_file() else None
    except (OSError, ValueError, RuntimeError):  # too long, a zero in it, the home of a user who is none
        return None


def read_folder(folder: Path) -> Model:
    """Describe the pipeline that was saved in a folder.

    Raises:
        RecipeError: none of our schedulers works with it.
    """
    pipeline = name_pipeline(folder)
    read = _read_unconditional if find_family(pipeline).is_unconditional else _read_conditional
    return read(folder, pipeline)


def check_weights(folder: Path) -> None:
    """Refuse a folder whose weights are pickles, which can run anything as they are opened.

    Raises:
        RecipeError: it has no safetensors weights.
    """
    if not any(next(folder.glob(pattern), None) for pattern in ("*.safetensors", "*/*.safetensors")):
        raise RecipeError(
            "model_id",
            f"{quote(folder.name, 80)} has no safetensors weights. SeedLab loads no pickles (.bin, .ckpt, .pt), which "
            "can run any program as they are opened: choose a model with safetensors weights.",
        )


def name_pipeline(folder: Path) -> str:
    """Return the name of the class that the pipeline is of; "" where that cannot be read."""
    return str(read_json(folder / "model_index.json").get("_class_name", ""))


def _read_conditional(folder: Path, pipeline: str) -> Model:
    side = _read_side(folder)
    scheduler = _read_scheduler(folder)
    flows = scheduler.get("prediction_type") == "flow_prediction"
    known: dict[str, Any] = {
        "num_inference_steps": 30,
        "guidance_scale": 7.5,
        "height": side,
        "width": side,
        "scheduler": name_scheduler(scheduler),
        "only_schedulers": FLOW_SOLVERS if flows else (),
        "dtype": "auto",
        "max_tokens": _read_max_tokens(folder),
    }
    known |= find_family(pipeline).defaults
    return Model(model_id=str(folder), name=folder.name, **known | _read_guidance(folder))


def _read_guidance(folder: Path) -> dict[str, Any]:
    """Say how the denoiser in a pipeline's folder is guided, as fields of `Model`; none where that is not said.

    Where guidance was distilled into it, it never sees a negative prompt.
    """
    if read_json(folder / "unet" / "config.json").get("time_cond_proj_dim") is not None:
        return {"ignores": ("negative_prompt",)}
    embedded = read_json(folder / "transformer" / "config.json").get("guidance_embeds")
    if embedded is None:
        return {}
    return {"ignores": ("negative_prompt",), "true_guidance": False} if embedded else {"true_guidance": True}


def _read_unconditional(folder: Path, pipeline: str) -> Model:
    """Describe a model without a prompt: with the scheduler and the steps of the plain script, `pipe()`."""
    scheduler = _read_part(folder, "scheduler", "scheduler_config.json")
    own = scheduler.get("_class_name", "")
    schedulers = find_family(pipeline).schedulers
    name = own if own in schedulers else schedulers[0]
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
        only_schedulers=schedulers,
        dtype="float32",
        max_side=max(height, width),
        unconditional=True,
    )


def read_json(file: Path) -> dict[str, Any]:
    """Read a configuration; {} where it cannot be read, or is none."""
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


def _read_part(folder: Path, part: str, name: str) -> dict[str, Any]:
    """Read a part's configuration; the first pipelines, of one network alone, were saved without folders for parts."""
    return read_json(folder / part / name) or read_json(folder / name)


def _read_side(folder: Path) -> int:
    """Read the side, in pixels, that the pipeline makes by default: the denoiser's times the autoencoder's scale."""
    denoiser = read_json(folder / "unet" / "config.json") or read_json(folder / "transformer" / "config.json")
    vae = read_json(folder / "vae" / "config.json")
    channels = vae.get("block_out_channels") or vae.get("encoder_block_out_channels", (0, 0, 0, 0))
    sample = denoiser.get("sample_size", 64)
    return sample * 2 ** (len(channels) - 1) if isinstance(sample, int) else 512


def _read_sides(folder: Path) -> tuple[int, int]:
    """Read height and width, in pixels, of a denoiser that works on the pixels themselves."""
    sides = _read_part(folder, "unet", "config.json").get("sample_size")
    height, width = sides if isinstance(sides, list) and len(sides) == 2 else (sides, sides)
    return (height, width) if isinstance(height, int) and isinstance(width, int) else (32, 32)


def _read_scheduler(folder: Path) -> dict[str, Any]:
    """Read the scheduler's configuration; where it is not here, its class as the index names it."""
    named = read_json(folder / "model_index.json").get("scheduler")
    known = {"_class_name": named[1]} if isinstance(named, list) and len(named) == 2 else {}
    return read_json(folder / "scheduler" / "scheduler_config.json") or known


def _read_levels(scheduler: dict[str, Any]) -> int:
    levels = scheduler.get("num_train_timesteps")
    return min(levels, MAX_STEPS) if isinstance(levels, int) else MAX_STEPS


def _read_max_tokens(folder: Path) -> int:
    lengths = [
        length
        for file in folder.glob("tokenizer*/tokenizer_config.json")
        if isinstance(length := read_json(file).get("model_max_length"), int) and length < 100_000
    ]
    return max(lengths, default=77)
