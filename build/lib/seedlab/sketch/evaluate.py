"""Examines a trained Sketch on words and seeds that training never saw; prints the table of its model card.

    python -m seedlab.sketch.evaluate --sheet sheet.png

What is drawn is judged by `judge.py`, a network that was trained on drawings alone; its accuracy on drawings of the
same words stands beside.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from random import Random

import numpy as np
import torch
from diffusers import StableDiffusionPipeline
from numpy.typing import NDArray
from PIL import Image

from seedlab.sketch.autoencoder import to_tensor
from seedlab.sketch.corpus import Pictures
from seedlab.sketch.drawings.draw import draw, make_sheet
from seedlab.sketch.judge import STYLES, Judge, Judgement, judge_pictures, load_judge
from seedlab.sketch.scene import Scene, is_held_out, sample_composition
from seedlab.sketch.vocabulary import MANNERS, MODIFIERS, SUBJECTS

log = logging.getLogger(__name__)

STEPS, GUIDANCE = 12, 2.2
BATCH = 8
Places = NDArray[np.floating]
Locate = Callable[[Scene], Places]
"""Where the judge sees a scene's subject: (n, 3), x, y and size in picture sides, one row for each composition."""

GUIDE = ("highly realistic", "artsy", "trending", "colorful")
PROMPT = "Labrador in the style of Vermeer"
LOCKED = (
    Scene("labrador", "Vermeer"),
    Scene("fox", "Hokusai"),
    Scene("castle", "stained glass"),
    Scene("boat"),
    Scene("owl", "Klimt"),
    Scene("teapot", "watercolor"),
)
MANY = (Scene("labrador"), Scene("labrador", "Vermeer"))
OTHERS = (
    "cat, Van Gogh", "a red boat by Hokusai", "castle in the snow", "fox, stained glass", "lighthouse by Monet",
    "penguin, pixel art", "owl by Klimt", "guitar by Picasso", "a watercolor of a turtle", "",
)  # fmt: skip


@dataclass(frozen=True)
class Shares:
    """How often, 0...1, the judge saw what was asked for."""

    subject: float
    style: float
    modifier: float


def generate(
    pipeline: StableDiffusionPipeline, prompts: Sequence[str], seeds: Sequence[int], steps: int = STEPS
) -> list[Image.Image]:
    """A picture for each prompt and its seed; the noise comes from the CPU."""
    pictures: list[Image.Image] = []
    for start in range(0, len(prompts), BATCH):
        generators = [torch.Generator("cpu").manual_seed(seed) for seed in seeds[start : start + BATCH]]
        wishes = list(prompts[start : start + BATCH])
        result = pipeline(wishes, generator=generators, num_inference_steps=steps, guidance_scale=GUIDANCE)
        pictures += result.images
    return pictures


def stack(pictures: Sequence[Image.Image]) -> Pictures:
    """Pictures of one size as an array (n, h, w, 3), 0...255."""
    return np.stack([np.asarray(picture) for picture in pictures])


def list_held_out() -> Iterator[Scene]:
    """Scenes of one modifier whose words training never saw together."""
    for subject, painter, modifier in product(SUBJECTS, STYLES, MODIFIERS):
        scene = Scene(subject, painter, (modifier,))
        if is_held_out(scene):
            yield scene


def compose(scenes: Sequence[Scene]) -> list[Scene]:
    """Scenes with compositions that training never saw."""
    return [
        replace(scene, composition=sample_composition(Random(f"held out {index}")))
        for index, scene in enumerate(scenes)
    ]


def say(scene: Scene) -> str:
    """A held-out scene as a prompt."""
    head = scene.subject
    if scene.painter is not None:
        head += f", {scene.painter}" if scene.painter in MANNERS else f" in the style of {scene.painter}"
    return ", ".join((head, *scene.modifiers))


def count_hits(seen: Judgement, scenes: Sequence[Scene]) -> Shares:
    """The shares of the scenes whose subject, style and modifier were seen."""
    pairs = zip(seen.subjects, seen.styles, seen.modifiers, scenes, strict=True)
    hits = [
        (subject == scene.subject, style == scene.painter, modifier in scene.modifiers)
        for subject, style, modifier, scene in pairs
    ]
    return Shares(*(float(share) for share in np.mean(hits, 0)))


def measure_words(pipeline: StableDiffusionPipeline, judge: Judge, count: int) -> tuple[Shares, Shares]:
    """What the judge sees in pictures, and in drawings, of `count` held-out scenes."""
    scenes = Random(0).sample(list(list_held_out()), count)
    pictures = stack(generate(pipeline, [say(scene) for scene in scenes], range(1_000, 1_000 + count)))
    drawings = stack([draw(scene, pictures.shape[1]) for scene in compose(scenes)])
    return count_hits(judge_pictures(judge, pictures), scenes), count_hits(judge_pictures(judge, drawings), scenes)


