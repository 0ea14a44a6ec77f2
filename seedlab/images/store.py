"""The content-addressed store: each picture and draft once, named by recipe and environment. There is no index."""

import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from seedlab.core.environment import Environment
from seedlab.core.errors import SeedLabError
from seedlab.core.files import delete_abandoned, delete_least_used
from seedlab.core.picture import Picture
from seedlab.core.recipe import Recipe
from seedlab.core.reports import Finished
from seedlab.images.metadata import Metadata, read_metadata, write_picture
from seedlab.images.png import read_chunks, write_png
from seedlab.rules.change import Lineage

OURS = re.compile(r"[0-9a-f]{64}-[0-9a-f]{16}(-draft-[0-9]{1,4})?\.png")


@dataclass(frozen=True)
class Store:
    """Pictures and drafts in a folder. The folder is created with the first one. Several processes may share it.

    Attributes:
        limit_bytes: the total size above which the least recently used pictures are deleted; None for no limit. Other
            files in the folder are neither counted nor deleted.
        embed: whether metadata is written into the pictures. Without it, notices are lost too.
    """

    folder: Path
    limit_bytes: int | None = None
    embed: bool = True

    def find(self, recipe: Recipe, environment: Environment, draft_steps: int | None = None) -> Picture | None:
        """Return the picture of this recipe from this environment; None if there is none, or it is damaged.

        Args:
            recipe: of the picture.
            environment: in which it was made.
            draft_steps: None for the finished picture, otherwise for the draft after so many steps.
        """
        file = self._name(recipe, environment, draft_steps)
        try:
            picture = Picture(file, self._check(file, recipe, environment, draft_steps), draft_steps)
        except SeedLabError:
            return None
        with suppress(OSError):
            file.touch()  # marks it as used; many file systems do not record access times
        return picture

    def keep(self, recipe: Recipe, finished: Finished, lineage: Lineage) -> Picture:
        """Write a finished picture or a draft. If there is a limit, make room; the new picture always stays.

        Raises:
            SeedLabError: the picture cannot be written; the message says why.
        """
        file = self._name(recipe, finished.environment, finished.draft_steps)
        if self.embed:
            write_picture(file, finished.image, Metadata.describe(recipe, finished, lineage))
        else:
            write_png(file, finished.image, {})
        if self.limit_bytes is not None:
            self.sweep()
            delete_least_used(self.folder, OURS.fullmatch, self.limit_bytes, kept=file)
        return Picture(file, finished.notice, finished.draft_steps)

    def find_file(self, name: str) -> Path | None:
        """Return the file of a picture or a draft by its name without ".png", which is untrusted; None for none."""
        file = self.folder / f"{name}.png"
        return file if OURS.fullmatch(file.name) and file.parent == self.folder and file.is_file() else None

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
