"""Writes the marks of a trail to the gallery, where they are searched for after the trail is gone."""

from collections.abc import Mapping
from contextlib import suppress
from threading import Lock

from seedlab.core.errors import SeedLabError
from seedlab.images.index.marks import Mark as GalleryMark
from seedlab.images.index.search import KEPT, REJECTED
from seedlab.workflow.gallery.gallery import Gallery
from seedlab.workflow.trails.mark import Mark
from seedlab.workflow.trails.trail import State, Trail


class GalleryMarks:
    """Writes marks when their pictures are there. All methods are thread-safe.

    Pictures that are not in the gallery, such as opened ones, keep their marks in the trail alone.
    """

    def __init__(self, gallery: Gallery | None) -> None:
        self._gallery = gallery
        # The marks to write, and the picture that has it already: a draft, while the finished one is not there.
        self._pending: dict[tuple[int, int], tuple[Mark, str]] = {}
        self._lock = Lock()

    def add(self, trail: Trail, round_id: int, marks: Mapping[int, Mark]) -> None:
        """Write marks of a round's tiles, by their indices, or note them until their pictures are made."""
        with self._lock:
            self._pending |= {(round_id, index): (mark, "") for index, mark in marks.items()}
        self.write(trail)

    def write(self, trail: Trail) -> None:
        """Write those marks that are noted and whose pictures are there now."""
        with self._lock:
            for place, (mark, written) in list(self._pending.items()):
                try:
                    tile = trail.tile(*place)
                except SeedLabError:  # the oldest rounds are left out of a full trail
                    del self._pending[place]
                    continue
                if tile.file is not None and tile.file.stem != written:
                    self._write(tile.file.stem, mark)
                    self._pending[place] = mark, tile.file.stem
                if tile.state is State.DONE:
                    del self._pending[place]

    def _write(self, name: str, mark: Mark) -> None:
        if self._gallery is not None:
            with suppress(SeedLabError):
                self._gallery.restore_marks({name: convert_mark(mark)})


def convert_mark(mark: Mark) -> GalleryMark:
    """Return a tile's mark as the gallery keeps it."""
    return GalleryMark("" if mark.kept is None else KEPT if mark.kept else REJECTED, mark.stars)


def read_mark(mark: GalleryMark) -> Mark:
    """Return a mark of the gallery as a tile has it."""
    return Mark(kept={KEPT: True, REJECTED: False}.get(mark.mark), stars=mark.stars)
