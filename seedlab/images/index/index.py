"""The index of a store: one row for each picture, kept in step as pictures come and go."""

import re
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from sqlite3 import Connection
from threading import Lock, Thread

from seedlab.core.errors import SeedLabError
from seedlab.images.index.database import Database, IndexUnavailableError
from seedlab.images.index.marks import Marks
from seedlab.images.index.row import Row
from seedlab.images.index.search import (
    MAX_COUNT,
    NOBODY,
    OPERATOR,
    Query,
    Search,
    read_cursor,
    write_cursor,
    write_query,
)
from seedlab.images.metadata import read_metadata

BATCH = 100
"""Pictures that are written together while the index is updated: others may read and write in between."""

FORGET_SECONDS = 90 * 24 * 3600.0
"""After this time, what visitors marked is forgotten if the store has deleted the picture."""

MAX_ROWS = 500_000
"""What is kept of all visitors of a public host: rows of who made which picture, and of named seeds."""

ADD = """
INSERT INTO pictures (name, fingerprint, family, seed, model, words, draft_steps, made, recipe)
VALUES (:name, :fingerprint, :family, :seed, :model, :words, :draft_steps, :made, :recipe)
ON CONFLICT (name) DO NOTHING
"""
OWN = "INSERT INTO own.owners (owner, name, since) VALUES (?, ?, ?) ON CONFLICT (owner, name) DO NOTHING"
FORGET_OWNERS = """
DELETE FROM own.owners WHERE owner != ? AND since < ? AND name NOT IN (SELECT name FROM main.pictures)
"""
FORGET_MARKS = """
DELETE FROM own.marks WHERE owner != ? AND (owner, name) NOT IN (SELECT owner, name FROM own.owners)
"""

Report = Callable[[int, int], object]
"""Is told how many of how many new pictures were read."""


@dataclass(frozen=True)
class Found:
    """One page of a search.

    Attributes:
        cursor: where the next page begins; "" on the last page.
        total: the number of pictures on all pages.
    """

    rows: tuple[Row, ...]
    cursor: str
    total: int


@dataclass(frozen=True)
class Counts:
    """What an update of the index did.

    Attributes:
        pictures: in the index now.
        added, removed: rows.
        unreadable: files in the store that do not say how they were made.
    """

    pictures: int
    added: int
    removed: int
    unreadable: int


