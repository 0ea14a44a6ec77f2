"""The index: in step with the store, rebuilt from the PNGs, and not to be broken by what is in them."""

import os
import sqlite3
import time
from contextlib import closing, suppress
from dataclasses import replace

import pytest

from seedlab.core.errors import SeedLabError
from seedlab.core.recipes.additions import MAX_SEED, Lora
from seedlab.images.index.database import MARKS_FILE, PICTURES_FILE, Database
from seedlab.images.index.indexer import Counts
from seedlab.images.index.marks import Mark
from seedlab.images.index.search import NOBODY, OPERATOR, Search
from seedlab.images.png import write_png
from seedlab.images.store import make_store
from tests.examples import ENVIRONMENT, RECIPE
from tests.images.index.stores import IMAGE, keep, list_index

HOSTILE = (
    '"',
    '" OR *',
    "*",
    "')--",
    "NEAR(a b)",
    "words:fox",
    "fox NOT boat",
    "^fox",
    "%",
    "_",
    "\0",
    "\ud800",
    "(",
    "-",
)


@pytest.fixture(params=[True, False], ids=["fts5", "like"])
def store(request, tmp_path, monkeypatch):
    """A store whose SQLite has FTS5, and one whose has not."""
    if not request.param:
        monkeypatch.setattr("seedlab.images.index.database._has_full_text", lambda _: False)
    store = make_store(tmp_path)
    yield store
    store.close()


def find(store, owner=OPERATOR, **search):
    return [row.name for row in store.index.find(Search(**search), owner).rows]


def test_what_the_store_keeps_is_found_the_newest_first(store):
    names = [keep(store, seed=seed) for seed in (0, 2, MAX_SEED)]
    assert find(store) == names[::-1]
    assert find(store, seed=MAX_SEED) == names[2:]
    row = store.index.read(names[1])
    assert (row.recipe, row.draft_steps, row.mark, row.stars) == (replace(RECIPE, seed=2), None, "", 0)
    assert abs(row.made - time.time()) < 60


def test_all_words_must_be_there_and_may_be_beginnings(store):
    fox, boat = (
        keep(store, prompt="A red fox, artsy"),
        keep(store, prompt="A red boat", late_prompt="Äpfel", late_step=2),
    )
    assert find(store, words="RED") == [boat, fox]
    assert find(store, words="red art") == [fox]
    assert find(store, words="äpf") == [boat]
    assert find(store, words="red moon") == []


def test_words_of_scripts_without_spaces_are_found(store):
    name = keep(store, prompt="月の下の黒い猫")
    keep(store, prompt="赤い船")
    assert find(store, words="黒い猫") == [name]
    assert find(store, words="猫") == [name]


def test_no_search_is_an_expression(store):
    name = keep(store, prompt="fox boat")
    for words in HOSTILE:
        assert find(store, words=words) == ([name] if words == "^fox" else []), words


def test_other_hostile_values_find_nothing(store):
    name = keep(store)
    searches = (
        lambda text: find(store, model=text),
        lambda text: find(store, text),
        lambda text: [store.index.read(text)],
    )
    for text in HOSTILE:
        for search in searches:
            with suppress(SeedLabError):
                assert search(text) == []
    assert find(store) == [name]


def test_hostile_prompts_are_words_as_any_other(store):
    prompts = [f"fox {text}" for text in HOSTILE if text not in ("\0", "\ud800")]
    names = [keep(store, prompt=prompt) for prompt in prompts]
    assert set(find(store, words="fox")) == set(names)
    assert store.index.update(rebuild=True).pictures == len(set(names))


def test_fields_narrow_a_search(store):
    whole, draft = keep(store), keep(store, draft_steps=3)
    other = keep(store, model_id="owner/model", revision="ab" * 20)
    assert find(store, drafts=True) == [draft]
    assert find(store, drafts=False) == [other, whole]
    assert find(store, model="owner/model") == [other]
    assert store.index.count_models() == {"sketch": 2, "owner/model": 1}
    now = time.time()
    assert find(store, since=now + 60) == find(store, until=now - 60) == []
    assert len(find(store, since=now - 60, until=now + 60)) == 3


