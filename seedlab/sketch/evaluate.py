"""Looks at a trained Sketch: how much of the composition a suffix keeps, and a sheet of pictures for the eye.

python -m seedlab.sketch.evaluate --model assets/sketch --seeds 8 --sheet sheet.png
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import mean

import numpy as np
import torch
from diffusers import StableDiffusionPipeline
from PIL import Image

from seedlab.sketch.canvas import blur
from seedlab.sketch.draw import make_sheet
from seedlab.sketch.outlines import Array
from seedlab.sketch.vocabulary import MODIFIERS

log = logging.getLogger(__name__)

STEPS, GUIDANCE = 15, 2.0
PROMPT = "Labrador in the style of Vermeer"
OTHERS = (
    "cat, Van Gogh", "a red boat by Hokusai", "house in the snow", "flower in the style of Monet",
    "a bird by Mondrian", "fish", "tree in the style of Van Gogh", "",
)  # fmt: skip


@dataclass(frozen=True)
class Kept:
    """Mean correlations of edges, -1...1: a suffix against none with the same seed, and a seed against the next."""

    suffix: str
    same_seed: float
    other_seed: float


def generate(pipeline: StableDiffusionPipeline, prompt: str, seed: int, steps: int = STEPS) -> Image.Image:
    """One picture, alone; its noise comes from the CPU."""
    generator = torch.Generator("cpu").manual_seed(seed)
    result = pipeline(prompt, generator=generator, num_inference_steps=steps, guidance_scale=GUIDANCE)
    picture: Image.Image = result.images[0]
    return picture


def find_edges(picture: Image.Image, size: int = 64) -> Array:
    """Where the picture's outlines are (size, size): the strength of the change of brightness, a little blurred."""
    grey = np.asarray(picture.convert("L").resize((size, size), Image.Resampling.BOX), np.float32) / 255
    down, right = np.gradient(grey)
    return blur(np.minimum(np.hypot(down, right) * 4, 1).astype(np.float32), size / 40)


def correlate(first: Image.Image, second: Image.Image) -> float:
    """How alike two pictures' compositions are: the correlation of their edges, -1...1."""
    return float(np.corrcoef(find_edges(first).ravel(), find_edges(second).ravel())[0, 1])


def measure_kept(pipeline: StableDiffusionPipeline, prompt: str, seeds: Sequence[int]) -> tuple[Kept, ...]:
    """For each modifier, what it keeps of the composition; at least two seeds."""
    plain = [generate(pipeline, prompt, seed) for seed in seeds]
    other = mean(correlate(first, second) for first, second in pairwise(plain))
    rows = []
    for modifier in MODIFIERS:
        modified = [generate(pipeline, f"{prompt}, {modifier}", seed) for seed in seeds]
        same = mean(correlate(first, second) for first, second in zip(plain, modified, strict=True))
        rows.append(Kept(modifier, same, other))
    return tuple(rows)


def draw_sheet(pipeline: StableDiffusionPipeline) -> Image.Image:
    """Seeds 0-3 of the first prompt, seed 2 with the four suffixes, and four seeds each of other prompts."""
    rows = [[(PROMPT, seed) for seed in range(4)], [(f"{PROMPT}, {modifier}", 2) for modifier in MODIFIERS]]
    rows += [[(prompt, seed) for seed in range(4)] for prompt in OTHERS]
    return make_sheet([generate(pipeline, *wish) for row in rows for wish in row], columns=4)


def main() -> None:
    """Prints the numbers, and writes the sheet."""
    parser = argparse.ArgumentParser(description="Evaluates a trained Sketch.")
    parser.add_argument("--model", default="assets/sketch")
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--sheet", type=Path)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    pipeline = StableDiffusionPipeline.from_pretrained(arguments.model)
    pipeline.set_progress_bar_config(disable=True)
    if arguments.sheet is not None:
        draw_sheet(pipeline).save(arguments.sheet)
    for row in measure_kept(pipeline, PROMPT, range(arguments.seeds)):
        log.info("%-18s same seed %.2f, other seed %.2f", row.suffix, row.same_seed, row.other_seed)


if __name__ == "__main__":
    main()
