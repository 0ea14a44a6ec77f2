"""Painters: the light they see by, the ground they paint on, and their brush."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from seedlab.sketch import backdrops, brushes
from seedlab.sketch.canvas import Canvas, Colour, rgb
from seedlab.sketch.outlines import Array
from seedlab.sketch.palette import PLACE_GROUNDS, Ground, grade_ground, ground
from seedlab.sketch.scene import Composition, Scene

Backdrop = Callable[[Canvas, Ground, Composition], None]
Brush = Callable[[Array, Array, Composition], Array]


@dataclass(frozen=True)
class Painter:
    """A manner: colours of light and shadow, how round things look, outlines, ground, and brush."""

    ground: Ground
    light: Colour
    shadow: Colour
    backdrop: Backdrop
    brush: Brush
    volume: float = 1.0
    facets: bool = False
    ink: Colour | None = None
    ink_width: float = 0.0


PLAIN = Painter(
    ground("7cc3ee", "dff1f6", "94c973", "5f9f54"),
    light=rgb("fff7e0"),
    shadow=rgb("4a3550"),
    backdrop=backdrops.paint_meadow,
    brush=brushes.leave,
    volume=0.8,
)
VERMEER = Painter(
    ground("1a120c", "2b1d12", "a98435", "5e451b"),
    light=rgb("ffeec4"),
    shadow=rgb("190d06"),
    backdrop=backdrops.paint_interior,
    brush=brushes.glaze,
    volume=1.25,
)
VAN_GOGH = Painter(
    ground("1c3f94", "6fa3dc", "c99a2c", "8a7a24"),
    light=rgb("ffe98a"),
    shadow=rgb("1b2f73"),
    backdrop=backdrops.paint_starry_sky,
    brush=brushes.swirl,
    ink=rgb("16234f"),
    ink_width=0.011,
)
MONDRIAN = Painter(
    ground("d8281f", "fbfaf4", "f7cf1d", "1a4aa8"),
    light=rgb("ffffff"),
    shadow=rgb("101010"),
    backdrop=backdrops.paint_blocks,
    brush=brushes.leave,
    volume=0.6,
    facets=True,
    ink=rgb("141414"),
    ink_width=0.014,
)
HOKUSAI = Painter(
    ground("9cbfcc", "f3e6c4", "3f74a8", "1d3c66"),
    light=rgb("fff6dc"),
    shadow=rgb("22304a"),
    backdrop=backdrops.paint_great_wave,
    brush=brushes.leave,
    volume=0.4,
    ink=rgb("1c2840"),
    ink_width=0.009,
)
MONET = Painter(
    ground("aebfe8", "f4d3cf", "8fb4cf", "7c8fc9"),
    light=rgb("fff3cf"),
    shadow=rgb("5b5aa6"),
    backdrop=backdrops.paint_lily_pond,
    brush=brushes.dab,
    volume=0.8,
)
PAINTERS = {
    None: PLAIN,
    "Vermeer": VERMEER,
    "Van Gogh": VAN_GOGH,
    "Mondrian": MONDRIAN,
    "Hokusai": HOKUSAI,
    "Monet": MONET,
}

WATERS = {None: ("4fa0d0", "2a6ea8"), "Vermeer": ("5a6b6a", "2a3a44"), "Van Gogh": ("3f7fd0", "1d3f94")}


def choose_ground(scene: Scene) -> Ground:
    """The colours around the subject: the place's if there is one, else the painter's; boats and fish are on water."""
    if scene.place is not None:
        return grade_ground(PLACE_GROUNDS[scene.place], scene.painter)
    own = PAINTERS[scene.painter].ground
    water = WATERS.get(scene.painter) if scene.subject in ("boat", "fish") else None
    return own if water is None else Ground(own.sky, own.haze, rgb(water[0]), rgb(water[1]))
