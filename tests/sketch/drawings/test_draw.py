"""Drawings: deterministic, and the words never move the subject."""

from dataclasses import replace
from random import Random

import numpy as np
import pytest

from seedlab.sketch.drawings.draw import draw, make_sheet, paint
from seedlab.sketch.scene import Scene, sample_composition
from seedlab.sketch.vocabulary import COLOURS, MODIFIERS, PAINTERS, PLACES, SUBJECTS

SIZE = 48


def pixels(scene: Scene, size: int = SIZE) -> np.ndarray:
    return np.asarray(draw(scene, size))


def difference(first: Scene, second: Scene) -> float:
    return float(np.abs(pixels(first).astype(int) - pixels(second)).mean())


@pytest.mark.parametrize("subject", SUBJECTS)
@pytest.mark.parametrize("painter", [None, *PAINTERS])
def test_every_subject_draws_in_every_manner_and_twice_the_same(subject: str, painter: str | None) -> None:
    scene = Scene(subject, painter)
    assert np.array_equal(pixels(scene), pixels(scene))
    assert 0.02 < paint(scene, SIZE).subject.mean() < 0.8


@pytest.mark.parametrize("subject", SUBJECTS)
def test_suffixes_change_the_picture_and_keep_the_subject_where_it_is(subject: str) -> None:
    plain = Scene(subject, "Vermeer", composition=sample_composition(Random(3)))
    where = paint(plain, SIZE).subject
    for modifier in MODIFIERS:
        modified = replace(plain, modifiers=(modifier,))
        assert np.array_equal(paint(modified, SIZE).subject, where)
        assert difference(plain, modified) > 4


def test_painters_places_and_colours_all_show() -> None:
    plain = Scene("house")
    others = [replace(plain, painter=painter) for painter in PAINTERS]
    others += [replace(plain, place=place) for place in PLACES]
    others += [replace(plain, colour=colour) for colour in COLOURS if colour != "white"]
    assert all(difference(plain, other) > 2 for other in others)


def test_other_compositions_put_the_subject_elsewhere() -> None:
    scenes = [Scene("labrador", composition=sample_composition(Random(seed))) for seed in range(6)]
    middles = {tuple(np.argwhere(paint(scene, SIZE).subject > 0.5).mean(0).round(1)) for scene in scenes}
    assert len(middles) == 6


def test_a_larger_drawing_is_the_same_picture() -> None:
    scene = Scene("boat", "Hokusai")
    small = np.asarray(draw(scene, 128).resize((32, 32)), int)
    large = np.asarray(draw(scene, 256).resize((32, 32)), int)
    assert np.abs(small - large).mean() < 4


def test_a_sheet_holds_its_pictures_row_by_row() -> None:
    pictures = [draw(Scene(subject), SIZE) for subject in SUBJECTS[:3]]
    sheet = make_sheet(pictures, columns=2, gap=2)
    assert sheet.size == (2 * SIZE + 6, 2 * SIZE + 6)
    corner = sheet.crop((2, SIZE + 4, 2 + SIZE, 2 * SIZE + 4))
    assert np.array_equal(np.asarray(corner), np.asarray(pictures[2]))
