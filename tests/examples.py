"""A recipe and an environment that tests share; change them with `dataclasses.replace`."""

from dataclasses import replace

from PIL import Image

from seedlab.core.machine.environment import Environment
from seedlab.core.models.model import Model
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.reports import Finished
from seedlab.rules.change import Change, Lineage
from seedlab.rules.kinds.wordings.suffixes import Suffixes, cut_suffix
from seedlab.workflow.trails.trail import Trail
from seedlab.workflow.trails.trail_json import read_known

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
MODEL = Model(
    model_id="sketch",
    name="Sketch",
    num_inference_steps=12,
    guidance_scale=3.0,
    height=128,
    width=128,
    scheduler="DPMSolverMultistepScheduler",
    max_side=256,
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


def make_lineage(recipe: Recipe, *suffixes: str) -> Lineage:
    """Return the lineage of a picture that these suffixes led to."""
    lineage: Lineage = ()
    for suffix in reversed(suffixes):
        child = lineage[0].parent if lineage else recipe
        parent = replace(child, prompt=cut_suffix(child.prompt, suffix))
        lineage = (Change(parent, Suffixes.name, suffix), *lineage)
    return lineage


def make_finished(image: Image.Image, environment: Environment = ENVIRONMENT, notice: str = "") -> Finished:
    """Return the report of a finished picture."""
    return Finished(0, image, environment, notice)


def read_trail(text: str) -> Trail:
    """Return a trail of JSON, whatever it leaves out."""
    return read_known(text)[0]
