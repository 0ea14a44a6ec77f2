"""Work without a browser: rounds that the page's workflow makes, written into a folder."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from PIL.Image import Image

from seedlab.core.errors import SeedLabError
from seedlab.core.machine.environment import Environment
from seedlab.core.recipes.recipe import Recipe
from seedlab.images.compare import hash_pixels
from seedlab.images.grid import make_grid
from seedlab.images.metadata import Metadata, read_metadata
from seedlab.images.output_folder import (
    OutputFolder,
    check_folder,
    check_room,
    name_draft,
    name_grid,
    name_variations,
    write_grid,
)
from seedlab.images.png import read_pixels
from seedlab.rules.change import Lineage
from seedlab.rules.kinds.seeds import Seeds
from seedlab.rules.rule import Rule, Value
from seedlab.workflow.services import Services
from seedlab.workflow.sessions.session import Session
from seedlab.workflow.trails.trail import Round, State, Tile

NOT_MADE = "This picture was not made: try again."

Show = Callable[[Round], None]


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A draft that is to be finished.

    Attributes:
        source: its file.
        file: that of the whole picture.
        metadata: its metadata.
        draft_steps: the number of denoising steps after which it was paused.
    """

    source: Path
    file: Path
    metadata: Metadata
    draft_steps: int

    @property
    def recipe(self) -> Recipe:
        """Its recipe, which is that of the whole picture."""
        return self.metadata.recipe


@dataclass(frozen=True, kw_only=True)
class Job:
    """A round that is to be made; nothing is loaded or written yet.

    Attributes:
        folder: where the pictures go.
        parent: the recipe that the rule is applied to.
        source: the picture that is refined; None for a first round.
        environment: the one that the source was made in.
        lineage: of the source.
        draft_steps: the number of denoising steps after which the pictures are paused; None for whole pictures.
        draft: the draft that the source will be finished from; None if it is there.
        notices: sentences about it, for before the work.
    """

    folder: Path
    parent: Recipe
    rule: Rule
    source: Path | None = None
    environment: Environment | None = None
    lineage: Lineage = ()
    draft_steps: int | None = None
    draft: Draft | None = None
    notices: tuple[str, ...] = ()

    @property
    def files(self) -> dict[Recipe, Path]:
        """The file of each recipe's picture, in the order of the round.

        Raises:
            RecipeError: the rule does not fit the recipe.
        """
        made = self.rule.make(self.parent)
        if self.source is None:
            names = tuple(f"seed-{recipe.seed}" for recipe in made)
        else:
            captions = [self._name(recipe, value) for recipe, value in made.items()]
            names = name_variations(self.source.stem, captions)
        if self.draft_steps is not None:
            names = tuple(map(name_draft, names))
        return {recipe: self.folder / f"{name}.png" for recipe, name in zip(made, names, strict=True)}

    def _name(self, recipe: Recipe, value: Value) -> str:
        caption = self.rule.caption(self.parent, value)
        return caption if recipe.seed == self.parent.seed else f"seed {recipe.seed} {caption}"

    @property
    def grid(self) -> Path:
        """The file of the grid."""
        name = "grid" if self.source is None else name_grid(self.source.stem)
        return self.folder / f"{name if self.draft_steps is None else name_draft(name)}.png"


@dataclass(frozen=True, kw_only=True)
class OutputPicture:
    """A finished picture or a draft.

    Attributes:
        sha256: of its RGB pixels, 3 bytes each, row by row; in hex.
        anew: whether it was made now; False if it existed already.
        notice: a sentence about it, "" for none.
        draft_steps: the number of denoising steps after which a draft was paused; None for a finished picture.
    """

    file: str
    fingerprint: str
    sha256: str
    anew: bool
    notice: str
    recipe: Recipe
    draft_steps: int | None = None

    @property
    def image(self) -> Image:
        """Its pixels, RGB, read from the file.

        Raises:
            SeedLabError: the file is gone or damaged.
        """
        return read_pixels(Path(self.file))


