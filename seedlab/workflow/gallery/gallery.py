"""The gallery: every picture of the store that a visitor may see, found by words, marked, and opened again."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from seedlab.core.errors import SeedLabError
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.texts.file_names import hide_folders
from seedlab.images.index.index import Index
from seedlab.images.index.marks import Mark, NamedSeed
from seedlab.images.index.row import Row
from seedlab.images.index.search import Search
from seedlab.images.store import Store
from seedlab.workflow.gallery.thumbnail_addresses import ThumbnailAddresses
from seedlab.workflow.trails.trail import Trail

__all__ = ["Entry", "Gallery", "Mark", "NamedSeed", "Page", "Search"]

PAGE = 60
"""Pictures of a page: they fill the largest screens."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A picture in the gallery.

    Attributes:
        name: identifies it in the store.
        file: the PNG. It may have been deleted meanwhile.
        thumbnail: the address of its thumbnail, relative to the page; valid for this visitor alone.
        recipe: it names local files without their folders.
        draft_steps: after how many steps a draft was paused; None for a finished picture.
        made: when this visitor made it.
        mark: what this visitor said about it.
    """

    name: str
    file: Path
    thumbnail: str
    recipe: Recipe
    draft_steps: int | None
    made: datetime
    mark: Mark


@dataclass(frozen=True)
class Page:
    """One page of the gallery.

    Attributes:
        cursor: where the next page begins; "" on the last page.
        total: the number of pictures on all pages.
    """

    entries: tuple[Entry, ...]
    cursor: str
    total: int


class Gallery:
    """The gallery of one visitor. All methods are thread-safe.

    Attributes:
        owner: whose pictures these are; see `seedlab.images.index.search`.
    """

    def __init__(self, store: Store, addresses: ThumbnailAddresses, owner: str) -> None:
        self._store, self._addresses, self.owner = store, addresses, owner

    def find(self, search: Search | None = None, cursor: str = "", count: int = PAGE) -> Page:
        """Return one page of the pictures, the newest first.

        Args:
            search: which pictures; None for all.
            cursor: of the page before; "" for the first page.
            count: of pictures on the page, 1...500.

        Raises:
            SeedLabError: the cursor is not one, or the index cannot be read.
        """
        found = self._index.find(search or Search(), self.owner, cursor, count)
        return Page(tuple(map(self._describe, found.rows)), found.cursor, found.total)

    def read(self, name: str) -> Entry:
        """Return a picture.

        Raises:
            SeedLabError: this visitor has no such picture, or the index cannot be read.
        """
        return self._describe(self._index.read(name, self.owner))

    def find_file(self, name: str) -> Path:
        """Return the PNG of a picture, from which its round and its ancestors can be restored.

        Raises:
            SeedLabError: this visitor has no such picture, or the store has deleted it.
        """
        file = self.read(name).file
        if not file.is_file():
            raise SeedLabError("The store has deleted this picture: make it again from its recipe.")
        return file

    def count_models(self) -> Mapping[str, int]:
        """Return the ids of the models of the pictures, and how many each has, most first.

        Raises:
            SeedLabError: the index cannot be read.
        """
        return self._index.count_models(self.owner)

    def mark(self, names: Iterable[str], mark: str | None = None, stars: int | None = None) -> dict[str, Mark]:
        """Mark pictures.

        Args:
            names: of the pictures; for a tile, the name of its file without the ending.
            mark: "keep", "reject", or "" for neither; None to leave it.
            stars: 0...5; None to leave them.

        Returns:
            What their marks were before, for `restore_marks`.

        Raises:
            SeedLabError: this visitor has no such picture, a value is wrong, or the index cannot be written to.
        """
        given = {key: value for key, value in (("mark", mark), ("stars", stars)) if value is not None}
        listed = tuple(names)
        known = self.read_marks(listed)
        return self.restore_marks({name: replace(known.get(name, Mark()), **given) for name in listed})  # type: ignore[arg-type]

    def restore_marks(self, marks: Mapping[str, Mark]) -> dict[str, Mark]:
        """Set marks, such as those that `mark` returned, to undo it.

        Raises:
            SeedLabError: as `mark`.
        """
        return self._index.marks.set(marks, self.owner)

    def read_marks(self, names: Sequence[str]) -> dict[str, Mark]:
        """Return the marks of those of these pictures that have one, by name.

        Raises:
            SeedLabError: the index cannot be read.
        """
        return self._index.marks.read(names, self.owner)

    def name_seed(self, label: str, recipe: Recipe) -> None:
        """Give the seed of a picture a name, such as "good pose". A seed of the same name is replaced.

        Raises:
            SeedLabError: the name is empty or too long, there are too many, or the index cannot be written to.
        """
        self._index.marks.name_seed(NamedSeed(label, recipe.seed, hide_folders(recipe).model_id), self.owner)

    def forget_seed(self, label: str) -> None:
        """Remove a seed's name.

        Raises:
            SeedLabError: the index cannot be written to.
        """
        self._index.marks.forget_seed(label, self.owner)

    def list_seeds(self) -> tuple[NamedSeed, ...]:
        """Return the named seeds, the newest first.

        Raises:
            SeedLabError: the index cannot be read.
        """
        return self._index.marks.list_seeds(self.owner)

    @property
    def _index(self) -> Index:
        if self._store.index is None:
            raise SeedLabError("This store has no index.")
        return self._store.index

    def _describe(self, row: Row) -> Entry:
        return Entry(
            name=row.name,
            file=self._store.folder / f"{row.name}.png",
            thumbnail=self._addresses.make(row.name, self.owner),
            recipe=row.recipe,
            draft_steps=row.draft_steps,
            made=datetime.fromtimestamp(row.made, UTC),
            mark=Mark(row.mark, row.stars),
        )


def find_tile(trail: Trail, entry: Entry) -> tuple[int, int] | None:
    """Return (round id, tile index) of a picture in a trail, with which its tree is shown; None if it is not there.

    The newest round of several comes first.
    """
    for round_ in reversed(trail.rounds):
        for index, tile in enumerate(round_.tiles):
            if tile.recipe.seed == entry.recipe.seed and hide_folders(tile.recipe) == entry.recipe:
                return round_.id, index
    return None
