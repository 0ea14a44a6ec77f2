"""Scripts: short, whole, and nothing that a visitor wrote can run in them. That they give the same bytes is proven in
tests/pipelines/test_export.py."""

import ast
from dataclasses import replace

import pytest

from seedlab.export import write_script
from seedlab.recipe import SeedLabError
from seedlab.rounds import GUIDE_SUFFIXES, seed_round, suffix_round
from tests.examples import ENVIRONMENT, RECIPE

FULL = replace(ENVIRONMENT, memory_format="channels_last", deterministic=True)


def find_pictures(script: str) -> list[tuple[int, str]]:
    """Return the list that the script goes through."""
    (value,) = (
        node.value
        for node in ast.parse(script).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pictures"
    )
    return eval(compile(ast.Expression(value), "script", "eval"), {"__builtins__": {}})  # a literal, or a loop over one


def list_calls(script: str) -> set[str]:
    """Return what the script calls."""
    return {ast.unparse(node.func) for node in ast.walk(ast.parse(script)) if isinstance(node, ast.Call)}


def test_a_tile_is_a_script_that_is_read_at_a_glance():
    script = write_script([RECIPE], replace(ENVIRONMENT, memory_format="channels_last"))
    assert (
        script
        == """\
# Made by SeedLab with torch 2.13.0, diffusers 0.42.1. The same bytes need the same versions, processor and threads.
import hashlib
import torch
from diffusers import DiffusionPipeline, DPMSolverMultistepScheduler
torch.set_num_threads(2)
pipe = DiffusionPipeline.from_pretrained('assets/sketch', dtype=torch.float32, use_safetensors=True)  # SeedLab's own
for part in pipe.components.values():
    if isinstance(part, torch.nn.Module):
        part.to(memory_format=torch.channels_last)
config = pipe.scheduler.config
pictures = [(seed, 'Labrador in the style of Vermeer') for seed in [0]]
# One picture a call: in a batch of four the kernels sum in another order, and the bytes differ
# (https://github.com/huggingface/diffusers/issues/2659).
for number, (seed, prompt) in enumerate(pictures):
    pipe.scheduler = DPMSolverMultistepScheduler.from_config(config, use_karras_sigmas=False)
    generator = torch.Generator("cpu").manual_seed(seed)
    settings = dict(num_inference_steps=12, guidance_scale=3.0, height=128, width=128)
    image = pipe(prompt, generator=generator, **settings).images[0]
    image.save(f"{number}-seed-{seed}.png")
    print(seed, hashlib.sha256(image.convert("RGB").tobytes()).hexdigest(), prompt)
"""
    )


@pytest.mark.parametrize(
    "recipes",
    [
        seed_round(RECIPE, range(4)),
        seed_round(RECIPE, range(64)),
        suffix_round(RECIPE, GUIDE_SUFFIXES),
        suffix_round(RECIPE, [f", {number}" for number in range(16)]),
    ],
    ids=["seeds", "many seeds", "suffixes", "many suffixes"],
)
def test_a_round_is_a_loop_and_never_more_than_30_lines(recipes):
    script = write_script(recipes, FULL)
    assert find_pictures(script) == [(recipe.seed, recipe.prompt) for recipe in recipes]
    assert len(script.splitlines()) <= 30


@pytest.mark.parametrize(
    "text",
    [
        "'); import os; os.system('x')  #",
        "\"\"\"\n'''",
        "back\\slash \\",
        "line\nbreak\r\u2028\u2029",
        "{prompt!r} {0} %s",
        "北斎 “wave” 🌊 \u202e",
    ],
)
def test_what_a_visitor_wrote_stands_there_as_a_literal(text):
    recipe = replace(RECIPE, prompt=text, negative_prompt=text, model_id=f"./{text}", revision=text)
    script = write_script([recipe, replace(recipe, prompt="x" + text)], FULL)
    assert script.isascii()
    assert find_pictures(script) == [(0, text), (0, "x" + text)]
    literals = [node.value for node in ast.walk(ast.parse(script)) if isinstance(node, ast.Constant)]
    assert {text, f"./{text}"} <= set(literals)
    assert list_calls(script) == list_calls(write_script([replace(RECIPE, revision="main")], FULL))


def test_determinism_is_set_before_cuda_starts_and_each_flag_singly():
    script = write_script([RECIPE], FULL)
    assert script.index("CUBLAS_WORKSPACE_CONFIG") < script.index("import torch")
    assert "use_deterministic_algorithms(True)" in script
    assert "LAUNCH_BLOCKING" not in script


def test_an_unconditional_pipeline_gets_its_seed_and_steps_alone():
    script = write_script([replace(RECIPE, prompt="", scheduler="DDIMScheduler")], ENVIRONMENT, unconditional=True)
    assert "settings = dict(num_inference_steps=12)" in script
    assert "image = pipe(generator=generator, **settings).images[0]" in script


def test_a_gpu_is_used_where_there_is_one():
    on_gpu = replace(ENVIRONMENT, isa="", threads=0, device="NVIDIA H100")
    script = write_script([replace(RECIPE, generator_device="cuda", dtype="float16")], on_gpu)
    assert 'pipe.to("cuda" if torch.cuda.is_available() else "cpu")' in script
    assert 'torch.Generator("cuda")' in script
    assert "set_num_threads" not in script


def test_recipes_of_more_than_one_round_are_no_script():
    with pytest.raises(SeedLabError, match="seed and prompt alone"):
        write_script([RECIPE, replace(RECIPE, height=256)], ENVIRONMENT)
    with pytest.raises(SeedLabError, match="seed and prompt alone"):
        write_script([], ENVIRONMENT)
