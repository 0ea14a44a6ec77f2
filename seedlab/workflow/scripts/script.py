"""Pictures as a stand-alone diffusers script, without SeedLab."""

import re
from collections.abc import Sequence
from dataclasses import fields, replace

from seedlab.core.errors import SeedLabError
from seedlab.core.machine.environment import Environment
from seedlab.core.models.model import Model
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.recipes.schedulers import find_scheduler
from seedlab.core.texts.file_names import hide_folder
from seedlab.workflow.scripts.latents import find_kept
from seedlab.workflow.scripts.pictures import list_stages, write_pictures
from seedlab.workflow.scripts.prompts import write_prompt_functions, write_prompt_imports
from seedlab.workflow.scripts.text import quote, shorten

SKETCH = "sketch"
SKETCH_FOLDER = 'getattr(find_spec("seedlab"), "submodule_search_locations", ["seedlab"])[0] + "/sketch/weights"'
"""Finds Sketch in a checkout that the script runs in, or in an installed SeedLab, without importing it."""

LISTED = 4
"""Up to so many pictures, each has its own line if there is room for it."""

MAX_LINES, STAGE_LINES, RESIZE_LINES, LATENT_LINES = 30, 8, 14, 18
"""The most lines of a script; how many more for each stage that starts from a picture, to resize noise, and latents."""

VARYING = (
    "seed",
    "nudges",
    "noise_height",
    "noise_width",
    "prompt",
    "negative_prompt",
    "num_inference_steps",
    "guidance_scale",
    "height",
    "width",
    "scheduler",
    "late_prompt",
    "late_step",
    "seed_variety",
    "seed_variety_steps",
    "prompt_syntax",
    "start",
    "vae_tiling",
)
"""The fields in which the pictures of one script may differ; also the weights of LoRAs, unless they are merged."""

LIBRARIES = ("torch", "diffusers", "transformers", "compel", "pillow", "peft")
"""The fields of an environment with versions, as far as the pictures need the libraries."""

DETERMINISM = (
    "torch.use_deterministic_algorithms(True)",
    "torch.backends.cudnn.benchmark = False",
    "torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False",
)
"""The settings of diffusers' `enable_full_determinism`, without CUDA_LAUNCH_BLOCKING, which changes no bits."""

FIRST_CALLS = "torch.cos(torch.ones(1)), torch.sin(torch.ones(1))  # a first call for many values may round differently"
"""What `seedlab.pipelines.devices.libraries.initialize_functions` does, for the functions of rotary embeddings."""


def write_script(recipes: Sequence[Recipe], environment: Environment | None = None, model: Model | None = None) -> str:
    """Return a script that makes these pictures byte for byte in the same environment.

    It has at most 30 lines, or 40 where nudges come together with LoRAs or deterministic algorithms; and 8 more for
    each stage that starts from a picture, 14 more where noise is resized, and 18 where latents are. A picture of the
    user's own is read from its file, in the folder that the script runs in. Text from users appears in quoted literals
    alone.

    Args:
        recipes: one or more, which differ in `VARYING` and the weights of LoRAs alone.
        environment: the one to reproduce, as far as a script can; None for any.
        model: None for a model that is called like a Stable Diffusion and is in a folder or on the Hub.

    Raises:
        SeedLabError: the recipes differ in more, or there is none.
    """
    merges = environment is not None and environment.loras == "merged"
    if len({_strip(recipe, merges) for recipe in recipes}) != 1:
        what = "one model and one weight of each LoRA" if merges else "one model and precision, and the same LoRAs"
        raise SeedLabError(f"One script makes pictures with {what}: choose the pictures of one round.")
    stages = list_stages(recipes)
    every = [recipe for stage in stages for recipe in stage]
    lines = [
        *_write_head(every, environment, model),
        *_write_loading(recipes[0], environment, model),
        *write_prompt_functions(every, model),
    ]
    limit = MAX_LINES + STAGE_LINES * (len(stages) - 1 + (stages[0][0].input_picture is not None))
    limit += RESIZE_LINES * any(recipe.resizes_noise for recipe in every) + LATENT_LINES * bool(find_kept(every))
    pictures = write_pictures(stages, model, LISTED)
    lines += pictures if len(lines) + len(pictures) <= limit else write_pictures(stages, model, 0)
    return "\n".join(shorten(lines, limit)) + "\n"


def _strip(recipe: Recipe, merges: bool) -> tuple[object, ...]:
    """Return what all pictures of a script share.

    Args:
        merges: whether LoRAs are merged into the model, which cannot be undone.
    """
    loras = recipe.loras if merges else tuple(replace(lora, weight=1) for lora in recipe.loras)
    shared = recipe.replace_shared(loras=loras)
    return tuple(getattr(shared, each.name) for each in fields(shared) if each.name not in VARYING)


