"""Fakes for what lies below the workflow: a generate that paints the seed, and a store in memory."""

from collections.abc import Generator, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Event

from PIL import Image

from seedlab.core.picture import Picture
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.reports import Failed, Finished, Progress, Report
from seedlab.rules.change import Lineage
from seedlab.workflow.sessions.session import Session
from seedlab.workflow.trails.trail import State
from tests.examples import ENVIRONMENT, RECIPE

RECIPE = replace(RECIPE, num_inference_steps=3)


class Painter:
    """Counts what it paints and keeps it in memory, as the manager and the store do for real."""

    def __init__(self, failing_seed: int | None = None) -> None:
        self.painted: list[Recipe] = []
        self.drafted: list[Recipe] = []
        self.paused: dict[Recipe, int] = {}
        self.steps = 0
        self.pictures: dict[tuple[Recipe, int | None], Picture] = {}
        self.lineages: dict[Recipe, Lineage] = {}
        self.failing_seed = failing_seed

    def generate(
        self, recipes: Sequence[Recipe], stop: Event, *, draft_steps: int | None = None
    ) -> Generator[Report, None, None]:
        for index, recipe in enumerate(recipes):
            done = self.paused.get(recipe, 0)
            for step in range(done, draft_steps or recipe.num_inference_steps):
                if stop.is_set():
                    return
                yield Progress(index, step + 1, draft_steps or recipe.num_inference_steps, None)
                self.steps += 1
            if recipe.seed == self.failing_seed:
                yield Failed(index, "Out of memory: choose a smaller size.")
                continue
            if draft_steps is None:
                self.painted.append(recipe)
            else:
                self.drafted.append(recipe)
                self.paused[recipe] = draft_steps
            image = Image.new("RGB", (8, 8), (recipe.seed % 256, 0, 0))
            yield Finished(index, image, ENVIRONMENT, "", draft_steps=draft_steps)

    def find(self, recipe: Recipe, draft_steps: int | None) -> Picture | None:
        return self.pictures.get((recipe, None)) or self.pictures.get((recipe, draft_steps))

    def keep(self, recipe, finished, lineage) -> Picture:
        picture = Picture(Path(__file__), finished.notice, finished.draft_steps)  # any file that is there
        self.pictures[recipe, finished.draft_steps] = picture
        self.lineages[recipe] = lineage
        return picture

    def session(self, **arguments) -> Session:
        return Session(self.generate, self.find, self.keep, **arguments)


def develop(session: Session) -> None:
    for _ in session.develop():
        pass


def states(session: Session, round_id: int) -> list[State]:
    return [tile.state for tile in session.trail.round(round_id).tiles]
