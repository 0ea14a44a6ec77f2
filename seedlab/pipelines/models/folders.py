"""Reads the configurations of a diffusers folder, without loading its pipeline and without torch."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from seedlab.core.errors import RecipeError
from seedlab.core.models.model import Model
from seedlab.core.recipes.recipe_checks import MAX_STEPS
from seedlab.core.recipes.schedulers import FLOW_SOLVERS, REPLACED, name_scheduler
from seedlab.core.storage.files import Signature, sign_files
from seedlab.core.texts.text import quote
from seedlab.pipelines.models.configurations import check_numbers, name_model, read_json
from seedlab.pipelines.models.families import find_family
from seedlab.pipelines.models.parts import Parts, find_parts
from seedlab.pipelines.models.single_files.layouts import CHANNELS
from seedlab.pipelines.models.weights import is_safetensors

DESCRIPTIONS = (
    "model_index.json",
    "*/config.json",
    "*/scheduler_config.json",
    "tokenizer*/tokenizer_config.json",
    "config.json",
    "scheduler_config.json",
)
"""The configurations that are read here, as glob patterns; a few kB in all."""


def find_pipeline(path: str) -> Path | None:
    """Return the folder at a path, made absolute, if it contains a pipeline; otherwise None."""
    try:
        folder = Path(path).expanduser().resolve()
        return folder if (folder / "model_index.json").is_file() else None
    except (OSError, ValueError, RuntimeError):  # too long, contains a null byte, or the home of an unknown user
        return None


def read_folder(folder: Path) -> Model:
    """Describe the pipeline in a folder; its configurations are read again only when one of them has changed.

    Raises:
        RecipeError: none of our schedulers works with it.
    """
    return _read_folder(folder, sign_configurations(folder))


def sign_configurations(folder: Path) -> Signature:
    """Return a value that changes when one of a folder's configurations does; none of them is read."""
    files = sorted(file for pattern in DESCRIPTIONS for file in folder.glob(pattern))
    return sign_files((file.relative_to(folder).as_posix(), file) for file in files)


@lru_cache(maxsize=100)
def _read_folder(folder: Path, _signature: Signature) -> Model:
    for file in sorted(file for pattern in DESCRIPTIONS for file in folder.glob(pattern)):
        check_numbers(folder, file)
    pipeline = name_pipeline(folder)
    read = _read_unconditional if find_family(pipeline).is_unconditional else _read_conditional
    return read(folder, pipeline)


def check_folder(folder: Path) -> Parts:
    """Check that the parts of a folder are there and complete; returns how they are loaded.

    Raises:
        RecipeError: a part is missing, damaged, or a pickle, which can run any program when it is opened.
    """
    return _check_folder(folder, sign_files(_list_all(folder)))


@lru_cache(maxsize=100)
def _check_folder(folder: Path, _signature: Signature) -> Parts:
    if not any(is_safetensors(file) for _, file in _list_all(folder)):
        raise RecipeError(
            "model_id",
            f"{quote(name_model(folder), 80)} has no safetensors weights. SeedLab loads no pickles (.bin, .ckpt, .pt), "
            "which can run any program when they are opened: choose a model with safetensors weights.",
        )
    if not name_pipeline(folder):
        raise RecipeError(
            "model_id",
            f"The model_index.json of {quote(name_model(folder), 80)} cannot be read: download the model again.",
        )
    return find_parts(folder)


def _list_all(folder: Path) -> list[tuple[str, Path]]:
    """List all files of a pipeline and of its components."""
    files = sorted(file for pattern in ("*", "*/*") for file in folder.glob(pattern) if file.is_file())
    return [(file.relative_to(folder).as_posix(), file) for file in files]


def name_pipeline(folder: Path) -> str:
    """Return the name of the pipeline's class; "" if it cannot be read."""
    return _name_pipeline(folder, sign_configurations(folder))


@lru_cache(maxsize=100)
def _name_pipeline(folder: Path, _signature: Signature) -> str:
    return str(read_json(folder / "model_index.json").get("_class_name", ""))


def _read_conditional(folder: Path, pipeline: str) -> Model:
    _check_channels(folder)
    side = _read_side(folder)
    scheduler = _read_scheduler(folder)
    is_flow = scheduler.get("prediction_type") == "flow_prediction"
    known: dict[str, Any] = {
        "num_inference_steps": 30,
        "guidance_scale": 7.5,
        "height": side,
        "width": side,
        "scheduler": name_scheduler(scheduler),
        "only_schedulers": FLOW_SOLVERS if is_flow else (),
        "replaced_scheduler": saved if (saved := scheduler.get("_class_name")) in REPLACED else "",
        "max_tokens": _read_max_tokens(folder),
    }
    known |= find_family(pipeline).facts | read_autoencoder(folder, pipeline)
    return Model(model_id=str(folder), name=folder.name, **known | _read_guidance(folder))