def test_pages_follow_each_other_while_pictures_come(store):
    names = [keep(store, seed=seed) for seed in range(5)]
    first = store.index.find(Search(), count=2)
    keep(store, seed=9)
    second = store.index.find(Search(), cursor=first.cursor, count=2)
    third = store.index.find(Search(), cursor=second.cursor, count=2)
    assert [row.name for page in (first, second, third) for row in page.rows] == names[::-1]
    assert (first.total, third.cursor) == (5, "")


@pytest.mark.parametrize("cursor", ["x", "W10=", "bnVsbA==", "WzEsIDJd", "W05hTiwgImEiXQ==", "é" * 2000])
def test_a_forged_cursor_is_refused_in_words(store, cursor):
    with pytest.raises(SeedLabError, match="go back to its first page"):
        store.index.find(Search(), cursor=cursor)


def test_what_the_store_evicts_leaves_the_index_and_its_thumbnail(tmp_path):
    first = keep(make_store(tmp_path), seed=1)
    size = (tmp_path / f"{first}.png").stat().st_size
    store = make_store(tmp_path, limit_bytes=size + size // 2)
    thumbnail = store.find_thumbnail(first)
    os.utime(tmp_path / f"{first}.png", (0, 0))
    second = keep(store, seed=2)
    assert find(store) == [second]
    assert not thumbnail.exists()


def test_what_users_do_in_the_folder_is_noticed(store):
    names = [keep(store, seed=seed) for seed in range(3)]
    elsewhere = keep(make_store(store.folder / "other"), seed=7)
    (store.folder / f"{names[0]}.png").unlink()
    (store.folder / "other" / f"{elsewhere}.png").replace(store.folder / f"{elsewhere}.png")
    assert store.index.update() == Counts(pictures=3, added=1, removed=1, unreadable=0)
    assert set(find(store)) == {*names[1:], elsewhere}


def test_the_index_is_made_again_from_the_pictures_and_the_marks_stay(store):
    names = [keep(store, seed=seed, prompt=f"fox {seed}") for seed in range(3)]
    store.index.marks.set({names[0]: Mark("keep", 4)}, OPERATOR)
    store.index.update()
    before = store.index.find(Search())
    store.close()
    for file in (store.folder / "index").glob(f"{PICTURES_FILE}*"):
        file.unlink()
    for name in names:
        os.utime(store.folder / f"{name}.png")  # they were looked at since they were made
    reports = []
    counts = store.index.update(lambda done, total: reports.append((done, total)))
    assert (counts, reports) == (Counts(3, 3, 0, 0), [(0, 3), (3, 3)])
    assert store.index.find(Search()) == before
    assert find(store, mark="keep", stars=4) == names[:1]


def test_an_index_that_is_deleted_while_it_is_used_fills_itself(store):
    name = keep(store)
    for file in (store.folder / "index").glob(f"{PICTURES_FILE}*"):
        file.unlink()
    deadline = time.monotonic() + 10
    while find(store) != [name]:
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("damage", [b"x" * 5000, b"", b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_damaged_index_is_made_anew(store, damage):
    name = keep(store)
    store.close()
    for file in (store.folder / "index").glob(f"{PICTURES_FILE}-*"):
        file.unlink()
    (store.folder / "index" / PICTURES_FILE).write_bytes(damage)
    store.update_index()
    assert store.index.update().pictures == 1
    assert find(store) == [name]


def test_damaged_marks_are_put_aside_and_the_pictures_are_found(store):
    name = keep(store)
    store.close()
    (store.folder / "index" / MARKS_FILE).write_bytes(b"x" * 5000)
    store.update_index()
    assert store.index.update().pictures == 1
    assert find(store) == [name]
    assert list_index(store.folder) == [f"damaged-{MARKS_FILE}", MARKS_FILE, PICTURES_FILE]


def test_pages_of_a_damaged_database_are_noticed_when_they_are_read(store):
    for seed in range(3):
        keep(store, seed=seed)
    store.close()
    file = store.folder / "index" / PICTURES_FILE
    data = bytearray(file.read_bytes())
    data[4096:] = os.urandom(len(data) - 4096)
    file.write_bytes(data)
    with suppress(SeedLabError):
        find(store, words="labrador")
    store.update_index()
    store.index.update()
    assert len(find(store)) == 3


def test_marks_of_a_newer_version_are_left_alone(store):
    keep(store)
    store.close()
    with closing(sqlite3.connect(store.folder / "index" / MARKS_FILE)) as connection:
        connection.execute("PRAGMA user_version=99")
    with pytest.raises(SeedLabError, match="newer SeedLab"):
        find(store)
    keep(store, seed=5)  # pictures are kept all the same
    assert len(list(store.folder.glob("*.png"))) == 2


def test_an_index_of_another_version_is_made_anew(store):
    name = keep(store)
    store.close()
    with closing(sqlite3.connect(store.folder / "index" / PICTURES_FILE)) as connection:
        connection.execute("PRAGMA user_version=99")
    assert store.index.update() == Counts(1, 1, 0, 0)
    assert find(store) == [name]


def test_files_that_say_nothing_are_read_once_and_counted(store, monkeypatch):
    name = keep(store)
    write_png(store.folder / f"{'0' * 64}-{'0' * 16}.png", IMAGE, {})
    (store.folder / f"{'1' * 64}-{'0' * 16}.png").write_bytes(b"junk")
    (store.folder / "holiday.png").write_bytes(b"junk")
    assert store.index.update() == Counts(pictures=1, added=0, removed=0, unreadable=2)
    monkeypatch.setattr("seedlab.images.index.indexer.read_metadata", lambda *_, **__: pytest.fail("read again"))
    assert store.index.update().unreadable == 2
    assert find(store) == [name]


def test_a_store_whose_index_cannot_be_written_keeps_its_pictures(tmp_path):
    (tmp_path / "index").write_text("a file, where the folder would be")
    store = make_store(tmp_path)
    keep(store)
    with pytest.raises(SeedLabError, match="folder of the index"):
        find(store)
    assert store.find(RECIPE, ENVIRONMENT) is not None


def test_paths_of_this_machine_are_not_in_the_index(store):
    lora = Lora(file="/home/ada/secret/style.safetensors", sha256="ab" * 32, weight=1)
    name = keep(store, model_id="/home/ada/secret/model", loras=(lora,))
    store.close()
    assert not any(b"secret" in file.read_bytes() for file in (store.folder / "index").iterdir())
    live = store.index.read(name)
    store.index.update(rebuild=True)
    assert store.index.read(name) == live
    assert live.recipe.model_id == "./model"


def test_a_picture_belongs_to_everyone_who_asked_for_it_and_to_nobody_else(store):
    name, other = keep(store, owner="ada"), keep(store, owner="bob", seed=1)
    unknown = keep(store, owner=NOBODY, seed=2)
    assert (find(store, "ada"), find(store, "bob"), find(store, NOBODY)) == ([name], [other], [])
    assert set(find(store)) == {name, other, unknown}
    assert find(store, "bob", words="labrador", seed=0) == []
    assert store.index.count_models("bob") == {"sketch": 1}
    with pytest.raises(SeedLabError, match="not in the gallery"):
        store.index.read(name, "bob")
    assert store.find(RECIPE, ENVIRONMENT, owner="bob") is not None
    assert find(store, "bob") == [name, other]
    store.index.update(rebuild=True)
    assert find(store, "ada") == [name]


def test_what_visitors_left_is_forgotten_after_a_while(store):
    name = keep(store, owner="ada")
    store.index.marks.set({name: Mark("keep")}, "ada")
    (store.folder / f"{name}.png").unlink()
    store.index.update()
    assert store.index.marks.read([name], "ada")
    with Database(store.folder / "index").write() as connection:
        connection.execute("UPDATE own.owners SET since = 0")
    store.index.update()
    assert store.index.marks.read([name], "ada") == {}


def test_visitors_are_forgotten_where_there_are_too_many(store, monkeypatch):
    monkeypatch.setattr("seedlab.images.index.indexer.MAX_ROWS", 3)
    names = [keep(store, owner=f"visitor {n}", seed=n) for n in range(5)]
    keep(store, seed=9)
    with Database(store.folder / "index").write() as connection:
        for n in range(5):
            connection.execute("UPDATE own.owners SET since = ? WHERE owner = ?", (time.time() + n, f"visitor {n}"))
    store.index.update()
    assert [find(store, f"visitor {n}") for n in range(5)] == [[], [], *([name] for name in names[2:])]
    assert len(find(store)) == 6
