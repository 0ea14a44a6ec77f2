"""What pictures are compared by: lightness and colours at a few places."""

from collections.abc import Iterable
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import ImageCms
from PIL.Image import Image, Resampling

SIDE = 32
"""Height and width of the features, in places: composition, light and colours remain, and no texture."""

COARSE = 8
"""Height and width, in places, at which compositions are compared."""

Features = NDArray[np.float64]
Distances = NDArray[np.float64]


def describe(images: Iterable[Image]) -> Features:
    """Return the lightness and colours of pictures, (pictures, 32, 32, 3), in the units of L*, a* and b*.

    Euclidean distances in CIELAB (CIE 1976) are about as large as the eye sees them.
    """
    return np.stack([_describe(image) for image in images])


def coarsen(features: Features) -> Features:
    """Return the features at 8x8 places, (..., 8, 8, 3), of features (..., 32, 32, 3)."""
    block = features.shape[-2] // COARSE
    split = features.reshape(*features.shape[:-3], COARSE, block, COARSE, block, features.shape[-1])
    return np.asarray(split.mean(axis=(-4, -2)))


def measure_changes(ours: Features, theirs: Features) -> NDArray[np.float64]:
    """Return the colour differences between pictures and their twins at each place, (..., height, width)."""
    return np.asarray(np.linalg.norm(ours - theirs, axis=-1))


def measure_distances(features: Features) -> Distances:
    """Return the mean colour difference of each picture to each other one, (pictures, pictures)."""
    return np.stack([measure_changes(features, each).mean(axis=(1, 2)) for each in features])


def _describe(image: Image) -> Features:
    small = image.convert("RGB").resize((SIDE, SIDE), Resampling.BOX)
    converted = ImageCms.applyTransform(small, _make_transform())
    if converted is None:
        raise RuntimeError("the colours were not converted")
    lab = np.asarray(converted)
    # Pillow stores L* as 0...255, and a* and b* as signed bytes.
    return np.concatenate((lab[..., :1] * (100 / 255), lab[..., 1:].view(np.int8)), axis=-1)


@cache
def _make_transform() -> ImageCms.ImageCmsTransform:
    rgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    return ImageCms.buildTransform(rgb, lab, "RGB", "LAB")
