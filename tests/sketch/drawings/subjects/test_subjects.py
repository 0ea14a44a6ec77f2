"""All subjects: position, pose and colours."""

from dataclasses import replace
from itertools import cycle

import numpy as np
import pytest

from seedlab.sketch.drawings.draw import paint
from seedlab.sketch.drawings.subjects.registry import SUBJECTS, colour_subject
from seedlab.sketch.scene import Composition, Scene
from seedlab.sketch.vocabulary import COLOURS, MODIFIERS, PLACES
from seedlab.sketch.vocabulary import SUBJECTS as WORDS
from tests.sketch.drawings.rendering import coverage

UNTILTED = Composition(size=0.3, tilt=0.0)
BUSTS = ("labrador", "cat", "rabbit", "horse")
"""Subjects that extend below the image."""

POSABLE = (
    "fox", "rabbit", "horse", "elephant", "turtle", "owl", "penguin", "castle", "lighthouse", "windmill", "car",
    "train", "balloon", "rocket", "cactus", "mushroom", "teapot", "guitar", "apple",
)  # fmt: skip
"""Subjects with limbs, flags, sails, smoke or leaves that move."""

TURNABLE = (
    "labrador", "cat", "fox", "rabbit", "owl", "penguin", "house", "castle", "windmill", "boat", "car", "balloon",
    "flower", "cactus", "guitar",
)  # fmt: skip
"""Subjects with a visible side, or with features that move as they turn."""

COSTUMED = ("labrador", "cat", "fox")


def render(subject: str, composition: Composition) -> np.ndarray:
    """Render the pixels of the subject on black."""
    canvas = paint(Scene(subject, composition=composition), 48)
    return canvas.pixels * canvas.subject[..., None]


def differs(first: np.ndarray, second: np.ndarray) -> bool:
    """Whether some pixels are clearly different."""
    return bool((np.abs(first - second).max(2) > 0.1).sum() >= 4)


def test_subjects_match_the_vocabulary() -> None:
    assert set(SUBJECTS) == set(WORDS)


@pytest.mark.parametrize("subject", WORDS)
def test_words_do_not_move_the_subject(subject: str) -> None:
    plain = Scene(subject, composition=UNTILTED)
    where = coverage(plain)
    painters = ("Monet", "pixel art", None if subject in COSTUMED else "Vermeer")
    others = [
        replace(plain, style=style, place=place, colour=colour, modifiers=(modifier,))
        for style, place, colour, modifier in zip(cycle(painters), cycle(PLACES), cycle(COLOURS), MODIFIERS)
    ]
    for other in others:
        assert np.array_equal(coverage(other), where), other


@pytest.mark.parametrize("subject", COSTUMED)
def test_vermeers_costume_only_adds_to_the_subject(subject: str) -> None:
    plain, dressed = (coverage(Scene(subject, style, composition=UNTILTED)) for style in (None, "Vermeer"))
    assert 0.01 < (dressed - plain).mean() < 0.15
    assert (plain - dressed).max() == 0


@pytest.mark.parametrize("subject", WORDS)
def test_outlines_only_enlarge_the_subject(subject: str) -> None:
    plain, inked = (coverage(Scene(subject, style, composition=UNTILTED)) for style in (None, "stained glass"))
    assert (plain - inked).max() < 0.02
    assert inked.sum() < 1.35 * plain.sum()


@pytest.mark.parametrize("turn", [-1.0, 1.0])
@pytest.mark.parametrize(("x", "y"), [(0.28, 0.45), (0.72, 0.65)])
@pytest.mark.parametrize("subject", WORDS)
def test_subject_stays_mostly_inside_the_image(subject: str, x: float, y: float, turn: float) -> None:
    # Renders the image as the middle one of nine, to see what it would cut off.
    far = Composition(x=(x + 1) / 3, y=(y + 1) / 3, size=0.39 / 3, turn=turn, tilt=0.2, pose=1.0)
    where = coverage(Scene(subject, composition=far), 96)
    inside = where[32:64, 32:64].sum()
    expected = where[:64].sum() if subject in BUSTS else where.sum()
    assert inside > 0.68 * expected


@pytest.mark.parametrize("subject", WORDS)
def test_subject_is_around_its_centre(subject: str) -> None:
    rows, columns = np.nonzero(coverage(Scene(subject, composition=replace(UNTILTED, x=0.6, y=0.4))) > 0.5)
    assert columns.mean() / 48 == pytest.approx(0.6, abs=0.1)
    assert rows.min() / 48 < 0.4 < rows.max() / 48


@pytest.mark.parametrize("subject", WORDS)
def test_turn_changes_the_side_the_subject_faces(subject: str) -> None:
    right, left = (render(subject, replace(UNTILTED, turn=turn)) for turn in (0.7, -0.7))
    assert differs(right, left)


@pytest.mark.parametrize("subject", POSABLE)
def test_pose_changes_the_image(subject: str) -> None:
    # Compares whole images, because the lighthouse's beam is not part of the subject.
    poses = (replace(UNTILTED, size=0.4, pose=pose) for pose in (0.0, 0.4, 1.0))
    low, middle, high = (paint(Scene(subject, composition=pose), 48).pixels for pose in poses)
    assert differs(low, middle)
    assert differs(middle, high)


@pytest.mark.parametrize("subject", TURNABLE)
def test_turn_shows_more_of_the_side(subject: str) -> None:
    front, side = (render(subject, replace(UNTILTED, size=0.4, turn=turn)) for turn in (0.25, 1.0))
    assert differs(front, side)


@pytest.mark.parametrize("subject", WORDS)
def test_tilt_changes_the_subject(subject: str) -> None:
    left, right = (render(subject, replace(UNTILTED, tilt=tilt)) for tilt in (-0.2, 0.2))
    assert differs(left, right)


@pytest.mark.parametrize("subject", WORDS)
def test_colour_word_changes_every_subject(subject: str) -> None:
    red, blue = (paint(Scene(subject, colour=colour, composition=UNTILTED), 48) for colour in ("red", "blue"))
    where = red.subject > 0.5
    redder = (red.pixels - blue.pixels)[where].mean(0)
    assert redder[0] > 0.1
    assert redder[2] < -0.1


def test_vermeer_and_mondrian_have_their_own_colours() -> None:
    natural, vermeer, mondrian = (colour_subject("boat", style, None).main for style in (None, "Vermeer", "Mondrian"))
    assert natural[0] > natural[2]
    assert vermeer[2] > vermeer[0]
    assert mondrian[2] > mondrian[0]
