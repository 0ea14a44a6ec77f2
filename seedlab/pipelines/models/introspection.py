"""What is known of a model, made more exact by the class of its pipeline: what its call takes, by its signature."""

import inspect
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from seedlab.core.errors import RecipeError
from seedlab.core.model import Model
from seedlab.core.text import quote
from seedlab.pipelines.devices.libraries import find_class
from seedlab.pipelines.models.capabilities import Capabilities
from seedlab.pipelines.models.families import find_family
from seedlab.pipelines.models.folders import read_folder, read_json


def fit(model: Model, index: Path) -> Model:
    """Return a model as the class of its pipeline has it.

    Args:
        index: the `model_index.json` of the pipeline; where it cannot be read, the model stays as it is. What lies
            beside it says how the denoiser is guided.

    Raises:
        RecipeError: the pipeline needs code of its own, or makes its pictures of others and not of words.
    """
    names = read_json(index)
    kind = names.get("_class_name")
    if not kind:
        return model
    if isinstance(kind, str) and find_family(kind).is_unconditional:
        return _fit_kind(model, index.parent)
    pipeline_class = find_class(kind) if isinstance(kind, str) else None
    if pipeline_class is None:
        raise _refuse_code(model, str(kind))
    for part in names.values():
        if isinstance(part, list) and len(part) == 2 and part[0] is not None and not _is_known(str(part[0])):
            raise _refuse_code(model, str(part[1]))
    _check_words(model, pipeline_class)
    return _fit_signature(_fit_kind(model, index.parent), pipeline_class)


def _refuse_code(model: Model, name: str) -> RecipeError:
    return RecipeError(
        "model_id",
        f"{model.name} needs code of its own ({quote(name, 60)}), and SeedLab runs none that comes with a model: "
        "choose another.",
    )


def _is_known(library: str) -> bool:
    """Whether the class of a part comes from a library that is here, or from one of diffusers' own pipelines."""
    if library in ("diffusers", "transformers"):
        return True
    return library.isidentifier() and find_spec(f"diffusers.pipelines.{library}") is not None


def _check_words(model: Model, pipeline_class: Any) -> None:
    arguments = inspect.signature(pipeline_class.__call__).parameters
    if "prompt" not in arguments or "image" in arguments:
        raise RecipeError(
            "model_id",
            f"{model.name} is a {pipeline_class.__name__}, which does not make its pictures of words alone: choose "
            "another model.",
        )


def _fit_kind(model: Model, folder: Path) -> Model:
    """Fill in what was guessed of a model that we did not know."""
    if not model.any_scheduler:
        return model
    return replace(read_folder(folder), model_id=model.model_id, name=model.name, revision=model.revision)


def _fit_signature(model: Model, pipeline_class: Any) -> Model:
    takes = Capabilities.read(pipeline_class)
    missing = [name for name in ("negative_prompt", "guidance_scale") if not getattr(takes, name)]
    # The configuration of its denoiser said whether it reads true guidance, which is only where there is an argument.
    true_guidance = model.true_guidance and "true_cfg_scale" in inspect.signature(pipeline_class.__call__).parameters
    return replace(model, ignores=tuple(dict.fromkeys((*model.ignores, *missing))), true_guidance=true_guidance)