def _write_head(recipes: Sequence[Recipe], environment: Environment | None, model: Model | None) -> list[str]:
    recipe = recipes[0]
    deterministic = environment is not None and environment.deterministic
    # A picture's environment is untrusted too, and a newline would end the comment.
    known = {name: getattr(environment, name, "") for name in LIBRARIES}
    versions = [f"{name} {quote(version[:40])[1:-1]}" for name, version in known.items() if version]
    made = f" with {', '.join(versions)}" if versions else ""
    needed = ", processor and threads" if environment is None or environment.threads else " and GPU"
    workspace = ["import os", 'os.environ["CUBLAS_WORKSPACE_CONFIG"] = ":16:8"  # before CUDA starts']
    return [
        f"# Made by SeedLab{made}. The same bytes need the same versions{needed}.",
        *(workspace if deterministic else []),
        "import hashlib",
        *(["from importlib.util import find_spec"] if recipe.model_id == SKETCH else []),
        "import torch",
        *(["from PIL import Image, ImageOps"] if any(map(_resizes_pixels, recipes)) else []),
        *write_prompt_imports(recipes, model),
        f"from diffusers import {', '.join(_list_classes(recipes, model))}",
        *(DETERMINISM if deterministic else ()),
    ]


def _list_classes(recipes: Sequence[Recipe], model: Model | None) -> list[str]:
    base = ["EulerDiscreteScheduler"] if model is not None and model.scheduler_settings else []
    schedulers = (find_scheduler(recipe.scheduler).class_name for recipe in recipes)
    again = ["AutoPipelineForImage2Image"] if _has_start(recipes) else []
    return list(dict.fromkeys((_name_pipeline(model), *again, *schedulers, *base)))


def _resizes_pixels(recipe: Recipe) -> bool:
    return recipe.start is not None and not recipe.start.resizes_latents


def _has_start(recipes: Sequence[Recipe]) -> bool:
    return any(recipe.start is not None for recipe in recipes)


def _name_pipeline(model: Model | None) -> str:
    return (model and model.pipeline) or "DiffusionPipeline"


def _write_reading(recipe: Recipe, known: Model | None) -> str:
    further = "".join(f", {name}={value!r}" for name, value in (known.reading if known is not None else ()))
    if known is not None and known.config:
        # Where the model's folder is hidden, that of its configurations is, too.
        config = hide_folder(known.config) if known.path else known.config
        return f"from_single_file(model, config={quote(config)}, dtype=torch.{recipe.dtype}{further})"
    revision = "" if recipe.revision is None else f", revision={quote(recipe.revision)}"
    return f"from_pretrained(model{revision}, dtype=torch.{recipe.dtype}, use_safetensors=True{further})"


def _write_config(known: Model | None) -> str:
    """Write the scheduler's configuration, like `seedlab.pipelines.loaded.loading`."""
    if known is None or not known.scheduler_settings:
        return "config = pipe.scheduler.config"
    settings = "".join(f", {name}={value!r}" for name, value in known.scheduler_settings)
    return f"config = EulerDiscreteScheduler.from_config(pipe.scheduler.config{settings}).config"


def _write_loras(recipe: Recipe, environment: Environment | None) -> list[str]:
    if not recipe.loras:
        return []
    if environment is not None and environment.loras == "merged":
        return _write_merging(recipe)
    files = [(re.split(r"(?<=[/\\])(?=[^/\\]*\Z)", lora.file), lora) for lora in recipe.loras]
    listed = [f"({quote(''.join(parts[:-1]))}, {quote(parts[-1])}, {lora.weight})" for parts, lora in files]
    return [
        f"loras = [{', '.join(listed)}]  # SHA-256: {', '.join(lora.sha256[:16] + '…' for lora in recipe.loras)}",
        "for number, (folder, file, _) in enumerate(loras):",
        '    pipe.load_lora_weights(folder, weight_name=file, adapter_name=f"lora_{number}")',
        'pipe.set_adapters([f"lora_{number}" for number in range(len(loras))], [weight for _, _, weight in loras])',
    ]


def _write_merging(recipe: Recipe) -> list[str]:
    listed = [f"({quote(lora.file)}, {lora.weight})" for lora in recipe.loras]
    return [
        "# diffusers would not read these LoRAs as they are meant, so this needs seedlab.",
        "from seedlab.pipelines.loaded.loras.merging import merge_loras",
        f"loras = [{', '.join(listed)}]  # SHA-256: {', '.join(lora.sha256[:16] + '…' for lora in recipe.loras)}",
        "merge_loras(pipe, loras)",
    ]


def _write_loading(recipe: Recipe, environment: Environment | None, known: Model | None) -> list[str]:
    model = SKETCH_FOLDER if recipe.model_id == SKETCH else quote(recipe.model_id)
    on_cpu = environment is not None and bool(environment.isa)
    threads = environment.threads if environment is not None and on_cpu else 0
    channels_last = environment is not None and environment.memory_format == "channels_last"
    return [
        *([f"torch.set_num_threads({threads})"] if threads else []),
        *([FIRST_CALLS] if on_cpu else []),
        f"model = {model}",
        f"pipe = {_name_pipeline(known)}.{_write_reading(recipe, known)}",
        *_write_loras(recipe, environment),
        *(_write_memory_format() if channels_last else []),
        *([] if on_cpu else [_write_device(environment)]),
        _write_config(known),
    ]


def _write_device(environment: Environment | None) -> str:
    if environment is not None and environment.device == "mps":
        return 'pipe.to("mps")'
    return 'pipe.to("cuda" if torch.cuda.is_available() else "cpu")'


def _write_memory_format() -> list[str]:
    return [
        "for part in pipe.components.values():",
        # Like `pipelines.loaded.loading.load_pipeline`: channels_last needs 4-D weights; video modules have 5-D ones.
        "    if isinstance(part, torch.nn.Module) and all(weights.ndim < 5 for weights in part.parameters()):",
        "        part.to(memory_format=torch.channels_last)",
    ]
