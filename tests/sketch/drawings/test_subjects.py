"""What can be drawn: every word, where its composition puts it, whatever the other words say."""

from dataclasses import replace
from itertools import cycle

import numpy as np
import pytest

from seedlab.sketch.drawings.draw import paint
from seedlab.sketch.drawings.subjects import SUBJECTS, colour_subject
from seedlab.sketch.scene import Composition, Scene
from seedlab.sketch.vocabulary import COLOURS, MODIFIERS, PLACES
from seedlab.sketch.vocabulary import SUBJECTS as WORDS
from tests.sketch.drawings.pictures import coverage

STRAIGHT = Composition(size=0.3, tilt=0.0)
BUSTS = ("labrador", "cat", "rabbit", "horse")
"""Their shoulders go on below the picture."""

LIVELY = (
    "fox", "rabbit", "horse", "elephant", "turtle", "owl", "penguin", "castle", "lighthouse", "windmill", "car",
    "train", "balloon", "rocket", "cactus", "mushroom", "teapot", "guitar", "apple",
)  # fmt: skip
"""What has limbs, flags, sails, smoke or leaves that move."""

DEEP = (
    "labrador", "cat", "fox", "rabbit", "owl", "penguin", "house", "castle", "windmill", "boat", "car", "balloon",
    "flower", "cactus", "guitar",
)  # fmt: skip
"""What has a second side, or features that move across its face."""

COSTUMED = ("labrador", "cat", "fox")


def see(subject: str, composition: Composition) -> np.ndarray:
    """The subject's own pixels, black elsewhere."""
    canvas = paint(Scene(subject, composition=composition), 48)
    return canvas.pixels * canvas.subject[..., None]


def is_other(first: np.ndarray, second: np.ndarray) -> bool:
    """Whether at least some pixels are clearly different."""
    return bool((np.abs(first - second).max(2) > 0.1).sum() >= 4)


def test_every_word_has_a_drawer_and_no_drawer_lacks_a_word() -> None:
    assert set(SUBJECTS) == set(WORDS)


@pytest.mark.parametrize("subject", WORDS)
def test_words_never_move_a_subject(subject: str) -> None:
    plain = Scene(subject, composition=STRAIGHT)
    where = coverage(plain)
    painters = ("Monet", "pixel art", None if subject in COSTUMED else "Vermeer")
    others = [
        replace(plain, painter=painter, place=place, colour=colour, modifiers=(modifier,))
        for painter, place, colour, modifier in zip(cycle(painters), cycle(PLACES), cycle(COLOURS), MODIFIERS)
    ]
    for other in others:
        assert np.array_equal(coverage(other), where), other


@pytest.mark.parametrize("subject", COSTUMED)
def test_vermeer_dresses_his_sitters_up_where_they_are(subject: str) -> None:
    plain, dressed = (coverage(Scene(subject, painter, composition=STRAIGHT)) for painter in (None, "Vermeer"))
    assert 0.01 < (dressed - plain).mean() < 0.15
    assert (plain - dressed).max() == 0


@pytest.mark.parametrize("subject", WORDS)
def test_ink_only_fattens_a_subject(subject: str) -> None:
    plain, inked = (coverage(Scene(subject, painter, composition=STRAIGHT)) for painter in (None, "stained glass"))
    assert (plain - inked).max() < 0.02
    assert inked.sum() < 1.35 * plain.sum()


@pytest.mark.parametrize("turn", [-1.0, 1.0])
@pytest.mark.parametrize(("x", "y"), [(0.28, 0.45), (0.72, 0.65)])
@pytest.mark.parametrize("subject", WORDS)
def test_every_subject_stays_mostly_inside_the_picture(subject: str, x: float, y: float, turn: float) -> None:
    # The picture is the middle one of nine: what is drawn in the others would be lost.
    far = Composition(x=(x + 1) / 3, y=(y + 1) / 3, size=0.39 / 3, turn=turn, tilt=0.2, pose=1.0)
    where = coverage(Scene(subject, composition=far), 96)
    inside = where[32:64, 32:64].sum()
    owed = where[:64].sum() if subject in BUSTS else where.sum()
    assert inside > 0.68 * owed


@pytest.mark.parametrize("subject", WORDS)
def test_a_subject_is_around_its_middle(subject: str) -> None:
    rows, columns = np.nonzero(coverage(Scene(subject, composition=replace(STRAIGHT, x=0.6, y=0.4))) > 0.5)
    assert columns.mean() / 48 == pytest.approx(0.6, abs=0.1)
    assert rows.min() / 48 < 0.4 < rows.max() / 48


@pytest.mark.parametrize("subject", WORDS)
def test_a_subject_looks_to_the_side_that_it_turns_to(subject: str) -> None:
    right, left = (see(subject, replace(STRAIGHT, turn=turn)) for turn in (0.7, -0.7))
    assert is_other(right, left)


@pytest.mark.parametrize("subject", LIVELY)
def test_the_pose_moves_what_can_move(subject: str) -> None:
    # The whole picture, as a beam of light is no part of its lighthouse.
    poses = (replace(STRAIGHT, size=0.4, pose=pose) for pose in (0.0, 0.4, 1.0))
    low, middle, high = (paint(Scene(subject, composition=pose), 48).pixels for pose in poses)
    assert is_other(low, middle)
    assert is_other(middle, high)


@pytest.mark.parametrize("subject", DEEP)
def test_what_has_depth_shows_more_of_its_side_as_it_turns(subject: str) -> None:
    front, side = (see(subject, replace(STRAIGHT, size=0.4, turn=turn)) for turn in (0.25, 1.0))
    assert is_other(front, side)


@pytest.mark.parametrize("subject", WORDS)
def test_a_subject_tilts(subject: str) -> None:
    left, right = (see(subject, replace(STRAIGHT, tilt=tilt)) for tilt in (-0.2, 0.2))
    assert is_other(left, right)


@pytest.mark.parametrize("subject", WORDS)
def test_the_colour_word_shows_on_every_subject(subject: str) -> None:
    red, blue = (paint(Scene(subject, colour=colour, composition=STRAIGHT), 48) for colour in ("red", "blue"))
    where = red.subject > 0.5
    redder = (red.pixels - blue.pixels)[where].mean(0)
    assert redder[0] > 0.1
    assert redder[2] < -0.1


def test_vermeer_and_mondrian_choose_their_own_colours() -> None:
    natural, vermeer, mondrian = (
        colour_subject("boat", painter, None).main for painter in (None, "Vermeer", "Mondrian")
    )
    assert natural[0] > natural[2]
    assert vermeer[2] > vermeer[0]
    assert mondrian[2] > mondrian[0]
