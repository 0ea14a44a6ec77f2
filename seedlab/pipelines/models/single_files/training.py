"""How a checkpoint was trained: what its denoiser predicts, and its noise schedule.

A checkpoint says so by empty tensors (AUTOMATIC1111 #16567, ComfyUI), by the tensors of its schedule, or in its
metadata (Stability AI's modelspec, kohya's ss_ keys). Run otherwise, it would draw noise or washed-out pictures.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from seedlab.core.errors import RecipeError
from seedlab.core.models.model import Model
from seedlab.core.recipes.schedulers import SCHEDULERS
from seedlab.core.storage.safetensors import Header
from seedlab.core.texts.text import quote
from seedlab.pipelines.models.weights import read_values

EPSILON, VELOCITY = "epsilon", "v_prediction"
PREDICTIONS = {"epsilon": EPSILON, "eps": EPSILON, "v": VELOCITY, "v_prediction": VELOCITY, "v-prediction": VELOCITY}
"""What checkpoints call the prediction types, and diffusers' names."""

EDM_NAMES = ("edm_mean", "edm_vpred.sigma_max")
"""Tensors of models with the noise levels of EDM, such as Playground 2.5 and CosXL."""

TIMESTEPS = 1000
STANDARD = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
"""The noise schedule of Stable Diffusion 1, 2 and XL."""

SCHEDULES: dict[str, Callable[[Any], Any]] = {
    "alphas_cumprod": lambda values: values,
    "betas": lambda values: np.cumprod(1 - values),
    "denoiser.sigmas": lambda values: np.sort(1 / (1 + values**2))[::-1],
}
"""The tensors in which checkpoints keep their schedule, and how they become cumulative products of alphas."""

TOLERANCE = 2e-3
"""Largest difference of the cumulative alphas of one schedule, which may be saved in half precision."""

ZERO_SNR_CLASSES = (
    "EulerDiscreteScheduler",
    "EulerAncestralDiscreteScheduler",
    "DPMSolverMultistepScheduler",
    "UniPCMultistepScheduler",
    "DDIMScheduler",
    "DDPMScheduler",
)
"""The schedulers that can begin with pure noise (`rescale_betas_zero_snr`), the default first."""

ZERO_SNR: dict[str, str | bool] = {"rescale_betas_zero_snr": True, "timestep_spacing": "trailing"}
"""The settings for a zero terminal signal-to-noise ratio (Lin et al. 2023, arXiv 2305.08891)."""


@dataclass(frozen=True)
class Training:
    """How a checkpoint was trained.

    Attributes:
        prediction_type: as diffusers names it; None if the checkpoint does not say.
        zero_snr: whether it was trained down to pure noise.
    """

    prediction_type: str | None
    zero_snr: bool


def apply_training(model: Model, file: Path, header: Header, config: Mapping[str, Any]) -> Model:
    """Return a model whose scheduler is set as the checkpoint was trained.

    Args:
        config: the scheduler's configuration that the checkpoint is loaded with.

    Raises:
        RecipeError: no scheduler can be set so.
    """
    training = read_training(file, header, config)
    settings: dict[str, str | bool] = {}
    if training.prediction_type not in (None, config.get("prediction_type", EPSILON)):
        settings["prediction_type"] = str(training.prediction_type)
    if training.zero_snr and not config.get("rescale_betas_zero_snr"):
        settings |= ZERO_SNR
    if not settings:
        return model
    model = replace(model, scheduler_settings=tuple(settings.items()))
    return _limit_schedulers(model) if training.zero_snr else model


def _limit_schedulers(model: Model) -> Model:
    names = tuple(each.name for name in ZERO_SNR_CLASSES for each in SCHEDULERS if each.class_name == name)
    default = model.scheduler if model.scheduler in names else names[0]
    return replace(model, scheduler=default, only_schedulers=names)


def read_training(file: Path, header: Header, config: Mapping[str, Any]) -> Training:
    """Return what a checkpoint says about its training. The arguments are those of `apply_training`.

    Raises:
        RecipeError: it was trained in a way that no scheduler here supports.
    """
    if any(name in header.shapes for name in EDM_NAMES):
        raise _refuse(file, "was trained with the noise levels of EDM, as Playground 2.5 and CosXL were")
    prediction = _read_prediction(file, header)
    says_zero = "ztsnr" in header.shapes or _is_true(header, "ss_zero_terminal_snr")
    return Training(prediction, says_zero or _has_zero_snr(file, header, config))


def _read_prediction(file: Path, header: Header) -> str | None:
    if "v_pred" in header.shapes or _is_true(header, "ss_v_parameterization"):
        return VELOCITY
    said = str(header.metadata.get("modelspec.prediction_type", "")).strip().lower()
    if said and said not in PREDICTIONS:
        raise _refuse(file, f"was trained to predict {quote(said)}, which is neither epsilon nor v")
    return PREDICTIONS.get(said)


def _is_true(header: Header, key: str) -> bool:
    return str(header.metadata.get(key)).lower() in ("true", "1")


def _has_zero_snr(file: Path, header: Header, config: Mapping[str, Any]) -> bool:
    """Whether the schedule in the file is that of the configuration, rescaled; False if the file has none.

    Raises:
        RecipeError: it is another schedule.
    """
    own, expected = _read_schedule(file, header), make_schedule(config)
    if own is None or expected is None:
        return False
    for schedule, is_zero in ((expected, bool(config.get("rescale_betas_zero_snr"))), (rescale(expected), True)):
        if len(own) == len(schedule) and np.abs(own - schedule).max() < TOLERANCE:
            return is_zero
    raise _refuse(file, "was trained with another noise schedule than others of its kind")


def _read_schedule(file: Path, header: Header) -> Any:
    """Return the cumulative products of the alphas in the file, one for each timestep; None if there are none."""
    for name, convert in SCHEDULES.items():
        shape = header.shapes.get(name, ())
        if len(shape) == 1 and 1 < shape[0] <= 10 * TIMESTEPS:
            values = read_values(file, header, name, shape[0])
            if values is not None:
                return convert(np.array(values))
    return None


def make_schedule(config: Mapping[str, Any]) -> Any:
    """Return the cumulative products of the alphas of a scheduler's configuration; None if they are not known."""
    start, end = config.get("beta_start", 0.0001), config.get("beta_end", 0.02)
    count, kind = config.get("num_train_timesteps", TIMESTEPS), config.get("beta_schedule", "linear")
    if config.get("trained_betas") is not None or not all(isinstance(each, int | float) for each in (start, end)):
        return None
    if kind == "scaled_linear":
        betas = np.linspace(start**0.5, end**0.5, count) ** 2
    elif kind == "linear":
        betas = np.linspace(start, end, count)
    else:
        return None
    alphas = np.cumprod(1 - betas)
    return rescale(alphas) if config.get("rescale_betas_zero_snr") else alphas


def rescale(alphas: Any) -> Any:
    """Return the cumulative products of the alphas with the last one 0 (Lin et al. 2023, algorithm 1)."""
    roots = alphas**0.5
    return ((roots - roots[-1]) * roots[0] / (roots[0] - roots[-1])) ** 2


def _refuse(file: Path, reason: str) -> RecipeError:
    return RecipeError(
        "model_id",
        f"{quote(file.name, 80)} {reason}, and would draw noise here: choose its diffusers folder, or another model.",
    )
