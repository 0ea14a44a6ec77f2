"""What a drawing shows: words (subject, painter, modifiers, place, colour) and, apart from them, the composition."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from seedlab.sketch.vocabulary import COLOURS, MODIFIERS, PAINTERS, PLACES, SUBJECTS


@dataclass(frozen=True)
class Composition:
    """Where things are; the same whatever the words say. Lengths are in pictures' sides, angles in radians."""

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
        x=rng.uniform(0.33, 0.67),
        y=rng.uniform(0.48, 0.63),
        size=rng.uniform(0.24, 0.37),
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
    )


def sample_scene(rng: Random) -> Scene:
    """A scene drawn from `rng`: first the composition, then words that know nothing of it."""
    composition = sample_composition(rng)
    weights = [2 if subject == "labrador" else 1 for subject in SUBJECTS]
    return Scene(
        subject=rng.choices(SUBJECTS, weights)[0],
        painter=rng.choice((None, *PAINTERS)) if rng.random() < 0.9 else "Vermeer",
        modifiers=_sample_modifiers(rng),
        place=rng.choice(PLACES) if rng.random() < 0.15 else None,
        colour=rng.choice(COLOURS) if rng.random() < 0.15 else None,
        composition=composition,
    )


def _sample_modifiers(rng: Random) -> tuple[str, ...]:
    count = rng.choices((0, 1, 2), (4, 5, 1))[0]
    return tuple(rng.sample(MODIFIERS, count))


def caption(scene: Scene, rng: Random) -> str:
    """The scene in words; `rng` chooses among wordings. Modifiers keep their order, each after a comma."""
    head = _name_subject(scene, rng)
    text = head if scene.painter is None else _name_painter(head, scene.painter, rng)
    spoken = text[0].upper() + text[1:] if rng.random() < 0.5 else text
    return ", ".join((spoken, *scene.modifiers))


def _name_subject(scene: Scene, rng: Random) -> str:
    words = scene.subject if scene.colour is None else f"{scene.colour} {scene.subject}"
    article = rng.choice(("", "a ", "the ", "painting of a ", "a picture of a "))
    return article + words if scene.place is None else f"{article}{words} {scene.place}"


def _name_painter(head: str, painter: str, rng: Random) -> str:
    forms = ("{} in the style of {}", "{} in the style of {}", "{} by {}", "{}, {}", "{} painted by {}", "a {1} {0}")
    form = rng.choice(forms[:-1] if head.startswith(("a ", "the ", "painting")) else forms)
    return form.format(head, painter)