class Index:
    """The index of the pictures in a folder. All methods are thread-safe, and several processes may share it.

    Writing never fails: an index that cannot be written to is corrected by the next `update`.

    Attributes:
        marks: what visitors said about the pictures.
    """

    def __init__(self, store: Path, folder: Path, is_picture: Callable[[str], re.Match[str] | None]) -> None:
        """Set up the index; nothing is opened yet.

        Args:
            store: the folder of the pictures.
            folder: that of the index.
            is_picture: whether a file of this name is a picture of the store.
        """
        self._store, self._is_picture = store, is_picture
        self._database = Database(folder)
        self._updating = Lock()
        self.marks = Marks(self._database)

    def add(self, row: Row, owner: str = OPERATOR) -> None:
        """Add a picture that was just written, and whose it is."""

        def change(connection: Connection) -> None:
            _add(connection, [row])
            if owner != NOBODY:
                connection.execute(OWN, (owner, row.name, row.made))

        self._try_to_write(change)

    def own(self, name: str, owner: str) -> None:
        """Note that a picture which was there already belongs to this owner too: they asked for its recipe."""
        if owner not in (OPERATOR, NOBODY):
            self._try_to_write(lambda connection: connection.execute(OWN, (owner, name, time.time())))

    def remove(self, names: Iterable[str]) -> None:
        """Remove pictures that the store has deleted. What was said about them stays for a while."""
        rows = [(name,) for name in names]
        if rows:
            self._try_to_write(lambda c: c.executemany("DELETE FROM pictures WHERE name = ?", rows))

    def find(self, search: Search, owner: str = OPERATOR, cursor: str = "", count: int = 60) -> Found:
        """Return one page of an owner's pictures, the newest first.

        Args:
            cursor: of the page before; "" for the first page.
            count: of pictures on the page, 1...500.

        Raises:
            SeedLabError: the cursor is not one, or the index cannot be read.
        """
        self._begin_if_new()
        count = max(1, min(count, MAX_COUNT))
        with self._database.read() as connection:
            query = write_query(search, owner, has_full_text=self._database.has_full_text)
            total = connection.execute(f"SELECT COUNT(*) {query.text}", query.parameters).fetchone()[0]
            selected = _select(connection, query, cursor, count + 1)
        # One more than asked for: then there is a next page.
        last = selected[count - 1] if len(selected) > count else None
        next_cursor = "" if last is None else write_cursor(last["date"], last["name"])
        return Found(tuple(_read_rows(selected[:count])), next_cursor, total)

    def read(self, name: str, owner: str = OPERATOR) -> Row:
        """Return a picture of an owner.

        Raises:
            SeedLabError: they have no such picture, or the index cannot be read.
        """
        with self._database.read() as connection:
            query = write_query(Search(), owner).where("p.name = :name", name=name)
            for row in _read_rows(_select(connection, query, "", 1)):
                return row
        raise SeedLabError("This picture is not in the gallery any more: make it again.")

    def count_models(self, owner: str = OPERATOR) -> dict[str, int]:
        """Return how many pictures an owner has of each model, by the models' ids, most first.

        Raises:
            SeedLabError: the index cannot be read.
        """
        with self._database.read() as connection:
            query = write_query(Search(), owner)
            statement = f"SELECT p.model, COUNT(*) AS n {query.text} GROUP BY p.model ORDER BY n DESC"
            rows = connection.execute(statement, query.parameters).fetchall()
        return {row["model"]: row["n"] for row in rows}

    def update(self, report: Report = lambda _done, _total: None, *, rebuild: bool = False) -> Counts:
        """Bring the index in step with the store's folder: files may have been added and deleted by others.

        Args:
            rebuild: whether it is made anew. The marks stay.

        Raises:
            SeedLabError: the index cannot be read or written.
        """
        with self._updating:
            if rebuild:
                self._database.delete_pictures()
            with self._database.read() as connection:
                # Before the folder is listed: pictures that are kept meanwhile have a file before they have a row.
                known = {row[0] for row in connection.execute("SELECT name FROM pictures")}
                unreadable = {row[0] for row in connection.execute("SELECT name FROM unreadable")}
            self._database.is_new = False
            there = self._list_files()
            gone = (known | unreadable) - there.keys()
            self._remove_gone(gone)
            new = sorted(there.keys() - known - unreadable, key=there.__getitem__)
            added = self._add_new({name: there[name] for name in new}, report)
            return self._count(added, len(gone & known))

    def close(self) -> None:
        """Close the databases."""
        self._database.close()

    def _list_files(self) -> dict[str, float]:
        """Return the times of the last use of the store's pictures, in seconds, by name."""
        found: dict[str, float] = {}
        with suppress(OSError):
            for file in self._store.iterdir():
                if self._is_picture(file.name):
                    with suppress(OSError):  # deleted meanwhile
                        found[file.stem] = file.stat().st_mtime
        return found

    def _remove_gone(self, names: Iterable[str]) -> None:
        with self._database.write() as connection:
            for table in ("pictures", "unreadable"):
                connection.executemany(f"DELETE FROM {table} WHERE name = ?", [(name,) for name in names])
            connection.execute(FORGET_OWNERS, (OPERATOR, time.time() - FORGET_SECONDS))
            for table, date in (("owners", "since"), ("seeds", "made")):
                _forget_oldest(connection, table, date)
            connection.execute(FORGET_MARKS, (OPERATOR,))

    def _add_new(self, files: dict[str, float], report: Report) -> int:
        done = added = 0
        report(0, len(files))
        for batch in _batch(files.items()):
            rows = [(name, self._read_file(name, used)) for name, used in batch]
            with self._database.write() as connection:
                added += _add(connection, [row for _, row in rows if row is not None])
                silent = [(name,) for name, row in rows if row is None and (self._store / f"{name}.png").exists()]
                connection.executemany("INSERT OR IGNORE INTO unreadable VALUES (?)", silent)
            done += len(batch)
            report(done, len(files))
        return added

    def _read_file(self, name: str, used: float) -> Row | None:
        try:
            metadata = read_metadata(self._store / f"{name}.png", with_lineage=False)
        except SeedLabError:
            return None
        # The time of the last use is later than that of making; where it is known who asked first, that time is better.
        with self._database.read() as connection:
            since = connection.execute("SELECT MIN(since) FROM own.owners WHERE name = ?", (name,)).fetchone()[0]
        made = used if since is None else since
        return Row(name=name, recipe=metadata.recipe, draft_steps=metadata.draft_steps, made=made)

    def _count(self, added: int, removed: int) -> Counts:
        with self._database.read() as connection:
            pictures, unreadable = (
                connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0]
                for table in ("pictures", "unreadable")
            )
        return Counts(pictures, added, removed, unreadable)

    def _begin_if_new(self) -> None:
        """Start filling an index that was just created, in the background."""
        with suppress(IndexUnavailableError), self._database.read():
            pass  # opens it
        if self._database.is_new and not self._updating.locked():
            Thread(target=self._update_quietly, name="index", daemon=True).start()

    def _update_quietly(self) -> None:
        with suppress(SeedLabError):
            self.update()

    def _try_to_write(self, change: Callable[[Connection], object]) -> None:
        # A failure was logged.
        with suppress(IndexUnavailableError), self._database.write() as connection:
            change(connection)


