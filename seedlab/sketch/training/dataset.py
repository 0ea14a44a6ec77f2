"""Sketch's dataset: images 0, 1, 2, ... of a seed, stored as one array.

A seed and an index always give the same scene, so captions are not stored with the images.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray

from seedlab.sketch.captions import caption_scene
from seedlab.sketch.drawings.draw import DEFAULT_SIZE, draw
from seedlab.sketch.scene import Scene, sample_scene

Images = NDArray[np.uint8]

EMPTY_CAPTION_PROBABILITY = 0.1
"""Captions are dropped this often to train the unconditional prediction for classifier-free guidance."""


def make_scene(seed: int, index: int) -> Scene:
    """Return scene `index` (0, 1, ...) of a seed."""
    return sample_scene(Random(f"scene {seed} {index}"))


def make_caption(seed: int, index: int, use: int) -> str:
    """Return a caption of scene `index`, worded differently for each `use` and sometimes empty."""
    rng = Random(f"caption {seed} {index} {use}")
    return "" if rng.random() < EMPTY_CAPTION_PROBABILITY else caption_scene(make_scene(seed, index), rng)


def iterate_captions(seed: int, count: int) -> Iterator[str]:
    """Yield the captions that the tokenizer is trained on."""
    return (make_caption(seed, index, 0) for index in range(count))


def render_dataset(path: Path, seed: int, count: int, size: int = DEFAULT_SIZE, processes: int = 2) -> Images:
    """Draw `count` images (count, size, size, 3) into an .npy file and return them memory-mapped."""
    partial_path = path.with_suffix(".part")
    images = np.lib.format.open_memmap(partial_path, "w+", np.uint8, (count, size, size, 3))
    with get_context("spawn").Pool(processes) as pool:
        for index, image in enumerate(pool.imap(partial(_render_image, seed, size), range(count), chunksize=64)):
            images[index] = image
    images.flush()
    partial_path.rename(path)
    return load_dataset(path)


def load_dataset(path: Path) -> Images:
    """Open a rendered dataset as a read-only memory map."""
    images: Images = np.load(path, mmap_mode="r")
    return images


def _render_image(seed: int, size: int, index: int) -> Images:
    return np.asarray(draw(make_scene(seed, index), size))
