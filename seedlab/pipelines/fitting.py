"""What fits a machine: models, and pictures that are decoded as a whole."""

from pathlib import Path

from seedlab.core.machine.memory import Memory
from seedlab.core.models.fit import Fit
from seedlab.core.models.model import SKETCH, Model
from seedlab.core.recipes.recipe import Recipe
from seedlab.pipelines.loaded.sources import is_on_hub
from seedlab.pipelines.models.weights import ENDING
from seedlab.pipelines.sampling.tiling import measure_decoding

GIGABYTE = 10**9
DECODING_SHARE = 0.5
"""Of all memory, for what it takes to decode a picture."""

FULL_PRECISION = 2
"""A model takes so many times its memory in half precision on a CPU, which computes in full precision."""


def rate_model(model: Model, device: str, memory: Memory) -> Fit:
    """Return whether a model is here, or fits the memory of a device. What is not known of it counts as fitting.

    With a GPU the memory of its machine counts too, because parts of a model can wait there.

    Args:
        device: "cuda", "mps" or "cpu".
        memory: where the device is.
    """
    if model.model_id == SKETCH or not is_on_hub(model.model_id) or _seems_downloaded(model.model_id):
        return Fit.HERE
    needed = model.card.memory * (FULL_PRECISION if device == "cpu" else 1) if model.card else 0.0
    return Fit.FITS if needed * GIGABYTE <= max(memory.device, memory.host) else Fit.LARGE


def is_short(recipe: Recipe, memory: Memory) -> bool:
    """Return whether a device has too little memory to decode a recipe's picture as a whole, beside the model.

    All memory counts and not what is free, so that the same click makes the same picture.
    """
    return measure_decoding(recipe) > DECODING_SHARE * memory.device


def _seems_downloaded(model_id: str) -> bool:
    """Whether the Hub's cache has weights of a model and no unfinished files. Loading it checks them all.

    Configurations are there as soon as somebody has looked at the model.
    """
    from huggingface_hub.constants import HF_HUB_CACHE
    from huggingface_hub.file_download import repo_folder_name

    folder = Path(HF_HUB_CACHE) / repo_folder_name(repo_id=model_id, repo_type="model")
    return any(folder.glob(f"snapshots/*/**/*{ENDING}")) and not any(folder.glob("blobs/*.incomplete"))
