"""The index of a store: one row for each picture, kept in step as pictures come and go."""

import re
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from sqlite3 import Connection
from threading import Thread

from seedlab.core.errors import SeedLabError
from seedlab.images.index.database import Database, IndexUnavailableError
from seedlab.images.index.indexer import Counts, Indexer, Report, add_rows
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

OWN = "INSERT INTO own.owners (owner, name, since) VALUES (?, ?, ?) ON CONFLICT (owner, name) DO NOTHING"


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
        self._database = Database(folder)
        self._indexer = Indexer(store, self._database, is_picture)
        self.marks = Marks(self._database)

    def add(self, row: Row, owner: str = OPERATOR) -> None:
        """Add a picture that was just written, and whose it is."""

        def change(connection: Connection) -> None:
            add_rows(connection, [row])
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
            report: is told how far it is.
            rebuild: whether it is made anew. The marks stay.

        Raises:
            SeedLabError: the index cannot be read or written.
        """
        return self._indexer.update(report, rebuild=rebuild)

    def close(self) -> None:
        """Close the databases."""
        self._database.close()

    def _begin_if_new(self) -> None:
        """Start filling an index that was just created, in the background."""
        with suppress(IndexUnavailableError), self._database.read():
            pass  # opens it
        if self._database.is_new and not self._indexer.is_running:
            Thread(target=self._update_quietly, name="index", daemon=True).start()

    def _update_quietly(self) -> None:
        with suppress(SeedLabError):
            self.update()

    def _try_to_write(self, change: Callable[[Connection], object]) -> None:
        # A failure was logged.
        with suppress(IndexUnavailableError), self._database.write() as connection:
            change(connection)


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
