"""Trails with pictures, as the tests of exporting need them."""

from dataclasses import replace
from pathlib import Path

from PIL import Image

from seedlab.images.metadata import Metadata, write_picture
from seedlab.rules.kinds.seeds import Seeds
from seedlab.rules.kinds.wordings.suffixes import Suffixes
from seedlab.workflow.trails.tile import show_draft, show_picture
from seedlab.workflow.trails.trail import Trail
from tests.examples import ENVIRONMENT, RECIPE

SUFFIXES = (", artsy", ", at night")


def make_trail(**changes) -> Trail:
    """Return a trail of four seeds, and two variations of the third."""
    trail = Trail().explore(replace(RECIPE, **changes), Seeds((0, 1, 2, 3)))
    return trail.lock(1, 2, Suffixes(SUFFIXES))


def list_recipes(trail: Trail) -> list[list]:
    return [[tile.recipe for tile in round_.tiles] for round_ in trail.rounds]


def write_pictures(trail: Trail, folder: Path, draft: tuple[int, int] = (1, 1)) -> Trail:
    """Return the trail with a PNG for each tile; one is a draft."""
    for round_ in trail.rounds:
        for index, tile in enumerate(round_.tiles):
            file = folder / f"{round_.id}-{index}.png"
            steps = 3 if (round_.id, index) == draft else None
            lineage = trail.lineage_of(round_.id, index)
            metadata = Metadata(recipe=tile.recipe, environment=ENVIRONMENT, lineage=lineage, draft_steps=steps)
            write_picture(file, Image.new("RGB", (16, 8), (round_.id * 40, index * 40, 9)), metadata)
            shown = show_picture(file, "") if steps is None else show_draft(tile, file, "", steps)
            trail = trail.with_tile(round_.id, index, **shown)
    return trail
