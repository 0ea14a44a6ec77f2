"""Makes the earlier stages that pictures start from, and keeps the last pictures, from which others start."""

from typing import Any

from seedlab.core.lru_cache import LRUCache
from seedlab.core.recipes.recipe import Recipe
from seedlab.pipelines.batches.following import follow_stage
from seedlab.pipelines.batches.work import Turn, Work
from seedlab.pipelines.devices.environment import note_libraries
from seedlab.pipelines.exact.graphs import GraphCache, replay_calls
from seedlab.pipelines.loaded.cache import LoadedPipeline
from seedlab.pipelines.models.families import family_of
from seedlab.pipelines.sampling.call import Sample, sample
from seedlab.pipelines.sampling.preview import unpack_latents
from seedlab.pipelines.sampling.stages import Source
from seedlab.pipelines.sampling.steps import find_denoiser

MAX_BYTES = 64 * 2**20


class FinishedPictures:
    """Pictures by their recipe and the digest of their environment; the least recently used ones are dropped.

    Args:
        max_bytes: the most memory that they take.
    """

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._pictures: LRUCache[tuple[Recipe, str], Source] = LRUCache(max_bytes, lambda picture: picture.size)

    def find(self, recipe: Recipe, environment: str) -> Source | None:
        """Return the picture of a recipe with its latents; None if it is not here."""
        return self._pictures.get((recipe, environment))

    def keep(self, recipe: Recipe, environment: str, picture: Source) -> None:
        """Keep a finished picture, which nobody changes."""
        self._pictures.put((recipe, environment), picture)


def take_source(pipeline: Any, recipe: Recipe, made: Sample) -> Source:
    """Return a finished picture as what others start from; with its latents where they can start from these."""
    if made.latents is None or not family_of(pipeline).takes_latents:
        return Source(made.image)
    latents = made.latents.clone()  # a row of a batch would keep the whole batch
    return Source(made.image, unpack_latents(pipeline, latents, recipe.height, recipe.width))


def make_stage(
    loaded: LoadedPipeline, recipe: Recipe, work: Work, turn: Turn, graphs: GraphCache, pictures: FinishedPictures
) -> Source:
    """Return the picture of an earlier stage with its latents; it is made unless it is kept.

    Args:
        loaded: the pipeline of the recipe.
        recipe: of the stage: the work's next one.
        work: whose pictures start from it.
        turn: in which it is made.
        graphs: the CUDA graphs of the denoisers' last calls.
        pictures: those that are kept. A verification makes its own.

    Raises:
        PausedError: the turn is over.
        SeedLabError: as `sample`.
    """
    environment = note_libraries(loaded.environment, recipe).digest
    known = pictures.find(recipe, environment) if work.batch.resume else None
    if known is not None:
        return known
    earlier, follow = work.earlier, follow_stage(list(work.recipes), turn)
    with replay_calls(find_denoiser(loaded.pipeline), graphs):
        start = (earlier.paused,) if earlier.paused else ()
        made = sample(loaded.pipeline, recipe, follow, source=work.source, start=start)
    source = take_source(loaded.pipeline, recipe, made)
    pictures.keep(recipe, environment, source)
    return source
