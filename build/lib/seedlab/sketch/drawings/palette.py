"""Colours: what each subject is made of, and what a painter makes of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from seedlab.sketch.drawings.canvas import Colour, mix, rgb


@dataclass(frozen=True)
class Palette:
    """A subject's colours by their part in it."""

    main: Colour
    second: Colour
    light: Colour
    dark: Colour
    accent: Colour


@dataclass(frozen=True)
class Ground:
    """The colours around a subject, from the top of the picture to its bottom."""

    sky: Colour
    haze: Colour
    far: Colour
    near: Colour


def make_palette(main: str, second: str, light: str, dark: str, accent: str) -> Palette:
    """A palette from hexadecimal colours."""
    return Palette(rgb(main), rgb(second), rgb(light), rgb(dark), rgb(accent))


def choose_primaries(main: str, second: str, light: str, dark: str, accent: str) -> Palette:
    """A palette of Mondrian's, from the names of his colours."""
    return Palette(PRIMARIES[main], PRIMARIES[second], PRIMARIES[light], PRIMARIES[dark], PRIMARIES[accent])


def ground(sky: str, haze: str, far: str, near: str) -> Ground:
    """A ground from hexadecimal colours."""
    return Ground(rgb(sky), rgb(haze), rgb(far), rgb(near))


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
"""Teeth and the light in eyes; the inside of ears and cheeks."""

BLUE, YELLOW, OCHRE = rgb("2450a0"), rgb("dcb03c"), rgb("b98a45")
"""Vermeer's: what many of his subjects have in common."""

PRIMARIES = {
    "red": rgb("d8281f"),
    "blue": rgb("1a4aa8"),
    "yellow": rgb("f7cf1d"),
    "white": rgb("fbfaf4"),
    "black": rgb("141414"),
}
"""Mondrian's."""

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
"""How far a colour goes to the nearest of the painter's inks."""

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
"""What a painter mixes into every colour, and how much of it."""

PLACE_GROUNDS = {
    "on a beach": ground("5fb4e4", "bfe6f0", "f3dcaa", "e2b979"),
    "in the snow": ground("8fa9c4", "d5e0ea", "f8fbff", "c9d9ec"),
    "at night": ground("0e1638", "2b3a72", "26355a", "131a33"),
    "at sunset": ground("6a4a8c", "ff9a50", "b0583f", "55304a"),
    "in a forest": ground("a9d48a", "e3f0b4", "6c9a48", "3a6a34"),
    "in the city": ground("8fb2dc", "f2dcc8", "8b8a90", "55545c"),
    "in the mountains": ground("4f9be0", "d3e8f6", "8bb872", "5c8f55"),
    "in space": ground("0a0a20", "241a48", "b4b4c0", "7c7c8c"),
}


def choose_palette(natural: Palette, painter: str | None, colour: str | None, *, furry: bool = False) -> Palette:
    """A subject's colours as the painter sees them; a colour word, which dyes fur whole, is heard by every painter."""
    chosen = natural
    if colour is not None:
        main, second = COLOUR_WORDS[colour]
        chosen = replace(chosen, main=main, second=second if furry else chosen.second)
    return _grade_palette(chosen, painter)


def _grade_palette(chosen: Palette, painter: str | None) -> Palette:
    parts = {part: grade(getattr(chosen, part), painter) for part in ("main", "second", "light", "accent")}
    return replace(chosen, **parts)


def grade(colour: Colour, painter: str | None) -> Colour:
    """A natural colour in the painter's world."""
    vivid = saturate(colour, SATURATIONS.get(painter, 1.0))
    inked = mix(vivid, nearest(vivid, INKS[painter]), INK_SHARES[painter]) if painter in INKS else vivid
    tint, share = TINTS.get(painter, (inked, 0.0))
    return mix(inked, tint, share)


def grade_ground(chosen: Ground, painter: str | None) -> Ground:
    """A place's colours in the painter's world."""
    parts = (chosen.sky, chosen.haze, chosen.far, chosen.near)
    match painter:
        case "Klimt":  # gold lies on the place; mixed in, it would turn a night grey
            return Ground(*(mix(saturate(part, 1.15), rgb("d9a92f"), 0.1) for part in parts))
        case "Vermeer":
            return Ground(*(mix(grade(part, painter), rgb("2a1c10"), 0.4) for part in parts))
        case "Picasso":
            return Ground(*(mix(part, grade(part, painter), 0.6) for part in parts))
    return Ground(*(grade(part, painter) for part in parts))


def saturate(colour: Colour, amount: float) -> Colour:
    """The colour with its distance from grey multiplied, clipped to 0...1."""
    grey = 0.3 * colour[0] + 0.59 * colour[1] + 0.11 * colour[2]
    red, green, blue = (min(1.0, max(0.0, grey + (part - grey) * amount)) for part in colour)
    return red, green, blue


def apart(colour: Colour, behind: Colour, other: Colour) -> Colour:
    """The colour of a mark: `other` where `colour` would not show on what is behind it."""
    return colour if _distance(colour, behind) > 0.06 else other


def nearest(colour: Colour, inks: tuple[Colour, ...]) -> Colour:
    """The ink with the smallest squared distance in RGB."""
    return min(inks, key=lambda ink: _distance(ink, colour))


def _distance(first: Colour, second: Colour) -> float:
    return sum((a - b) ** 2 for a, b in zip(first, second, strict=True))