def read_autoencoder(folder: Path, pipeline: str) -> dict[str, Any]:
    """Return what depends on the autoencoder's configuration, as fields of `Model`.

    `AutoencoderTiny` has no tiles that serve here. Stable Diffusion's image-to-image pipelines take latents of four
    channels alone: they take others for pixels.

    Args:
        pipeline: the name of the pipeline's class.
    """
    config, family = read_json(folder / "vae" / "config.json"), find_family(pipeline)
    fits = family.image_to_image != () or config.get("latent_channels", 4) == 4
    return {
        "takes_tiles": config.get("_class_name") != "AutoencoderTiny",
        "takes_latents": family.takes_latents and fits,
    }


def _check_channels(folder: Path) -> None:
    """Refuse a denoiser that takes a picture besides the latents, whatever its pipeline is called."""
    channels = read_json(folder / "unet" / "config.json").get("in_channels")
    latents = read_json(folder / "vae" / "config.json").get("latent_channels", 4)
    if channels != latents and (kind := CHANNELS.get(channels if isinstance(channels, int) else 0)):
        raise RecipeError(
            "model_id",
            f"{quote(name_model(folder), 80)} is {kind}. SeedLab makes pictures from a prompt alone: choose another "
            "model.",
        )


def _read_guidance(folder: Path) -> dict[str, Any]:
    """Return how the denoiser is guided, as fields of `Model`; {} if its configuration does not say.

    A guidance-distilled denoiser never sees a negative prompt.
    """
    if read_json(folder / "unet" / "config.json").get("time_cond_proj_dim") is not None:
        return {"ignores": ("negative_prompt",)}
    embedded = read_json(folder / "transformer" / "config.json").get("guidance_embeds")
    if embedded is None:
        return {}
    return {"ignores": ("negative_prompt",), "uses_true_cfg": False} if embedded else {"uses_true_cfg": True}


def _read_unconditional(folder: Path, pipeline: str) -> Model:
    """Describe an unconditional model, with the scheduler and steps of the plain script, `pipe()`."""
    scheduler = _read_component(folder, "scheduler", "scheduler_config.json")
    own = scheduler.get("_class_name", "")
    schedulers = find_family(pipeline).schedulers
    name = own if own in schedulers else schedulers[0]
    height, width = _read_sides(folder)
    return Model(
        model_id=str(folder),
        name=folder.name,
        # With fewer than all training timesteps DDPM's pictures stay noisy; DDIM is designed to skip some.
        num_inference_steps=_read_timesteps(scheduler) if name == "DDPMScheduler" else 50,
        guidance_scale=0.0,
        height=height,
        width=width,
        scheduler=name,
        only_schedulers=schedulers,
        dtype="float32",
        max_side=max(height, width),
        unconditional=True,
    )


def _read_component(folder: Path, component: str, name: str) -> dict[str, Any]:
    """Read a component's configuration. Some early pipelines, with a single network, have no component folders."""
    return read_json(folder / component / name) or read_json(folder / name)


def _read_side(folder: Path) -> int:
    """Return the default side in pixels: the denoiser's sample size times the autoencoder's scale."""
    denoiser = read_json(folder / "unet" / "config.json") or read_json(folder / "transformer" / "config.json")
    vae = read_json(folder / "vae" / "config.json")
    channels = vae.get("block_out_channels") or vae.get("encoder_block_out_channels", (0, 0, 0, 0))
    sample = denoiser.get("sample_size", 64)
    return sample * 2 ** (len(channels) - 1) if isinstance(sample, int) else 512


def _read_sides(folder: Path) -> tuple[int, int]:
    """Return height and width, in pixels, of a denoiser that works on pixels."""
    sides = _read_component(folder, "unet", "config.json").get("sample_size")
    height, width = sides if isinstance(sides, list) and len(sides) == 2 else (sides, sides)
    return (height, width) if isinstance(height, int) and isinstance(width, int) else (32, 32)


def _read_scheduler(folder: Path) -> dict[str, Any]:
    """Read the scheduler's configuration; if it is missing, only its class, from the index."""
    named = read_json(folder / "model_index.json").get("scheduler")
    known = {"_class_name": named[1]} if isinstance(named, list) and len(named) == 2 else {}
    return read_json(folder / "scheduler" / "scheduler_config.json") or known


def _read_timesteps(scheduler: dict[str, Any]) -> int:
    timesteps = scheduler.get("num_train_timesteps")
    return min(timesteps, MAX_STEPS) if isinstance(timesteps, int) else MAX_STEPS


def _read_max_tokens(folder: Path) -> int:
    lengths = [
        length
        for file in folder.glob("tokenizer*/tokenizer_config.json")
        if isinstance(length := read_json(file).get("model_max_length"), int) and length < 100_000
    ]
    return max(lengths, default=77)
