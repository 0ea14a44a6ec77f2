"""What a seed keeps of its composition in another shape, with its noise resized, and with new noise of that size.

    python -m tests.benchmarks.shapes                        Sketch, in four shapes
    python -m tests.benchmarks.shapes --sizes 512x512 --seeds 12

Pictures are compared by their luminance at 32x32 pixels, stretched to a square, less the mean over the seeds of a
prompt: what all seeds of a prompt have in common does not count. Printed is the mean correlation with the square
picture of the same seed.
"""

import argparse
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from seedlab.core.models.model import SKETCH, Model
from seedlab.core.recipes.recipe import Recipe
from seedlab.pipelines.manager import PipelineManager
from seedlab.rules.kinds.shapes import Shapes
from seedlab.sketch.evaluate import LOCK_SCENES, build_prompt
from tests.benchmarks.drafts import make
from tests.rounds import seed_round

SIDE = 32
SIZES = ("384x256", "256x384", "384x384", "512x512")
FIRST_SEED = 100


def measure(manager: PipelineManager, model: Model, size: tuple[int, int], seeds: int) -> tuple[float, float]:
    """Return the mean correlations, with resized noise and with new noise."""
    resized, new = [], []
    for scene in LOCK_SCENES:
        parent = model.make_recipe(prompt=build_prompt(scene), seed=0)
        plain = seed_round(parent, range(FIRST_SEED, FIRST_SEED + seeds))
        original = shrink(manager, plain)
        resized.append(correlate(original, shrink(manager, [next(iter(Shapes((size,)).make(each))) for each in plain])))
        others = [replace(each, width=size[0], height=size[1]) for each in plain]
        new.append(correlate(original, shrink(manager, others)))
    return float(np.mean(resized)), float(np.mean(new))


def shrink(manager: PipelineManager, recipes: Sequence[Recipe]) -> NDArray[np.float64]:
    """Make pictures, and return their luminances (n, 1024) less their mean."""
    small = [
        np.asarray(image.convert("L").resize((SIDE, SIDE), Image.Resampling.BOX), float).ravel()
        for image in make(manager, recipes)
    ]
    return np.stack(small) - np.mean(small, 0)


def correlate(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Return the mean correlation of rows."""
    return float(np.mean([np.corrcoef(*pair)[0, 1] for pair in zip(one, other, strict=True)]))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="+", default=list(SIZES), help="width first (%(default)s)")
    parser.add_argument("--seeds", type=int, default=8, help="seeds of each scene (%(default)s)")
    given = parser.parse_args()
    with closing(PipelineManager(device="cpu")) as manager:
        model = manager.resolve(SKETCH)
        for text in given.sizes:
            width, height = map(int, text.split("x"))
            resized, new = measure(manager, model, (width, height), given.seeds)
            print(f"{text}: {resized:.2f} with resized noise, {new:.2f} with new noise", flush=True)


if __name__ == "__main__":
    main()
