"""Colours of subjects and backgrounds, and how each style changes them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from seedlab.sketch.drawings.canvas import Colour, mix, rgb


@dataclass(frozen=True)
class Palette:
    """The colours of a subject."""

    main: Colour
    second: Colour
    light: Colour
    dark: Colour
    accent: Colour


@dataclass(frozen=True)
class BackgroundPalette:
    """The colours around a subject, from top to bottom of the image."""

    sky: Colour
    haze: Colour
    far: Colour
    near: Colour


def make_palette(main: str, second: str, light: str, dark: str, accent: str) -> Palette:
    """Create a palette from hexadecimal colours."""
    return Palette(rgb(main), rgb(second), rgb(light), rgb(dark), rgb(accent))


def choose_primaries(main: str, second: str, light: str, dark: str, accent: str) -> Palette:
    """Create a palette for Mondrian from the names of his colours."""
    return Palette(PRIMARIES[main], PRIMARIES[second], PRIMARIES[light], PRIMARIES[dark], PRIMARIES[accent])


def make_background(sky: str, haze: str, far: str, near: str) -> BackgroundPalette:
    """Create a background palette from hexadecimal colours."""
    return BackgroundPalette(rgb(sky), rgb(haze), rgb(far), rgb(near))


COLOUR_WORDS = {
    "red": (rgb("d2322b"), rgb("96201f")),
    "blue": (rgb("2f6cc4"), rgb("1c4488")),
    "orange": (rgb("f08226"), rgb("b9541a")),
    "yellow": (rgb("f3c62c"), rgb("c48f16")),
    "green": (rgb("4a9a4c"), rgb("2c6a36")),
    "purple": (rgb("8446ae"), rgb("552a7e")),
    "pink": (rgb("f08cb4"), rgb("c85886")),
    "black": (rgb("38363c"), rgb("1c1b20")),
    "white": (rgb("f4f1ea"), rgb("cfc9c0")),
}

WHITE, PINK = rgb("fffdf6"), rgb("f0a0a0")
"""White is for teeth and highlights in eyes, pink for inner ears and cheeks."""

BLUE, YELLOW, OCHRE = rgb("2450a0"), rgb("dcb03c"), rgb("b98a45")
"""Vermeer's colours, shared by many of his subjects."""

PRIMARIES = {
    "red": rgb("d8281f"),
    "blue": rgb("1a4aa8"),
    "yellow": rgb("f7cf1d"),
    "white": rgb("fbfaf4"),
    "black": rgb("141414"),
}
"""Mondrian's colours."""

INKS = {
    "Mondrian": tuple(PRIMARIES.values()),
    "Hokusai": tuple(map(rgb, ("1d3c66", "3f74a8", "9cc3cf", "f3e6c4", "c0573a", "d6a25a", "7d9a78", "23232b"))),
    "Picasso": tuple(
        map(rgb, ("c99a4b", "a8623a", "6f8799", "3b4f66", "d9a48f", "efe3c8", "7d7c52", "2a2622", "a83a2c"))
    ),
    "Matisse": tuple(
        map(rgb, ("e8432a", "f6b92c", "1d8f5c", "2347b5", "f08fb0", "fbf5e6", "1c1a20", "38a6c8", "7a3f98", "fbdc6a"))
    ),
}
INK_SHARES = {"Mondrian": 0.85, "Hokusai": 0.7, "Picasso": 0.75, "Matisse": 1.0}
"""How far a colour moves to the nearest ink of the style."""

SATURATIONS: dict[str | None, float] = {
    "Van Gogh": 1.35,
    "Matisse": 1.7,
    "pencil sketch": 0.1,
    "watercolor": 1.2,
    "pixel art": 1.25,
    "stained glass": 1.6,
}

TINTS: dict[str | None, tuple[Colour, float]] = {
    "Vermeer": (rgb("7a5526"), 0.18),
    "Monet": (rgb("d9c6e6"), 0.32),
    "Klimt": (rgb("d9a92f"), 0.22),
    "pencil sketch": (rgb("ffffff"), 0.18),
    "watercolor": (rgb("ffffff"), 0.15),
}
"""A colour that a style mixes into all others, and its share."""

PLACE_BACKGROUNDS = {
    "on a beach": make_background("5fb4e4", "bfe6f0", "f3dcaa", "e2b979"),
    "in the snow": make_background("8fa9c4", "d5e0ea", "f8fbff", "c9d9ec"),
    "at night": make_background("0e1638", "2b3a72", "26355a", "131a33"),
    "at sunset": make_background("6a4a8c", "ff9a50", "b0583f", "55304a"),
    "in a forest": make_background("a9d48a", "e3f0b4", "6c9a48", "3a6a34"),
    "in the city": make_background("8fb2dc", "f2dcc8", "8b8a90", "55545c"),
    "in the mountains": make_background("4f9be0", "d3e8f6", "8bb872", "5c8f55"),
    "in space": make_background("0a0a20", "241a48", "b4b4c0", "7c7c8c"),
}


def choose_palette(natural: Palette, style: str | None, colour: str | None, *, furry: bool = False) -> Palette:
    """Apply a colour word and a style to a palette. On furry subjects, the colour word also sets the second colour."""
    chosen = natural
    if colour is not None:
        main, second = COLOUR_WORDS[colour]
        chosen = replace(chosen, main=main, second=second if furry else chosen.second)
    return _grade_palette(chosen, style)


def _grade_palette(chosen: Palette, style: str | None) -> Palette:
    parts = {part: grade(getattr(chosen, part), style) for part in ("main", "second", "light", "accent")}
    return replace(chosen, **parts)


def grade(colour: Colour, style: str | None) -> Colour:
    """Adapt a natural colour to a style."""
    vivid = saturate(colour, SATURATIONS.get(style, 1.0))
    inked = mix(vivid, nearest(vivid, INKS[style]), INK_SHARES[style]) if style in INKS else vivid
    tint, share = TINTS.get(style, (inked, 0.0))
    return mix(inked, tint, share)


def grade_background(chosen: BackgroundPalette, style: str | None) -> BackgroundPalette:
    """Adapt the colours of a place to a style."""
    parts = (chosen.sky, chosen.haze, chosen.far, chosen.near)
    match style:
        case "Klimt":  # The gold is on top. Mixed in more, it would turn a night grey.
            return BackgroundPalette(*(mix(saturate(part, 1.15), rgb("d9a92f"), 0.1) for part in parts))
        case "Vermeer":
            return BackgroundPalette(*(mix(grade(part, style), rgb("2a1c10"), 0.4) for part in parts))
        case "Picasso":
            return BackgroundPalette(*(mix(part, grade(part, style), 0.6) for part in parts))
    return BackgroundPalette(*(grade(part, style) for part in parts))


def saturate(colour: Colour, amount: float) -> Colour:
    """Scale the distance of a colour from grey. Clips to 0...1."""
    grey = 0.3 * colour[0] + 0.59 * colour[1] + 0.11 * colour[2]
    red, green, blue = (min(1.0, max(0.0, grey + (part - grey) * amount)) for part in colour)
    return red, green, blue


def contrasting(colour: Colour, behind: Colour, other: Colour) -> Colour:
    """Return `colour` for a mark, or `other` if it would not stand out from the colour behind it."""
    return colour if _distance(colour, behind) > 0.06 else other


def nearest(colour: Colour, inks: tuple[Colour, ...]) -> Colour:
    """Return the ink with the smallest squared RGB distance."""
    return min(inks, key=lambda ink: _distance(ink, colour))


def _distance(first: Colour, second: Colour) -> float:
    return sum((a - b) ** 2 for a, b in zip(first, second, strict=True))
