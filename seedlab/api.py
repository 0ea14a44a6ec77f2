"""The Python interface: what the commands do, for scripts.

    with seedlab.SeedLab() as lab:
        grid = lab.grid("Labrador in the style of Vermeer", seeds="0-3", out="pictures")
        more = lab.refine(grid.pictures[2], suffix=[", artsy", ", colorful"])

Importing it does no work; torch is imported by the first picture.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from seedlab.core.errors import SeedLabError
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.reports import Failed
from seedlab.images.metadata import Metadata
from seedlab.rules.kinds.develop import AUTO, DECODINGS, SOURCES
from seedlab.workflow.jobs.drafts import check_drafts, choose_different, finish_drafts, read_drafts
from seedlab.workflow.jobs.inspection import (
    UNSCRIPTABLE,
    UNVERIFIABLE,
    locate_original,
    read_own,
    run_again,
    script_pictures,
)
from seedlab.workflow.jobs.job import Draft, Job, OutputPicture, Result, Show, run_job
from seedlab.workflow.jobs.rounds import Grid, plan_grid, plan_refinement
from seedlab.workflow.jobs.variations import Varied, parse_rule, read_variations
from seedlab.workflow.pictures.local_files import Places
from seedlab.workflow.services import Services
from seedlab.workflow.verification import VerificationResult

Picture = str | os.PathLike[str] | OutputPicture
"""A picture in a file."""


def _ignore(_round: object) -> None:
    """Show nothing."""


class SeedLab:
    """Makes pictures, one command at a time. Close it, or use it as a context, when no more are wanted.

    Bad input raises SeedLabError before any work starts. A picture that cannot be made is a sentence in
    `Result.failures`; the others are there.
    """

    def __init__(
        self,
        *,
        device: str | None = None,
        memory_format: str | None = None,
        workers: str | None = None,
        threads: int | None = None,
        services: Services | None = None,
    ) -> None:
        """Make an instance; nothing is imported or loaded yet.

        Args:
            device: "cpu", "cuda" or "mps"; None for the best one available.
            memory_format: of the weights, "contiguous_format" as the plain diffusers script has it, or "channels_last";
                None for the device's default.
            workers: other processes that make the pictures, as "local:2" or "10.0.0.1:6379"; None for this one.
            threads: of one operation on the CPU, which decides bytes; None for torch's own choice, and 1 with workers.
            services: what makes the pictures; None for a pipeline manager in this process.

        Raises:
            SeedLabError: workers or threads is wrong, or Ray is not installed.
        """
        self._services = services or make_services(device, memory_format, workers, threads)

    def __enter__(self) -> Self:
        """Return this instance."""
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """End all work."""
        self.close()

    def close(self) -> None:
        """End all work, and free the memory."""
        self._services.close()

    def grid(
        self,
        prompt: str,
        *,
        seeds: str | int | Iterable[int] = "0-3",
        out: str | os.PathLike[str] = ".",
        model: str = "sketch",
        negative_prompt: str | None = None,
        steps: int | None = None,
        guidance: float | None = None,
        width: int | None = None,
        height: int | None = None,
        scheduler: str | None = None,
        loras: Sequence[str] = (),
        dtype: str | None = None,
        generator_device: str = "cpu",
        draft: bool | int = False,
        start: str | os.PathLike[str] | None = None,
        strength: str | float | None = None,
        vae_tiling: bool = False,
        variety: float | None = None,
        overwrite: bool = False,
        show: Show = _ignore,
    ) -> Result:
        """Make a picture for each of several seeds: seed-0.png, ... and grid.png. None is the model's default.

        Args:
            seeds: numbers, or text such as "0-3", "7, 42" or "random 4".
            out: the folder to write to; it is made if necessary.
            model: "sketch", a Hub id, a diffusers folder or a .safetensors file.
            steps: denoising steps.
            guidance: how closely to follow the prompt, 0...100.
            width, height: in pixels; they snap to sizes that the model makes.
            loras: files with weights: "style.safetensors 0.8".
            dtype: "float32", "bfloat16" or "float16".
            generator_device: where noise is drawn: "cpu" is the same on every machine.
            draft: after how many steps to pause each picture; True for the model's default.
            start: a PNG, JPEG or WebP picture of your own that they start from, in place of noise. Without a width and
                height, they have about its shape.
            strength: how much of it may change: above 0, at most 1, or "subtle" (0.3) or "strong" (0.6); None for 0.5.
            vae_tiling: whether large pictures are decoded in tiles, which takes less memory and changes some bits.
            variety: how much noise of the seed the prompt gets in the first steps, 0...2, for few-step models, whose
                seeds decide little.
            overwrite: whether files that are there already are replaced. Without it, pictures that are there stay, and
                are not made again.
            show: called with the round after every change.

        Raises:
            SeedLabError: a value is wrong, or another file is in the way.
        """
        grid = Grid(
            prompt=prompt,
            seeds=_write_seeds(seeds),
            model=model,
            negative_prompt=negative_prompt,
            steps=steps,
            guidance=guidance,
            width=width,
            height=height,
            scheduler=scheduler,
            loras=tuple(loras),
            dtype=dtype,
            generator_device=generator_device,
            draft=draft,
            start=None if start is None else Path(start),
            strength=strength,
            vae_tiling=vae_tiling,
            variety=variety,
        )
        return self._run(plan_grid(grid, Path(out), self._services, overwrite=overwrite), overwrite, show)

    def refine(
        self,
        picture: Picture,
        *,
        out: str | os.PathLike[str] | None = None,
        matrix: bool = False,
        model: str = "",
        loras: Sequence[str] = (),
        start: str | os.PathLike[str] | None = None,
        overwrite: bool = False,
        show: Show = _ignore,
        **varied: Varied,
    ) -> Result:
        """Vary a picture, with its seed locked. A draft is finished first.

        Args:
            picture: one of SeedLab's, or a PNG, JPEG or WebP picture of another tool.
            out: the folder to write to; None for the picture's.
            matrix: whether two things vary, the first in columns and the second in rows.
            model, loras: where the picture's local files are, if they are not found.
            start: where the picture of your own is that it starts from, if that is not found.
            overwrite, show: as for `grid`.
            varied: the options of `seedlab refine --help`, such as `suffix=[", artsy"]`, `seeds="0-3"`,
                `sweep="guidance 1.5, 2"` or `larger="2x", strength=0.35`. Without any, the guide's suffixes.

        Raises:
            SeedLabError: a value is wrong, or another file is in the way.
        """
        file = _find_file(picture)
        rule = parse_rule(read_variations(varied), matrix=matrix)
        places = _make_places(file, model, loras, start)
        folder = None if out is None else Path(out)
        job = plan_refinement(file, rule, folder, places, self._services, overwrite=overwrite)
        if job.draft is not None:
            finished = self._finish((job.draft,), overwrite, show)
            if finished.failures:
                return finished
        return self._run(job, overwrite, show)

    def develop(
        self,
        picture: Picture,
        *,
        size: str = "2x",
        strength: Varied = AUTO,
        enlarge: str = SOURCES[0].name,
        decode: str = DECODINGS[0].name,
        out: str | os.PathLike[str] | None = None,
        overwrite: bool = False,
        show: Show = _ignore,
    ) -> Result:
        """Make a picture larger, with more details: it becomes the first stage of the new one's recipe.

        Args:
            picture: as for `refine`.
            size: "2x", "1.5x", or width first "512x768".
            strength: how much may change, above 0, at most 1; several give several pictures. "auto" suits the model.
            enlarge: "latents" to enlarge them in place of the pixels, which needs more strength; or "pixels".
            decode: "tiles" to decode it in tiles, which takes less memory and changes some bits; "whole" not to;
                "auto" to do so where memory is short.
            out, overwrite, show: as for `refine`.

        Raises:
            SeedLabError: as `refine`, or diffusers has no image-to-image pipeline for the model.
        """
        return self.refine(
            picture,
            larger=size,
            strength=strength,
            enlarge=enlarge,
            decode=decode,
            out=out,
            overwrite=overwrite,
            show=show,
        )

    def finish(
        self,
        *drafts: Picture,
        out: str | os.PathLike[str] | None = None,
        different: int | None = None,
        overwrite: bool = False,
        show: Show = _ignore,
    ) -> Result:
        """Make the whole pictures of drafts, from where they were paused: the bytes are those of the whole run.

        Args:
            drafts: drafts; other pictures are skipped.
            out: the folder to write to; None for each draft's.
            different: finish only so many of them, those that differ most.
            overwrite, show: as for `grid`.

        Raises:
            SeedLabError: none of them is a draft, or another file is in the way.
        """
        found, skipped = read_drafts(list(map(_find_file, drafts)), None if out is None else Path(out))
        if not found:
            raise SeedLabError(" ".join(skipped) or "No draft was given.")
        if different is not None:
            found, _ = choose_different(found, different)
        located = [replace(each, metadata=self._locate(each.source, each.metadata)) for each in found]
        return self._finish(located, overwrite, show)

    def recipe(self, picture: Picture) -> Recipe:
        """Return a picture's recipe.

        Raises:
            SeedLabError: the picture cannot be read, or another tool made it: `refine` takes its settings.
        """
        return read_own(_find_file(picture), "it has no exact recipe. Vary it with refine").recipe

    def verify(self, picture: Picture, *, start: str | os.PathLike[str] | None = None) -> VerificationResult:
        """Make a picture again from the recipe inside it, alone, and compare the bytes.

        Args:
            start: as for `refine`.

        Raises:
            SeedLabError: the picture has no recipe, or cannot be made here.
        """
        file = _find_file(picture)
        metadata = read_own(file, UNVERIFIABLE)
        original = locate_original(file, metadata, _make_places(file, start=start), self._services)
        outcome = run_again(original, self._services.generate)
        if isinstance(outcome, Failed):
            raise SeedLabError(outcome.sentence)
        return outcome

    def script(self, *pictures: Picture) -> str:
        """Return a script that makes the pictures of one round byte for byte, with diffusers alone.

        Raises:
            SeedLabError: they are not of one round and one environment.
        """
        files = list(map(_find_file, pictures))
        if not files:
            raise SeedLabError("No picture was given.")
        found = [read_own(file, UNSCRIPTABLE) for file in files]
        return script_pictures(found, [_make_places(file) for file in files], self._services)[0]

    def _run(self, job: Job, overwrite: bool, show: Show) -> Result:
        return run_job(job, self._services, show, overwrite=overwrite)

    def _finish(self, drafts: Sequence[Draft], overwrite: bool, show: Show) -> Result:
        check_drafts(drafts, self._services, overwrite=overwrite)
        return finish_drafts(drafts, self._services, show, overwrite=overwrite)

    def _locate(self, file: Path, metadata: Metadata) -> Metadata:
        return self._services.locate(metadata, _make_places(file))


def make_services(
    device: str | None = None,
    memory_format: str | None = None,
    workers: str | None = None,
    threads: int | None = None,
) -> Services:
    """Assemble what makes pictures; torch is imported by the first work.

    Args:
        device, memory_format, workers, threads: as for `SeedLab`.

    Raises:
        SeedLabError: as for `SeedLab`.
    """
    # huggingface_hub reads this when it is imported: nothing is reported to anybody.
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    from seedlab.application import Application
    from seedlab.core.files import find_cache
    from seedlab.core.workers import parse_threads, parse_workers
    from seedlab.settings import INPUTS_FOLDER, RUNS_FOLDER, Settings

    settings = Settings(
        device=device,
        memory_format=memory_format,
        workers=parse_workers(workers),
        threads=parse_threads(threads),
        # Not in a store: there is none, and a draft may be finished from another working directory.
        runs=find_cache(RUNS_FOLDER),
        inputs=find_cache(INPUTS_FOLDER),
    )
    return Application(settings).services


def _find_file(picture: Picture) -> Path:
    return Path(picture.file if isinstance(picture, OutputPicture) else picture)


def _write_seeds(seeds: str | int | Iterable[int]) -> str:
    return str(seeds) if isinstance(seeds, str | int) else ", ".join(map(str, seeds))


def _make_places(
    file: Path, model: str = "", loras: Sequence[str] = (), start: str | os.PathLike[str] | None = None
) -> Places:
    return Places(
        model=model,
        loras="\n".join(loras),
        folders=(file.absolute().parent, Path.cwd()),
        model_advice="give its path as model",
        lora_advice="give its path in loras",
        picture=None if start is None else Path(start),
        picture_advice="give its path as start",
    )
