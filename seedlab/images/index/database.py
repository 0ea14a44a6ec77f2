"""The databases of the index, opened when they are needed, and made anew where they are damaged."""

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from threading import RLock

from seedlab.core.errors import SeedLabError
from seedlab.images.index.schema import FULL_TEXT, MARKS, MARKS_VERSION, PICTURES, PICTURES_VERSION

LOGGER = logging.getLogger(__name__)

PICTURES_FILE, MARKS_FILE = "pictures.sqlite", "marks.sqlite"
COMPANIONS = ("", "-wal", "-shm", "-journal")
"""The endings of the files that SQLite keeps of one database."""

WAIT_SECONDS = 5.0
"""How long another process may write."""

DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
PRIMARY = 0xFF
"""The bits of SQLite's extended result codes that are the primary code."""

Identity = tuple[int, int]


class IndexUnavailableError(SeedLabError):
    """The index cannot be read or written just now; the pictures themselves are not concerned."""


class Database:
    """The two databases in one connection: the pictures, and what visitors marked, as the schema `own`.

    Several threads and processes may use them. The folder is created with the first use.

    Attributes:
        is_new: whether the pictures' database was just created, and so has to be filled.
        has_full_text: whether SQLite was built with FTS5, its full-text search.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._lock = folder, RLock()
        self._connection: sqlite3.Connection | None = None
        self._identity: tuple[Identity | None, ...] = ()
        self.is_new = self.has_full_text = False

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Use the connection for reading inside the context.

        Raises:
            SeedLabError: a value in a statement is text that cannot be encoded.
            IndexUnavailableError: the index is locked, damaged or cannot be opened. A damaged one is made anew.
        """
        with self._lock:
            try:
                yield self._connect()
            except UnicodeEncodeError as error:
                # Browsers may send unpaired surrogates, which no stored text has.
                raise SeedLabError("There is nothing of that name: search for something else.") from error
            except sqlite3.Error as error:
                self._recover(error)
                raise IndexUnavailableError("The index of the pictures is busy or was damaged: try again.") from error

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Use the connection inside the context, all of whose changes are made, or none.

        Raises:
            IndexUnavailableError: as `read`; or the disk is full, or the folder cannot be written to.
        """
        with self.read() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                with suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def delete_pictures(self) -> None:
        """Delete the database of the pictures; the marks stay."""
        with self._lock:
            self.close()
            _delete(self._folder / PICTURES_FILE)

    def close(self) -> None:
        """Close the connection. The next use opens it again."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
            self._connection = None

    def __del__(self) -> None:
        """Close the connection, as Python 3.13 warns about those that are open."""
        self.close()

    def _connect(self) -> sqlite3.Connection:
        # A user may delete the files while this runs; the open connection would go on with what has no name any more.
        if self._connection is not None and self._identity != self._identify():
            self.close()
        if self._connection is None:
            self._connection = self._open()
            self._identity = self._identify()
        return self._connection

    def _identify(self) -> tuple[Identity | None, ...]:
        return tuple(_identify(self._folder / name) for name in (PICTURES_FILE, MARKS_FILE))

    def _open(self) -> sqlite3.Connection:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise IndexUnavailableError("The folder of the index cannot be created: allow writing there.") from error
        file = self._folder / PICTURES_FILE
        connection = sqlite3.connect(file, timeout=WAIT_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            connection.row_factory = sqlite3.Row
            connection.execute("ATTACH DATABASE ? AS own", (str(self._folder / MARKS_FILE),))
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        for schema in ("main", "own"):
            connection.execute(f"PRAGMA {schema}.journal_mode=WAL")
            connection.execute(f"PRAGMA {schema}.synchronous=NORMAL")
        if _read_version(connection, "own") > MARKS_VERSION:
            raise IndexUnavailableError("The marks were written by a newer SeedLab: update SeedLab to use them.")
        self.has_full_text = _has_full_text(connection)
        known = _read_version(connection, "main")
        if known != PICTURES_VERSION:
            self.is_new = True
            _drop_all(connection)
        script = PICTURES + (FULL_TEXT if self.has_full_text else "") + MARKS
        versions = f"PRAGMA main.user_version={PICTURES_VERSION}; PRAGMA own.user_version={MARKS_VERSION};"
        connection.executescript(f"BEGIN IMMEDIATE; {script} {versions} COMMIT;")

    def _recover(self, error: sqlite3.Error) -> None:
        """Put damaged files out of the way. The marks are kept under another name: they cannot be made again."""
        LOGGER.warning("The index of the pictures cannot be used.", exc_info=error)
        if getattr(error, "sqlite_errorcode", 0) & PRIMARY not in DAMAGED:
            return
        self.close()
        pictures, marks = self._folder / PICTURES_FILE, self._folder / MARKS_FILE
        marks_are_damaged = not _is_whole(marks)
        if marks_are_damaged:
            _set_aside(marks)
        if not marks_are_damaged or not _is_whole(pictures):
            _delete(pictures)


def _identify(file: Path) -> Identity | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _read_version(connection: sqlite3.Connection, schema: str) -> int:
    return int(connection.execute(f"PRAGMA {schema}.user_version").fetchone()[0])


def _has_full_text(connection: sqlite3.Connection) -> bool:
    try:
        connection.execute("CREATE VIRTUAL TABLE temp.probe USING fts5 (text)")
    except sqlite3.OperationalError:
        return False
    connection.execute("DROP TABLE temp.probe")
    return True


def _drop_all(connection: sqlite3.Connection) -> None:
    """Drop the tables that another version made."""
    for table in ("full_text", "pictures", "unreadable"):
        connection.execute(f"DROP TABLE IF EXISTS main.{table}")


def _is_whole(file: Path) -> bool:
    if not file.exists():
        return True
    try:
        with closing(sqlite3.connect(file, timeout=WAIT_SECONDS)) as connection:
            return bool(connection.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok")
    except sqlite3.Error:
        return False


def _set_aside(file: Path) -> None:
    for ending in COMPANIONS:
        with suppress(OSError):
            companion = file.with_name(file.name + ending)
            companion.replace(file.with_name(f"damaged-{file.name}{ending}"))


def _delete(file: Path) -> None:
    for ending in COMPANIONS:
        with suppress(OSError):
            file.with_name(file.name + ending).unlink(missing_ok=True)
