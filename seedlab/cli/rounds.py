"""`seedlab grid` and `seedlab refine`: rounds of pictures, written into a folder."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from seedlab.cli.borrowing import borrow_recipe
from seedlab.cli.finishing import Draft, check_drafts, finish_drafts, read_draft
from seedlab.cli.jobs import Job, run_job
from seedlab.cli.options import (
    MakeServices,
    add_places,
    make_places,
    parse_number,
    parse_size,
    parse_whole,
    read_compute,
)
from seedlab.cli.output import FAILED, KEEPING, add_output_options, show_progress, write_result
from seedlab.core.errors import RecipeError
from seedlab.core.model import Model
from seedlab.core.recipe import DTYPES, GENERATOR_DEVICES, Lora, Recipe
from seedlab.core.schedulers import SCHEDULERS
from seedlab.core.seeds import has_random_seeds
from seedlab.images.foreign.metadata import ForeignMetadata
from seedlab.images.output_folder import check_folder, check_room, find_round
from seedlab.images.restoring import restore
from seedlab.rules.matrix import Matrix
from seedlab.rules.registry import VARIATIONS, find_by_parameter, list_parameters
from seedlab.rules.rule import Parameter, Rule
from seedlab.rules.seeds import GUIDE_SEEDS, Seeds
from seedlab.workflow.drafts import choose_draft_steps, format_draft
from seedlab.workflow.notices import describe_marks, describe_unknown_words, warn_of_seeds
from seedlab.workflow.services import Services

ELSEWHERE = "These may differ from the picture by more than the variation; they have {}."

DEFAULT = object()
"""Stands for the model's own number of steps of a draft."""


def add_rounds(commands: Any) -> None:
    """Add the commands to those of `seedlab.cli.main.make_parser`."""
    grid = commands.add_parser("grid", help="make a picture for each of several seeds", epilog=KEEPING)
    refine = commands.add_parser("refine", help="vary a picture, with its seed locked", epilog=KEEPING)
    _add_grid_options(grid)
    _add_refine_options(refine)
    for command in (grid, refine):
        add_output_options(command)


def run_grid(given: argparse.Namespace, make_services: MakeServices) -> int:
    """Make a round of seeds."""
    rule = Seeds.parse({"seeds": given.seeds})
    drawn = f"The seeds are {', '.join(map(str, rule.seeds))}." if has_random_seeds(given.seeds) else ""
    with closing(make_services(read_compute(given))) as services:
        # The default dtype depends on the device, and asking for that imports torch: check everything else first.
        model = services.find_model(given.model)
        loras = services.read_loras("\n".join(given.lora))
        guess = _make_recipe(given, replace(model, dtype=given.dtype or DTYPES[0]), rule.seeds[0], loras)
        job = Job(folder=given.out, parent=guess, rule=rule, draft_steps=_choose_draft_steps(given, model, guess))
        _check(job, given, resolved=False)
        model = services.resolve_model(model)
        recipe = _make_recipe(given, model, rule.seeds[0], loras)
        job = replace(job, parent=recipe, draft_steps=_choose_draft_steps(given, model, recipe))
        snapped = model.format_snapped_size(recipe, *given.size)
        seeds = warn_of_seeds(services, model)
        scheduler = "" if given.scheduler else model.format_replaced_scheduler()
        unknown = describe_unknown_words(services, model.model_id, model.name, [recipe.prompt])
        marks = describe_marks(given.prompt, given.negative_prompt or "")
        notices = (drawn, unknown, marks, snapped, seeds, scheduler, _describe_drafts(job))
        return _run(job, given, services, notices)


def run_refine(given: argparse.Namespace, make_services: MakeServices) -> int:
    """Make a round of variations of a picture."""
    found = restore(given.picture)
    if isinstance(found, ForeignMetadata):
        return _refine_foreign(found, given, make_services)
    rule = _parse_rule(given)
    with closing(make_services(read_compute(given))) as services:
        metadata = services.locate(found.metadata, make_places(given, given.picture))
        draft = read_draft(given.picture, metadata, given.out)
        job = Job(
            folder=given.picture.parent if given.out is None else given.out,
            parent=metadata.recipe,
            rule=rule.for_rounds(_find_rounds(given.picture, metadata.recipe)),
            source=given.picture if draft is None else draft.file,
            environment=metadata.environment,
            lineage=metadata.lineage,
        )
        model = services.find_model(metadata.recipe.model_address)
        for variation in job.files:
            model.check(variation)
        _check(job, given)
        if draft is not None and not _finish(draft, given, services):
            return FAILED
        return _run(job, given, services, (_describe_unknown(job, model, services),))


