"""What one browser tab measures on drafts: how much a model leaves to the seed, and what suffixes change."""

from collections.abc import Generator, Sequence
from contextlib import closing
from threading import Event

from seedlab.core.models.model import Model
from seedlab.core.recipes.recipe import Recipe
from seedlab.workflow.measuring import Tried, format_tried
from seedlab.workflow.page_services import MeasureFor, TrySuffixesFor


class Measurements:
    """The measurements of a tab, told in sentences while they run.

    Args:
        visitor: whose turns the work takes.
    """

    def __init__(self, visitor: str) -> None:
        self._visitor, self._stop = visitor, Event()

    def measure(self, model: Model, measure: MeasureFor) -> Generator[str, None, None]:
        """Measure a model's seed share, yielding how far it is.

        Raises:
            SeedLabError: the model has no prompt, or a picture failed.
        """
        stop = self._begin()
        yield f"Measuring what the seed decides in pictures of {model.name}…"
        with closing(measure(model, stop, self._visitor)) as counts:
            for made in counts:
                yield f"Measuring what the seed decides: {made.count} of {made.total} drafts…"

    def try_suffixes(
        self, model: Model, recipe: Recipe, suffixes: Sequence[str], measure: TrySuffixesFor
    ) -> Generator[str, None, None]:
        """Measure what each suffix changes, yielding how far it is and what is known.

        Raises:
            SeedLabError: a suffix does not fit, or a picture failed.
        """
        stop = self._begin()
        tried: list[Tried] = []
        with closing(measure(model, recipe, suffixes, stop, self._visitor)) as reports:
            for report in reports:
                if isinstance(report, Tried):
                    tried.append(report)
                else:
                    progress = f"Measuring what they change: {report.count} of {report.total} drafts…"
                    yield "\n".join([format_tried(tried, recipe), progress] if tried else [progress])
        yield format_tried(tried, recipe) if tried else ""

    def stop(self) -> None:
        """Stop all measurements that run."""
        self._stop.set()

    def _begin(self) -> Event:
        """Return what stops all measurements of the page that run."""
        if self._stop.is_set():
            self._stop = Event()
        return self._stop