@dataclass(frozen=True, kw_only=True)
class Result:
    """The result of a job. The grid is made only if nothing failed; each failure is a sentence.

    Attributes:
        differences: between the environments of the pictures and of the one that was refined.
        notices: sentences about the round.
    """

    grid: str | None
    pictures: tuple[OutputPicture, ...]
    failures: tuple[str, ...]
    environment: Environment | None
    differences: tuple[str, ...]
    seconds: float
    notices: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON data."""
        pictures = [asdict(each) | {"recipe": each.recipe.to_dict()} for each in self.pictures]
        return asdict(self) | {"pictures": pictures}


def check_job(job: Job, *, overwrite: bool = False, resolved: bool = True) -> None:
    """Check that a job's pictures can be written, before any work starts.

    Args:
        overwrite: as for `run_job`.
        resolved: whether the recipes have the dtype of this device.

    Raises:
        SeedLabError: there is no such folder, or another file is in the way.
    """
    check_folder(job.folder)
    if not overwrite:
        check_room(job.files, job.grid, resolved=resolved, draft_steps=job.draft_steps)


def run_job(job: Job, services: Services, show: Show, *, overwrite: bool = False) -> Result:
    """Make a job's pictures and their grid.

    Args:
        show: is called with the round after every change.
        overwrite: whether pictures that are there already are made again.
    """
    begun = time.monotonic()
    given = {} if job.source is None else {job.parent: job.source}
    folder = OutputFolder(
        job.files,
        services.observe,
        given=given,
        lineage=job.lineage,
        overwrite=overwrite,
        draft_steps=job.draft_steps,
    )
    round_ = _develop(job, Session(services.generate, folder.find, folder.keep), show)
    originals = () if job.environment is None else (job.environment,)
    return replace(collect(round_, folder, job.grid, originals, begun), notices=job.notices)


def collect(
    round_: Round, folder: OutputFolder, grid: Path | None, originals: Sequence[Environment], begun: float
) -> Result:
    """Collect the result of a round, and write its grid.

    Args:
        folder: where its pictures are.
        grid: the file of the grid; None for no grid.
        originals: the environments to compare with that of the pictures.
        begun: when the work began, in seconds of the monotonic clock.
    """
    failures = list(_list_failures(round_))
    try:
        pictures = [(tile, file, read_pixels(file)) for tile in round_.tiles if (file := tile.file) and _is_made(tile)]
        if grid is not None and not failures:
            write_grid(grid, make_grid([pixels for _, _, pixels in pictures], round_.table))
    except SeedLabError as error:
        pictures, failures = [], [*failures, str(error)]
    environment = read_metadata(pictures[0][1]).environment if pictures else None
    differences = [each for original in originals if environment for each in environment.differences(original)]
    return Result(
        grid=None if failures or grid is None else str(grid),
        pictures=tuple(_describe(tile, file, pixels, file not in folder.found) for tile, file, pixels in pictures),
        failures=tuple(failures),
        environment=environment,
        differences=tuple(dict.fromkeys(differences)),
        seconds=round(time.monotonic() - begun, 3),
    )


def _is_made(tile: Tile) -> bool:
    return tile.state in (State.DONE, State.DRAFT)


def _list_failures(round_: Round) -> Iterator[str]:
    for index, tile in enumerate(round_.tiles):
        if not _is_made(tile):
            name = ", ".join(filter(None, (f"Seed {tile.recipe.seed}", round_.caption(index))))
            yield f"{name}: {tile.sentence or NOT_MADE}"


def _develop(job: Job, session: Session, show: Show) -> Round:
    if job.source is None:
        session.explore(job.parent, job.rule, job.draft_steps)
        return develop_newest(session, show)
    session.explore(job.parent, Seeds((job.parent.seed,)))
    develop_newest(session, show)  # the picture that is refined; it is there, so nothing is made
    session.lock(1, 0, job.rule)
    return develop_newest(session, show)


def develop_newest(session: Session, show: Show) -> Round:
    """Do the work of a session, and return the round that was asked for last."""
    # Closing the generator on Ctrl+C stops the work within a step.
    with closing(session.develop()) as trails:
        for trail in trails:
            show(trail.newest)
    return session.trail.newest


def _describe(tile: Tile, file: Path, pixels: Image, anew: bool) -> OutputPicture:
    return OutputPicture(
        file=str(file),
        fingerprint=tile.recipe.fingerprint,
        sha256=hash_pixels(pixels),
        anew=anew,
        notice=tile.sentence,
        recipe=tile.recipe,
        draft_steps=tile.draft_steps,
    )
