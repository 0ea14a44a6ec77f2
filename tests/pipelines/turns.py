"""Runs batches without a thread: every report is kept, where a manager passes on the newest of each tile."""

from collections.abc import Callable, Sequence

from seedlab.core.models.model import ResolvedModel
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.reports import Report
from seedlab.pipelines.batches.work import Turn, Work
from seedlab.pipelines.batches.worker import BatchRunner
from seedlab.pipelines.exact.batch_sizes import BatchSizes
from seedlab.pipelines.exact.caches import BatchCaches
from seedlab.pipelines.executor import Batch
from seedlab.pipelines.loaded.cache import PipelineCache
from seedlab.pipelines.run_store import NO_RUNS


def make_runner() -> BatchRunner:
    """Make a runner that knows nothing and keeps nothing on disk."""
    return BatchRunner(PipelineCache(), BatchCaches(), BatchSizes(None), NO_RUNS)


def make_turn(emit: Callable[[Report], object], is_over: bool = False) -> Turn:
    """Make a turn on the CPU that is not stopped."""
    return Turn(device="cpu", emit=emit, check_stop=lambda: None, is_over=lambda: is_over, note_loaded=lambda: None)


def run_in_one_turn(model: ResolvedModel, recipes: Sequence[Recipe]) -> list[Report]:
    """Make the pictures of some recipes; returns all reports."""
    reports: list[Report] = []
    make_runner().run(Work(batch=Batch(model=model, recipes=dict(enumerate(recipes)))), make_turn(reports.append))
    return reports
