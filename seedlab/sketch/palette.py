"""Colours: what each subject is made of, and what a painter makes of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from seedlab.sketch.canvas import Colour, mix, rgb


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


def palette(main: str, second: str, light: str, dark: str, accent: str) -> Palette:
    """A palette from hexadecimal colours."""
    return Palette(rgb(main), rgb(second), rgb(light), rgb(dark), rgb(accent))


def ground(sky: str, haze: str, far: str, near: str) -> Ground:
    """A ground from hexadecimal colours."""
    return Ground(rgb(sky), rgb(haze), rgb(far), rgb(near))


NATURAL = {
    "labrador": palette("d9a860", "a9733d", "f2d9a6", "2a1f1c", "e37f80"),
    "cat": palette("e58a3c", "ad571f", "fbeedb", "261d1d", "7fc24e"),
    "house": palette("efdcb4", "c24a37", "ffd769", "6b4630", "8a6a58"),
    "boat": palette("c63d31", "6f4a2d", "f9f3e2", "3a2820", "f2b53c"),
    "tree": palette("4f9240", "70492e", "93c454", "3d2a1d", "d93a30"),
    "flower": palette("f5ba28", "4f9440", "ffe27c", "6a3a1e", "b9603c"),
    "fish": palette("f47a2c", "cc4a26", "fdf2dc", "24262c", "f9c04a"),
    "bird": palette("4f8fcb", "2f5d95", "f7ecd6", "26262b", "e8702f"),
}

COLOUR_WORDS = {
    "red": (rgb("d2322b"), rgb("96201f")),
    "blue": (rgb("2f6cc4"), rgb("1c4488")),
    "yellow": (rgb("f3c62c"), rgb("c48f16")),
    "green": (rgb("4a9a4c"), rgb("2c6a36")),
    "black": (rgb("38363c"), rgb("1c1b20")),
    "white": (rgb("f4f1ea"), rgb("cfc9c0")),
}

_BLUE, _YELLOW, _OCHRE = rgb("2450a0"), rgb("dcb03c"), rgb("b98a45")

VERMEER = {
    "house": {"main": _OCHRE, "second": _BLUE},
    "boat": {"main": _BLUE, "light": _YELLOW, "accent": rgb("f1e6c8")},
    "tree": {"main": rgb("6f7430"), "light": _YELLOW, "accent": _BLUE},
    "flower": {"main": _YELLOW, "second": rgb("5d6b2c"), "accent": _BLUE},
    "fish": {"main": _BLUE, "second": _YELLOW, "light": rgb("f1e2b8")},
    "bird": {"main": _BLUE, "second": rgb("16316b"), "accent": _YELLOW},
}

INKS = {
    "Mondrian": tuple(map(rgb, ("d8281f", "1a4aa8", "f7cf1d", "fbfaf4", "141414"))),
    "Hokusai": tuple(map(rgb, ("1d3c66", "3f74a8", "9cc3cf", "f3e6c4", "c0573a", "d6a25a", "7d9a78", "23232b"))),
}

MONDRIAN = {
    "labrador": ("f7cf1d", "1a4aa8", "fbfaf4", "141414", "d8281f"),
    "cat": ("d8281f", "141414", "fbfaf4", "141414", "f7cf1d"),
    "house": ("fbfaf4", "d8281f", "f7cf1d", "1a4aa8", "1a4aa8"),
    "boat": ("1a4aa8", "141414", "fbfaf4", "141414", "d8281f"),
    "tree": ("1a4aa8", "141414", "f7cf1d", "141414", "d8281f"),
    "flower": ("d8281f", "1a4aa8", "f7cf1d", "f7cf1d", "1a4aa8"),
    "fish": ("d8281f", "1a4aa8", "f7cf1d", "141414", "f7cf1d"),
    "bird": ("1a4aa8", "141414", "fbfaf4", "141414", "f7cf1d"),
}

PLACE_GROUNDS = {
    "on a beach": ground("5fb4e4", "bfe6f0", "f3dcaa", "e2b979"),
    "in the snow": ground("8fa9c4", "d5e0ea", "f8fbff", "c9d9ec"),
    "at night": ground("0e1638", "2b3a72", "26355a", "131a33"),
    "at sunset": ground("6a4a8c", "ff9a50", "b0583f", "55304a"),
}


def choose_palette(subject: str, painter: str | None, colour: str | None) -> Palette:
    """The subject's colours, as the painter sees them; a colour word is heard by every painter."""
    chosen = NATURAL[subject]
    if painter == "Mondrian":
        chosen = palette(*MONDRIAN[subject])
    if painter == "Vermeer":
        chosen = replace(chosen, **VERMEER.get(subject, {}))
    if colour is not None:
        main, second = COLOUR_WORDS[colour]
        animal = subject in ("labrador", "cat", "bird", "tree")
        chosen = replace(chosen, main=main, second=second if animal else chosen.second)
        if subject == "labrador":
            chosen = replace(chosen, light=mix(main, (1, 1, 1), 0.35))
    return _grade_palette(chosen, painter)


def _grade_palette(chosen: Palette, painter: str | None) -> Palette:
    parts = {part: grade(getattr(chosen, part), painter) for part in ("main", "second", "light", "accent")}
    return replace(chosen, **parts)


def grade(colour: Colour, painter: str | None) -> Colour:
    """A natural colour in the painter's world."""
    match painter:
        case "Vermeer":
            return mix(colour, rgb("7a5526"), 0.18)
        case "Van Gogh":
            return saturate(colour, 1.35)
        case "Mondrian":
            return mix(colour, nearest(colour, INKS["Mondrian"]), 0.85)
        case "Hokusai":
            return mix(colour, nearest(colour, INKS["Hokusai"]), 0.7)
        case "Monet":
            return mix(colour, rgb("d9c6e6"), 0.32)
    return colour


def grade_ground(chosen: Ground, painter: str | None) -> Ground:
    """A place's colours in the painter's world."""
    parts = (grade(part, painter) for part in (chosen.sky, chosen.haze, chosen.far, chosen.near))
    if painter == "Vermeer":
        parts = (mix(part, rgb("2a1c10"), 0.4) for part in parts)
    return Ground(*parts)


def saturate(colour: Colour, amount: float) -> Colour:
    """The colour with its distance from grey multiplied, clipped to 0...1."""
    grey = 0.3 * colour[0] + 0.59 * colour[1] + 0.11 * colour[2]
    red, green, blue = (min(1.0, max(0.0, grey + (part - grey) * amount)) for part in colour)
    return red, green, blue


def nearest(colour: Colour, inks: tuple[Colour, ...]) -> Colour:
    """The ink with the smallest squared distance in RGB."""
    return min(inks, key=lambda ink: sum((a - b) ** 2 for a, b in zip(ink, colour, strict=True)))
