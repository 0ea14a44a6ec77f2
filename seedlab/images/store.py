"""The content-addressed store: each picture and draft once, named by recipe and environment.

The folder is all there is to it: its index and its thumbnails can be made again.
"""

import re
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from seedlab.core.errors import SeedLabError
from seedlab.core.machine.environment import Environment
from seedlab.core.picture import Picture
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.reports import Finished
from seedlab.core.storage.files import delete_abandoned, delete_least_used, mark_used
from seedlab.images.index.index import Index
from seedlab.images.index.row import Row
from seedlab.images.index.search import OPERATOR
from seedlab.images.metadata import Metadata, read_metadata, write_picture
from seedlab.images.png import read_chunks, write_png
from seedlab.images.thumbnails import Thumbnails
from seedlab.rules.change import Lineage

OURS = re.compile(r"[0-9a-f]{64}-[0-9a-f]{16}(-draft-[0-9]{1,4})?\.png")
INDEX_FOLDER, THUMBNAILS_FOLDER = "index", "thumbnails"


@dataclass(frozen=True)
class Store:
    """Pictures and drafts in a folder. The folder is created with the first one. Several processes may share it.

    Attributes:
        limit_bytes: the total size above which the least recently used pictures are deleted; None for no limit. Other
            files in the folder are neither counted nor deleted.
        embed: whether metadata is written into the pictures. Without it, notices are lost too.
        index: is told of what comes and goes; None for none.
        thumbnails: those of the pictures, which go with them; None for none.
    """

    folder: Path
    limit_bytes: int | None = None
    embed: bool = True
    index: Index | None = None
    thumbnails: Thumbnails | None = None

    def find(
        self, recipe: Recipe, environment: Environment, draft_steps: int | None = None, owner: str = OPERATOR
    ) -> Picture | None:
        """Return the picture of this recipe from this environment; None if there is none, or it is damaged.

        Args:
            recipe: of the picture.
            environment: in which it was made.
            draft_steps: None for the finished picture, otherwise for the draft after so many steps.
            owner: who asks for it; see `seedlab.images.index.search`. It is theirs from now on.
        """
        file = self._name(recipe, environment, draft_steps)
        try:
            picture = Picture(file, self._check(file, recipe, environment, draft_steps), draft_steps)
        except SeedLabError:
            return None
        mark_used(file)
        if self.index is not None:
            self.index.own(file.stem, owner)
        return picture

    def keep(self, recipe: Recipe, finished: Finished, lineage: Lineage, owner: str = OPERATOR) -> Picture:
        """Write a finished picture or a draft. If there is a limit, make room; the new picture always stays.

        Args:
            owner: whose it is; see `seedlab.images.index.search`.

        Raises:
            SeedLabError: the picture cannot be written; the message says why.
        """
        file = self._name(recipe, finished.environment, finished.draft_steps)
        if self.embed:
            write_picture(file, finished.image, Metadata.describe(recipe, finished, lineage), finished.png)
        else:
            write_png(file, finished.image, {}, finished.png)
        if self.index is not None:
            row = Row(name=file.stem, recipe=recipe, draft_steps=finished.draft_steps, made=time.time())
            self.index.add(row, owner)
        if self.limit_bytes is not None:
            self._make_room(self.limit_bytes, file)
        return Picture(file, finished.notice, finished.draft_steps)

    def find_file(self, name: str) -> Path | None:
        """Return the file of a picture or a draft by its name without ".png", which is untrusted; None for none."""
        file = self.folder / f"{name}.png"
        return file if OURS.fullmatch(file.name) and file.parent == self.folder and file.is_file() else None

    def _make_room(self, limit_bytes: int, kept: Path) -> None:
        self.sweep()
        deleted = delete_least_used(self.folder, OURS.fullmatch, limit_bytes, kept=kept)
        names = tuple(file.stem for file in deleted)
        if self.index is not None:
            self.index.remove(names)
        if self.thumbnails is not None:
            self.thumbnails.remove(names)

    def find_thumbnail(self, name: str) -> Path:
        """Return the file of a picture's thumbnail, which is made if it is not there.

        Args:
            name: of the picture's file, without the ending.

        Raises:
            SeedLabError: there is no such picture, it is damaged, or the thumbnail cannot be written.
        """
        file = self.find_file(name)
        if self.thumbnails is None or file is None:
            raise SeedLabError("This picture does not exist any more.")
        return self.thumbnails.find_or_make(file)

    def update_index(self) -> None:
        """Bring the index in step with what others did in the folder. A failure is only logged."""
        with suppress(SeedLabError):
            if self.index is not None:
                self.index.update()

    def close(self) -> None:
        """Close the index. The next use opens it again."""
        if self.index is not None:
            self.index.close()

    def sweep(self) -> None:
        """Delete the temporary files that killed processes left."""
        delete_abandoned(self.folder)

    def _name(self, recipe: Recipe, environment: Environment, draft_steps: int | None) -> Path:
        draft = "" if draft_steps is None else f"-draft-{draft_steps}"
        return self.folder / f"{recipe.fingerprint}-{environment.digest[:16]}{draft}.png"

    def _check(self, file: Path, recipe: Recipe, environment: Environment, draft_steps: int | None) -> str:
        """Return the notice of a picture after checking that it is what its name says.

        Raises:
            SeedLabError: it is damaged, or another picture.
        """
        if not self.embed:
            if read_chunks(file):
                raise SeedLabError("This picture has metadata, and this store keeps none.")
            return ""
        metadata = read_metadata(file, with_lineage=False)
        if not metadata.is_of(recipe) or (metadata.environment, metadata.draft_steps) != (environment, draft_steps):
            raise SeedLabError("This picture is not what its name says.")
        return metadata.notice


def make_store(folder: Path, limit_bytes: int | None = None, *, embed: bool = True) -> Store:
    """Return a store with its index and thumbnails, which are in folders of their own inside its folder.

    Args:
        limit_bytes, embed: as in `Store`.
    """
    return Store(folder, limit_bytes, embed, make_index(folder), Thumbnails(folder / THUMBNAILS_FOLDER))


def make_index(folder: Path) -> Index:
    """Return the index of the store in a folder."""
    return Index(folder, folder / INDEX_FOLDER, OURS.fullmatch)
