"""What visitors say about their pictures: kept or rejected, stars, and names of seeds."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from sqlite3 import Connection

from seedlab.core.errors import SeedLabError
from seedlab.core.recipes.additions import MAX_SEED
from seedlab.core.texts.text import is_whole, quote
from seedlab.core.validation import check_int
from seedlab.images.index.database import Database
from seedlab.images.index.search import MARKS, NOBODY, Search, write_query

MAX_STARS = 5
MAX_NAMES = 1_000
"""Pictures that are marked or looked up together."""

MAX_SEEDS = 200
"""Named seeds of one owner."""

MAX_LABEL = 60

STRANGER = (
    "This browser keeps no cookies, so pictures cannot be marked here: allow cookies for this page, and reload it."
)

SET = """
INSERT INTO own.marks (owner, name, mark, stars) VALUES (?, ?, ?, ?)
ON CONFLICT (owner, name) DO UPDATE SET mark = excluded.mark, stars = excluded.stars
"""
SET_SEED = """
INSERT INTO own.seeds (owner, label, seed, model, made) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (owner, label) DO UPDATE SET
    label = excluded.label, seed = excluded.seed, model = excluded.model, made = excluded.made
"""


@dataclass(frozen=True)
class Mark:
    """What an owner said about a picture.

    Attributes:
        mark: "keep", "reject", or "" for neither.
        stars: 0...5.

    Raises:
        SeedLabError: a value is none of these.
    """

    mark: str = ""
    stars: int = 0

    def __post_init__(self) -> None:
        if self.mark not in MARKS:
            raise SeedLabError("A picture is kept, rejected, or neither: choose one of these.")
        check_int("stars", self.stars, "The number of stars", 0, MAX_STARS)


@dataclass(frozen=True)
class NamedSeed:
    """A seed that an owner named, such as "good pose".

    Attributes:
        model: the id of the model in whose picture it was found: other models have other pictures of a seed.
    """

    label: str
    seed: int
    model: str


class Marks:
    """The marks and named seeds of all owners. All methods are thread-safe."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self, names: Sequence[str], owner: str) -> dict[str, Mark]:
        """Return the marks of those of these pictures that have one, by name.

        Raises:
            SeedLabError: the index cannot be read.
        """
        with self._database.read() as connection:
            return _read(connection, names, owner)

    def set(self, marks: Mapping[str, Mark], owner: str) -> dict[str, Mark]:
        """Mark pictures of an owner, by name.

        Returns:
            What the marks of these pictures were before; to be set again to undo this.

        Raises:
            SeedLabError: the owner has no such picture, or the index cannot be written to. Nothing is marked then.
        """
        _check_owner(owner)
        if len(marks) > MAX_NAMES:
            raise SeedLabError(f"{len(marks):,} pictures are too many at a time: mark {MAX_NAMES:,} or fewer.")
        with self._database.write() as connection:
            for name in marks:
                _check_picture(connection, name, owner)
            before = _read(connection, tuple(marks), owner)
            connection.executemany(SET, [(owner, name, each.mark, each.stars) for name, each in marks.items()])
        return {name: before.get(name, Mark()) for name in marks}

    def name_seed(self, named: NamedSeed, owner: str) -> None:
        """Give a seed a name. One of the same name is replaced.

        Raises:
            SeedLabError: the name is empty or too long, there are too many, or the index cannot be written to.
        """
        _check_owner(owner)
        check_int("seed", named.seed, "The seed", 0, MAX_SEED)
        label = _clean_label(named.label)
        with self._database.write() as connection:
            others = "SELECT COUNT(*) FROM own.seeds WHERE owner = ? AND label != ?"
            if connection.execute(others, (owner, label)).fetchone()[0] >= MAX_SEEDS:
                raise SeedLabError(f"{MAX_SEEDS} seeds have names already: remove one first.")
            connection.execute(SET_SEED, (owner, label, str(named.seed), named.model[:500], time.time()))

    def forget_seed(self, label: str, owner: str) -> None:
        """Remove a seed's name.

        Raises:
            SeedLabError: the index cannot be written to.
        """
        with self._database.write() as connection:
            connection.execute("DELETE FROM own.seeds WHERE owner = ? AND label = ?", (owner, _clean_label(label)))

    def list_seeds(self, owner: str) -> tuple[NamedSeed, ...]:
        """Return the named seeds of an owner, the newest first.

        Raises:
            SeedLabError: the index cannot be read.
        """
        with self._database.read() as connection:
            statement = "SELECT label, seed, model FROM own.seeds WHERE owner = ? ORDER BY made DESC, label"
            rows = connection.execute(statement, (owner,)).fetchall()
        return tuple(NamedSeed(row["label"], int(row["seed"]), row["model"]) for row in rows)


def _check_owner(owner: str) -> None:
    if owner == NOBODY:
        raise SeedLabError(STRANGER)


def _check_picture(connection: Connection, name: str, owner: str) -> None:
    query = write_query(Search(), owner).where("p.name = :name", name=name)
    if connection.execute(f"SELECT 1 {query.text}", query.parameters).fetchone() is None:
        raise SeedLabError("This picture is not in the gallery any more: make it again to mark it.")


def _read(connection: Connection, names: Sequence[str], owner: str) -> dict[str, Mark]:
    statement = "SELECT mark, stars FROM own.marks WHERE owner = ? AND name = ?"
    found = ((name, connection.execute(statement, (owner, name)).fetchone()) for name in names)
    return {name: Mark(row["mark"], row["stars"]) for name, row in found if row is not None}


def _clean_label(label: str) -> str:
    clean = " ".join(label[:1000].split())
    if not clean or not clean.isprintable() or not is_whole(clean):
        raise SeedLabError("The seed needs a name of letters: write what is good about it, such as “good pose”.")
    if len(clean) > MAX_LABEL:
        raise SeedLabError(f"The name {quote(clean)} is too long: shorten it to {MAX_LABEL} characters or fewer.")
    return clean
