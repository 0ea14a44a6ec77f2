"""Work without a browser: what a command makes, made by the same workflow, written into a folder."""

import hashlib
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from PIL.Image import Image

from seedlab.core.environment import Environment
from seedlab.core.errors import SeedLabError
from seedlab.core.model import Model
from seedlab.core.recipe import Lora, Recipe
from seedlab.core.reports import Generate
from seedlab.images.metadata import read_metadata
from seedlab.images.output_folder import OutputFolder, name_grid, name_variations, write_grid
from seedlab.images.png import read_pixels
from seedlab.rounds import seed_round, suffix_round
from seedlab.workflow.session import Session
from seedlab.workflow.trail import Round, Tile

NOT_MADE = "This picture was not made: try again."

MakeGrid = Callable[[Sequence[Image]], Image]
Show = Callable[[Round], None]


class Manager(Protocol):
    """What is needed of `seedlab.pipelines.manager.PipelineManager`."""

    @property
    def generate(self) -> Generate:
        """Makes the pictures of recipes."""
        ...

    def describe(self, model_id: str) -> Model:
        """Say what is known of a model, its dtype resolved for the device; raises SeedLabError."""
        ...

    def environment(self, recipe: Recipe) -> Environment:
        """Observe the environment that this recipe's picture would be made in; raises SeedLabError."""
        ...

    def close(self) -> None:
        """End all work."""
        ...


@dataclass(frozen=True, kw_only=True)
class Studio:
    """What the commands work with.

    Attributes:
        describe: says what is known of a model, and does not import torch.
        make_manager: makes a manager for "cpu", "cuda" or "mps"; None for the best device that is there.
        make_grid: puts pictures side by side.
        read_loras: reads LoRAs as people write them, a file a line; raises RecipeError.
    """

    describe: Callable[[str], Model]
    make_manager: Callable[[str | None], Manager]
    make_grid: Callable[[Sequence[Image]], Image]
    read_loras: Callable[[str], tuple[Lora, ...]]


@dataclass(frozen=True, kw_only=True)
class Job:
    """What a command is to make; nothing is loaded or written yet.

    Attributes:
        folder: where the pictures go.
        parent: the first recipe of a round of seeds, or that of the picture that is refined.
        seeds: of a round of seeds; the parent's one seed where a picture is refined.
        suffixes: of a round of suffixes; () for a round of seeds.
        source: the picture that is refined.
        origin: the environment that it says it was made in.
        lineage: the suffixes that led to it.
    """

    folder: Path
    parent: Recipe
    seeds: tuple[int, ...]
    suffixes: tuple[str, ...] = ()
    source: Path | None = None
    origin: Environment | None = None
    lineage: tuple[str, ...] = ()

    @property
    def files(self) -> dict[Recipe, Path]:
        """Where each recipe's picture belongs, in the order of the round.

        Raises:
            RecipeError: a prompt becomes too long.
        """
        if self.source is None:
            recipes, names = seed_round(self.parent, self.seeds), tuple(f"seed-{seed}" for seed in self.seeds)
        else:
            recipes, names = suffix_round(self.parent, self.suffixes), name_variations(self.source.stem, self.suffixes)
        return {recipe: self.folder / f"{name}.png" for recipe, name in zip(recipes, names, strict=True)}

    @property
    def grid(self) -> Path:
        """Where the grid belongs."""
        return self.folder / ("grid.png" if self.source is None else f"{name_grid(self.source.stem)}.png")


@dataclass(frozen=True, kw_only=True)
class Made:
    """A picture that is there now.

    Attributes:
        sha256: of its RGB pixels, 3 bytes each, row by row; in hex.
        anew: whether it was made now, and not there already.
        notice: what to know about it, "" for nothing.
    """

    file: str
    fingerprint: str
    sha256: str
    anew: bool
    notice: str
    recipe: Recipe


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a job. The grid is made only if nothing failed; each failure is a sentence.

    Attributes:
        differences: between the environment of the pictures and that of the one that was refined.
    """

    grid: str | None
    pictures: tuple[Made, ...]
    failures: tuple[str, ...]
    environment: Environment | None
    differences: tuple[str, ...]
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        pictures = [asdict(each) | {"recipe": each.recipe.to_dict()} for each in self.pictures]
        return asdict(self) | {"pictures": pictures}


def make(job: Job, manager: Manager, make_grid: MakeGrid, show: Show, *, overwrite: bool = False) -> Outcome:
    """Make a job's pictures and their grid.

    Args:
        show: is called with the round after every change.
        overwrite: whether pictures that are there already are made anew.
    """
    begun = time.monotonic()
    given = {} if job.source is None else {job.parent: job.source}
    album = OutputFolder(job.files, manager.environment, given=given, lineage=job.lineage, overwrite=overwrite)
    tiles = _develop(job, Session(manager.generate, album.find, album.keep), show).tiles
    failures = [
        f"Seed {tile.recipe.seed}{tile.suffix}: {tile.sentence or NOT_MADE}" for tile in tiles if tile.file is None
    ]
    try:
        pictures = [(tile, file, read_pixels(file)) for tile in tiles if (file := tile.file) is not None]
        if not failures:
            write_grid(job.grid, make_grid([pixels for _, _, pixels in pictures]))
    except SeedLabError as error:
        pictures, failures = [], [*failures, str(error)]
    environment = read_metadata(pictures[0][1]).environment if pictures else None
    return Outcome(
        grid=None if failures else str(job.grid),
        pictures=tuple(_describe(tile, file, pixels, file not in album.found) for tile, file, pixels in pictures),
        failures=tuple(failures),
        environment=environment,
        differences=environment.differences(job.origin) if environment and job.origin else (),
        seconds=round(time.monotonic() - begun, 3),
    )


def _develop(job: Job, session: Session, show: Show) -> Round:
    session.explore(job.parent, job.seeds)
    if job.source is not None:
        _develop_newest(session, show)  # the picture that is refined: it is there, so nothing is made
        session.lock(1, 0, job.suffixes)
    return _develop_newest(session, show)


def _develop_newest(session: Session, show: Show) -> Round:
    # Closed, not only left, on Ctrl+C: that is what ends the work within a step.
    with closing(session.develop()) as trails:
        for trail in trails:
            show(trail.newest)
    return session.trail.newest


def _describe(tile: Tile, file: Path, pixels: Image, anew: bool) -> Made:
    return Made(
        file=str(file),
        fingerprint=tile.recipe.fingerprint,
        sha256=hashlib.sha256(pixels.tobytes()).hexdigest(),
        anew=anew,
        notice=tile.sentence,
        recipe=tile.recipe,
    )
