"""What programs and agents are offered: functions over the pictures of the store. HTTP and MCP only pass them on.

They are stateless: a picture is named by its id, which is the name of its file in the store. What they return is JSON
data.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, replace
from io import BytesIO
from pathlib import Path
from threading import Event
from typing import Any

from PIL.Image import Resampling

from seedlab.core.errors import RecipeError, SeedLabError
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.reports import Failed
from seedlab.core.texts.text import quote
from seedlab.images.compare import hash_pixels
from seedlab.images.grid import make_grid
from seedlab.images.index.search import NOBODY
from seedlab.images.metadata import Metadata, read_metadata
from seedlab.images.png import read_pixels
from seedlab.workflow.jobs.job import NOT_MADE
from seedlab.workflow.jobs.rounds import Grid, resolve_grid
from seedlab.workflow.jobs.variations import Varied, parse_rule, read_variations
from seedlab.workflow.page_services import PageServices
from seedlab.workflow.pictures.encoded import write_encoded
from seedlab.workflow.programs.progress import Progress, Work, develop
from seedlab.workflow.sessions.session import Session
from seedlab.workflow.trails.trail import Round, State, Tile
from seedlab.workflow.verification import VerificationResult

MAX_PICTURES = 16
"""Of one call. By the Model Context Protocol, an agent whose connection breaks off has not cancelled its call: its work
is done to its end."""

SHEET_SIDE = 768
"""The longest side of a contact sheet, in pixels."""

QUALITY = 90
"""Of its JPEG, 0...100."""


class Tools:
    """The functions of one caller.

    Args:
        services: makes and keeps the pictures.
        find_file: returns the file of a picture's id; None if there is none.
        address: returns where a picture is served.
        visitor: whose turns the work takes.
    """

    def __init__(
        self,
        services: PageServices,
        find_file: Callable[[str], Path | None],
        address: Callable[[Path], str],
        visitor: str = "",
    ) -> None:
        self._services, self._find_file, self._address, self._visitor = services, find_file, address, visitor

    def list_models(self) -> dict[str, Any]:
        """Return the models that may be named, the default one first."""
        default = self._services.default_model
        listed = sorted(self._services.models, key=lambda each: each[1] != default)
        return {"models": [{"model": model_id, "name": name} for name, model_id in listed]}

    def make_grid(self, grid: Grid, start: str = "") -> Work[dict[str, Any]]:
        """Make a picture for each seed.

        Args:
            start: a PNG, JPEG or WebP file that they start from, as `write_encoded` reads it; "" for noise.

        Raises:
            SeedLabError: a value is wrong, or no picture could be made.
        """
        grid = replace(grid, model=grid.model or self._services.default_model)
        if start and not self._services.local:
            raise RecipeError("start", "Programs start from noise on this server: leave the picture to start from out.")
        with write_encoded(start) as file:
            check = lambda guess: _check_count(len(guess.rule.seeds))  # noqa: E731
            found = resolve_grid(replace(grid, start=file), self._services, check, NOBODY)
        self._services.check(found.recipe)
        session = self._services.make_session(None, self._visitor, NOBODY)
        session.explore(found.recipe, found.rule, found.draft_steps)
        round_ = yield from develop(session)
        return self._describe(round_, found.notices)

    def refine(self, picture: str, variations: Mapping[str, Varied]) -> Work[dict[str, Any]]:
        """Vary a picture with its seed locked.

        Args:
            variations: of one kind, by the names of the command's options: {"suffix": [", artsy"]}.

        Raises:
            SeedLabError: a value is wrong, or no picture could be made.
        """
        rule = parse_rule(read_variations(variations))
        session, tile = self._open(picture)
        session.lock(*tile, rule, self._check_round)
        round_ = yield from develop(session)
        return self._describe(round_)

    def finish(self, picture: str) -> Work[dict[str, Any]]:
        """Make the whole picture of a draft.

        Raises:
            SeedLabError: it could not be made.
        """
        session, (round_id, index) = self._open(picture)
        if session.trail.tile(round_id, index).state is not State.DRAFT:
            raise SeedLabError("This is a whole picture already: there is nothing to finish.")
        session.finish(round_id, [index])
        round_ = yield from develop(session)
        return self._describe(round_)

    def look(self, pictures: Sequence[str]) -> bytes:
        """Return a JPEG of a contact sheet of pictures, or of one; its sides have at most `SHEET_SIDE` pixels.

        Raises:
            SeedLabError: one of them is not here.
        """
        _check_pictures(pictures)
        sheet, file = make_grid([read_pixels(self.find(picture)) for picture in pictures]), BytesIO()
        sheet.thumbnail((SHEET_SIDE, SHEET_SIDE), Resampling.LANCZOS)
        sheet.save(file, "JPEG", quality=QUALITY)
        return file.getvalue()

    def read_recipe(self, picture: str) -> dict[str, Any]:
        """Return the recipe of a picture, and what led to it.

        Raises:
            SeedLabError: the picture is not here.
        """
        _, metadata = self._read(picture)
        return {
            "picture": picture,
            "recipe": metadata.recipe.to_dict(),
            "draft_steps": metadata.draft_steps,
            "environment": asdict(metadata.environment),
        }

    def verify(self, picture: str) -> Work[dict[str, Any]]:
        """Make a picture again, alone, and compare the bytes.

        Raises:
            SeedLabError: it is not here, or could not be made.
        """
        file, metadata = self._read(picture)
        stop = Event()
        verify = self._services.verify(metadata.recipe, file, stop, self._visitor, NOBODY, metadata.draft_steps)
        with closing(verify) as reports:
            for report in reports:
                if isinstance(report, VerificationResult):
                    return _describe_result(picture, report)
                if isinstance(report, Failed):
                    raise SeedLabError(report.sentence)
                yield Progress(0, 1, "Making the picture again.")
        raise SeedLabError(NOT_MADE)

    def write_script(self, pictures: Sequence[str]) -> dict[str, Any]:
        """Write pictures of one round as a script that gives the same bytes with diffusers alone.

        Raises:
            SeedLabError: one of them is not here, or they cannot be written as one script.
        """
        _check_pictures(pictures)
        return {"script": self._services.write_script([self._read(picture)[1].recipe for picture in pictures])}

    def find(self, picture: str) -> Path:
        """Return the file of a picture.

        Raises:
            SeedLabError: it is not here.
        """
        return self._locate(picture) if self._services.local else self._read(picture)[0]

    def _read(self, picture: str) -> tuple[Path, Metadata]:
        file = self._locate(picture)
        metadata = read_metadata(file)
        # Another visitor's own picture: on a host of strangers, programs start from none.
        if not self._services.local and metadata.recipe.input_picture is not None:
            raise _refuse_unknown(picture)
        return file, metadata

    def _locate(self, picture: str) -> Path:
        file = self._find_file(picture)
        if file is None:
            raise _refuse_unknown(picture)
        return file

    def _open(self, picture: str) -> tuple[Session, tuple[int, int]]:
        """Start a session with a picture at the end of its lineage. Returns it, and the picture's round and tile."""
        file, metadata = self._read(picture)
        self._services.find_model(metadata.recipe.model_address).check(metadata.recipe)
        session = self._services.make_session(None, self._visitor, NOBODY)
        trail = session.restore(metadata.recipe, metadata.lineage, file, "", metadata.draft_steps)
        newest = trail.newest
        index = next(index for index, tile in enumerate(newest.tiles) if tile.recipe == metadata.recipe)
        return session, (newest.id, index)

    def _check_round(self, round_: Round) -> None:
        _check_count(len(round_.tiles))
        for tile in round_.tiles:
            self._services.find_model(tile.recipe.model_address).check(tile.recipe)

    def _describe(self, round_: Round, notices: Sequence[str] = ()) -> dict[str, Any]:
        made = [tile for tile in round_.tiles if tile.file is not None]
        failures = [
            f"Seed {tile.recipe.seed}: {tile.sentence or NOT_MADE}" for tile in round_.tiles if tile.file is None
        ]
        if not made:
            raise SeedLabError(failures[0])
        return {
            "title": round_.title,
            "pictures": [self._describe_tile(tile) for tile in made],
            "notices": [notice for notice in notices if notice],
            "failures": failures,
        }

    def _describe_tile(self, tile: Tile) -> dict[str, Any]:
        assert tile.file is not None
        recipe: Recipe = tile.recipe
        return {
            "picture": tile.file.stem,
            "seed": str(recipe.seed),  # JavaScript's numbers end at 2**53
            "prompt": recipe.late_prompt or recipe.prompt,
            "sha256": hash_pixels(read_pixels(tile.file)),
            "url": self._address(tile.file),
            "notice": tile.sentence,
            "draft_steps": tile.draft_steps,
        }


def _describe_result(picture: str, result: VerificationResult) -> dict[str, Any]:
    return {
        "picture": picture,
        "equal": result.is_equal,
        "sha256": result.sha256,
        "original_sha256": result.original_sha256,
        "l_infinity": result.l_infinity,
        "causes": list(result.causes),
    }


def write_json(result: Any) -> str:
    """Write a result as one line of JSON."""
    return json.dumps(result, ensure_ascii=False)


def _refuse_unknown(picture: str) -> SeedLabError:
    return SeedLabError(f"There is no picture {quote(picture, 120)} here: use an id that a grid or refine gave.")


def _check_pictures(pictures: Sequence[str]) -> None:
    _check_count(len(pictures))
    if not pictures:
        raise SeedLabError("No picture was given: name one or more.")


def _check_count(count: int) -> None:
    if count > MAX_PICTURES:
        raise RecipeError("seeds", f"{count} pictures are too many for one call: ask for {MAX_PICTURES} or fewer.")
