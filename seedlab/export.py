"""A picture, or a round of them, as a script of its own that needs diffusers and nothing of SeedLab."""

from collections.abc import Sequence
from dataclasses import replace

from seedlab.environment import Environment
from seedlab.recipe import Recipe, SeedLabError
from seedlab.schedulers import SCHEDULERS, Scheduler, find_scheduler

SKETCH = "sketch"
SKETCH_FOLDER = "assets/sketch"

LISTED = 4
"""Pictures up to which each has a line of its own."""

DETERMINISM = (
    "torch.use_deterministic_algorithms(True)",
    "torch.backends.cudnn.benchmark = False",
    "torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False",
)
"""What diffusers' `enable_full_determinism` sets, without CUDA_LAUNCH_BLOCKING, which costs time and gives nothing."""


def write_script(
    recipes: Sequence[Recipe], environment: Environment | None = None, *, unconditional: bool = False
) -> str:
    """Write a script that makes these pictures byte for byte, given the environment; 30 lines at most.

    What visitors wrote stands in it as quoted literals alone.

    Args:
        recipes: one or more, that differ in seed and prompt alone.
        environment: the one to make again, as far as a script can; None for any.
        unconditional: the pipeline takes no prompt, guidance and size.

    Raises:
        SeedLabError: the recipes differ in more than seed and prompt, or there is none.
    """
    if not recipes or len({replace(recipe, seed=0, prompt="") for recipe in recipes}) != 1:
        raise SeedLabError("One script makes pictures that differ in seed and prompt alone: choose those of one round.")
    lines = [
        *_write_head(recipes[0], environment),
        *_write_loading(recipes[0], environment),
        *_write_pictures(recipes, unconditional),
    ]
    return "\n".join(lines) + "\n"


def _write_head(recipe: Recipe, environment: Environment | None) -> list[str]:
    deterministic = environment is not None and environment.deterministic
    versions = f" with torch {environment.torch}, diffusers {environment.diffusers}" if environment else ""
    workspace = ["import os", 'os.environ["CUBLAS_WORKSPACE_CONFIG"] = ":16:8"  # before CUDA starts']
    return [
        f"# Made by SeedLab{versions}. The same bytes need the same versions, processor and threads.",
        *(workspace if deterministic else []),
        "import hashlib",
        "import torch",
        f"from diffusers import DiffusionPipeline, {find_scheduler(recipe.scheduler).class_name}",
        *(DETERMINISM if deterministic else ()),
    ]


def _write_loading(recipe: Recipe, environment: Environment | None) -> list[str]:
    is_sketch = recipe.model_id == SKETCH
    model = repr(SKETCH_FOLDER) if is_sketch else _quote(recipe.model_id)
    revision = "" if recipe.revision is None else f", revision={_quote(recipe.revision)}"
    on_cpu = environment is not None and bool(environment.isa)
    threads = environment.threads if environment is not None and on_cpu else 0
    colours_last = environment is not None and environment.memory_format == "channels_last"
    return [
        *([f"torch.set_num_threads({threads})"] if threads else []),
        f"pipe = DiffusionPipeline.from_pretrained({model}{revision}, dtype=torch.{recipe.dtype}, use_safetensors=True)"
        + ("  # SeedLab's own" if is_sketch else ""),
        *(_write_memory_format() if colours_last else []),
        *([] if on_cpu else ['pipe.to("cuda" if torch.cuda.is_available() else "cpu")']),
        "config = pipe.scheduler.config",
    ]


def _write_memory_format() -> list[str]:
    return [
        "for part in pipe.components.values():",
        "    if isinstance(part, torch.nn.Module):",
        "        part.to(memory_format=torch.channels_last)",
    ]


def _write_pictures(recipes: Sequence[Recipe], unconditional: bool) -> list[str]:
    recipe = recipes[0]
    scheduler = find_scheduler(recipe.scheduler)
    settings = f"num_inference_steps={recipe.num_inference_steps}"
    size = f"guidance_scale={recipe.guidance_scale}, height={recipe.height}, width={recipe.width}"
    negative = f", negative_prompt={_quote(recipe.negative_prompt)}" if recipe.negative_prompt else ""
    prompt = "" if unconditional else "prompt, "
    return [
        *_write_list(recipes),
        "# One picture a call: in a batch of four the kernels sum in another order, and the bytes differ",
        "# (https://github.com/huggingface/diffusers/issues/2659).",
        "for number, (seed, prompt) in enumerate(pictures):",
        f"    pipe.scheduler = {scheduler.class_name}.from_config(config{_write_flags(scheduler)})",
        f'    generator = torch.Generator("{recipe.generator_device}").manual_seed(seed)',
        f"    settings = dict({settings if unconditional else settings + ', ' + size}{negative})",
        f"    image = pipe({prompt}generator=generator, **settings).images[0]",
        '    image.save(f"{number}-seed-{seed}.png")',
        '    print(seed, hashlib.sha256(image.convert("RGB").tobytes()).hexdigest(), prompt)',
    ]


def _write_list(recipes: Sequence[Recipe]) -> list[str]:
    if len({recipe.prompt for recipe in recipes}) == 1:
        seeds = ", ".join(str(recipe.seed) for recipe in recipes)
        return [f"pictures = [(seed, {_quote(recipes[0].prompt)}) for seed in [{seeds}]]"]
    pairs = [f"({recipe.seed}, {_quote(recipe.prompt)})" for recipe in recipes]
    if len(pairs) > LISTED:
        return [f"pictures = [{', '.join(pairs)}]"]
    return ["pictures = [", *(f"    {pair}," for pair in pairs), "]"]


def _write_flags(scheduler: Scheduler) -> str:
    # As `seedlab.pipelines.sampling.make_scheduler`: said only of a class that we offer both ways.
    both = sum(each.class_name == scheduler.class_name for each in SCHEDULERS) > 1
    return f", use_karras_sigmas={scheduler.karras}" if both else ""


def _quote(text: str) -> str:
    """Write a text as a Python literal on one line, in ASCII: nothing in it can run, or look like something else."""
    return ascii(text)
