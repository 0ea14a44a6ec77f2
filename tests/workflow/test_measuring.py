"""Measures on drafts, with fakes whose pictures are known."""

from collections.abc import Generator, Sequence
from dataclasses import replace
from threading import Event

import numpy as np
import pytest
from PIL import Image

from seedlab.core.errors import RecipeError, SeedLabError
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.reports import Failed, Finished, Report
from seedlab.workflow.known.shares import KnownShares
from seedlab.workflow.measuring import (
    Made,
    Tried,
    choose_pictures,
    compare_prompts,
    format_choice,
    format_trial,
    format_tried,
    measure_model,
    try_suffixes,
)
from tests.examples import ENVIRONMENT, MODEL

SKETCH = replace(MODEL, dtype="float32")


class Painter:
    """Paints random places, decided by seed and prompt in given shares."""

    def __init__(self, by_seed: float = 1.0, by_prompt: float = 1.0) -> None:
        self.by_seed, self.by_prompt = by_seed, by_prompt
        self.failing, self.draft_steps = False, None

    def __call__(
        self, recipes: Sequence[Recipe], stop: Event, *, draft_steps: int | None = None
    ) -> Generator[Report, None, None]:
        self.draft_steps = draft_steps
        for index, recipe in enumerate(recipes):
            if stop.is_set():
                return
            image = self.paint(recipe)
            yield Failed(index, "No memory.") if self.failing else Finished(index, image, ENVIRONMENT, "")

    def paint(self, recipe: Recipe) -> Image.Image:
        words = [word for word in recipe.prompt.split(", ") if word != "xyzzy"]
        places = self.by_seed * draw(recipe.seed) + self.by_prompt * draw(*map(ord, ", ".join(words)))
        grey = np.clip(128 + 25 * places, 0, 255).astype(np.uint8)
        return Image.fromarray(grey).convert("RGB").resize((64, 64), Image.Resampling.NEAREST)


def draw(*numbers: int) -> np.ndarray:
    return np.random.default_rng(numbers).normal(size=(8, 8))


def finish(work):
    """Return all that a generator yields, and its result."""
    made = []
    while True:
        try:
            made.append(next(work))
        except StopIteration as end:
            return made, end.value


def make_recipes(prompt: str, seeds: Sequence[int]) -> list[Recipe]:
    return [SKETCH.make_recipe(prompt=prompt, seed=seed) for seed in seeds]


@pytest.mark.parametrize(("by_seed", "by_prompt", "share"), [(1, 1, 0.5), (2, 1, 0.8), (0, 1, 0.0), (1, 0, 1.0)])
def test_the_seed_share_is_that_of_the_pictures(by_seed, by_prompt, share) -> None:
    painter = Painter(by_seed, by_prompt)
    made, measured = finish(measure_model(painter, KnownShares(None), SKETCH, Event()))
    assert measured.share == pytest.approx(share, abs=0.1)
    assert made[-1] == Made(96, 96)
    assert painter.draft_steps == 3
    assert "drafts of 3 of 12 steps" in measured.source


def test_a_failed_picture_ends_the_measurement_in_its_own_words() -> None:
    painter = Painter()
    painter.failing = True
    with pytest.raises(SeedLabError, match="No memory"):
        finish(measure_model(painter, KnownShares(None), SKETCH, Event()))


def test_a_stopped_measurement_has_no_result() -> None:
    stop = Event()
    work = measure_model(Painter(), KnownShares(None), SKETCH, stop)
    next(work)
    stop.set()
    assert finish(work)[1] is None


def test_a_model_without_prompts_is_not_measured() -> None:
    model = replace(SKETCH, unconditional=True, guidance_scale=0.0)
    with pytest.raises(SeedLabError, match="has no prompt"):
        finish(measure_model(Painter(), KnownShares(None), model, Event()))


def test_other_words_change_the_pictures_and_unread_ones_do_not() -> None:
    ours, others, unread = (make_recipes(prompt, range(8)) for prompt in ("a cat", "a cat, at night", "a cat, xyzzy"))
    _, trial = finish(compare_prompts(Painter(), ours, others, 3, Event()))
    assert trial.is_noticeable
    assert "These words change" in format_trial(trial)
    _, trial = finish(compare_prompts(Painter(), ours, unread, 3, Event()))
    assert format_trial(trial) == "Nothing changes: the pictures of all 8 seeds are equal."


def test_a_weak_change_is_called_so() -> None:
    ours, others = (make_recipes(prompt, range(8)) for prompt in ("a cat", "a cat, at night"))
    _, trial = finish(compare_prompts(Painter(by_prompt=0.02), ours, others, 3, Event()))
    assert format_trial(trial).startswith("These words change hardly anything: ")


def test_each_suffix_is_compared_with_the_pictures_without_it() -> None:
    recipe = SKETCH.make_recipe(prompt="a cat", seed=3)
    *reports, last = try_suffixes(Painter(), recipe, (", at night", ", xyzzy"), 3, Event())
    assert [each for each in reports if isinstance(each, Made)] == [Made(count, 24) for count in range(1, 25)]
    (night,) = (each for each in reports if isinstance(each, Tried))
    _, alone = finish(
        compare_prompts(Painter(), *(make_recipes(text, range(8)) for text in ("a cat", "a cat, at night")), 3, Event())
    )
    assert night.trial.change == alone.change
    words = format_tried([night, last], recipe).splitlines()
    assert words[0] == "Compared with a change of seed, for 8 seeds of “a cat”:"
    assert words[1].startswith("at night: ")
    assert words[2] == "xyzzy: nothing"


def test_stopped_trials_keep_what_is_known() -> None:
    stop = Event()
    known = []
    for report in try_suffixes(Painter(), make_recipes("a cat", [0])[0], (", at night", ", artsy"), 3, stop):
        known += [report] if isinstance(report, Tried) else []
        if known:
            stop.set()
    assert [each.suffix for each in known] == [", at night"]


def test_a_suffix_that_does_not_fit_is_refused_before_work_starts() -> None:
    painter = Painter()
    with pytest.raises(RecipeError, match="characters"):
        next(try_suffixes(painter, make_recipes("a cat", [0])[0], ("x" * 100_000,), 3, Event()))
    assert painter.draft_steps is None


def test_one_seed_is_not_enough() -> None:
    recipes = make_recipes("a cat", [0])
    with pytest.raises(SeedLabError, match="two or more"):
        finish(compare_prompts(Painter(), recipes, recipes, 3, Event()))


def test_the_chosen_pictures_stand_for_all() -> None:
    painter = Painter(by_prompt=0)
    images = [painter.paint(recipe) for recipe in make_recipes("a cat", [0, 0, 1, 1, 1, 2, 3, 3])]
    choice = choose_pictures(images, 4)
    assert [index in each for index, each in zip(choice.indices, ({0, 1}, {2, 3, 4}, {5}, {6, 7}), strict=True)]
    assert format_choice(choice, 8) == "These 4 represent all 8: each is the nearest one to 2, 3, 1, 2 of them."
