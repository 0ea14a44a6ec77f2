"""Pictures as a stand-alone diffusers script, without SeedLab."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace

from seedlab.core.environment import Environment
from seedlab.core.errors import SeedLabError
from seedlab.core.file_names import hide_folder
from seedlab.core.model import Model
from seedlab.core.recipe import Recipe
from seedlab.core.schedulers import find_scheduler
from seedlab.workflow.script_names import caption_own, name_pictures
from seedlab.workflow.script_nudges import write_nudges, write_nudging
from seedlab.workflow.script_prompts import (
    have_weights,
    write_prompt,
    write_prompt_functions,
    write_prompt_imports,
    write_prompt_settings,
)
from seedlab.workflow.script_text import quote, shorten

SKETCH = "sketch"
SKETCH_FOLDER = 'getattr(find_spec("seedlab"), "submodule_search_locations", ["seedlab"])[0] + "/sketch/weights"'
"""Finds Sketch in a checkout that the script runs in, or in an installed SeedLab, without importing it."""

LISTED = 4
"""Up to so many pictures, each has its own line if there is room for it."""

MAX_LINES = 30

VARYING = (
    "seed",
    "nudges",
    "prompt",
    "negative_prompt",
    "num_inference_steps",
    "guidance_scale",
    "height",
    "width",
    "scheduler",
    "late_prompt",
    "late_step",
    "prompt_syntax",
)
"""The fields in which the pictures of one script may differ; also the weights of LoRAs, unless they are merged."""

ONE_BY_ONE = (
    "# One picture a call: a batch sums in another order (https://github.com/huggingface/diffusers/issues/2659)."
)

DETERMINISM = (
    "torch.use_deterministic_algorithms(True)",
    "torch.backends.cudnn.benchmark = False",
    "torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False",
)
"""The settings of diffusers' `enable_full_determinism`, without CUDA_LAUNCH_BLOCKING, which changes no bits."""


