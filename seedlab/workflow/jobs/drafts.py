"""Drafts in files, and finishing them."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from seedlab.core.errors import SeedLabError
from seedlab.core.machine.environment import Environment
from seedlab.core.picture import Picture
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.reports import Finished
from seedlab.core.texts.text import quote
from seedlab.images.foreign.metadata import ForeignMetadata
from seedlab.images.metadata import Metadata
from seedlab.images.output_folder import OutputFolder, check_folder, check_room, is_grid, name_finished
from seedlab.images.png import read_pixels
from seedlab.images.restoring import restore
from seedlab.rules.change import Lineage
from seedlab.rules.kinds.seeds import Seeds
from seedlab.workflow.jobs.job import Draft, Result, Show, collect, develop_newest
from seedlab.workflow.measuring import choose_pictures, format_choice
from seedlab.workflow.services import Services
from seedlab.workflow.sessions.session import Session
from seedlab.workflow.trails.trail import Round, State, Tile, Trail


def read_draft(file: Path, metadata: Metadata, folder: Path | None) -> Draft | None:
    """Return a draft that is to be finished; None if the picture is whole.

    Args:
        folder: where to write the whole picture; None for the draft's folder.
    """
    if metadata.draft_steps is None:
        return None
    target = (file.parent if folder is None else folder) / f"{name_finished(file.stem)}.png"
    return Draft(source=file, file=target, metadata=metadata, draft_steps=metadata.draft_steps)


def check_drafts(drafts: Sequence[Draft], services: Services, *, overwrite: bool) -> None:
    """Check that drafts can be finished, before anything is begun.

    Raises:
        SeedLabError: a picture cannot be made, or its file not be written.
    """
    _check_names(drafts)
    for draft in drafts:
        check_folder(draft.file.parent)
        if not overwrite:
            check_room({draft.recipe: draft.file})
        model = services.find_model(draft.recipe.model_address)
        model.check(draft.recipe)
        services.check(draft.recipe)
    for address in dict.fromkeys(draft.recipe.model_address for draft in drafts):
        services.resolve_model(services.find_model(address))  # raises if the device is missing


def finish_drafts(drafts: Sequence[Draft], services: Services, show: Show, *, overwrite: bool) -> Result:
    """Finish drafts.

    Args:
        drafts: one or more, of any recipes.
        show: is called after every change.
        overwrite: whether pictures that are there already are made again.
    """
    begun = time.monotonic()
    files = {draft.recipe: draft.file for draft in drafts}
    lineages = {draft.recipe: draft.metadata.lineage for draft in drafts}
    folder = OutputFolder(files, services.observe, given={}, overwrite=overwrite)
    session = Session(services.generate, folder.find, _make_keep(folder, lineages), _make_trail(drafts))
    session.finish(1)
    round_ = develop_newest(session, show)
    originals: list[Environment] = [draft.metadata.environment for draft in drafts]
    return collect(round_, folder, None, originals, begun)


def _make_keep(folder: OutputFolder, lineages: Mapping[Recipe, Lineage]) -> Any:
    def keep(recipe: Recipe, finished: Finished, _: Lineage) -> Picture:
        return folder.keep(recipe, finished, lineages[recipe])

    return keep


def _make_trail(drafts: Sequence[Draft]) -> Trail:
    """Make a trail of one round, so that drafts which fit into one batch are finished in one."""
    tiles = tuple(
        Tile(
            recipe=draft.recipe,
            value=draft.recipe.seed,
            state=State.DRAFT,
            file=draft.source,
            draft_steps=draft.draft_steps,
        )
        for draft in drafts
    )
    rule = Seeds(tuple(tile.recipe.seed for tile in tiles))
    return Trail(
        rounds=(Round(id=1, rule=rule, tiles=tiles, base=tiles[0].recipe, draft_steps=drafts[0].draft_steps),),
        path=(1,),
    )


def read_drafts(files: Sequence[Path], folder: Path | None) -> tuple[list[Draft], list[str]]:
    """Return the drafts among some files, and why each of the other files is skipped.

    Args:
        folder: as for `read_draft`.

    Raises:
        SeedLabError: a file is not a picture that can be read.
    """
    drafts: dict[Recipe, Draft] = {}
    skipped: list[str] = []
    for file in dict.fromkeys(files):
        found = _read(file, folder)
        if isinstance(found, Draft) and found.recipe in drafts:
            found = f"is a draft of the same picture as {quote(str(drafts[found.recipe].source), 200)}"
        if isinstance(found, Draft):
            drafts[found.recipe] = found
        else:
            skipped.append(f"{quote(str(file), 200)} {found}: there is nothing to finish.")
    return list(drafts.values()), skipped


def choose_different(drafts: Sequence[Draft], count: int) -> tuple[list[Draft], str]:
    """Return the drafts that differ most, and a sentence about them.

    Raises:
        SeedLabError: there is no such choice, or a draft cannot be read.
    """
    if count < 2:
        raise SeedLabError(f"One picture differs from none: choose 2 or more, not {count}.")
    choice = choose_pictures((read_pixels(draft.source) for draft in drafts), count)
    return [drafts[index] for index in choice.indices], format_choice(choice, len(drafts))


def _read(file: Path, folder: Path | None) -> Draft | str:
    """Return a draft, or what else the file is."""
    if is_grid(file):
        return "is a grid"
    found = restore(file)
    if isinstance(found, ForeignMetadata):
        return f"was made with {found.tool or 'another tool'} and is no draft of SeedLab"
    return read_draft(file, found.metadata, folder) or "is a whole picture already"


def _check_names(drafts: Sequence[Draft]) -> None:
    taken: dict[str, Draft] = {}
    for draft in drafts:
        other = taken.setdefault(str(draft.file.absolute()).casefold(), draft)
        if other is not draft:
            names = " and ".join(quote(str(each.source), 200) for each in (other, draft))
            advice = "finish them one after the other, into different folders"
            raise SeedLabError(f"{names} would both become {quote(draft.file.name, 80)}: {advice}.")
