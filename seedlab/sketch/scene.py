"""Scenes: the words (subject, style, modifiers, place, colour) and, independent of them, the composition."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from zlib import crc32

from seedlab.sketch.vocabulary import COLOURS, MODIFIERS, PAINTERS, PLACES, SUBJECTS, TECHNIQUES

PROPS = ("stone", "bush", "cloud", "flock")


@dataclass(frozen=True)
class Composition:
    """The layout of a scene, independent of its words.

    Lengths are fractions of the image side, angles are in radians.

    Args:
        x, y: The centre of the subject.
        size: The length of one subject unit.
        turn: How far the subject turns right (positive) or left (negative), up to 1. Never 0.
        tilt: The rotation of the subject.
        horizon: The height of the horizon, from the top.
        light: The side the light comes from: -1 (left) or 1 (right).
        smile: How much the subject smiles, 0...1. Some subjects use it for other details.
        swirl_x, swirl_y: The centre of the swirl in the sky. Patterns also use it as a phase.
        moon_x, moon_y: The position of the sun or moon.
        hill: The position of the hills, 0...1. Patterns also use it as a phase.
        pose: The position of limbs, sails, smoke and the like, 0...1.
        prop: One of `PROPS`, an object next to or behind the subject.
        prop_x: The position of the prop, 0...1.
        prop_size: The size of the prop, 0...1.

    Raises:
        ValueError: If `turn` is 0, `size` is not positive, or `light` is neither -1 nor 1.
    """

    x: float = 0.5
    y: float = 0.52
    size: float = 0.32
    turn: float = 0.6
    tilt: float = 0.0
    horizon: float = 0.68
    light: float = -1.0
    smile: float = 0.5
    swirl_x: float = 0.3
    swirl_y: float = 0.3
    moon_x: float = 0.8
    moon_y: float = 0.18
    hill: float = 0.5
    pose: float = 0.5
    prop: str | None = None
    prop_x: float = 0.2
    prop_size: float = 0.5

    def __post_init__(self) -> None:
        if self.turn == 0 or self.size <= 0 or self.light not in (-1.0, 1.0):
            raise ValueError("A composition needs a nonzero turn, a positive size, and light of -1 or 1.")


@dataclass(frozen=True)
class Scene:
    """The words of an image and its composition. `style` is a painter or a technique such as "watercolor"."""

    subject: str
    style: str | None = None
    modifiers: tuple[str, ...] = ()
    place: str | None = None
    colour: str | None = None
    composition: Composition = Composition()


def sample_composition(rng: Random) -> Composition:
    """Sample a composition."""
    return Composition(
        x=rng.uniform(0.28, 0.72),
        y=rng.uniform(0.45, 0.65),
        size=rng.uniform(0.22, 0.39),
        turn=rng.choice((-1, 1)) * rng.uniform(0.25, 1.0),
        tilt=rng.uniform(-0.2, 0.2),
        horizon=rng.uniform(0.55, 0.85),
        light=rng.choice((-1.0, 1.0)),
        smile=rng.random(),
        swirl_x=rng.uniform(0.1, 0.9),
        swirl_y=rng.uniform(0.1, 0.4),
        moon_x=rng.choice((rng.uniform(0.1, 0.25), rng.uniform(0.75, 0.9))),
        moon_y=rng.uniform(0.12, 0.26),
        hill=rng.random(),
        pose=rng.random(),
        prop=rng.choice((None, None, *PROPS)),
        prop_x=rng.random(),
        prop_size=rng.random(),
    )


def sample_scene(rng: Random) -> Scene:
    """Sample the composition first, then independent words that are not held out."""
    composition = sample_composition(rng)
    scene = _sample_words(rng, composition)
    while is_held_out(scene):
        scene = _sample_words(rng, composition)
    return scene


def is_held_out(scene: Scene) -> bool:
    """Whether this combination of subject, style and modifiers is held out for evaluation (one in 16)."""
    words = f"{scene.subject}, {scene.style}, {scene.modifiers}"
    return bool(scene.modifiers) and crc32(words.encode()) % 16 == 0


def _sample_words(rng: Random, composition: Composition) -> Scene:
    count = rng.choices((0, 1, 2), (5, 8, 1))[0]
    return Scene(
        subject=rng.choices(SUBJECTS, [2 if subject == "labrador" else 1 for subject in SUBJECTS])[0],
        style=rng.choice((None, None, *PAINTERS, *TECHNIQUES)) if rng.random() < 0.93 else "Vermeer",
        modifiers=tuple(rng.sample(MODIFIERS, count)),
        place=rng.choice(PLACES) if rng.random() < 0.25 else None,
        colour=rng.choice(COLOURS) if rng.random() < 0.25 else None,
        composition=composition,
    )
