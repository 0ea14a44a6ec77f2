"""Sketch's training material: drawings number 0, 1, 2, ... of a seed, kept as one array of pictures.

Scene number `index` of a seed is always the same, so that captions need not be stored beside the pictures.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray

from seedlab.sketch.drawings.draw import DEFAULT_SIZE, draw
from seedlab.sketch.scene import Scene, sample_scene
from seedlab.sketch.wording import caption

Pictures = NDArray[np.uint8]

EMPTY_CAPTION_SHARE = 0.1


def make_scene(seed: int, index: int) -> Scene:
    """Scene number `index` (0, 1, ...) of a seed."""
    return sample_scene(Random(f"scene {seed} {index}"))


def make_caption(seed: int, index: int, use: int) -> str:
    """A caption for scene `index`, another wording for each `use`; sometimes empty, so that guidance can be learned."""
    rng = Random(f"caption {seed} {index} {use}")
    return "" if rng.random() < EMPTY_CAPTION_SHARE else caption(make_scene(seed, index), rng)


def iterate_captions(seed: int, count: int) -> Iterator[str]:
    """The captions that a tokenizer is trained on."""
    return (make_caption(seed, index, 0) for index in range(count))


def draw_corpus(path: Path, seed: int, count: int, size: int = DEFAULT_SIZE, processes: int = 2) -> Pictures:
    """Draws `count` pictures (count, size, size, 3) into an .npy file and gives them, memory-mapped."""
    partial_path = path.with_suffix(".part")
    pictures = np.lib.format.open_memmap(partial_path, "w+", np.uint8, (count, size, size, 3))
    with get_context("spawn").Pool(processes) as pool:
        for index, picture in enumerate(pool.imap(partial(_draw_one, seed, size), range(count), chunksize=64)):
            pictures[index] = picture
    pictures.flush()
    partial_path.rename(path)
    return load_corpus(path)


def load_corpus(path: Path) -> Pictures:
    """The pictures of a drawn corpus, memory-mapped, read only."""
    pictures: Pictures = np.load(path, mmap_mode="r")
    return pictures


def _draw_one(seed: int, size: int, index: int) -> Pictures:
    return np.asarray(draw(make_scene(seed, index), size))
