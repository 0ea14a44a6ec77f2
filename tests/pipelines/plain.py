"""The plain diffusers script, run in this process or in a new one: what SeedLab's pictures are held against.

    python -m tests.pipelines.plain < recipes.json

It knows nothing of SeedLab but the fields of a recipe.
"""

import hashlib
import json
import sys
from collections.abc import Iterable
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace

import diffusers
import torch
from PIL import Image, ImageOps

from tests.processes import run_python

ROOT = Path(__file__).parents[2]


def hash_pixels(image: Image.Image) -> str:
    """Return the SHA-256, in hex, of a picture's RGB pixels."""
    return hashlib.sha256(image.convert("RGB").tobytes()).hexdigest()


def run_plainly(recipe, memory_format: str = "channels_last", device: str = "cpu") -> str:
    """Run the plain script for a recipe as `draw_plainly` does; returns the SHA-256 of the picture's pixels."""
    return hash_pixels(draw_plainly(recipe, memory_format, device))


def draw_plainly(recipe, memory_format: str = "channels_last", device: str = "cpu") -> Image.Image:
    """Run the plain script for a recipe, alone, in this process.

    Args:
        recipe: a `Recipe`, or anything with its fields.
        memory_format: of the weights, as the environment says; "" leaves them as they were loaded.
        device: where they are.
    """
    return call_plainly(recipe, memory_format, device).images[0]


def call_plainly(recipe, memory_format: str, device: str, **output):
    """Return the output of the pipeline for a recipe, in the form that `output` says."""
    pipe, scheduler = load_plainly(recipe.model_id, recipe.dtype, memory_format, device)
    image = None if recipe.start is None else start_plainly(recipe, memory_format, device)
    if image is not None:
        pipe.scheduler = scheduler
        pipe = diffusers.AutoPipelineForImage2Image.from_pipe(pipe)
        pipe.set_progress_bar_config(disable=True)
    pipe.scheduler = make_scheduler_plainly(scheduler, recipe.scheduler)
    if getattr(pipe, "vae", None) is not None:
        (pipe.vae.enable_tiling if recipe.vae_tiling else pipe.vae.disable_tiling)()
    arguments = {
        "generator": torch.Generator(recipe.generator_device).manual_seed(recipe.seed),
        "num_inference_steps": recipe.num_inference_steps,
    }
    if type(pipe).__name__ not in ("DDIMPipeline", "DDPMPipeline"):
        arguments |= {"prompt": recipe.prompt, "height": recipe.height, "width": recipe.width}
        arguments |= {"guidance_scale": recipe.guidance_scale}
        arguments |= {"negative_prompt": recipe.negative_prompt} if recipe.negative_prompt else {}
        if type(pipe).__name__.startswith("QwenImage") or is_schnell(pipe):
            scale = arguments.pop("guidance_scale")
            true = {"true_cfg_scale": scale, "negative_prompt": recipe.negative_prompt or " "}
            arguments |= true if scale > 1 else {}
    if image is not None:
        arguments |= {"image": image, "strength": recipe.start.strength}
        if type(pipe).__name__.startswith(("StableDiffusionImg", "StableDiffusionXL", "Latent")):
            del arguments["height"], arguments["width"]
    return pipe(**arguments | write_prompts_plainly(pipe, recipe) | output)


def write_prompts_plainly(pipe, recipe) -> dict:
    """Return the arguments for words that join late, or for seed variety; {} if the recipe has neither."""
    if recipe.late_prompt:
        return change_prompt_plainly(pipe, recipe, recipe.late_prompt, recipe.late_step)
    if not recipe.seed_variety:
        return {}
    varied = vary_prompt_plainly(pipe, recipe)
    if recipe.seed_variety_steps == recipe.num_inference_steps:
        return varied
    return varied | change_prompt_plainly(pipe, recipe, recipe.prompt, recipe.seed_variety_steps)


INPUTS = {}
"""The files of the users' own pictures, by the SHA-256 of their pixels."""


def start_plainly(recipe, memory_format: str, device: str):
    """Return the picture, or the latents, that a recipe starts from, in its size."""
    start = recipe.start
    if start.resize == "latent-bicubic":
        return enlarge_plainly(recipe, memory_format, device)
    if start.recipe is not None:
        image = draw_plainly(start.recipe, memory_format, device)
    else:
        image = ImageOps.exif_transpose(Image.open(INPUTS[start.picture.sha256])).convert("RGB")
    return ImageOps.fit(image, (recipe.width, recipe.height), Image.Resampling.LANCZOS)


