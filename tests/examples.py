"""A recipe and an environment that tests share; change them with `dataclasses.replace`."""

from seedlab.core.environment import Environment
from seedlab.core.recipe import Recipe

RECIPE = Recipe(
    model_id="sketch",
    prompt="Labrador in the style of Vermeer",
    seed=0,
    scheduler="DPMSolverMultistepScheduler",
    num_inference_steps=12,
    guidance_scale=3.0,
    height=128,
    width=128,
    dtype="float32",
)
ENVIRONMENT = Environment(
    torch="2.13.0",
    diffusers="0.42.1",
    transformers="5.0.0",
    device="A CPU",
    isa="AVX512",
    threads=2,
    memory_format="contiguous",
    attention="sdpa",
    weights="ab" * 32,
)
