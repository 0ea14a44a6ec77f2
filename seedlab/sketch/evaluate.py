"""Evaluates Sketch on held-out prompts and seeds, and prints the results table of the model card.

    python -m seedlab.sketch.evaluate --sheet sheet.png
    python -m seedlab.sketch.evaluate --size 512 --count 96 --seeds 6

A classifier trained only on drawings (`classifier.py`) checks the generated images. Its accuracy on drawings of the
same prompts is the reference.
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

from seedlab.sketch.classifier import STYLES, Classifier, Predictions, classify, load_classifier
from seedlab.sketch.drawings.draw import DEFAULT_SIZE, draw, make_sheet
from seedlab.sketch.scene import Scene, is_held_out, sample_composition
from seedlab.sketch.training.autoencoder import to_tensor
from seedlab.sketch.training.dataset import Images
from seedlab.sketch.vocabulary import MODIFIERS, SUBJECTS, TECHNIQUES

log = logging.getLogger(__name__)

STEPS, GUIDANCE = 12, 2.2
BATCH_SIZE = 8
Positions = NDArray[np.floating]
Locate = Callable[[Scene], Positions]
"""Predicts a scene's positions (n, 3), one row per composition: x, y and size as fractions of the image side."""

GUIDE_SUFFIXES = ("highly realistic", "artsy", "trending", "colorful")
GUIDE_PROMPT = "Labrador in the style of Vermeer"
"""Prompt and suffixes of the diffusers guide on deterministic generation."""

LOCK_SCENES = (
    Scene("labrador", "Vermeer"),
    Scene("fox", "Hokusai"),
    Scene("castle", "stained glass"),
    Scene("boat"),
    Scene("owl", "Klimt"),
    Scene("teapot", "watercolor"),
)
SPREAD_SCENES = (Scene("labrador"), Scene("labrador", "Vermeer"))
SHEET_PROMPTS = (
    "cat, Van Gogh", "a red boat by Hokusai", "castle in the snow", "fox, stained glass", "lighthouse by Monet",
    "penguin, pixel art", "owl by Klimt", "guitar by Picasso", "a watercolor of a turtle", "",
)  # fmt: skip


@dataclass(frozen=True)
class Accuracy:
    """The fraction of images, 0...1, whose predicted words match the prompt."""

    subject: float
    style: float
    modifier: float


def generate(
    pipeline: StableDiffusionPipeline, prompts: Sequence[str], seeds: Sequence[int], steps: int = STEPS
) -> list[Image.Image]:
    """Generate one image per prompt and seed. The initial noise is sampled on the CPU."""
    images: list[Image.Image] = []
    for start in range(0, len(prompts), BATCH_SIZE):
        generators = [torch.Generator("cpu").manual_seed(seed) for seed in seeds[start : start + BATCH_SIZE]]
        batch = list(prompts[start : start + BATCH_SIZE])
        result = pipeline(batch, generator=generators, num_inference_steps=steps, guidance_scale=GUIDANCE)
        images += result.images
    return images


def stack(images: Sequence[Image.Image]) -> Images:
    """Stack images of equal size to an array (n, h, w, 3) in 0...255."""
    return np.stack([np.asarray(image) for image in images])


def list_held_out() -> Iterator[Scene]:
    """Yield all held-out combinations of subject, style and one modifier."""
    for subject, style, modifier in product(SUBJECTS, STYLES, MODIFIERS):
        scene = Scene(subject, style, (modifier,))
        if is_held_out(scene):
            yield scene


def assign_compositions(scenes: Sequence[Scene]) -> list[Scene]:
    """Give the scenes compositions that are not in the training set."""
    return [
        replace(scene, composition=sample_composition(Random(f"held out {index}")))
        for index, scene in enumerate(scenes)
    ]


def build_prompt(scene: Scene) -> str:
    """Write a held-out scene as a prompt."""
    head = scene.subject
    if scene.style is not None:
        head += f", {scene.style}" if scene.style in TECHNIQUES else f" in the style of {scene.style}"
    return ", ".join((head, *scene.modifiers))


def compute_accuracy(predictions: Predictions, scenes: Sequence[Scene]) -> Accuracy:
    """Compare the predicted words with the scenes."""
    pairs = zip(predictions.subjects, predictions.styles, predictions.modifiers, scenes, strict=True)
    hits = [
        (subject == scene.subject, style == scene.style, modifier in scene.modifiers)
        for subject, style, modifier, scene in pairs
    ]
    return Accuracy(*(float(mean) for mean in np.mean(hits, 0)))


def measure_accuracy(
    pipeline: StableDiffusionPipeline, classifier: Classifier, count: int
) -> tuple[Accuracy, Accuracy]:
    """Return the accuracy on generated images and on drawings of `count` held-out scenes."""
    scenes = Random(0).sample(list(list_held_out()), count)
    images = stack(generate(pipeline, [build_prompt(scene) for scene in scenes], range(1_000, 1_000 + count)))
    drawings = stack([draw(scene, images.shape[1]) for scene in assign_compositions(scenes)])
    generated, drawn = (compute_accuracy(classify(classifier, each), scenes) for each in (images, drawings))
    return generated, drawn


def measure_lock(locate: Locate) -> dict[str, Positions]:
    """Measure how well a seed keeps the composition when a suffix is added.

    Args:
        locate: Predicts positions for at least three compositions.

    Returns:
        For each suffix of the guide, the correlations (3,) of x, y and size with and without it, averaged over
        `LOCK_SCENES`.
    """
    plain = [locate(scene) for scene in LOCK_SCENES]
    table = {}
    for suffix in GUIDE_SUFFIXES:
        varied = [locate(replace(scene, modifiers=(suffix,))) for scene in LOCK_SCENES]
        pairs = zip(plain, varied, strict=True)
        table[suffix] = np.mean([[np.corrcoef(a[:, k], b[:, k])[0, 1] for k in range(3)] for a, b in pairs], 0)
    return table


