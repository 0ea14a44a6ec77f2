"""What a drawing shows: words (subject, painter, modifiers, place, colour) and, apart from them, the composition."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from zlib import crc32

from seedlab.sketch.vocabulary import COLOURS, MANNERS, MODIFIERS, PAINTERS, PLACES, SUBJECTS

PROPS = ("stone", "bush", "cloud", "flock")


@dataclass(frozen=True)
class Composition:
    """Where things are; the same whatever the words say. Lengths are in pictures' sides, angles in radians.

    `pose`, 0...1, is how limbs, sails and smoke are; `prop` is one of `PROPS`, an object beside or behind the subject.
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
            raise ValueError("a composition needs a turn other than 0, a size above 0, and light from -1 or 1")


@dataclass(frozen=True)
class Scene:
    """A picture in words, and its composition."""

    subject: str
    painter: str | None = None
    modifiers: tuple[str, ...] = ()
    place: str | None = None
    colour: str | None = None
    composition: Composition = Composition()


def sample_composition(rng: Random) -> Composition:
    """A composition drawn from `rng`, which alone decides it."""
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
    """A scene drawn from `rng`: first the composition, then words that know nothing of it and are not held out."""
    composition = sample_composition(rng)
    scene = _sample_words(rng, composition)
    while is_held_out(scene):
        scene = _sample_words(rng, composition)
    return scene


def is_held_out(scene: Scene) -> bool:
    """Whether training never sees this combination of subject, painter and modifiers: one in 16, to examine with."""
    words = f"{scene.subject}, {scene.painter}, {scene.modifiers}"
    return bool(scene.modifiers) and crc32(words.encode()) % 16 == 0


def _sample_words(rng: Random, composition: Composition) -> Scene:
    count = rng.choices((0, 1, 2), (5, 8, 1))[0]
    return Scene(
        subject=rng.choices(SUBJECTS, [2 if subject == "labrador" else 1 for subject in SUBJECTS])[0],
        painter=rng.choice((None, None, *PAINTERS, *MANNERS)) if rng.random() < 0.93 else "Vermeer",
        modifiers=tuple(rng.sample(MODIFIERS, count)),
        place=rng.choice(PLACES) if rng.random() < 0.25 else None,
        colour=rng.choice(COLOURS) if rng.random() < 0.25 else None,
        composition=composition,
    )
