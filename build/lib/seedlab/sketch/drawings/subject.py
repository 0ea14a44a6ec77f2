"""What can be drawn: how, and in which colours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from seedlab.sketch.drawings.canvas import Colour
from seedlab.sketch.drawings.palette import Palette
from seedlab.sketch.drawings.pen import Pen


@dataclass(frozen=True)
class Subject:
    """A subject's drawer and its colours: natural ones, Mondrian's, and what Vermeer changes.

    `upright` ones tilt little; the ground around those that are `afloat` is water; a colour word also dyes the `second`
    colour of those that are `furry`, as it would look painted over otherwise.
    """

    draw: Callable[[Pen], None]
    natural: Palette
    mondrian: Palette
    vermeer: Mapping[str, Colour] = field(default_factory=dict)
    upright: bool = False
    afloat: bool = False
    furry: bool = False
