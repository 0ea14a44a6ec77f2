"""`seedlab finish`: makes whole pictures of drafts."""

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from seedlab.cli.jobs import Result, Show, collect, develop_newest
from seedlab.cli.options import MakeServices, add_places, make_places, parse_whole, read_compute
from seedlab.cli.output import FAILED, KEEPING, add_output_options, show_progress, write_result
from seedlab.core.environment import Environment
from seedlab.core.errors import SeedLabError
from seedlab.core.picture import Picture
from seedlab.core.recipe import Recipe
from seedlab.core.reports import Finished
from seedlab.core.text import quote
from seedlab.images.foreign.metadata import ForeignMetadata
from seedlab.images.metadata import Metadata
from seedlab.images.output_folder import OutputFolder, check_folder, check_room, is_grid, name_finished
from seedlab.images.png import read_pixels
from seedlab.images.restoring import restore
from seedlab.rules.change import Lineage
from seedlab.rules.seeds import Seeds
from seedlab.workflow.measuring import choose_pictures, format_choice
from seedlab.workflow.services import Services
from seedlab.workflow.session import Session
from seedlab.workflow.trail import Round, State, Tile, Trail

FINISH = """\
Make the whole pictures of drafts: seed-2-draft.png gives seed-2.png. The work goes on where the draft was stopped, and
the bytes are those of the whole picture made at once. Where that is not known any more, as on another machine, it
begins with the first step."""

ELSEWHERE = "These may differ from their drafts, which were made in another environment; here: {}."


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


def add_finish(commands: Any) -> None:
    """Add the command to those of `seedlab.cli.main.make_parser`."""
    parser = commands.add_parser("finish", help="make the whole pictures of drafts", description=FINISH, epilog=KEEPING)
    words = "a draft that SeedLab made; other pictures are skipped, so that *-draft.png may be given"
    parser.add_argument("picture", metavar="DRAFT.png", type=Path, nargs="+", help=words)
    parser.add_argument("--out", metavar="FOLDER", type=Path, help="where to write the pictures (each draft's folder)")
    words = "finish only those N of the drafts that differ most; the same drafts give the same choice"
    parser.add_argument("--different", metavar="N", type=parse_whole, help=words)
    add_places(parser)
    add_output_options(parser)
    parser.set_defaults(run=run_finish)


def run_finish(given: argparse.Namespace, make_services: MakeServices) -> int:
    """Finish drafts."""
    drafts, skipped = _read_all(given)
    if not drafts:
        raise SeedLabError(" ".join(skipped))
    if given.different is not None:
        drafts, sentence = _choose_different(drafts, given.different)
        skipped.append(sentence)
    with closing(make_services(read_compute(given))) as services:
        located = [replace(each, metadata=_locate(each, given, services)) for each in drafts]
        check_drafts(located, services, overwrite=given.overwrite)
        sys.stderr.write("".join(f"{sentence}\n" for sentence in skipped))
        with show_progress() as show:
            result = finish_drafts(located, services, show, overwrite=given.overwrite)
    write_result(result, given, ELSEWHERE)
    return FAILED if result.failures else 0


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


def _read_all(given: argparse.Namespace) -> tuple[list[Draft], list[str]]:
    """Return the drafts, and why each of the other pictures is skipped."""
    drafts: dict[Recipe, Draft] = {}
    skipped: list[str] = []
    for file in dict.fromkeys(given.picture):
        found = _read(file, given.out)
        if isinstance(found, Draft) and found.recipe in drafts:
            found = f"is a draft of the same picture as {quote(str(drafts[found.recipe].source), 200)}"
        if isinstance(found, Draft):
            drafts[found.recipe] = found
        else:
            skipped.append(f"{quote(str(file), 200)} {found}: there is nothing to finish.")
    return list(drafts.values()), skipped


def _choose_different(drafts: Sequence[Draft], count: int) -> tuple[list[Draft], str]:
    """Return the drafts that differ most, and a sentence about them."""
    if count < 2:
        raise SeedLabError(f"One picture differs from none: choose 2 or more, not {count}.")
    choice = choose_pictures([read_pixels(draft.source) for draft in drafts], count)
    return [drafts[index] for index in choice.indices], format_choice(choice, len(drafts))


def _read(file: Path, folder: Path | None) -> Draft | str:
    """Return a draft, or what else the file is."""
    if is_grid(file):
        return "is a grid"
    found = restore(file)
    if isinstance(found, ForeignMetadata):
        return f"was made with {found.tool or 'another tool'} and is no draft of SeedLab"
    return read_draft(file, found.metadata, folder) or "is a whole picture already"


def _locate(draft: Draft, given: argparse.Namespace, services: Services) -> Metadata:
    return services.locate(draft.metadata, make_places(given, draft.source))


def _check_names(drafts: Sequence[Draft]) -> None:
    taken: dict[str, Draft] = {}
    for draft in drafts:
        other = taken.setdefault(str(draft.file.absolute()).casefold(), draft)
        if other is not draft:
            names = " and ".join(quote(str(each.source), 200) for each in (other, draft))
            advice = "finish them one after the other, into different folders"
            raise SeedLabError(f"{names} would both become {quote(draft.file.name, 80)}: {advice}.")
