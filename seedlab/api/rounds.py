"""The functions that make pictures, as `seedlab grid`, `refine`, `develop` and `finish` do."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from seedlab.api.arguments import File, Picture, find_file, make_places, write_seeds
from seedlab.core.errors import SeedLabError
from seedlab.rules.kinds.develop import AUTO, DECODINGS, SOURCES
from seedlab.workflow.jobs.drafts import check_drafts, choose_different, finish_drafts, read_drafts
from seedlab.workflow.jobs.job import Draft, Job, Result, Show, run_job
from seedlab.workflow.jobs.rounds import Grid, plan_grid, plan_refinement
from seedlab.workflow.jobs.variations import Varied, parse_rule, read_variations
from seedlab.workflow.services import Services


def _ignore(_round: object) -> None:
    """Show nothing."""


class Rounds:
    """Makes rounds of pictures."""

    _services: Services

    def grid(
        self,
        prompt: str,
        *,
        seeds: str | int | Iterable[int] = "0-3",
        out: File = ".",
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
        start: File | None = None,
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
            seeds=write_seeds(seeds),
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
        out: File | None = None,
        matrix: bool = False,
        model: str = "",
        loras: Sequence[str] = (),
        start: File | None = None,
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
            start: path of your picture that it starts from, if it is not found.
            overwrite, show: as for `grid`.
            varied: the options of `seedlab refine --help`, such as `suffix=[", artsy"]`, `seeds="0-3"`,
                `sweep="guidance 1.5, 2"` or `larger="2x", strength=0.35`. Without any, the guide's suffixes.

        Raises:
            SeedLabError: a value is wrong, or another file is in the way.
        """
        file = find_file(picture)
        rule = parse_rule(read_variations(varied), matrix=matrix)
        places = make_places(file, model, loras, start)
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
        out: File | None = None,
        model: str = "",
        loras: Sequence[str] = (),
        start: File | None = None,
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
            out, model, loras, start, overwrite, show: as for `refine`.

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
            model=model,
            loras=loras,
            start=start,
            overwrite=overwrite,
            show=show,
        )

    def finish(
        self,
        *drafts: Picture,
        out: File | None = None,
        different: int | None = None,
        model: str = "",
        loras: Sequence[str] = (),
        start: File | None = None,
        overwrite: bool = False,
        show: Show = _ignore,
    ) -> Result:
        """Make the whole pictures of drafts, from where they were paused: the bytes are those of the whole run.

        Args:
            drafts: drafts; other pictures are skipped.
            out: the folder to write to; None for each draft's.
            different: finish only so many of them, those that differ most.
            model, loras, start: as for `refine`.
            overwrite, show: as for `grid`.

        Raises:
            SeedLabError: none of them is a draft, or another file is in the way.
        """
        found, skipped = read_drafts(list(map(find_file, drafts)), None if out is None else Path(out))
        if not found:
            raise SeedLabError(" ".join(skipped) or "No draft was given.")
        if different is not None:
            found, _ = choose_different(found, different)
        located = [
            replace(each, metadata=self._services.locate(each.metadata, make_places(each.source, model, loras, start)))
            for each in found
        ]
        return self._finish(located, overwrite, show)

    def _run(self, job: Job, overwrite: bool, show: Show) -> Result:
        return run_job(job, self._services, show, overwrite=overwrite)

    def _finish(self, drafts: Sequence[Draft], overwrite: bool, show: Show) -> Result:
        check_drafts(drafts, self._services, overwrite=overwrite)
        return finish_drafts(drafts, self._services, show, overwrite=overwrite)
