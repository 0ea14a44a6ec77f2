"""The definition of a subject: its drawing function and its colours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from seedlab.sketch.drawings.canvas import Colour
from seedlab.sketch.drawings.palette import Palette
from seedlab.sketch.drawings.pen import Pen


@dataclass(frozen=True)
class Subject:
    """A subject.

    Args:
        draw: Draws the subject with a pen.
        natural: The natural colours.
        mondrian: The colours for Mondrian.
        vermeer: The natural colours that Vermeer replaces.
        upright: Whether the subject tilts less.
        afloat: Whether the subject is on water.
        furry: Whether a colour word also sets the `second` colour. Fur would look painted over otherwise.
    """

    draw: Callable[[Pen], None]
    natural: Palette
    mondrian: Palette
    vermeer: Mapping[str, Colour] = field(default_factory=dict)
    upright: bool = False
    afloat: bool = False
    furry: bool = False