def _forget_oldest(connection: Connection, table: str, date: str) -> None:
    """Delete the oldest rows of visitors where there are too many: each new browser is another visitor."""
    theirs = f"FROM own.{table} WHERE owner != '{OPERATOR}'"
    if connection.execute(f"SELECT COUNT(*) {theirs}").fetchone()[0] > MAX_ROWS:
        oldest = f"SELECT {date} {theirs} ORDER BY {date} DESC LIMIT 1 OFFSET {MAX_ROWS}"
        connection.execute(f"DELETE {theirs} AND {date} <= ({oldest})")


def _add(connection: Connection, rows: Iterable[Row]) -> int:
    columns = [row.to_columns() for row in rows]
    connection.executemany("DELETE FROM unreadable WHERE name = ?", [(each["name"],) for each in columns])
    return connection.executemany(ADD, columns).rowcount if columns else 0


def _batch(items: Iterable[tuple[str, float]]) -> Iterator[list[tuple[str, float]]]:
    rest = iter(items)
    while batch := list(islice(rest, BATCH)):
        yield batch


def _read_rows(selected: Iterable[sqlite3.Row]) -> Iterator[Row]:
    """Yield the pictures, without those whose recipes this version does not know."""
    for columns in selected:
        with suppress(SeedLabError, ValueError):
            yield Row.from_columns(dict(columns))


def _select(connection: Connection, query: Query, cursor: str, count: int) -> list[sqlite3.Row]:
    if cursor:
        date, last = read_cursor(cursor)
        query = query.where(f"({query.dates}, p.name) < (:date, :last)", date=date, last=last)
    columns = f"p.name, p.recipe, p.draft_steps, {query.dates} AS date"
    marks = "COALESCE(m.mark, '') AS mark, COALESCE(m.stars, 0) AS stars"
    order = f"ORDER BY {query.dates} DESC, p.name DESC LIMIT {count}"
    return connection.execute(f"SELECT {columns}, {marks} {query.text} {order}", query.parameters).fetchall()
