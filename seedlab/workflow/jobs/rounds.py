"""Plans rounds: reads and checks everything that is wanted, before any work starts."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from seedlab.core.errors import RecipeError
from seedlab.core.models.model import Model
from seedlab.core.recipes.additions import Lora
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.recipes.recipe_checks import DTYPES
from seedlab.core.recipes.seeds import has_random_seeds
from seedlab.core.recipes.start import InputPicture
from seedlab.images.foreign.metadata import ForeignMetadata
from seedlab.images.index.search import OPERATOR
from seedlab.images.inputs.reading import read_input
from seedlab.images.output_folder import find_round
from seedlab.images.restoring import restore
from seedlab.rules.kinds.seeds import GUIDE_SEEDS, Seeds
from seedlab.rules.own_picture import FIELD, add_start, describe_start, read_start_strength
from seedlab.rules.rule import Rule
from seedlab.workflow.drafts import choose_draft_steps, format_draft
from seedlab.workflow.jobs.borrowing import borrow_recipe
from seedlab.workflow.jobs.drafts import read_draft
from seedlab.workflow.jobs.job import Job, check_job
from seedlab.workflow.notices import describe_marks, describe_unknown_words, warn_of_seeds
from seedlab.workflow.pictures.local_files import Places
from seedlab.workflow.services import Services


@dataclass(frozen=True, kw_only=True)
class Grid:
    """What a round of seeds is made of. None stands for the model's default.

    Attributes:
        seeds: as people write them: "0-3", "7, 42", "random 4".
        loras: files with weights, as people write them: "style.safetensors 0.8".
        draft: after how many steps the pictures are paused; True for the model's default, False for whole pictures.
        start: a picture of the user's own to start from, in place of noise; None for noise. Never from a stranger: the
            file is read.
        vae_tiling: whether large pictures are decoded in tiles.
        variety: seed variety, 0...2.
        strength: how much of it may change: above 0, at most 1, or "subtle" or "strong".
    """

    prompt: str
    seeds: str = GUIDE_SEEDS
    model: str = "sketch"
    negative_prompt: str | None = None
    steps: int | None = None
    guidance: float | None = None
    width: int | None = None
    height: int | None = None
    scheduler: str | None = None
    loras: tuple[str, ...] = ()
    dtype: str | None = None
    generator_device: str = "cpu"
    draft: bool | int = False
    start: Path | None = None
    strength: str | float | None = None
    vae_tiling: bool = False
    variety: float | None = None

    def make_recipe(
        self, model: Model, seed: int, loras: tuple[Lora, ...], picture: InputPicture | None = None
    ) -> Recipe:
        """Make the recipe of one seed.

        Args:
            picture: the one to start from, which was read; None for noise.

        Raises:
            RecipeError: a value is invalid, or this model does not support it.
        """
        recipe = model.make_recipe(
            prompt=self.prompt,
            seed=seed,
            negative_prompt=self.negative_prompt,
            num_inference_steps=self.steps,
            guidance_scale=self.guidance,
            width=model.snap(self.width),
            height=model.snap(self.height),
            scheduler=self.scheduler,
            dtype=self.dtype,
            generator_device=self.generator_device,
            loras=loras,
            vae_tiling=self.vae_tiling,
            seed_variety=self.variety,
        )
        if picture is None:
            return recipe
        has_size = self.width is not None or self.height is not None
        return add_start(
            recipe, model, picture, self.read_strength(), keep_size=has_size, keep_steps=self.steps is not None
        )

    def read_strength(self) -> float:
        """Return how much of the picture to start from may change.

        Raises:
            RecipeError: it is not a strength, or there is no such picture.
        """
        if self.strength is not None and self.start is None:
            sentence = "A strength needs a picture to start from: give one as well (--from on the command line)."
            raise RecipeError(FIELD, sentence)
        return read_start_strength("" if self.strength is None else str(self.strength))

    def choose_draft_steps(self, model: Model, recipe: Recipe) -> int | None:
        """Return after how many steps the pictures are paused; None for whole pictures.

        Raises:
            RecipeError: no step would be left.
        """
        if self.draft is False or recipe.start is not None:
            return None
        return choose_draft_steps(model, recipe, None if self.draft is True else self.draft)


@dataclass(frozen=True, kw_only=True)
class ResolvedGrid:
    """A round of seeds that was read and checked.

    Attributes:
        recipe: of the first seed.
        draft_steps: after how many steps the pictures are paused; None for whole pictures.
        notices: sentences about it.
    """

    rule: Seeds
    recipe: Recipe
    draft_steps: int | None
    notices: tuple[str, ...] = ()


def resolve_grid(
    grid: Grid, services: Services, check: Callable[[ResolvedGrid], object], owner: str = OPERATOR
) -> ResolvedGrid:
    """Read and check a round of seeds.

    Args:
        owner: who brought the picture to start from; see `seedlab.images.index.search`.
        check: is called with the round while the model's dtype is a guess: the default depends on the device, and
            asking for that imports torch.

    Raises:
        SeedLabError: a value is wrong, or the model does not support it.
    """
    rule = Seeds.parse({"seeds": grid.seeds})
    model = services.find_model(grid.model)
    loras = services.read_loras("\n".join(grid.loras))
    grid.read_strength()
    picture = None if grid.start is None else read_input(grid.start).picture

    def make(model: Model) -> ResolvedGrid:
        recipe = grid.make_recipe(model, rule.seeds[0], loras, picture)
        return ResolvedGrid(rule=rule, recipe=recipe, draft_steps=grid.choose_draft_steps(model, recipe))

    check(make(replace(model, dtype=grid.dtype or DTYPES[0])))
    # Only now, so that who asks for what is refused leaves no picture here.
    taken = None if grid.start is None else services.take_input(grid.start, owner)
    model = services.resolve_model(model)
    found = make(model)
    notices = (
        *_list_notices(grid, found, model, services),
        *(() if taken is None else taken.notices),
        *describe_start(found.recipe, drafts=grid.draft is not False),
    )
    return replace(found, notices=tuple(filter(None, notices)))


def _list_notices(grid: Grid, found: ResolvedGrid, model: Model, services: Services) -> Iterator[str]:
    if has_random_seeds(grid.seeds):
        yield f"The seeds are {', '.join(map(str, found.rule.seeds))}."
    yield describe_unknown_words(services, model.model_id, model.name, [found.recipe.prompt])
    yield describe_marks(grid.prompt, grid.negative_prompt or "")
    yield model.format_snapped_size(found.recipe, grid.width, grid.height)
    yield warn_of_seeds(services, model)
    if not grid.scheduler:
        yield model.format_replaced_scheduler()


def plan_grid(grid: Grid, folder: Path, services: Services, *, overwrite: bool = False) -> Job:
    """Plan a round of seeds.

    Raises:
        SeedLabError: it cannot be made, or not be written there.
    """

    def make_job(found: ResolvedGrid) -> Job:
        return Job(folder=folder, parent=found.recipe, rule=found.rule, draft_steps=found.draft_steps)

    def check(guess: ResolvedGrid) -> None:
        check_job(make_job(guess), overwrite=overwrite, resolved=False)

    found = resolve_grid(grid, services, check)
    job = make_job(found)
    check_job(job, overwrite=overwrite)
    return replace(job, notices=tuple(filter(None, (*found.notices, _describe_drafts(job)))))


def _describe_drafts(job: Job) -> str:
    if job.draft_steps is None:
        return ""
    steps = format_draft(job.draft_steps, job.parent)
    return f"Drafts, stopped after {steps}. Finish those that you like: seedlab finish SEED-draft.png"


def plan_refinement(
    picture: Path, rule: Rule, folder: Path | None, places: Places, services: Services, *, overwrite: bool = False
) -> Job:
    """Plan the variations of a picture, which may be a draft or another tool's.

    Args:
        folder: where to write them; None for the picture's folder.
        places: where the local files that the picture names may be. For another tool's picture, its model.

    Raises:
        SeedLabError: they cannot be made, or not be written there.
    """
    found = restore(picture)
    if isinstance(found, ForeignMetadata):
        job = _plan_from_foreign(picture, found, rule, folder, places, services)
    else:
        metadata = services.locate(found.metadata, places)
        draft = read_draft(picture, metadata, folder)
        job = Job(
            folder=picture.parent if folder is None else folder,
            parent=metadata.recipe,
            rule=rule.for_rounds(_find_rounds(picture, metadata.recipe)),
            source=picture if draft is None else draft.file,
            environment=metadata.environment,
            lineage=metadata.lineage,
            draft=draft,
        )
    model = services.find_model(job.parent.model_address)
    for variation in job.files:
        model.check(variation)
    job = replace(job, rule=job.rule.fit_memory(job.parent, services.is_short))
    check_job(job, overwrite=overwrite)
    prompts = [variation.late_prompt or variation.prompt for variation in job.files]
    unknown = describe_unknown_words(services, model.model_id, model.name, prompts)
    return replace(job, notices=tuple(filter(None, (*job.notices, unknown))))


def _plan_from_foreign(
    picture: Path, found: ForeignMetadata, rule: Rule, folder: Path | None, places: Places, services: Services
) -> Job:
    recipe, notice = borrow_recipe(picture, found, places.model, services)
    return Job(
        folder=picture.parent if folder is None else folder,
        parent=recipe,
        rule=rule.for_rounds(_find_rounds(picture, recipe)),
        source=picture,
        notices=(notice,),
    )


def _find_rounds(picture: Path, recipe: Recipe) -> Iterator[Sequence[Recipe]]:
    """Find the round of a picture, when it is needed: those in its folder that differ in their seed alone."""
    yield find_round(picture, recipe)
