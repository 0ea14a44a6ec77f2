"""Grids of pictures, as in the diffusers guide, and contact sheets with headings."""

import math
import re
from bisect import bisect_left
from collections.abc import Sequence

from PIL import ImageDraw, ImageFont
from PIL.Image import Image, Resampling, new

from seedlab.rules.rule import Table

PAPER = (250, 248, 244)
"""The page's background, RGB 0...255: it fills the last row."""

INK = (34, 32, 28)
MAX_PIXELS = 2**26
"""Larger grids, 192 MB in memory, are made of smaller pictures."""

FONTS = ("NotoSansCJK-Regular.ttc", "Arial Unicode.ttf", "msyh.ttc", "DejaVuSans.ttf", "arial.ttf")
"""Fonts of many scripts that systems have. Pillow's own has Latin letters alone."""

LATIN = re.compile(r"[\x20-\xff…]*")


def make_grid(images: Sequence[Image], table: Table | None = None) -> Image:
    """Arrange pictures row by row: 2x2 for four, otherwise as close to a square as possible.

    Pictures of a grid that would have more than `MAX_PIXELS` are scaled down.

    Args:
        images: one or more. Each cell has the size of the largest.
        table: the headings of the columns and rows; None for a grid without headings.
    """
    columns = len(table.columns) if table else math.isqrt(len(images) - 1) + 1
    rows = -(-len(images) // columns)
    images = _fit(images, columns * rows)
    width, height = _measure(images)
    left, top = _measure_headings(table, width, height) if table else (0, 0)
    grid = new("RGB", (left + columns * width, top + rows * height), PAPER)
    for index, image in enumerate(images):
        grid.paste(image, (left + index % columns * width, top + index // columns * height))
    if table:
        _draw_headings(grid, table, (left, top), (width, height))
    return grid


def _measure(images: Sequence[Image]) -> tuple[int, int]:
    return max(image.width for image in images), max(image.height for image in images)


def _fit(images: Sequence[Image], cells: int) -> Sequence[Image]:
    """Shrink pictures that would make too large a grid."""
    width, height = _measure(images)
    share = math.sqrt(MAX_PIXELS / (cells * width * height))
    if share >= 1:
        return images
    sizes = ((max(1, int(image.width * share)), max(1, int(image.height * share))) for image in images)
    return [image.resize(size, Resampling.LANCZOS) for image, size in zip(images, sizes, strict=True)]


def _measure_headings(table: Table, width: int, height: int) -> tuple[int, int]:
    """Return the width of the row headings and the height of the column headings, in pixels."""
    size = _choose_size(width, height)
    left = max(_load_font(text, size).getlength(text[:width]) for text in table.rows)
    return min(width, math.ceil(left) + size), 2 * size


def _choose_size(width: int, height: int) -> int:
    return max(11, min(width, height) // 16)


def _draw_headings(grid: Image, table: Table, corner: tuple[int, int], cell: tuple[int, int]) -> None:
    draw = ImageDraw.Draw(grid)
    (left, top), (width, height) = corner, cell
    size = _choose_size(width, height)
    for index, text in enumerate(table.columns):
        text, font = _shorten(text, width - size // 2, size)
        draw.text((left + index * width + width / 2, top / 2), text, INK, font, "mm")
    for index, text in enumerate(table.rows):
        text, font = _shorten(text, left - size // 2, size)
        draw.text((left - size / 2, top + index * height + height / 2), text, INK, font, "rm")


def _shorten(text: str, width: float, size: int) -> tuple[str, ImageFont.FreeTypeFont]:
    """Return a text of one line that fits into a width, and its font."""
    text = " ".join(text.split())
    font = _load_font(text, size)
    start = text[: int(width)]  # measuring takes time for each character, which is a pixel wide at least
    if start == text and font.getlength(text) <= width:
        return text, font
    too_many = bisect_left(range(len(start) + 1), True, key=lambda count: font.getlength(f"{start[:count]}…") > width)
    return f"{start[: max(0, too_many - 1)]}…", font


def _load_font(text: str, size: int) -> ImageFont.FreeTypeFont:
    for name in () if LATIN.fullmatch(text) else FONTS:
        try:
            return ImageFont.truetype(name, size)
        except OSError:
            continue
    return ImageFont.load_default(size)  # type: ignore[return-value]
