"""Styles (painters and techniques): their light, background colours, backdrop, outlines and brush."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from seedlab.sketch.drawings.canvas import Canvas, Colour, Shading, rgb
from seedlab.sketch.drawings.geometry import Array
from seedlab.sketch.drawings.palette import PLACE_BACKGROUNDS, BackgroundPalette, grade_background, make_background
from seedlab.sketch.drawings.styles import backdrops, brushes, pattern_backdrops, technique_brushes
from seedlab.sketch.drawings.subjects.registry import SUBJECTS
from seedlab.sketch.scene import Composition, Scene

Backdrop = Callable[[Canvas, BackgroundPalette, Composition], None]
Brush = Callable[[Array, Array, Composition], Array]


@dataclass(frozen=True)
class Style:
    """A painter or a technique.

    `volume` scales the shading; `facets` replaces it by flat planes. `ink` is the colour of outlines, or None for
    none; `ink_width` is a fraction of the image side.
    """

    background: BackgroundPalette
    light: Colour
    shadow: Colour
    backdrop: Backdrop
    brush: Brush
    volume: float = 1.0
    facets: bool = False
    ink: Colour | None = None
    ink_width: float = 0.0

    def shading(self, side: float, volume: float) -> Shading:
        """Return the shading with light from the left (side -1) or right (side 1)."""
        return Shading(self.light, self.shadow, (0.8 * side, -0.6), volume, self.facets)


PLAIN = Style(
    make_background("7cc3ee", "dff1f6", "94c973", "5f9f54"),
    light=rgb("fff7e0"),
    shadow=rgb("4a3550"),
    backdrop=backdrops.paint_meadow,
    brush=brushes.keep_flat,
    volume=0.8,
)
VERMEER = Style(
    make_background("1a120c", "2b1d12", "a98435", "5e451b"),
    light=rgb("ffeec4"),
    shadow=rgb("190d06"),
    backdrop=backdrops.paint_interior,
    brush=brushes.apply_oil_glaze,
    volume=1.25,
)
VAN_GOGH = Style(
    make_background("1c3f94", "6fa3dc", "c99a2c", "8a7a24"),
    light=rgb("ffe98a"),
    shadow=rgb("1b2f73"),
    backdrop=backdrops.paint_starry_sky,
    brush=brushes.apply_swirls,
    ink=rgb("16234f"),
    ink_width=0.011,
)
MONDRIAN = Style(
    make_background("d8281f", "fbfaf4", "f7cf1d", "1a4aa8"),
    light=rgb("ffffff"),
    shadow=rgb("101010"),
    backdrop=backdrops.paint_blocks,
    brush=brushes.keep_flat,
    volume=0.6,
    facets=True,
    ink=rgb("141414"),
    ink_width=0.014,
)
HOKUSAI = Style(
    make_background("9cbfcc", "f3e6c4", "3f74a8", "1d3c66"),
    light=rgb("fff6dc"),
    shadow=rgb("22304a"),
    backdrop=backdrops.paint_great_wave,
    brush=brushes.keep_flat,
    volume=0.4,
    ink=rgb("1c2840"),
    ink_width=0.009,
)
MONET = Style(
    make_background("aebfe8", "f4d3cf", "8fb4cf", "7c8fc9"),
    light=rgb("fff3cf"),
    shadow=rgb("5b5aa6"),
    backdrop=backdrops.paint_lily_pond,
    brush=brushes.apply_dabs,
    volume=0.8,
)
KLIMT = Style(
    make_background("d9a52c", "f2cd5e", "8a8a3c", "3f6434"),
    light=rgb("fff0b8"),
    shadow=rgb("5a3a1c"),
    backdrop=pattern_backdrops.paint_gold_background,
    brush=technique_brushes.apply_gold_leaf,
    volume=0.45,
    ink=rgb("5c3c10"),
    ink_width=0.006,
)
PICASSO = Style(
    make_background("7590a4", "dba793", "c9984e", "93603f"),
    light=rgb("f6ead0"),
    shadow=rgb("2f3a48"),
    backdrop=pattern_backdrops.paint_facets,
    brush=technique_brushes.apply_facets,
    volume=1.2,
    facets=True,
    ink=rgb("1c1917"),
    ink_width=0.012,
)
MATISSE = Style(
    make_background("2347b5", "f08fb0", "f2efe2", "1d8f5c"),
    light=rgb("ffffff"),
    shadow=rgb("23224a"),
    backdrop=pattern_backdrops.paint_cut_outs,
    brush=brushes.keep_flat,
    volume=0.0,
    ink=rgb("fbf5e6"),
    ink_width=0.006,
)
PENCIL = Style(
    make_background("e2dfd8", "f6f4ee", "cfcbc2", "b4b0a6"),
    light=rgb("ffffff"),
    shadow=rgb("2c2c30"),
    backdrop=pattern_backdrops.paint_paper,
    brush=technique_brushes.apply_hatching,
    volume=1.3,
    ink=rgb("3a3a3e"),
    ink_width=0.006,
)
WATERCOLOUR = Style(
    make_background("6fb2dc", "eef4f2", "8cb874", "5c9468"),
    light=rgb("ffffff"),
    shadow=rgb("4a4a80"),
    backdrop=pattern_backdrops.paint_washes,
    brush=technique_brushes.apply_watercolour,
    volume=0.7,
    ink=rgb("625c6c"),
    ink_width=0.004,
)
PIXELS = Style(
    make_background("4a8ff0", "a8dcf8", "7cd04a", "3f9a3c"),
    light=rgb("fff6d0"),
    shadow=rgb("3a2450"),
    backdrop=pattern_backdrops.paint_game_level,
    brush=technique_brushes.pixelate,
    volume=0.7,
    facets=True,
)
GLASS = Style(
    make_background("1f56c8", "5fb4e8", "3fa04a", "1f6a52"),
    light=rgb("fff2b0"),
    shadow=rgb("3a1c58"),
    backdrop=pattern_backdrops.paint_glass,
    brush=technique_brushes.apply_stained_glass,
    volume=0.5,
    ink=rgb("15131a"),
    ink_width=0.011,
)
STYLES = {
    None: PLAIN,
    "Vermeer": VERMEER,
    "Van Gogh": VAN_GOGH,
    "Mondrian": MONDRIAN,
    "Hokusai": HOKUSAI,
    "Monet": MONET,
    "Klimt": KLIMT,
    "Picasso": PICASSO,
    "Matisse": MATISSE,
    "pencil sketch": PENCIL,
    "watercolor": WATERCOLOUR,
    "pixel art": PIXELS,
    "stained glass": GLASS,
}

WATERS = {
    None: ("4fa0d0", "2a6ea8"),
    "Vermeer": ("5a6b6a", "2a3a44"),
    "Van Gogh": ("3f7fd0", "1d3f94"),
    "Klimt": ("4f8a86", "1f4f66"),
    "Picasso": ("7f9cae", "3b5570"),
    "Matisse": ("1d8fa0", "1d8fa0"),
    "watercolor": ("7fc4d8", "3f86b4"),
    "pixel art": ("4fb4e8", "2a6cc8"),
    "stained glass": ("2fa0b8", "1f4fa0"),
}


def choose_background(scene: Scene) -> BackgroundPalette:
    """Return the colours of the place or, without one, of the style, with water for floating subjects."""
    if scene.place is not None:
        return grade_background(PLACE_BACKGROUNDS[scene.place], scene.style)
    palette = STYLES[scene.style].background
    water = WATERS.get(scene.style) if SUBJECTS[scene.subject].afloat else None
    return palette if water is None else BackgroundPalette(palette.sky, palette.haze, rgb(water[0]), rgb(water[1]))
