"""Takes what is reported about a session's tiles into its trail, and keeps the pictures."""

from collections.abc import Callable
from dataclasses import replace

from seedlab.core.errors import SeedLabError
from seedlab.core.picture import Picture
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.reports import Failed, Finished, Progress, Report, Waiting
from seedlab.rules.change import Lineage
from seedlab.workflow.trails.shared import SharedTrail
from seedlab.workflow.trails.tile import State

Keep = Callable[[Recipe, Finished, Lineage], Picture]
"""Writes a finished picture, or a draft, to the store. Raises SeedLabError where it cannot."""


class Receiver:
    """Changes the tiles of a trail that others change too."""

    def __init__(self, keep: Keep, shared: SharedTrail) -> None:
        self._keep, self._shared = keep, shared

    def receive(self, round_id: int, index: int, report: Report) -> None:
        """Show a report in its tile. A finished picture is written to the store first."""
        match report:
            case Finished():
                self._keep_picture(round_id, index, report)
            case Failed(sentence=sentence):
                self._shared.change_unless_done(round_id, index, state=State.FAILED, preview=None, sentence=sentence)
            case Waiting(sentence=sentence):
                self._shared.change_unfinished(round_id, index, sentence=sentence)
            case Progress(step=step, steps=steps, preview=preview):
                shown = {"state": State.RUNNING, "fraction": step / steps, "preview": preview}
                self._shared.change_unfinished(round_id, index, **shown, sentence="")

    def _keep_picture(self, round_id: int, index: int, report: Finished) -> None:
        recipe = self._shared.trail.tile(round_id, index).recipe
        try:
            picture = self._keep(recipe, report, self._shared.trail.lineage_of(round_id, index))
        except SeedLabError as error:
            self._shared.change_unless_done(round_id, index, state=State.FAILED, preview=None, sentence=str(error))
        else:
            self._shared.show(recipe, replace(picture, draft_steps=report.draft_steps))