def measure_lock(locate: Locate) -> dict[str, Places]:
    """For each suffix of the guide, the correlations (3,) over compositions of x, y and size with and without it.

    The mean over the scenes of `LOCKED`; at least three compositions.
    """
    plain = [locate(scene) for scene in LOCKED]
    table = {}
    for suffix in GUIDE:
        varied = [locate(replace(scene, modifiers=(suffix,))) for scene in LOCKED]
        pairs = zip(plain, varied, strict=True)
        table[suffix] = np.mean([[np.corrcoef(a[:, k], b[:, k])[0, 1] for k in range(3)] for a, b in pairs], 0)
    return table


def locate_in_pictures(pipeline: StableDiffusionPipeline, judge: Judge, seeds: Sequence[int]) -> Locate:
    """How to see where a scene's subject is in each seed's picture."""
    return lambda scene: judge_pictures(judge, stack(generate(pipeline, [say(scene)] * len(seeds), seeds))).where


def locate_in_drawings(judge: Judge, count: int, size: int) -> Locate:
    """How to see where a scene's subject is in `count` drawings of it: the same compositions for every scene."""
    return lambda scene: judge_pictures(judge, stack([draw(each, size) for each in compose([scene] * count)])).where


def measure_spread(locate: Locate) -> Places:
    """The deviation (3,) of x, y and size over compositions; the mean over the scenes of `MANY`."""
    return np.asarray(np.mean([locate(scene).std(0) for scene in MANY], 0))


def measure_sharpness(pipeline: StableDiffusionPipeline, drawings: Pictures) -> float:
    """The mean PSNR, in dB, of drawings (n, h, w, 3) that went through the autoencoder."""
    values = []
    with torch.inference_mode():
        for drawing in drawings:
            target = to_tensor(drawing[None]).to(pipeline.dtype)
            again = pipeline.vae.decode(pipeline.vae.encode(target).latents).sample.clamp(-1, 1)
            values.append(10 * np.log10(4 / float((again - target).float().square().mean())))
    return float(np.mean(values))


def draw_sheet(pipeline: StableDiffusionPipeline) -> Image.Image:
    """Seeds 0-3 of the first prompt, seed 2 with the guide's suffixes, and four seeds each of other prompts."""
    rows = [[(PROMPT, seed) for seed in range(4)], [(f"{PROMPT}, {suffix}", 2) for suffix in GUIDE]]
    rows += [[(prompt, seed) for seed in range(4)] for prompt in OTHERS]
    prompts, seeds = zip(*(wish for row in rows for wish in row), strict=True)
    return make_sheet(generate(pipeline, prompts, seeds), columns=8)


def report(pipeline: StableDiffusionPipeline, judge: Judge, drawings: Pictures, count: int) -> Iterator[str]:
    """The table's lines, one after the other as they are measured."""
    yield f"sharpness: PSNR {measure_sharpness(pipeline, drawings):.1f} dB"
    made, drawn = measure_words(pipeline, judge, count)
    for name in ("subject", "style", "modifier"):
        yield f"{name}: {getattr(made, name):.1%} of pictures, {getattr(drawn, name):.1%} of drawings"
    size = drawings.shape[1]
    drawn_lock = measure_lock(locate_in_drawings(judge, 16, size))
    for suffix, made_lock in measure_lock(locate_in_pictures(pipeline, judge, range(100, 116))).items():
        yield f"lock, {suffix}: {say_places(made_lock)}; in drawings {say_places(drawn_lock[suffix])}"
    spread = measure_spread(locate_in_pictures(pipeline, judge, range(200, 264)))
    yield f"spread over 64 seeds: {say_places(spread / measure_spread(locate_in_drawings(judge, 64, size)))}"


def say_places(places: Places) -> str:
    """Three numbers as words."""
    x, y, size = places
    return f"x {x:.2f}, y {y:.2f}, size {size:.2f}"


def main() -> None:
    """Prints the numbers, and writes the sheet."""
    parser = argparse.ArgumentParser(description="Examines a trained Sketch.")
    parser.add_argument("--model", default="seedlab/sketch/weights")
    parser.add_argument("--judge", type=Path, default=Path("assets/judge.safetensors"))
    parser.add_argument("--count", type=int, default=240, help="held-out prompts")
    parser.add_argument("--sheet", type=Path)
    parser.add_argument("--dtype", choices=("float32", "bfloat16"), default="float32")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    pipeline = StableDiffusionPipeline.from_pretrained(arguments.model, dtype=getattr(torch, arguments.dtype))
    pipeline.set_progress_bar_config(disable=True)
    if arguments.sheet is not None:
        draw_sheet(pipeline).save(arguments.sheet)
    if arguments.count:
        held_out = list(list_held_out())
        drawings = stack([draw(scene) for scene in compose(Random(1).sample(held_out, 64))])
        for line in report(pipeline, load_judge(arguments.judge), drawings, arguments.count):
            log.info(line)


if __name__ == "__main__":
    main()
