"""Measures on drafts: how much a model leaves to the seed, which pictures differ most, and what other words change."""

from collections.abc import Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from threading import Event

from PIL.Image import Image

from seedlab.core.errors import SeedLabError
from seedlab.core.models.model import Model
from seedlab.core.models.seed_share import SeedShare
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.reports import Failed, Finished, Generate
from seedlab.core.texts.text import quote
from seedlab.measures.choosing import Choice, choose_different
from seedlab.measures.features import Features, coarsen, describe, measure_distances
from seedlab.measures.seed_share import measure_seed_share
from seedlab.measures.trials import EVERYWHERE, Trial, compare_wordings
from seedlab.rules.kinds.wordings.suffixes import Suffixes
from seedlab.workflow.known.shares import KnownShares

PROMPTS = (
    "a labrador",
    "a red boat on a beach",
    "a castle in the snow",
    "an owl at night",
    "a teapot",
    "a lighthouse at sunset",
    "a train in the city",
    "a flower in a forest",
)
"""What the seed share is measured with: subjects and places that every model knows."""

SEEDS = tuple(range(12))

TRIAL_SEEDS = tuple(range(8))
"""What words are put on trial with."""


@dataclass(frozen=True)
class Made:
    """How many pictures of a measurement are made."""

    count: int
    total: int


@dataclass(frozen=True)
class Tried:
    """A suffix, and what it changes."""

    suffix: str
    trial: Trial


def make_drafts(
    generate: Generate, recipes: Sequence[Recipe], draft_steps: int | None, stop: Event
) -> Generator[Made, None, list[Image]]:
    """Make drafts of recipes, for a measurement; nothing is kept.

    Args:
        draft_steps: see `Generate`.

    Returns:
        The pictures in order; none if the work was stopped.

    Raises:
        SeedLabError: a picture failed.
    """
    images: dict[int, Image] = {}
    with closing(generate(recipes, stop, draft_steps=draft_steps)) as reports:
        for report in reports:
            if isinstance(report, Failed):
                raise SeedLabError(report.sentence)
            if isinstance(report, Finished):
                images[report.index] = report.image
                yield Made(len(images), len(recipes))
    return [images[index] for index in range(len(recipes))] if len(images) == len(recipes) else []


def measure_model(
    generate: Generate, shares: KnownShares, model: Model, stop: Event
) -> Generator[Made, None, SeedShare | None]:
    """Measure how much of a picture's composition a model leaves to the seed, at its own settings.

    Args:
        shares: remembers the result.

    Returns:
        The share; None if the work was stopped.

    Raises:
        SeedLabError: the model has no prompt, or a picture failed.
    """
    if model.unconditional:
        raise SeedLabError(f"{model.name} has no prompt: its seed decides everything.")
    recipes = [model.make_recipe(prompt=prompt, seed=seed) for seed in SEEDS for prompt in PROMPTS]
    steps = model.num_inference_steps
    draft_steps = model.choose_draft_steps(steps)
    images = yield from make_drafts(generate, recipes, draft_steps, stop)
    if not images:
        return None
    what = "finished pictures" if draft_steps >= steps else f"drafts of {draft_steps} of {steps} steps"
    source = f"by SeedLab on {len(SEEDS)} seeds and {len(PROMPTS)} prompts, {what}"
    features = describe(images)
    share = measure_seed_share(features.reshape(len(SEEDS), len(PROMPTS), *features.shape[1:]), source)
    shares.add(model, share)
    return share


def choose_pictures(images: Iterable[Image], count: int) -> Choice:
    """Choose the pictures whose compositions differ most."""
    return choose_different(measure_distances(coarsen(describe(images))), count)


def compare_prompts(
    generate: Generate, recipes: Sequence[Recipe], others: Sequence[Recipe], draft_steps: int | None, stop: Event
) -> Generator[Made, None, Trial | None]:
    """Compare two wordings.

    Args:
        recipes, others: of the same seeds in the same order, with one wording and with the other.
        draft_steps: see `Generate`.

    Returns:
        The comparison; None if the work was stopped.

    Raises:
        SeedLabError: a picture failed, or there is only one seed.
    """
    if len(recipes) < 2:
        raise SeedLabError("One seed shows nothing about words: use two or more, such as 0-7.")
    images = yield from make_drafts(generate, [*recipes, *others], draft_steps, stop)
    if not images:
        return None
    features = describe(images)
    return compare_wordings(features[: len(recipes)], features[len(recipes) :])


def try_suffixes(
    generate: Generate, recipe: Recipe, suffixes: Sequence[str], draft_steps: int | None, stop: Event
) -> Generator[Made | Tried, None, None]:
    """Measure what each suffix changes in the pictures of the same seeds. Ends early if the work is stopped.

    Args:
        recipe: without the suffixes; its seed is not used.
        draft_steps: see `Generate`.

    Raises:
        RecipeError: a suffix does not fit the recipe; nothing is made then.
        SeedLabError: a picture failed.
    """
    plain = [replace(recipe, seed=seed) for seed in TRIAL_SEEDS]
    groups = [plain, *([Suffixes.apply(each, suffix) for each in plain] for suffix in suffixes)]
    ours: Features | None = None
    for number, recipes in enumerate(groups):
        work = make_drafts(generate, recipes, draft_steps, stop)
        images = yield from _count_on(work, number * len(plain), len(groups) * len(plain))
        if not images:
            return
        features = describe(images)
        if ours is None:
            ours = features
        else:
            yield Tried(suffixes[number - 1], compare_wordings(ours, features))


def _count_on(work: Generator[Made, None, list[Image]], before: int, total: int) -> Generator[Made, None, list[Image]]:
    """Count the pictures of a part of a measurement together with those before it."""
    with closing(work):
        while True:
            try:
                made = next(work)
            except StopIteration as end:
                images: list[Image] = end.value
                return images
            yield Made(before + made.count, total)


def format_tried(tried: Sequence[Tried], recipe: Recipe) -> str:
    """Describe what suffixes change, each in a line."""
    lines = [f"{Suffixes.caption(recipe, each.suffix)}: {_format_amount(each.trial)}" for each in tried]
    return "\n".join(
        [f"Compared with a change of seed, for {len(TRIAL_SEEDS)} seeds of {quote(recipe.prompt, 60)}:", *lines]
    )


def _format_amount(trial: Trial) -> str:
    if trial.is_equal:
        return "nothing"
    amount = f"{trial.change:.0%} ({trial.low:.0%} to {trial.high:.0%})"
    return f"{amount}, {_format_place(trial)}" if trial.is_noticeable else f"{amount}, hardly anything"


def format_trial(trial: Trial) -> str:
    """Describe in one or two sentences what other words changed."""
    if trial.is_equal:
        return f"Nothing changes: the pictures of all {trial.seeds} seeds are equal."
    amount = f"{trial.change:.0%} of what another seed changes ({trial.low:.0%} to {trial.high:.0%})"
    if not trial.is_noticeable:
        return f"These words change hardly anything: {amount}."
    return f"These words change {amount}, {_format_place(trial)}."


def _format_place(trial: Trial) -> str:
    place = trial.describe_place()
    return place if place == EVERYWHERE else f"most {place}"


def format_choice(choice: Choice, total: int) -> str:
    """Describe a choice: "These 4 represent all 32"."""
    counts = ", ".join(map(str, choice.counts))
    return f"These {len(choice.indices)} represent all {total}: each is the nearest one to {counts} of them."
