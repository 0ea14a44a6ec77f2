"""The clean image that the model predicts at a step (x0), for every scheduler and prediction type."""

from typing import Any


def predict_clean(scheduler: Any, output: Any, timestep: Any, sample: Any, result: Any) -> Any:
    """Return the latents of the clean image that the model predicted at a step, with the shape and dtype of `sample`.

    Many schedulers return or keep this prediction. For the others it follows from the noise level: alpha and sigma are
    the shares of image and noise in the sample (Salimans and Ho 2022, arXiv 2202.00512, appendix D); a flow-matching
    model predicts noise minus image.

    Args:
        scheduler: after its `step`.
        output, timestep, sample: the arguments of `step`.
        result: what `step` returned.
    """
    kept = _find_kept(scheduler, result, sample)
    clean = _compute(scheduler, output, timestep, sample) if kept is None else kept
    return clean.to(sample.dtype)  # Euler and others compute it in float32


def _compute(scheduler: Any, output: Any, timestep: Any, sample: Any) -> Any:
    alpha, sigma = _find_noise_level(scheduler, timestep)
    kind = scheduler.config.get("prediction_type", "flow_prediction")
    if kind == "sample":
        return output
    if kind == "v_prediction":
        return alpha * sample - sigma * output
    return (sample - sigma * output) / (alpha if kind == "epsilon" else 1)


def _find_kept(scheduler: Any, result: Any, sample: Any) -> Any:
    """Return the scheduler's own prediction, or None."""
    returned = result[1] if len(result) > 1 else None
    if returned is not None and returned.shape == sample.shape:
        return returned
    config = scheduler.config
    keeps = config.get("predict_x0", False) or str(config.get("algorithm_type", "")).endswith("dpmsolver++")
    outputs = getattr(scheduler, "model_outputs", None)
    return outputs[-1] if keeps and outputs else None


def _find_noise_level(scheduler: Any, timestep: Any) -> tuple[Any, Any]:
    """Return (alpha, sigma) of the sample that went into the last step."""
    index = getattr(scheduler, "step_index", None)
    if index is None:  # PNDM
        alpha = scheduler.alphas_cumprod[timestep]
        return alpha**0.5, (1 - alpha) ** 0.5
    sigma = scheduler.sigmas[index - 1]
    convert = getattr(scheduler, "_sigma_to_alpha_sigma_t", None)
    return (1 - sigma, sigma) if convert is None else convert(sigma)