def _finish(draft: Draft, given: argparse.Namespace, services: Services) -> bool:
    """Finish the draft that is to be varied. Returns whether that succeeded."""
    check_drafts((draft,), services, overwrite=given.overwrite)
    with show_progress() as show:
        result = finish_drafts((draft,), services, show, overwrite=given.overwrite)
    sentences = (*result.failures, *(f"{picture.file} is the finished draft." for picture in result.pictures))
    sys.stderr.write("".join(f"{sentence}\n" for sentence in sentences))
    return not result.failures


def _refine_foreign(found: ForeignMetadata, given: argparse.Namespace, make_services: MakeServices) -> int:
    rule = _parse_rule(given)
    folder = given.picture.parent if given.out is None else given.out
    with closing(make_services(read_compute(given))) as services:
        recipe, notice = borrow_recipe(given.picture, found, given.model, services)
        rule = rule.for_rounds(_find_rounds(given.picture, recipe))
        job = Job(folder=folder, parent=recipe, rule=rule, source=given.picture)
        model = services.find_model(recipe.model_address)
        for variation in job.files:
            model.check(variation)
        return _run(job, given, services, (notice, _describe_unknown(job, model, services)))


def _describe_unknown(job: Job, model: Model, services: Services) -> str:
    prompts = [variation.late_prompt or variation.prompt for variation in job.files]
    return describe_unknown_words(services, model.model_id, model.name, prompts)


def _find_rounds(picture: Path, recipe: Recipe) -> Iterator[Sequence[Recipe]]:
    """Find the round of a picture, when it is needed: those in its folder that differ in their seed alone."""
    yield find_round(picture, recipe)


def _parse_rule(given: argparse.Namespace) -> Rule:
    """Make the rule whose options were given; the first one, with its defaults, where none were."""
    rules = _parse_rules(given.varied) or (VARIATIONS[0].parse(_list_defaults(VARIATIONS[0])),)
    if given.matrix:
        if len(rules) != 2:
            raise RecipeError(
                "rule", 'A matrix varies two things: add two options, as in --seeds 0-3 --suffix ", artsy".'
            )
        return Matrix.of(*rules)
    if len(rules) > 1:
        flags = " and ".join(dict.fromkeys(_find_flag(type(rule)) for rule in rules))
        sentence = f"One command makes one kind of round: use {flags} one after the other, or add --matrix to use both."
        raise RecipeError("rule", sentence)
    return rules[0]


def _parse_rules(varied: Sequence[tuple[str, str]]) -> tuple[Rule, ...]:
    """Make the rules of options in the order in which they were given.

    Args:
        varied: names of parameters with their texts.
    """
    texts: dict[str, str] = {}
    for name, text in varied:
        texts[name] = f"{texts[name]}\n{text}" if name in texts else text
    rules = {find_by_parameter(name): None for name in texts}
    return tuple(each for rule in rules for each in rule.parse_all(_list_defaults(rule) | texts))


def _list_defaults(rule: type[Rule]) -> dict[str, str]:
    return {each.name: each.default for each in rule.parameters}


def _find_flag(rule: type[Rule]) -> str:
    return next(each.flag for each in rule.parameters if each.flag)


def _check(job: Job, given: argparse.Namespace, *, resolved: bool = True) -> None:
    check_folder(job.folder)
    if not given.overwrite:
        check_room(job.files, job.grid, resolved=resolved, draft_steps=job.draft_steps)


def _choose_draft_steps(given: argparse.Namespace, model: Model, recipe: Recipe) -> int | None:
    if given.draft is None:
        return None
    return choose_draft_steps(model, recipe, None if given.draft is DEFAULT else given.draft)


def _describe_drafts(job: Job) -> str:
    if job.draft_steps is None:
        return ""
    steps = format_draft(job.draft_steps, job.parent)
    return f"Drafts, stopped after {steps}. Make those that you like whole: seedlab finish SEED-draft.png"


def _run(job: Job, given: argparse.Namespace, services: Services, notices: Sequence[str]) -> int:
    _check(job, given)
    # Before the work, which may be long.
    sys.stderr.write("".join(f"{notice}\n" for notice in notices if notice))
    with show_progress() as show:
        result = run_job(job, services, show, overwrite=given.overwrite)
    write_result(result, given, ELSEWHERE)
    return FAILED if result.failures else 0


