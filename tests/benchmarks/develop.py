"""What a picture of Sketch keeps when it is made larger, what it gains, and what that costs.

    python -m tests.benchmarks.develop                          256 to 512 pixels, at the default strength
    python -m tests.benchmarks.develop --strengths 0.2 0.35 0.5  others
    python -m tests.benchmarks.develop --larger 1.5              another factor

Each picture is compared with the one that it starts from. Printed are the correlation of their luminances at 32x32
pixels; the variance of the Laplacian, as a ratio to that of the first picture enlarged by Lanczos; and the time as a
ratio to that of the first picture. The last is not made again for it, as when it is on the page already.
"""

import argparse
import statistics
import time
from collections.abc import Sequence
from contextlib import closing

import numpy as np
from PIL import Image

from seedlab.core.models.model import SKETCH, Model
from seedlab.pipelines.manager import PipelineManager
from seedlab.rules.kinds.develop import AUTO, SKETCH_STRENGTH, Develop
from seedlab.rules.sizes import TIMES
from seedlab.sketch.evaluate import LOCK_SCENES, build_prompt
from tests.benchmarks.drafts import make

SIDE = 32


def measure(manager: PipelineManager, model: Model, factor: float, strength: float, seeds: Sequence[int]) -> None:
    """Print the medians over scenes and seeds, and the worst correlation."""
    rows: list[tuple[float, float, float]] = []
    for scene in LOCK_SCENES:
        for seed in seeds:
            parent = model.make_recipe(prompt=build_prompt(scene), seed=seed)
            (child,) = Develop(((TIMES, factor, strength),)).make(parent)
            begun = time.perf_counter()
            (small,) = make(manager, [parent])
            between = time.perf_counter()
            (large,) = make(manager, [child])
            seconds = between - begun, time.perf_counter() - between
            enlarged = small.resize(large.size, Image.Resampling.LANCZOS)
            rows.append((correlate(small, large), vary(large) / vary(enlarged), seconds[1] / seconds[0]))
    kept, gained, cost = (statistics.median(values) for values in zip(*rows, strict=True))
    print(
        f"strength {strength:g}, {factor:g} times as large: r {kept:.3f} (least {min(rows)[0]:.3f}), "
        f"Laplacian {gained:.2f} times, time {cost:.2f} times, {len(rows)} pictures",
        flush=True,
    )


def correlate(one: Image.Image, other: Image.Image) -> float:
    """Return the correlation of two pictures' luminances at 32x32 pixels."""
    small = [
        np.asarray(each.convert("L").resize((SIDE, SIDE), Image.Resampling.BOX), float).ravel() for each in (one, other)
    ]
    return float(np.corrcoef(*small)[0, 1])


def vary(picture: Image.Image) -> float:
    """Return the variance of the Laplacian of a picture's luminance, a measure of sharpness."""
    light = np.asarray(picture.convert("L"), float)
    inner = light[1:-1, 1:-1]
    return float((light[1:-1, :-2] + light[1:-1, 2:] + light[:-2, 1:-1] + light[2:, 1:-1] - 4 * inner).var())


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--strengths", type=float, nargs="+", default=[SKETCH_STRENGTH])
    parser.add_argument("--larger", type=float, default=2, help="how many times as large (%(default)s)")
    parser.add_argument("--seeds", type=int, default=2, help="seeds of each scene (%(default)s)")
    given = parser.parse_args()
    with closing(PipelineManager(device="cpu")) as manager:
        model = manager.resolve(SKETCH)
        warm = model.make_recipe(prompt="a boat", seed=0)
        make(manager, [warm, *Develop(((TIMES, given.larger, AUTO),)).make(warm)])
        for strength in given.strengths:
            measure(manager, model, given.larger, strength, range(100, 100 + given.seeds))


if __name__ == "__main__":
    main()