def locate_in_images(pipeline: StableDiffusionPipeline, classifier: Classifier, seeds: Sequence[int]) -> Locate:
    """Return a function that locates a scene's subject in the image of each seed."""

    def locate(scene: Scene) -> Positions:
        images = generate(pipeline, [build_prompt(scene)] * len(seeds), seeds)
        return classify(classifier, stack(images)).positions

    return locate


def locate_in_drawings(classifier: Classifier, count: int, size: int) -> Locate:
    """Return a function that locates a scene's subject in `count` drawings. All scenes get the same compositions."""

    def locate(scene: Scene) -> Positions:
        drawings = [draw(each, size) for each in assign_compositions([scene] * count)]
        return classify(classifier, stack(drawings)).positions

    return locate


def measure_spread(locate: Locate) -> Positions:
    """Return the standard deviations (3,) of x, y and size over compositions, averaged over `SPREAD_SCENES`."""
    return np.asarray(np.mean([locate(scene).std(0) for scene in SPREAD_SCENES], 0))


def measure_psnr(pipeline: StableDiffusionPipeline, drawings: Images) -> float:
    """Return the mean PSNR in dB of drawings (n, h, w, 3) reconstructed by the autoencoder."""
    values = []
    with torch.inference_mode():
        for drawing in drawings:
            target = to_tensor(drawing[None]).to(pipeline.dtype)
            reconstructed = pipeline.vae.decode(pipeline.vae.encode(target).latents).sample.clamp(-1, 1)
            values.append(10 * np.log10(4 / float((reconstructed - target).float().square().mean())))
    return float(np.mean(values))


def draw_sheet(pipeline: StableDiffusionPipeline) -> Image.Image:
    """Generate a contact sheet: the guide's prompt with seeds 0-3 and with its suffixes, and other prompts."""
    rows = [
        [(GUIDE_PROMPT, seed) for seed in range(4)],
        [(f"{GUIDE_PROMPT}, {suffix}", 2) for suffix in GUIDE_SUFFIXES],
    ]
    rows += [[(prompt, seed) for seed in range(4)] for prompt in SHEET_PROMPTS]
    prompts, seeds = zip(*(pair for row in rows for pair in row), strict=True)
    return make_sheet(generate(pipeline, prompts, seeds), columns=8)


def report(
    pipeline: StableDiffusionPipeline, classifier: Classifier, drawings: Images, count: int, seeds: int
) -> Iterator[str]:
    """Yield the lines of the results table as they are measured.

    Args:
        count: The number of held-out prompts.
        seeds: The number of seeds of each scene whose lock is measured. The spread takes four times as many.
    """
    yield f"autoencoder: PSNR {measure_psnr(pipeline, drawings):.1f} dB"
    generated, drawn = measure_accuracy(pipeline, classifier, count)
    for name in ("subject", "style", "modifier"):
        yield f"{name}: {getattr(generated, name):.1%} of images, {getattr(drawn, name):.1%} of drawings"
    size = drawings.shape[1]
    drawn_lock = measure_lock(locate_in_drawings(classifier, seeds, size))
    for suffix, lock in measure_lock(locate_in_images(pipeline, classifier, range(100, 100 + seeds))).items():
        yield f"lock, {suffix}: {format_position(lock)}; drawings: {format_position(drawn_lock[suffix])}"
    spread = measure_spread(locate_in_images(pipeline, classifier, range(200, 200 + 4 * seeds)))
    drawn_spread = measure_spread(locate_in_drawings(classifier, 4 * seeds, size))
    yield f"spread over {4 * seeds} seeds, relative to drawings: {format_position(spread / drawn_spread)}"


def format_position(position: Positions) -> str:
    """Format x, y and size."""
    x, y, size = position
    return f"x {x:.2f}, y {y:.2f}, size {size:.2f}"


def main() -> None:
    """Print the results and save the contact sheet."""
    parser = argparse.ArgumentParser(description="Evaluate Sketch.")
    parser.add_argument("--model", default="seedlab/sketch/weights")
    parser.add_argument("--classifier", type=Path, default=Path("assets/judge.safetensors"))
    parser.add_argument("--count", type=int, default=240, help="number of held-out prompts")
    parser.add_argument("--seeds", type=int, default=16, help="number of seeds of each scene (%(default)s)")
    parser.add_argument("--size", type=int, default=DEFAULT_SIZE, help="side length of the images (%(default)s)")
    parser.add_argument("--sheet", type=Path, help="save a contact sheet to this file")
    parser.add_argument("--dtype", choices=("float32", "bfloat16"), default="float32")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    pipeline = StableDiffusionPipeline.from_pretrained(arguments.model, dtype=getattr(torch, arguments.dtype))
    pipeline.set_progress_bar_config(disable=True)
    pipeline.unet.register_to_config(sample_size=arguments.size // pipeline.vae_scale_factor)  # the default size
    if arguments.sheet is not None:
        draw_sheet(pipeline).save(arguments.sheet)
    if arguments.count:
        held_out = list(list_held_out())
        drawings = stack([draw(scene, arguments.size) for scene in assign_compositions(Random(1).sample(held_out, 64))])
        for line in report(pipeline, load_classifier(arguments.classifier), drawings, arguments.count, arguments.seeds):
            log.info(line)


if __name__ == "__main__":
    main()