def _make_recipe(given: argparse.Namespace, model: Model, seed: int, loras: tuple[Lora, ...]) -> Recipe:
    width, height = given.size
    return model.make_recipe(
        prompt=given.prompt,
        seed=seed,
        negative_prompt=given.negative_prompt,
        num_inference_steps=given.steps,
        guidance_scale=given.guidance,
        width=model.snap(width),
        height=model.snap(height),
        scheduler=given.scheduler,
        dtype=given.dtype,
        generator_device=given.generator_device,
        loras=loras,
    )


def _add_grid_options(parser: argparse.ArgumentParser) -> None:
    parser.description = "Make seed-0.png, seed-1.png, ... and grid.png: one prompt, one picture for each seed."
    parser.set_defaults(run=run_grid)
    add = parser.add_argument
    add("prompt", metavar="PROMPT", help='what to make a picture of; "" for a model without prompts')
    add("--seeds", "--seed", default=GUIDE_SEEDS, help=f"{Seeds.parameters[0].help} (%(default)s)")
    words = (
        "make drafts, seed-0-draft.png, ...: stop each picture after K of its steps (the model's default). They show "
        'composition, light and colours, but not yet eyes, hands or letters; "seedlab finish" goes on from there'
    )
    add("--draft", metavar="K", nargs="?", type=_parse_draft_steps, const=DEFAULT, help=words)
    add("--out", metavar="FOLDER", type=Path, default=Path(), help="where to write the pictures (this folder)")
    words = "sketch, a Hub id as owner/name, a diffusers folder or a .safetensors file (%(default)s)"
    add("--model", default="sketch", help=words)
    add("--negative-prompt", metavar="TEXT", help="what to keep out of the picture")
    add("--steps", metavar="NUMBER", type=parse_whole, help="denoising steps (the model's default)")
    add("--guidance", metavar="NUMBER", type=parse_number, help="how closely to follow the prompt, 0 to 100")
    words = "pixels, as 256 or, width first, 320x256; snaps to sizes that the model makes"
    add("--size", type=parse_size, default=(None, None), help=words)
    add("--scheduler", metavar="NAME", help=f"one of: {', '.join(each.label for each in SCHEDULERS)}")
    words = "a LoRA and its weight: style.safetensors:0.8; may be repeated"
    add("--lora", metavar="FILE[:WEIGHT]", action="append", default=[], help=words)
    add("--dtype", choices=DTYPES, help="the precision to compute in")
    words = "where noise is drawn: cpu is the same on every machine; cuda, as in the guide's script, is other noise"
    add("--generator-device", choices=GENERATOR_DEVICES, default="cpu", help=f"{words} (%(default)s)")


def _parse_draft_steps(text: str) -> int:
    try:
        return parse_whole(text)
    except argparse.ArgumentTypeError as error:
        advice = "If it is the prompt, write it before --draft"
        raise argparse.ArgumentTypeError(f"{str(error).rstrip('.')}. {advice}.") from error


def _add_refine_options(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Make a picture again with its own seed and settings, but for what varies. Suffixes extend its prompt:\n"
        "seed-2.png gives seed-2-artsy.png, ... and seed-2-grid.png. A draft is finished\n"
        "first: seed-2-draft.png gives seed-2.png, too."
    )
    parser.set_defaults(run=run_refine)
    add = parser.add_argument
    words = "a picture that SeedLab made, or a PNG, JPEG or WebP picture of another tool"
    add("picture", metavar="PICTURE.png", type=Path, help=words)
    default = VARIATIONS[0].parameters[0]
    for each in (*Seeds.parameters, *list_parameters()):
        if each.flag:
            _add_variation(parser, each, f" ({_quote_lines(each.default)})" if each is default else "")
    words = "combine two of these options: the first in columns, the second in rows; two settings make two --sweep"
    add("--matrix", action="store_true", help=words)
    # As earlier versions called a sweep of steps.
    add("--steps", action="append", dest="varied", type=lambda text: ("sweep", f"steps {text}"), help=argparse.SUPPRESS)
    add("--out", metavar="FOLDER", type=Path, help="where to write the pictures (the picture's folder)")
    add_places(parser)


def _add_variation(parser: argparse.ArgumentParser, parameter: Parameter, default: str) -> None:
    parser.add_argument(
        parameter.flag,
        action="append",
        dest="varied",  # all in one list, which keeps their order
        default=[],
        type=lambda text: (parameter.name, text),
        metavar="TEXT",
        help=f"{parameter.help}; may be repeated{default}",
    )


def _quote_lines(text: str) -> str:
    return " ".join(f'"{line}"' for line in text.splitlines())
