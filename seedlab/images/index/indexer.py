"""The indexer brings an index in step with the store's folder, where others may have added and deleted files."""

import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from sqlite3 import Connection
from threading import Lock

from seedlab.core.errors import SeedLabError
from seedlab.images.index.database import Database
from seedlab.images.index.row import Row
from seedlab.images.index.search import OPERATOR
from seedlab.images.metadata import read_metadata

BATCH = 100
"""Pictures that are written together while the index is updated: others may read and write in between."""

FORGET_SECONDS = 90 * 24 * 3600.0
"""After this time, what visitors marked is forgotten if the store has deleted the picture."""

MAX_ROWS = 500_000
"""What is kept of all visitors of a public host: rows of who made which picture, and of named seeds."""

ADD = """
INSERT INTO pictures (name, fingerprint, seed, model, words, draft_steps, made, recipe)
VALUES (:name, :fingerprint, :seed, :model, :words, :draft_steps, :made, :recipe)
ON CONFLICT (name) DO NOTHING
"""
FORGET_OWNERS = """
DELETE FROM own.owners WHERE owner != ? AND since < ? AND name NOT IN (SELECT name FROM main.pictures)
"""
FORGET_MARKS = """
DELETE FROM own.marks WHERE owner != ? AND (owner, name) NOT IN (SELECT owner, name FROM own.owners)
"""

Report = Callable[[int, int], object]
"""Is told how many of how many new pictures were read."""


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


class Indexer:
    """Updates the index of a folder, in one thread at a time. Between its batches others may read and write."""

    def __init__(self, store: Path, database: Database, is_picture: Callable[[str], re.Match[str] | None]) -> None:
        """Set up the indexer; nothing is opened yet.

        Args:
            store, is_picture: as for `Index`.
        """
        self._store, self._database, self._is_picture = store, database, is_picture
        self._updating = Lock()

    @property
    def is_running(self) -> bool:
        """Whether an update is going on."""
        return self._updating.locked()

    def update(self, report: Report, *, rebuild: bool) -> Counts:
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
                added += add_rows(connection, [row for _, row in rows if row is not None])
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


def add_rows(connection: Connection, rows: Iterable[Row]) -> int:
    """Add pictures to the index; returns how many were not in it."""
    columns = [row.to_columns() for row in rows]
    connection.executemany("DELETE FROM unreadable WHERE name = ?", [(each["name"],) for each in columns])
    return connection.executemany(ADD, columns).rowcount if columns else 0


def _forget_oldest(connection: Connection, table: str, date: str) -> None:
    """Delete the oldest rows of visitors where there are too many: each new browser is another visitor."""
    theirs = f"FROM own.{table} WHERE owner != '{OPERATOR}'"
    if connection.execute(f"SELECT COUNT(*) {theirs}").fetchone()[0] > MAX_ROWS:
        oldest = f"SELECT {date} {theirs} ORDER BY {date} DESC LIMIT 1 OFFSET {MAX_ROWS}"
        connection.execute(f"DELETE {theirs} AND {date} <= ({oldest})")


def _batch(items: Iterable[tuple[str, float]]) -> Iterator[list[tuple[str, float]]]:
    rest = iter(items)
    while batch := list(islice(rest, BATCH)):
        yield batch