def write_script(recipes: Sequence[Recipe], environment: Environment | None = None, model: Model | None = None) -> str:
    """Return a script that makes these pictures byte for byte in the same environment.

    It has at most 30 lines, or 40 where nudges come together with LoRAs or deterministic algorithms. Text from users
    appears in quoted literals alone.

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
    recipes = tuple(dict.fromkeys(recipes))
    lines = [
        *_write_head(recipes, environment, model),
        *_write_loading(recipes[0], environment, model),
        *write_prompt_functions(recipes, model),
    ]
    pictures = _write_pictures(recipes, model, LISTED)
    lines += pictures if len(lines) + len(pictures) <= MAX_LINES else _write_pictures(recipes, model, 0)
    return "\n".join(shorten(lines, MAX_LINES)) + "\n"


def _strip(recipe: Recipe, merges: bool) -> tuple[object, ...]:
    """Return what all pictures of a script share.

    Args:
        merges: whether LoRAs are merged into the model, which cannot be undone.
    """
    shared = recipe if merges else replace(recipe, loras=tuple(replace(lora, weight=1) for lora in recipe.loras))
    return tuple(getattr(shared, each.name) for each in fields(shared) if each.name not in VARYING)


def _write_head(recipes: Sequence[Recipe], environment: Environment | None, model: Model | None) -> list[str]:
    recipe = recipes[0]
    deterministic = environment is not None and environment.deterministic
    # A picture's environment is untrusted too, and a newline would end the comment.
    known = {name: getattr(environment, name, "") for name in ("torch", "diffusers", "compel")}
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
        *write_prompt_imports(recipes, model),
        f"from diffusers import {', '.join(_list_classes(recipes, model))}",
        *(DETERMINISM if deterministic else ()),
    ]


def _list_classes(recipes: Sequence[Recipe], model: Model | None) -> list[str]:
    base = ["EulerDiscreteScheduler"] if model is not None and model.scheduler_settings else []
    schedulers = (find_scheduler(recipe.scheduler).class_name for recipe in recipes)
    return list(dict.fromkeys((_name_pipeline(model), *schedulers, *base)))


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


def _list_settings(recipe: Recipe, model: Model | None, *, weighing: bool) -> dict[str, str]:
    """Return the arguments of the call as literals, like `seedlab.pipelines.sampling.arguments.make_arguments`."""
    settings = {"num_inference_steps": str(recipe.num_inference_steps)}
    if model is not None and model.unconditional:
        return settings
    true = model is not None and model.uses_true_cfg
    negative = recipe.negative_prompt or (" " if true and recipe.guidance_scale > 1 else "")
    settings["true_cfg_scale" if true else "guidance_scale"] = str(recipe.guidance_scale)
    settings |= {"height": str(recipe.height), "width": str(recipe.width)}
    settings |= {"clean_caption": "False"} if model is not None and model.cleans_prompts else {}
    return settings | write_prompt_settings(recipe, model, negative, weighing=weighing)


def _write_dict(settings: Mapping[str, str]) -> str:
    return f"dict({', '.join(f'{name}={value}' for name, value in settings.items())})"


def _write_pictures(recipes: Sequence[Recipe], model: Model | None, listed: int) -> list[str]:
    recipe = recipes[0]
    prompt = "" if model is not None and model.unconditional else "prompt, "
    generator = f'torch.Generator("{recipe.generator_device}")'
    weighing = have_weights(recipes)
    settings = {each: _list_settings(each, model, weighing=weighing) for each in recipes}
    shared = {name: value for name, value in settings[recipe].items() if _is_shared(name, settings.values())}
    # Of each picture, by the names of the loop's variables: what it does not share with the others.
    differ = any(name not in shared for each in settings.values() for name in each)
    own = {each: _list_own(each, recipes, settings[each], shared if differ else None) for each in recipes}
    varying = {each: {name: settings[each][name] for name in settings[each] if name not in shared} for each in recipes}
    captions = {each: caption_own(each, own[each], varying[each]) for each in recipes}
    return [
        *(write_nudging(recipe.generator_device) if "nudges" in own[recipe] else []),
        *_write_list(recipes, own, captions, listed),
        f"settings = {_write_dict(shared)}",
        *([] if "nudges" in own[recipe] else [ONE_BY_ONE]),
        f"for {', '.join(('name', 'seed', 'prompt', *own[recipe]))} in pictures:",
        f"    pipe.scheduler = {_write_scheduler(recipe, own[recipe])}",
        *(_write_weights() if "weights" in own[recipe] else []),
        f"    image = pipe({prompt}generator={generator}.manual_seed(seed), **settings"
        f"{', **own' if 'own' in own[recipe] else ''}).images[0]",
        # The prefix keeps it from replacing SeedLab's own picture, which has its recipe inside.
        '    image.save(f"plain-{name}.png")',
        # In ASCII, so that no console fails to print a name.
        '    print(ascii(name), hashlib.sha256(image.convert("RGB").tobytes()).hexdigest())',
    ]


def _list_own(
    recipe: Recipe, recipes: Sequence[Recipe], settings: Mapping[str, str], shared: Mapping[str, str] | None
) -> dict[str, str]:
    own = {"nudges": write_nudges(recipe.nudges)} if any(each.nudges for each in recipes) else {}
    if shared is not None:
        own["own"] = _write_dict({name: value for name, value in settings.items() if name not in shared})
    if len({each.scheduler for each in recipes}) > 1:
        scheduler = find_scheduler(recipe.scheduler)
        own["scheduler"] = scheduler.class_name
        own["flags"] = _write_dict({name: repr(value) for name, value in scheduler.settings.items()})
    if len({each.loras for each in recipes}) > 1:
        own["weights"] = str([lora.weight for lora in recipe.loras])
    return own


def _write_scheduler(recipe: Recipe, own: Mapping[str, str]) -> str:
    """Write what makes the scheduler, like `seedlab.pipelines.sampling.arguments.make_scheduler`."""
    if "scheduler" in own:
        return "scheduler.from_config(config, **flags)"
    scheduler = find_scheduler(recipe.scheduler)
    flags = "".join(f", {name}={value!r}" for name, value in scheduler.settings.items())
    return f"{scheduler.class_name}.from_config(config{flags})"


def _write_weights() -> list[str]:
    return ['    pipe.set_adapters([f"lora_{number}" for number in range(len(loras))], weights)']


def _is_shared(name: str, settings: Iterable[Mapping[str, str]]) -> bool:
    return len({each.get(name) for each in settings}) == 1


def _write_list(
    recipes: Sequence[Recipe],
    own: Mapping[Recipe, Mapping[str, str]],
    captions: Mapping[Recipe, str],
    listed: int,
) -> list[str]:
    if not own[recipes[0]] and len(set(map(write_prompt, recipes))) == 1:
        seeds = ", ".join(str(recipe.seed) for recipe in recipes)
        return [f'pictures = [(f"seed-{{seed}}", seed, {write_prompt(recipes[0])}) for seed in [{seeds}]]']
    names = name_pictures(recipes, captions)
    tuples = [
        f"({', '.join((quote(name), str(recipe.seed), write_prompt(recipe), *own[recipe].values()))})"
        for recipe, name in names.items()
    ]
    if len(tuples) > listed or "nudges" in own[recipes[0]]:
        return [f"pictures = [{', '.join(tuples)}]"]
    return ["pictures = [", *(f"    {each}," for each in tuples), "]"]
