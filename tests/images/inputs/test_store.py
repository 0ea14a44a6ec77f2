"""The users' own pictures are kept, within limits, each for its owner alone."""

import os
from dataclasses import replace

import pytest
from PIL import Image

from seedlab.core.errors import SeedLabError
from seedlab.images.index.search import NOBODY, OPERATOR
from seedlab.images.inputs.reading import read_input
from seedlab.images.inputs.store import InputStore

ANNA, BERT = "a" * 32, "b" * 32


@pytest.fixture
def photo(tmp_path):
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "a secret camera"
    Image.effect_noise((40, 24), 60).convert("RGB").save(tmp_path / "photo.jpg", exif=exif)
    return tmp_path / "photo.jpg"


def test_a_picture_is_kept_upright_and_without_metadata(tmp_path, photo):
    store = InputStore(tmp_path / "inputs")
    taken = store.take(photo, OPERATOR)
    (kept,) = store.folder.iterdir()
    assert kept.name == f"{taken.picture.sha256}-24x40.png"
    assert b"secret" not in kept.read_bytes()
    photo.unlink()
    assert InputStore(store.folder).load(taken.picture, OPERATOR).tobytes() == taken.image.tobytes()
    assert store.load(replace(taken.picture, file="renamed.jpg"), OPERATOR).size == (24, 40)


def test_nobody_else_can_use_it_not_even_by_its_hash(tmp_path, photo):
    store = InputStore(tmp_path / "inputs")
    picture = store.take(photo, ANNA).picture
    unknown = replace(picture, sha256="0" * 64)
    sentences = set()
    for owner, wanted in ((BERT, picture), (NOBODY, picture), (OPERATOR, picture), (ANNA, unknown)):
        assert not store.has(wanted, owner)
        with pytest.raises(SeedLabError) as caught:
            store.load(wanted, owner)
        sentences.add(str(caught.value).replace(wanted.sha256[:12], ""))
    assert len(sentences) == 1, "what another has and what nobody has look the same"
    store.take(photo, BERT)
    assert store.has(picture, BERT)
    assert store.has(picture, ANNA)


def test_a_visitor_without_a_cookie_is_told_so(tmp_path, photo):
    with pytest.raises(SeedLabError, match="This browser keeps no cookies, so a picture of your own cannot be kept"):
        InputStore(tmp_path / "inputs").take(photo, NOBODY)
    assert not (tmp_path / "inputs").exists()


def test_the_least_recently_used_are_deleted(tmp_path):
    store = InputStore(tmp_path / "inputs", total_bytes=9_000, owner_bytes=6_000)
    pictures = {}
    for number, owner in enumerate((ANNA, ANNA, ANNA, BERT, BERT)):
        file = tmp_path / f"{number}.png"
        Image.effect_noise((32, 32), 60 + number).convert("RGB").save(file)
        pictures[number] = store.take(file, owner).picture
        for age, each in enumerate(sorted(store.folder.iterdir(), key=lambda each: each.stat().st_mtime)):
            os.utime(each, (age, age))
    there = [
        number for number, owner in enumerate((ANNA, ANNA, ANNA, BERT, BERT)) if store.has(pictures[number], owner)
    ]
    size = sum(each.stat().st_size for each in store.folder.iterdir())
    assert there[-1] == 4
    assert 0 not in there
    assert size <= 9_000


@pytest.mark.parametrize("damage", [b"", b"junk", None])
def test_a_damaged_copy_is_as_good_as_none(tmp_path, photo, damage):
    store = InputStore(tmp_path / "inputs")
    picture = store.take(photo, OPERATOR).picture
    (kept,) = store.folder.iterdir()
    if damage is None:
        Image.new("RGB", (24, 40)).save(kept)
    else:
        kept.write_bytes(damage)
    with pytest.raises(
        SeedLabError, match=r"starts from “photo.jpg” \(24×40, SHA-256 [0-9a-f]{12}…\), which is not here"
    ):
        store.load(picture, OPERATOR)
    taken = store.take(photo, OPERATOR)  # as the sentence asks for
    assert store.load(picture, OPERATOR).tobytes() == taken.image.tobytes()


def test_a_copy_that_is_deleted_while_it_is_read_does_not_come_back_empty(tmp_path, photo, monkeypatch):
    store = InputStore(tmp_path / "inputs")
    picture = store.take(photo, OPERATOR).picture
    (kept,) = store.folder.iterdir()
    monkeypatch.setattr(InputStore, "find", lambda *_: kept)
    kept.unlink()
    with pytest.raises(SeedLabError, match="which is not here"):
        store.load(picture, OPERATOR)
    assert not kept.exists()


def test_it_is_found_among_others_whatever_it_is_called(tmp_path, photo):
    picture = read_input(photo).picture
    same = photo.rename(tmp_path / "other-name.jpg")
    Image.new("RGB", (24, 40)).save(tmp_path / "as-large.png")
    (tmp_path / "broken.png").write_bytes(b"junk")
    found = InputStore(None).find_among(picture, [tmp_path / "broken.png", tmp_path / "as-large.png", same])
    assert found.picture == picture
    assert InputStore(None).find_among(replace(picture, sha256="0" * 64), [same]) is None


def test_the_operators_are_found_in_other_folders_too(tmp_path, photo):
    first = InputStore(tmp_path / "first")
    picture = first.take(photo, OPERATOR).picture
    second = InputStore(tmp_path / "second", (tmp_path / "first",))
    assert second.load(picture, OPERATOR).size == (24, 40)
    assert not second.has(picture, ANNA)