def enlarge_plainly(recipe, memory_format: str, device: str):
    """Return the latents of the earlier stage in the size of a recipe, of which one side may be cut."""
    pipe, _ = load_plainly(recipe.model_id, recipe.dtype, memory_format, device)
    earlier, scale = recipe.start.recipe, pipe.vae_scale_factor
    latents = call_plainly(earlier, memory_format, device, output_type="latent").images.cpu()
    if latents.ndim == 3:
        latents = pipe._unpack_latents(latents, earlier.height, earlier.width, scale)
    latents = latents[:, :, 0] if latents.ndim == 5 else latents
    columns = latents.shape[2] * recipe.width // recipe.height
    if columns < latents.shape[3]:
        latents = latents.narrow(3, (latents.shape[3] - columns) // 2, columns)
    size = recipe.height // scale, recipe.width // scale
    enlarged = torch.nn.functional.interpolate(latents.float(), size=size, mode="bicubic", antialias=True)
    return enlarged.to(latents.dtype)


def is_schnell(pipe) -> bool:
    """Whether a pipeline is a Flux into which no guidance was distilled."""
    return type(pipe).__name__.replace("Img2Img", "") == "FluxPipeline" and not pipe.transformer.config.guidance_embeds


@torch.no_grad()
def vary_prompt_plainly(pipe, recipe) -> dict:
    """Return the arguments by which the pipeline reads a prompt with noise in it."""
    family = type(pipe).__name__
    others = {"prompt_2": None, "prompt_3": None} if family == "StableDiffusion3Pipeline" else {}
    if family != "FluxPipeline":
        others |= {"device": pipe.device, "num_images_per_prompt": 1, "do_classifier_free_guidance": False}
    words, *pooled = [each for each in pipe.encode_prompt(recipe.prompt, **others) if each is not None]
    noise = torch.randn(words.shape, generator=torch.Generator("cpu").manual_seed(recipe.seed), dtype=torch.float32)
    noised = words.float() + recipe.seed_variety * words.float().std() * noise
    summary = {"pooled_prompt_embeds": pooled[0]} if pooled else {}
    return {"prompt": None, "prompt_embeds": noised.to(words.dtype)} | summary


@torch.no_grad()
def change_prompt_plainly(pipe, recipe, prompt, step) -> dict:
    """Return the arguments by which the pipeline reads another prompt after a step, as diffusers' guide has it."""
    family = type(pipe).__name__
    others = {"prompt_2": None, "prompt_3": None} if family == "StableDiffusion3Pipeline" else {}
    guided = recipe.guidance_scale > 1 and family != "LatentConsistencyModelPipeline"
    if family == "FluxPipeline":
        embeds = {"prompt_embeds": pipe.encode_prompt(prompt)[0]}
    else:
        given = {"device": pipe.device, "num_images_per_prompt": 1, "do_classifier_free_guidance": guided} | others
        encoded = pipe.encode_prompt(prompt, negative_prompt=recipe.negative_prompt or None, **given)
        names = {"StableDiffusion3Pipeline": ("prompt_embeds", "pooled_prompt_embeds")}
        names = names.get(family, ("prompt_embeds", "add_text_embeds"))
        pairs = [(encoded[0], encoded[1]), (encoded[2], encoded[3])] if len(encoded) == 4 else [encoded]
        joined = [torch.cat([negative, words]) if guided else words for words, negative in pairs]
        embeds = dict(zip(names, joined, strict=False))

    def swap(pipe, index, timestep, tensors):
        # The whole steps that are done after this call of the scheduler.
        done = float(index + 1)
        if "Heun" in recipe.scheduler or "KDPM2" in recipe.scheduler:
            done /= 2
        elif recipe.scheduler == "PNDMScheduler":
            done = done - 1 if pipe.scheduler.config.skip_prk_steps else done / 4 if done <= 12 else done - 9
        return embeds if done == step else {}

    return {"callback_on_step_end": swap, "callback_on_step_end_tensor_inputs": list(embeds)}


@lru_cache(maxsize=2)
def load_plainly(folder: str, dtype: str, memory_format: str = "channels_last", device: str = "cpu"):
    """Load a pipeline; returns it and the scheduler that it was saved with."""
    pipe = diffusers.DiffusionPipeline.from_pretrained(folder, dtype=getattr(torch, dtype), use_safetensors=True)
    for part in pipe.components.values() if memory_format else ():
        if isinstance(part, torch.nn.Module) and all(weights.ndim < 5 for weights in part.parameters()):
            part.to(memory_format=getattr(torch, memory_format))
    pipe.set_progress_bar_config(disable=True)
    return pipe.to(device), pipe.scheduler


def make_scheduler_plainly(original, name: str):
    """Make a scheduler as one who knows diffusers does; its name is the class, and "SDE" and "Karras" after it."""
    class_name, *marks = name.split()
    settings = {}
    if class_name == "DPMSolverMultistepScheduler":
        settings["algorithm_type"] = "sde-dpmsolver++" if "SDE" in marks else "dpmsolver++"
        settings["use_karras_sigmas"] = "Karras" in marks
    return getattr(diffusers, class_name).from_config(original.config, **settings)


def run_in_new_process(recipes: Iterable, memory_format: str = "channels_last") -> list[str]:
    """Run the plain script for recipes in a new process, one after the other; returns the SHA-256 of their pixels."""
    asked = json.dumps([memory_format, *map(asdict, recipes)])
    done = run_python("-m", "tests.pipelines.plain", text=asked)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


if __name__ == "__main__":
    memory_format, *recipes = json.load(sys.stdin, object_hook=lambda fields: SimpleNamespace(**fields))
    for recipe in recipes:
        print(run_plainly(recipe, memory_format))
